"""`sprat foundry models`: what the service has, and what is registered in process."""

import sys

import click
import msgspec

from sprat.cli.context import settings_of
from sprat.cli.foundry.status import print_trouble
from sprat.cli.output import check_target, write_json
from sprat.engines.foundry.service.examine import Examination, examine
from sprat.engines.foundry.service.models import ServiceModel
from sprat.models.progress import megabytes
from sprat.settings import Settings


@click.command(epilog="Example: sprat foundry models --json -")
@click.option("--json", "json_file", metavar="FILE", help="Write it as JSON; - for stdout.")
@click.pass_context
def models(ctx: click.Context, json_file: str | None) -> None:
    """List the models of Foundry Local's service: on disk, in memory, in its catalogue.

    Exit 1 when there is neither a service nor a model that is registered in process.
    """
    check_target(json_file)
    settings = settings_of(ctx)
    found, registered = examine(settings), registered_models(settings)
    if json_file:
        listed = {
            "schema": 1,
            "address": found.address,
            "models": found.models,
            "registered": registered,
            "troubles": found.troubles,
        }
        write_json(listed, json_file)
    if json_file != "-":
        _print(found, registered)
    if not found.usable and not registered:
        sys.exit(1)


def registered_models(settings: Settings) -> list[str]:
    """The models that Foundry Local runs in process."""
    from sprat.engines.foundry.registry import registered

    return list(registered(settings))


def _print(found: Examination, registered: list[str]) -> None:
    rows = [("MODEL", "ALIAS", "DEVICE", "SIZE", "STATE"), *map(_row, found.models or ())]
    if found.models:
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            click.echo("  ".join(cells).rstrip())
    for name in registered:
        click.echo(f"foundry:{name}, registered in process")
    for trouble in found.troubles:
        # Who has models in process need not have a service too.
        state = "note" if registered and not found.address else trouble.state
        print_trouble(msgspec.structs.replace(trouble, state=state), err=True)


def _row(model: ServiceModel) -> tuple[str, ...]:
    size = megabytes(model.bytes) if model.bytes else "-"
    return model.id, model.alias or "-", model.device or "-", size, _state(model)


def _state(model: ServiceModel) -> str:
    if model.loaded:
        return "in memory"
    return {True: "on disk", False: "to download", None: "listed"}[model.cached]
