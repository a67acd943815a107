"""Write docs/cli.md from the commands' own help. `--check` only says whether it is up to date."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from sprat.cli import cli

TARGET = Path(__file__).parent.parent / "docs" / "cli.md"
HEAD = r"""# Command reference

Made from `sprat --help` and its commands by `make docs`; a test fails when it is out of date.
Results go to standard output, progress to standard error. Exit code 0: done,
1: it failed, 2: wrong use, 130: stopped by Ctrl-C.

For completion by the Tab key, add the line of your shell to its file and open a new shell:

| shell | file | line |
|---|---|---|
| bash | `~/.bashrc` | `eval "$(_SPRAT_COMPLETE=bash_source sprat)"` |
| zsh | `~/.zshrc` | `eval "$(_SPRAT_COMPLETE=zsh_source sprat)"` |
| fish | `~/.config/fish/completions/sprat.fish` | `_SPRAT_COMPLETE=fish_source sprat \| source` |
"""


def reference() -> str:
    """The whole page."""
    return HEAD + "".join(_section(cli, ("sprat",), None))


def _section(
    command: click.Command, path: tuple[str, ...], parent: click.Context | None
) -> Iterator[str]:
    context = click.Context(command, info_name=path[-1], parent=parent, terminal_width=100)
    yield f"\n## `{' '.join(path)}`\n\n```text\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None:
                yield from _section(child, (*path, name), context)


def main() -> None:
    """Write the page, or compare it with what is on disk."""
    page = reference()
    if "--check" not in sys.argv:
        TARGET.write_text(page, encoding="utf-8")
    elif TARGET.read_text(encoding="utf-8") != page:
        sys.exit("docs/cli.md is out of date. Type: make docs")


if __name__ == "__main__":
    main()
