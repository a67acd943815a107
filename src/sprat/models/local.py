"""Weights that are already somewhere on this machine: a GGUF file, or a folder of some."""

import shutil
from pathlib import Path

from sprat.errors import BadWeights, DownloadFailed, HashMismatch
from sprat.models.catalog import CatalogModel
from sprat.models.disk import require_room, sha256_of
from sprat.models.progress import Progress

PARTIAL = "weights.local.partial"


def copy_from(
    path: Path, model: CatalogModel, folder: Path, progress: Progress
) -> tuple[Path, str]:
    """Copy the right weights from a file or folder, whatever the file is called there.

    Raises:
        HashMismatch: the named file is another one.
        BadWeights: the named file is too short or too long.
        DownloadFailed: nothing of the right size is there, or the catalogue has no hash to go by.
    """
    if model.sha256 is None:
        raise DownloadFailed(f"the catalogue has no SHA-256 of {model.name} to recognise it by")
    for file in _candidates(path, model):
        seen = sha256_of(file, lambda n: progress(f"{model.name}: checking {path}", n, model.bytes))
        if seen == model.sha256:
            return _copy(file, folder, model), seen
    if path.is_file():
        raise HashMismatch(f"its SHA-256 is not {model.sha256}")
    raise DownloadFailed("no file there is this model")


def _candidates(path: Path, model: CatalogModel) -> list[Path]:
    if path.is_file():
        size = path.stat().st_size
        if size != model.bytes:
            raise BadWeights(f"it has {size} bytes; {model.name} has {model.bytes}")
        return [path]
    if not path.is_dir():
        raise DownloadFailed("there is no such file or folder")
    kind = Path(model.file).suffix
    return [p for p in sorted(path.rglob(f"*{kind}")) if p.stat().st_size == model.bytes]


def _copy(file: Path, folder: Path, model: CatalogModel) -> Path:
    require_room(folder, model.bytes or 0, f"Copying {model.name}")
    partial = folder / PARTIAL
    shutil.copyfile(file, partial)
    if sha256_of(partial) != model.sha256:
        raise HashMismatch("the file changed while it was copied")
    return partial
