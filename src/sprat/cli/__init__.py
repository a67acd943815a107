"""The command line: one short function per command, loaded when it is called."""

import io
import sys
from difflib import get_close_matches
from importlib import import_module

import click

from sprat.errors import SpratError

COMMANDS: dict[str, tuple[str, str]] = {
    # name: (module that defines it, one line for `sprat --help`)
    "doctor": ("sprat.cli.doctor", "What this machine has and lacks, each fault with its fix."),
    "models": ("sprat.cli.models", "The catalogue, and the weights on disk."),
    "ask": ("sprat.cli.ask", "One prompt to one model, streamed, with its timing."),
    "compare": ("sprat.cli.compare", "Is the small model good enough? Both answer; a verdict."),
    "evaluate": (
        "sprat.cli.evaluate",
        "How good answers are, and whether they got worse.",
    ),
    "calibrate": ("sprat.cli.calibrate", "Learn when to trust the small model; certify it."),
    "judge": ("sprat.cli.judge", "What a judge model's grades are worth, before it judges."),
    "bench": ("sprat.cli.bench.command", "How fast models answer, under named conditions."),
    "index": ("sprat.cli.index", "Documents in: read, cut into passages, kept."),
    "search": ("sprat.cli.search", "The passages of indexed documents that fit a question."),
    "serve": ("sprat.cli.serve", "One OpenAI-compatible endpoint in front of every model."),
    "chat": ("sprat.cli.chat", "A chat in the browser, over models and documents."),
    "openwebui": ("sprat.cli.openwebui", "Open WebUI on this gateway: the command, or itself."),
    "policy": ("sprat.cli.policy", "Two models as one: make, look at, evaluate a policy."),
    "foundry": ("sprat.cli.foundry", "Foundry Local: its models, and ours in it."),
    "rag": ("sprat.cli.rag", "Answers from documents: asked, and evaluated."),
    "runs": ("sprat.cli.runs", "What was recorded; any report again."),
    "cost": ("sprat.cli.cost", "What each way to answer would cost; when a machine pays."),
    "report": ("sprat.cli.report", "What several recorded studies say together."),
}


class _Lazy(click.Group):
    """A group that imports a command's module only when that command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        return getattr(import_module(COMMANDS[cmd_name][0]), cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        near = get_close_matches(args[0], COMMANDS, n=1)
        if args[0] not in COMMANDS and near:
            ctx.fail(f"There is no command {args[0]!r}. Did you mean {near[0]!r}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(
    cls=_Lazy,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: sprat compare --limit 24 --html report.html",
)
@click.version_option(message="sprat %(version)s", package_name="sprat")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.option("--config", type=click.Path(dir_okay=False), help="Settings file [sprat.toml].")
@click.pass_context
def cli(ctx: click.Context, debug: bool, config: str | None) -> None:
    """Sprat shows with evidence where a small language model is good enough."""
    ctx.obj = {"debug": debug, "config": config}


def main(argv: list[str] | None = None) -> None:
    """Run the command line: exit 0 done, 1 it failed, 2 wrong use; one line per error."""
    arguments = sys.argv[1:] if argv is None else argv
    _never_stumble_over_a_character()
    try:
        sys.exit(cli.main(args=arguments, prog_name="sprat", standalone_mode=False))
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        sys.exit(130)
    except Exception as error:
        if "--debug" in arguments:
            raise
        click.echo(f"sprat: {_one_line(error)}", err=True)
        sys.exit(error.exit_code if isinstance(error, SpratError) else 1)


def _never_stumble_over_a_character() -> None:
    """Where the terminal's encoding lacks a character, a `?` stands for it; not a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _one_line(error: Exception) -> str:
    if isinstance(error, SpratError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        where = error.filename or "A file, or standard output,"
        return f"{where} cannot be used: {error.strerror}. Free some space, or use another place."
    words = " ".join(str(error).split())[:300]
    return (
        f"something unforeseen happened, {type(error).__name__}: {words} "
        "See where with: sprat --debug …"
    )
