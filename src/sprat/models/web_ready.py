"""Models for the page: which there are, and the folder that a browser loads one from.

exports_dir/<sha256>-<recipe>/     as for native exports; `manifest.json` says that it is whole
"""

import contextlib
import shutil
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import msgspec

from sprat.errors import SpratError, UnknownModel
from sprat.models.catalog import CatalogModel, catalog
from sprat.models.disk import explained, export_folder, locked, model_folder, read_record
from sprat.models.export.web import RECIPE, About, export_web
from sprat.models.export.web.embed import export_embedding
from sprat.models.export.web.manifest import MANIFEST, read_manifest
from sprat.models.names import GgufFile, resolve
from sprat.models.progress import Progress, silent
from sprat.models.ready import ensure, ensure_weights
from sprat.settings import Settings

LARGEST_BYTES = 2 << 30
"""Of weights: a browser's WebAssembly has 4 GB for them and everything else."""

WebSource = CatalogModel | GgufFile


class WebModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model that can run in the page."""

    name: str
    title: str
    task: Literal["chat", "embed"]
    manifest: str
    """Where its manifest is; asking for it exports what is not exported yet."""
    bytes: int
    """About; the manifest says exactly."""


def web_models(settings: Settings) -> list[WebModel]:
    """What can run in the page: the settings' small model, what is on disk, and vectors."""
    return [_web_model(source, settings) for source in _sources(settings).values()]


def web_folder(name: str, settings: Settings, progress: Progress = silent) -> Path:
    """The folder of a model for browsers, pulled and exported the first time.

    Blocks, for minutes perhaps. Several may ask at once, and any of them may be killed.

    Raises:
        UnknownModel: no such model runs in the page.
        ModelError: it could not be fetched, verified, read or exported.
    """
    source = _sources(settings).get(name)
    if source is None:
        raise UnknownModel(
            f"No model called {name[:80]!r} can run in the page.",
            fix="See what can: sprat models list. Models for it are GGUF files up to 2 GB.",
        )
    if isinstance(source, CatalogModel) and source.task == "embedding":
        return _embedding(source, settings, progress)
    weights = ensure_weights(source, settings, progress)
    folder = export_folder(settings, weights.sha256, RECIPE)
    about = About(
        name=source.name, title=_title(source), licence=weights.licence, sha256=weights.sha256
    )
    if not _is_whole(folder):
        _export(weights.path, folder, about, progress)
    return folder


def kept_folder(name: str, settings: Settings) -> Path | None:
    """The folder of a model that was exported before; nothing is fetched or made."""
    source = _sources(settings).get(name)
    if not isinstance(source, CatalogModel):
        return None
    record = read_record(model_folder(settings, source.name))
    folder = export_folder(settings, (record and record.sha256) or source.sha256 or "", RECIPE)
    return folder if _is_whole(folder) else None


def _sources(settings: Settings) -> dict[str, WebSource]:
    """By name: of the catalogue, and files that the settings serve under a name."""
    found: dict[str, WebSource] = {}
    for model in catalog().values():
        asked = model.name == settings.small or model.task == "embedding"
        if model.foundry is None and (asked or read_record(model_folder(settings, model.name))):
            found[model.name] = model
    found |= _own_files(settings)
    return {name: source for name, source in found.items() if _bytes(source) <= LARGEST_BYTES}


def _own_files(settings: Settings) -> dict[str, GgufFile]:
    found: dict[str, GgufFile] = {}
    for name, text in settings.serve.models.items():
        with contextlib.suppress(SpratError):  # a file that was moved: the gateway tells that
            source = resolve(text, settings)
            if isinstance(source, GgufFile):
                found[name] = GgufFile(source.path, name)
    return found


def _bytes(source: WebSource) -> int:
    if isinstance(source, GgufFile):
        return source.path.stat().st_size
    return source.all_bytes or 0


def _title(source: WebSource) -> str:
    return source.title if isinstance(source, CatalogModel) else source.name


def _web_model(source: WebSource, settings: Settings) -> WebModel:
    embeds = isinstance(source, CatalogModel) and source.task == "embedding"
    return WebModel(
        name=source.name,
        title=_title(source),
        task="embed" if embeds else "chat",
        manifest=f"/api/web/models/{quote(source.name, safe='')}/{MANIFEST}",
        bytes=_download_bytes(source, settings) or _bytes(source),
    )


def _download_bytes(source: WebSource, settings: Settings) -> int | None:
    """Of the smallest variant; None while it is not exported."""
    if not isinstance(source, CatalogModel) or source.sha256 is None:
        return None
    try:
        manifest = read_manifest(export_folder(settings, source.sha256, RECIPE))
    except (OSError, msgspec.DecodeError):
        return None
    return min(variant.bytes for variant in manifest.variants)


def _is_whole(folder: Path) -> bool:
    """Whether an export is there, each of its files in its size."""
    try:
        files = read_manifest(folder).all_files
        return all((folder / one.name).stat().st_size == one.bytes for one in files)
    except (OSError, msgspec.DecodeError):
        return False


def _export(gguf: Path, folder: Path, about: About, progress: Progress) -> None:
    waiting = f"Another sprat is exporting {about.name} for browsers; waiting for it."
    stage = f"{about.name}: exporting for browsers"
    with explained(f"Exporting {about.name}", folder), locked(folder, waiting, progress):
        _clear(folder)
        if not _is_whole(folder):
            export_web(gguf, folder, about, progress=lambda done, of: progress(stage, done, of))


def _embedding(model: CatalogModel, settings: Settings, progress: Progress) -> Path:
    ready = ensure(model, settings, progress)
    folder = export_folder(settings, ready.weights_sha256 or "", RECIPE)
    about = About(
        name=model.name, title=model.title, licence=ready.licence, sha256=ready.weights_sha256
    )
    waiting = f"Another sprat is preparing {model.name} for browsers; waiting for it."
    if not _is_whole(folder):
        with explained(f"Preparing {model.name}", folder), locked(folder, waiting, progress):
            _clear(folder)
            if not _is_whole(folder):
                export_embedding(ready.folder, folder, about)
    return folder


def _clear(folder: Path) -> None:
    """Delete what exports that were killed left behind; the lock says that none is running."""
    for half in folder.parent.glob(f".{folder.name}.*.part"):
        shutil.rmtree(half, ignore_errors=True)
    if folder.exists() and not _is_whole(folder):
        shutil.rmtree(folder)  # a file of it is gone, or was cut
