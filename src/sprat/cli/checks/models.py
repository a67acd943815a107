"""The models on disk: there, whole, and what they should be."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from sprat.cli.checks.finding import Check, fault, note, ok
from sprat.models.progress import Progress, megabytes, silent
from sprat.settings import Settings


def check_models(settings: Settings) -> Iterable[Check]:
    """The two models of `sprat compare` are on disk, or how to get them."""
    from sprat.errors import UsageError
    from sprat.models.catalog import CatalogModel
    from sprat.models.disk import model_folder, read_record
    from sprat.models.names import FoundryModel, resolve_answering

    for role, name in (("Small model", settings.small), ("Large model", settings.large)):
        try:
            source = resolve_answering(name, settings)
        except UsageError as error:
            yield fault(role, error.message, fix=error.fix or "See: sprat models list")
            continue
        if isinstance(source, FoundryModel):
            yield ok(role, f"{name}, of Foundry Local: see there")
        elif not isinstance(source, CatalogModel):
            yield ok(role, f"{name}, not a model of the catalogue")
        elif read_record(model_folder(settings, source.name)):
            yield ok(role, f"{name}, on disk")
        else:
            yield note(role, f"{name}, not on disk yet", fix=f"sprat models pull {name}")


def check_weights(
    settings: Settings, *, deep: bool = False, progress: Progress = silent
) -> Iterable[Check]:
    """What was pulled is still whole: sizes always, the SHA-256 where that is quick or `deep`."""
    from sprat.models.disk import RECORD
    from sprat.models.intact import damage_of_weights

    sound: list[str] = []
    for folder in _folders(settings.models_dir):
        name = _name_of(folder)
        if half := _half(folder):
            yield note(f"Model {name}", f"half a download, {half}", fix=f"sprat models pull {name}")
        if not (folder / RECORD).is_file():
            continue
        damage = damage_of_weights(folder, deep=deep, progress=progress)
        if damage is None:
            sound.append(name)
            continue
        fix = f"sprat models pull {name}"
        if not damage.repaired_by_pull:
            fix = f"sprat models remove {name}, then {fix}"
        yield fault(f"Model {name}", f"damaged: {damage.what}", fix=fix)
    if sound:
        how = "size and SHA-256" if deep else "size, and SHA-256 of small files (--deep: of all)"
        yield ok("Weights", f"{', '.join(sound)} whole, by {how}")


def check_exports(settings: Settings) -> Iterable[Check]:
    """The ONNX folders made from weights have all their parts."""
    from sprat.models.intact import damage_of_export
    from sprat.models.ready import is_exported

    folders = _folders(settings.exports_dir)
    for folder in folders:
        halves = folder.name.endswith(".part")
        damage = None if halves or not is_exported(folder) else damage_of_export(folder)
        if damage:
            yield fault(
                f"Export {folder.name}",
                f"damaged: {damage}",
                fix=f"Delete {folder}: it is made again from the weights when it is next used.",
            )
    if any(is_exported(folder) for folder in folders):
        yield ok("Exports", f"{sum(map(is_exported, folders))} in {settings.exports_dir}")


def _folders(place: Path) -> list[Path]:
    return sorted(p for p in place.glob("*/") if not p.name.startswith("."))


def _name_of(folder: Path) -> str:
    """What the user calls it: a folder of a hub file is named after it only roughly."""
    from sprat.models.disk import RECORD, Record

    try:
        return msgspec.json.decode((folder / RECORD).read_bytes(), type=Record).name
    except (OSError, msgspec.DecodeError):
        return folder.name


def _half(folder: Path) -> str | None:
    """How much of an unfinished download lies there; None when there is none."""
    sizes = [p.stat().st_size for p in folder.glob("*.partial")]
    return megabytes(sum(sizes)) if sizes else None
