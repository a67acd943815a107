"""`sprat doctor`: what this machine has and lacks."""

import sys

import click

from sprat.cli.checks import Check, check_all
from sprat.cli.context import settings_of
from sprat.cli.output import check_target, write_json
from sprat.cli.progress import progress_bar

_MARKS = {"ok": "ok   ", "note": "note ", "fault": "FAULT"}
_COLOURS = {"ok": "green", "note": "yellow", "fault": "red"}


@click.command(epilog="Example: sprat doctor --json -")
@click.option("--json", "json_file", metavar="FILE", help="Write the checks as JSON; - for stdout.")
@click.option("--deep", is_flag=True, help="Hash all weights too: about a second per gigabyte.")
@click.pass_context
def doctor(ctx: click.Context, json_file: str | None, deep: bool) -> None:
    """Check this machine: each fault comes with its fix. Exit 1 on a fault.

    It looks at Python and its packages, the hardware, the models on disk, the endpoints, Foundry
    Local, the gateway and the network; all at once, in five seconds at most without --deep.
    """
    check_target(json_file)
    with progress_bar() as progress:
        checks = check_all(settings_of(ctx), deep=deep, progress=progress)
    if json_file:
        write_json({"schema": 1, "checks": checks}, json_file)
    if json_file != "-":
        _print(checks)
    if any(check.state == "fault" for check in checks):
        sys.exit(1)


def _print(checks: tuple[Check, ...]) -> None:
    width = max(len(check.name) for check in checks)
    for check in checks:
        mark = click.style(_MARKS[check.state], fg=_COLOURS[check.state])
        click.echo(f"{mark}  {check.name:<{width}}  {check.found}")
        if check.fix:
            click.echo(f"{'':{width + 7}}  → {check.fix}")
    faults = sum(check.state == "fault" for check in checks)
    click.echo(f"\n{faults} fault{'' if faults == 1 else 's'}.")
