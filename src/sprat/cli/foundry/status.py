"""`sprat foundry status`: where the service is, and what is wrong with it."""

import sys

import click

from sprat.cli.context import settings_of
from sprat.cli.output import check_target, write_json
from sprat.engines.foundry.service.examine import Examination, examine
from sprat.engines.foundry.service.troubles import Trouble

_WHO = {
    "service": "Foundry Local (the older service, foundry service)",
    "server": "Foundry Local (the newer service, foundry server or the SDK's)",
    "sprat": "Sprat's own gateway",
    "openai": "an OpenAI-compatible server",
    "other": "something else",
    "nothing": "nothing answers",
}
_MARKS = {"note": ("note ", "yellow"), "fault": ("FAULT", "red")}


@click.command(epilog="Example: sprat foundry status --json -")
@click.option("--json", "json_file", metavar="FILE", help="Write it as JSON; - for stdout.")
@click.pass_context
def status(ctx: click.Context, json_file: str | None) -> None:
    """Find Foundry Local's service and look at it. Exit 1 when it cannot be used.

    It is looked for at FOUNDRY_LOCAL_ENDPOINT or [endpoints.foundry], else at port 5273, else where
    its own command says.
    """
    check_target(json_file)
    found = examine(settings_of(ctx))
    if json_file:
        write_json({"schema": 1, **_facts(found)}, json_file)
    if json_file != "-":
        _print(found)
    if not found.usable:
        sys.exit(1)


def _facts(found: Examination) -> dict[str, object]:
    models = found.models
    return {
        "address": found.address,
        "found_by": found.found_by,
        "kind": found.kind,
        "usable": found.usable,
        "version": found.version,
        "pid": found.pid,
        "cache_folder": found.cache_folder,
        "pages_may_ask": found.pages_may_ask,
        "listed": None if models is None else len(models),
        "on_disk": _names(found, "cached"),
        "in_memory": _names(found, "loaded"),
        "troubles": found.troubles,
    }


def _names(found: Examination, field: str) -> list[str] | None:
    """The models of which that holds; None when the service does not say."""
    said = [(m.id, getattr(m, field)) for m in found.models or ()]
    if found.models is None or (field == "cached" and any(value is None for _, value in said)):
        return None
    return [name for name, value in said if value]


def _print(found: Examination) -> None:
    if found.address:
        _fact("Address", f"{found.address}, by {found.found_by}")
        _fact("What", _WHO[found.kind])
    _fact("Version", found.version)
    _fact("Process", found.pid and f"{found.pid} there")
    _fact("Models in", found.cache_folder)
    _fact("In memory", _listed(_names(found, "loaded")))
    _fact("On disk", _listed(_names(found, "cached")))
    for trouble in found.troubles:
        print_trouble(trouble)


def _listed(names: list[str] | None) -> str | None:
    return None if names is None else ", ".join(names) or "none"


def _fact(label: str, value: object) -> None:
    """One line; none for what is not known."""
    if value is not None:
        click.echo(f"{label:<10} {value}")


def print_trouble(trouble: Trouble, *, err: bool = False) -> None:
    """What is wrong, and below it what to do."""
    mark, colour = _MARKS[trouble.state]
    click.echo(f"{click.style(mark, fg=colour)}      {trouble.what}", err=err)
    click.echo(f"           → {trouble.fix}", err=err)
