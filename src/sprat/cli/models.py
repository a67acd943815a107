"""`sprat models`: the catalogue, and the weights on disk."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from sprat.cli.context import settings_of
from sprat.cli.output import check_target, write_json
from sprat.cli.progress import progress_bar
from sprat.cli.warm import warm
from sprat.errors import UsageError
from sprat.models.catalog import CatalogFile, CatalogModel, catalog
from sprat.models.disk import Record, model_folder, read_record, size_bytes
from sprat.models.names import (
    Documents,
    EndpointModel,
    FoundryModel,
    GgufFile,
    HubFile,
    OnnxFolder,
    PolicyFile,
    Scripted,
    Source,
    resolve,
)
from sprat.models.progress import Progress, megabytes
from sprat.settings import Settings

if TYPE_CHECKING:
    from sprat.models.export import Exported
    from sprat.models.export.web import ExportedWeb
    from sprat.models.ready import Weights

_json = click.option(
    "--json", "json_file", metavar="FILE", help="Write the result as JSON; - for stdout."
)


@click.group(epilog="Example: sprat models pull qwen2.5-coder-1.5b")
def models() -> None:
    """The catalogue, and the weights on disk."""


models.add_command(warm)


@models.command("list", epilog="Example: sprat models list")
@_json
@click.pass_context
def list_models(ctx: click.Context, json_file: str | None) -> None:
    """Every model that Sprat knows by name, and which are here."""
    from sprat.models.ready import Known, known

    settings = settings_of(ctx)
    found = known(settings)
    if json_file:
        write_json(found, json_file)
        return

    def row(m: Known) -> tuple[str, ...]:
        state = "ready" if m.exported else "on disk" if m.on_disk else "-"
        size = megabytes(m.bytes) if m.bytes else "-"
        return m.name, size, m.task, m.licence or "see the hub", m.where, state

    _table(("MODEL", "SIZE", "TASK", "LICENCE", "FROM", "HERE"), [row(m) for m in found])
    here = sum(m.disk_bytes for m in found)
    click.echo(f"\n{megabytes(here)} in {settings.models_dir.parent}", err=True)


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """Columns as wide as what is in them, within 100 characters."""
    short = [(_shorten(row[0], 34), *(_shorten(c, 22) for c in row[1:])) for row in (head, *rows)]
    widths = [max(map(len, column)) for column in zip(*short, strict=True)]
    for row in short:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def _shorten(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width // 2 - 1]}…{text[-(width // 2) :]}"


@models.command(epilog="Example: sprat models show smollm2-135m")
@click.argument("name")
@_json
@click.pass_context
def show(ctx: click.Context, name: str, json_file: str | None) -> None:
    """What NAME is: licence, size, hash, sources, and where it is on disk."""
    settings = settings_of(ctx)
    facts = _facts(_known_or_resolved(name, settings), settings)
    if json_file:
        write_json(facts, json_file)
        return
    for label, value in facts.items():
        _print_fact(label, value)


def _print_fact(label: str, value: object) -> None:
    """One line, or one per item of a list; none for what is not known."""
    lines = cast("list[object]", value) if isinstance(value, list) else [value]
    for n, line in enumerate(line for line in lines if line is not None):
        click.echo(f"{'' if n else label.replace('_', ' '):<10} {_said(label, line)}")


def _said(label: str, value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if label == "bytes" and isinstance(value, int):
        return f"{value:,} ({megabytes(value)})"
    return str(value)


def _known_or_resolved(name: str, settings: Settings) -> Source:
    """A model of the catalogue can be shown even where it cannot be run."""
    return catalog().get(name.strip().lower()) or resolve(name, settings)


def _facts(source: Source, settings: Settings) -> dict[str, Any]:
    if isinstance(source, HubFile):
        return _facts_of_model(source.as_model(), settings)
    if isinstance(source, CatalogModel):
        return _facts_of_model(source, settings)
    if isinstance(source, EndpointModel):
        return {"name": source.name, "model": source.model, "endpoint": source.endpoint.url}
    if isinstance(source, FoundryModel):
        return _facts_of_foundry(source, settings)
    return _facts_of_path(source, settings)


def _facts_of_path(
    source: Documents | GgufFile | OnnxFolder | PolicyFile | Scripted, settings: Settings
) -> dict[str, Any]:
    if isinstance(source, Documents):
        where = source.where or str(settings.documents_dir)
        return {"name": source.name, "store": where, "small": settings.small}
    path = source.path.absolute()
    if isinstance(source, PolicyFile):
        return {"name": source.name, "path": str(path), "more": f"sprat policy show {path}"}
    return {"name": source.name, "bytes": size_bytes(path), "path": str(path)}


def _facts_of_foundry(source: FoundryModel, settings: Settings) -> dict[str, Any]:
    from sprat.engines.foundry.registry import find

    held = find(source.alias, settings)
    if held is None:
        return {"name": source.name, "alias": source.alias, "on_disk": False}
    return {
        "name": source.name,
        "alias": held.alias,
        "foundry_id": held.id,
        "came_from": "Foundry Local's catalogue" if held.public else held.source,
        "licence": held.licence,
        "sha256": held.weights_sha256,
        "bytes": size_bytes(Path(held.folder)),
        "path": held.folder,
        "on_disk": True,
    }


def _facts_of_model(model: CatalogModel, settings: Settings) -> dict[str, Any]:
    from sprat.models.ready import exports_of

    folder = model_folder(settings, model.name)
    record = read_record(folder)
    return {
        "name": model.name,
        "title": model.title,
        "task": model.task,
        "licence": (record and record.licence) or model.licence,
        "bytes": record.bytes if record else model.bytes,
        "sha256": record.sha256 if record else model.sha256,
        "sources": [str(source) for source in model.sources],
        "beside": [_line(one) for one in model.beside],
        "on_disk": record is not None,
        "came_from": record.source if record else None,
        "revision": record.revision if record else None,
        "pulled": record.pulled if record else None,
        "weights": str(folder / record.file) if record else None,
        "exports": [str(path) for path in exports_of(record, settings)],
    }


def _line(one: CatalogFile) -> str:
    """A file beside the weights, in one line."""
    sources = "; ".join(map(str, one.sources))
    return f"{one.file}, {one.bytes:,} bytes, sha256 {one.sha256}, {sources}"


@models.command(epilog="Example: sprat models pull smollm2-135m qwen2.5-coder-0.5b")
@click.argument("names", nargs=-1, required=True, metavar="NAME…")
@click.option(
    "--from", "start_from", type=click.Path(exists=True, path_type=Path), metavar="PATH",
    help="A GGUF file, or a folder of some, to copy from before anything is downloaded.",
)  # fmt: skip
@_json
@click.pass_context
def pull(
    ctx: click.Context, names: tuple[str, ...], start_from: Path | None, json_file: str | None
) -> None:
    """Fetch the weights of NAME and verify them. Stopped midway, it goes on where it was."""
    from sprat.models.fetch import pull as fetch

    check_target(json_file)
    settings = settings_of(ctx)
    wanted = [_pullable(name, settings) for name in names]
    records: list[Record] = []
    for model in wanted:
        with progress_bar() as progress:
            record = fetch(model, settings, progress=progress, start_from=start_from)
        records.append(record)
        if json_file != "-":
            click.echo(f"{record.name}: {megabytes(record.bytes)}, sha256 {record.sha256}")
    if json_file:
        write_json(records, json_file)


def _pullable(name: str, settings: Settings) -> CatalogModel:
    source = _known_or_resolved(name, settings)
    if isinstance(source, HubFile):
        return source.as_model()
    if isinstance(source, CatalogModel) and source.foundry is None:
        return source
    raise UsageError(
        f"{name} has no weights to pull: it is used where it is.",
        fix=f"Try: sprat ask {name} Hello",
    )


@models.command(epilog="Example: sprat models remove qwen2.5-coder-1.5b")
@click.argument("names", nargs=-1, required=True, metavar="NAME…")
@click.pass_context
def remove(ctx: click.Context, names: tuple[str, ...]) -> None:
    """Delete the weights and exports of NAME. A file of your own is never deleted."""
    from sprat.models.ready import remove as free

    settings = settings_of(ctx)
    for source in [_known_or_resolved(name, settings) for name in names]:
        with progress_bar() as progress:
            freed = free(source, settings, progress)
        was = f"freed {megabytes(freed)}" if freed else "nothing of it was on disk"
        click.echo(f"{source.name}: {was}")


def _is_gguf(source: GgufFile | CatalogModel | HubFile) -> bool:
    return not isinstance(source, CatalogModel) or source.file.endswith(".gguf")


@models.command(epilog="Example: sprat models export ./weights.gguf --out weights-onnx")
@click.argument("gguf")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), metavar="DIR",
    help="The folder to make; it must not exist.",
)  # fmt: skip
@click.option(
    "--target", type=click.Choice(["native", "web"]), default="native", show_default=True,
    help="native: for ONNX Runtime GenAI. web: for browsers, WebGPU and WebAssembly.",
)  # fmt: skip
@_json
@click.pass_context
def export(ctx: click.Context, gguf: str, out: Path, target: str, json_file: str | None) -> None:
    """Write GGUF (a file, or any model that can be pulled) as a folder of ONNX."""
    from sprat.models.ready import ensure_weights

    check_target(json_file)
    settings = settings_of(ctx)
    source = resolve(gguf, settings)
    if not isinstance(source, GgufFile | CatalogModel | HubFile) or not _is_gguf(source):
        raise UsageError(
            f"{gguf} is no GGUF.", fix="Give a GGUF file, or a model of the catalogue."
        )
    if out.exists():
        raise UsageError(f"{out} exists already.", fix="Give --out a folder that does not exist.")
    with progress_bar() as progress:
        weights = ensure_weights(source, settings, progress)
        done = _written(source, weights, out, target, progress)
    if json_file:
        write_json(done, json_file)
        return
    click.echo(f"{out}: {megabytes(done.bytes)} in {done.seconds:.1f} s, recipe {done.recipe}")
    for variant, count in getattr(done, "variants", {}).items():
        click.echo(f"  {variant}: {megabytes(count)}")


def _written(
    source: GgufFile | CatalogModel | HubFile,
    weights: "Weights",
    out: Path,
    target: str,
    progress: Progress,
) -> "Exported | ExportedWeb":
    from sprat.models.export import export as export_native
    from sprat.models.export.web import About, export_web

    stage = f"{source.name}: exporting to ONNX"

    def told(done: int, of: int) -> None:
        progress(stage, done, of)

    if target == "native":
        return export_native(weights.path, out, progress=told)
    name = source.path.stem if isinstance(source, GgufFile) else source.name
    title = source.title if isinstance(source, CatalogModel) else name
    about = About(name=name, title=title, licence=weights.licence, sha256=weights.sha256)
    return export_web(weights.path, out, about, progress=told)
