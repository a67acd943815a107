"""`sprat foundry register`: a model of ours into Foundry Local's local catalogue."""

import click

from sprat.cli.context import settings_of
from sprat.cli.output import check_target, write_json
from sprat.cli.progress import progress_bar
from sprat.errors import UsageError
from sprat.models.names import (
    Documents,
    EndpointModel,
    FoundryModel,
    Local,
    PolicyFile,
    Scripted,
)
from sprat.settings import Settings


@click.command(epilog="Example: sprat foundry register smollm2-135m")
@click.argument("name")
@click.option("--as", "alias", metavar="ALIAS", help="Its name there [as here, or the file's].")
@click.option("--remove", is_flag=True, help="Take NAME out again; its files stay.")
@click.option("--json", "json_file", metavar="FILE", help="Write the result as JSON; - for stdout.")
@click.pass_context
def register(
    ctx: click.Context, name: str, alias: str | None, remove: bool, json_file: str | None
) -> None:
    """Let Foundry Local run NAME: a model of the catalogue, a GGUF file, or an ONNX folder."""
    from sprat.engines.foundry import catalogue

    check_target(json_file)
    settings = settings_of(ctx)
    catalogue.require_installed("Registering a model")
    if remove:
        _remove(name, settings, json_file)
        return
    source = _ours(name, settings)
    with progress_bar() as progress:
        made = catalogue.register(source, settings, alias, progress)
    if json_file:
        write_json(made, json_file)
    if json_file != "-":
        click.echo(f"foundry:{made.alias} is {made.id}, in {made.folder}")
        click.echo(f'Next: sprat ask foundry:{made.alias} "Hello"', err=True)


def _remove(name: str, settings: Settings, json_file: str | None) -> None:
    from sprat.engines.foundry import catalogue

    with progress_bar() as progress:
        gone = catalogue.unregister(name, settings, progress)
    if json_file:
        write_json({"alias": gone}, json_file)
    if json_file != "-":
        click.echo(f"foundry:{gone} is taken out; its files stay.")


def _ours(name: str, settings: Settings) -> Local:
    from sprat.models.names import resolve_answering

    source = resolve_answering(name, settings)
    if isinstance(source, Documents | EndpointModel | FoundryModel | PolicyFile | Scripted):
        raise UsageError(
            f"{name} is no model whose weights are here.",
            fix="Give a model of the catalogue (sprat models list), a GGUF file, or a folder.",
        )
    return source
