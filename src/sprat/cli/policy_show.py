"""`sprat policy show`, `list`, `sign`: what a file says, and whether it is as it was signed."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sprat.cli.context import settings_of
from sprat.cli.output import write_json
from sprat.errors import PolicyError
from sprat.settings import Settings

if TYPE_CHECKING:
    from sprat.policies.spec import Policy

_json = click.option(
    "--json", "json_file", metavar="FILE", help="Write it as JSON; - for standard output."
)


@click.command(epilog="Example: sprat policy show mine")
@click.argument("policy_name", metavar="FILE|NAME")
@_json
@click.pass_context
def show(ctx: click.Context, policy_name: str, json_file: str | None) -> None:
    """Say who answers, when that is decided, what is certified, and what was measured."""
    from sprat.cli.policy_text import lines
    from sprat.policies.file import find_policy, read_policy

    path = find_policy(policy_name, settings_of(ctx))
    policy, state = read_policy(path, unsigned=True), standing(path)
    if json_file:
        write_json({"schema": 1, "file": str(path), "standing": state, "policy": policy}, json_file)
    if json_file != "-":
        for label, text in [*lines(policy), ("signed", _signature(policy, state)), ("file", path)]:
            click.echo(f"{label:<11}{text}")


def _signature(policy: "Policy", state: str) -> str:
    return f"{policy.sha256[:12]}…" if state == "signed" else f"no: {state}"


def standing(path: Path) -> str:
    """`signed`, `edited`, `not signed`, or why it is no policy: one line."""
    from sprat.policies.file import read_policy

    try:
        read_policy(path)
    except PolicyError as error:
        for state in ("edited", "not signed"):
            if state in error.message:
                return state
        return error.message
    return "signed"


@click.command("list", epilog="Example: sprat policy list")
@_json
@click.pass_context
def list_policies(ctx: click.Context, json_file: str | None) -> None:
    """List the policies that are kept."""
    settings = settings_of(ctx)
    rows = [_row(name, path) for name, path in _kept(settings).items()]
    if json_file:
        write_json({"schema": 1, "folder": str(settings.policies_dir), "policies": rows}, json_file)
    if json_file != "-":
        _print_rows(rows, settings)


def _kept(settings: Settings) -> dict[str, Path]:
    from sprat.models.kept import kept_policies

    return kept_policies(settings)


def _row(name: str, path: Path) -> dict[str, Any]:
    from sprat.cli.policy_text import refused_of
    from sprat.policies.file import read_policy

    row: dict[str, Any] = {"name": name, "standing": standing(path)}
    try:
        policy = read_policy(path, unsigned=True)
    except PolicyError:
        nothing = dict.fromkeys(("kind", "mode", "small", "large"))
        return {**row, **nothing, "certified": False, "refused": []}
    return {
        **row,
        "kind": policy.kind,
        "mode": policy.mode,
        "small": policy.small.model,
        "large": policy.large.model,
        "certified": policy.certificate is not None,
        "refused": list(refused_of(policy)),
    }


def _print_rows(rows: list[dict[str, Any]], settings: Settings) -> None:
    if not rows:
        click.echo(f"There are none in {settings.policies_dir}.", err=True)
        click.echo("Make one: sprat policy new fallback, or sprat calibrate", err=True)
        return
    head = ("NAME", "KIND", "SMALL", "LARGE", "CERTIFIED", "FILE")
    cells = [
        (
            row["name"],
            row["kind"] or "?",
            _short(row["small"]),
            _short(row["large"]),
            _worth(row),
            row["standing"][:40],
        )
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(head, *cells, strict=True)]
    for line in (head, *cells):
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(padded).rstrip())


def _worth(row: dict[str, Any]) -> str:
    certified = "yes" if row["certified"] else "-"
    return f"{certified}, refused" if row["refused"] else certified


def _short(model: str | None) -> str:
    text = model or "?"
    return text if len(text) <= 22 else f"…{text[-21:]}"


@click.command(epilog="Example: sprat policy sign mine")
@click.argument("policy_name", metavar="FILE|NAME")
@click.pass_context
def sign(ctx: click.Context, policy_name: str) -> None:
    """Sign a policy that was edited: from now on it is as it stands.

    What was certified or measured before it was edited stays in it, and may no longer hold.
    """
    from sprat.policies.file import find_policy, read_policy, write_policy

    path = find_policy(policy_name, settings_of(ctx))
    policy, state = read_policy(path, unsigned=True), standing(path)
    if state == "signed":
        click.echo(f"{path} is signed as it stands.", err=True)
        return
    write_policy(policy, path)
    if policy.certificate is not None:
        click.echo("It has a certificate, of before it was edited.", err=True)
    click.echo(f"Signed {path}: {read_policy(path).sha256}")
