"""`sprat foundry`: Foundry Local, in process and as a service."""

from importlib import import_module

import click

COMMANDS = {
    # name: module that defines it
    "register": "sprat.cli.foundry.register",
    "status": "sprat.cli.foundry.status",
    "models": "sprat.cli.foundry.models",
}


class _Lazy(click.Group):
    """Imports a command's module only when that command is called, or help is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        return getattr(import_module(COMMANDS[cmd_name]), cmd_name)


@click.group(cls=_Lazy, epilog="Example: sprat foundry register smollm2-135m")
def foundry() -> None:
    """Foundry Local: its models, and ours in it."""
