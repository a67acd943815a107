"""`sprat serve`: the gateway in the foreground."""

import asyncio
import gc
import sys
import threading
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from sprat.cli.context import settings_of
from sprat.cli.provider import provider_option, with_provider
from sprat.errors import UsageError
from sprat.settings import ServeSettings, Settings, load_settings

if TYPE_CHECKING:
    from sprat.serve.server import Running


@click.command(epilog="Example: sprat serve --load smollm2-135m")
@click.option("--host", help="Address to listen at. Other than this machine's own: needs a key.")
@click.option("--port", type=click.IntRange(0, 65_535), help="[5273] 0 takes any free one.")
@click.option(
    "--key",
    help="What callers must send. Better in the variable SPRAT_KEY: other users of this machine "
    "can see command lines.",
)
@click.option("--config", type=click.Path(dir_okay=False), help="Settings file [sprat.toml].")
@click.option(
    "--model", "models", multiple=True, metavar="ALIAS=NAME",
    help="Serve a model under a name: mine=./weights.gguf. Repeatable.",
)  # fmt: skip
@click.option(
    "--load", multiple=True, metavar="MODEL", help="Load it now, not on first use. Repeatable."
)
@click.option(
    "--allow-host", "hosts", multiple=True, metavar="HOST[:PORT]",
    help="A name by which other machines reach this one. Repeatable.",
)  # fmt: skip
@click.option(
    "--origin", "origins", multiple=True, metavar="ORIGIN",
    help="Pages from there may ask: http://localhost:3000. Repeatable.",
)  # fmt: skip
@provider_option
@click.option("--idle-s", type=float, help="Unload a model not asked for so long [900]; 0: never.")
@click.option("--queue", type=int, help="Requests that may wait for one model [64].")
@click.option("--drain-s", type=float, help="How long a stop waits for answers under way [10].")
@click.option("--no-pull", is_flag=True, help="Never fetch weights: only what is on disk.")
@click.option("--log-format", type=click.Choice(["text", "json"]), help="[text]")
@click.option("--log-prompts", is_flag=True, help="Write prompts and answers into the log too.")
@click.option("--open", "opens", is_flag=True, help="Open the page in the browser.")
@click.pass_context
def serve(
    ctx: click.Context,
    config: str | None,
    models: tuple[str, ...],
    provider: str | None,
    no_pull: bool,
    log_prompts: bool,
    opens: bool,
    **given: object,
) -> None:
    """Serve every model at one OpenAI-compatible address until Ctrl-C.

    An option beats the environment, which beats [serve] in sprat.toml. The log goes to standard
    error.
    """
    settings = load_settings(Path(config)) if config else settings_of(ctx)
    changes = {name: value for name, value in given.items() if value not in {None, ()}}
    if models:
        changes["models"] = settings.serve.models | dict(_alias(text) for text in models)
    if no_pull:
        changes["pull"] = False
    if log_prompts:
        changes["log_prompts"] = True
    _run(with_provider(_changed(settings, changes), provider), opens)


def _alias(text: str) -> tuple[str, str]:
    alias, separator, name = text.partition("=")
    if not (alias and separator and name):
        raise UsageError(f"--model {text!r} is no ALIAS=NAME.", fix="Try: --model mine=./w.gguf")
    return alias, name


def _changed(settings: Settings, changes: dict[str, Any]) -> Settings:
    """The settings under the options, which obey the same bounds as `sprat.toml`."""
    if "key" in changes:
        changes["key_env"] = None
    fields = msgspec.to_builtins(settings.serve) | changes
    try:
        serve = msgspec.convert(fields, ServeSettings)
    except msgspec.ValidationError as error:
        raise UsageError(
            f"That cannot be: {error}.".replace("`$.", "`"), fix="See: sprat serve --help"
        ) from error
    return msgspec.structs.replace(settings, serve=serve)


def _run(settings: Settings, opens: bool) -> None:
    from sprat.serve.guard.bind import check_bind
    from sprat.serve.observe.log import logging_to
    from sprat.serve.port import bind
    from sprat.serve.server import Running, listen_to_signals

    check_bind(settings.serve)
    bound = bind(settings.serve)
    with logging_to(sys.stderr, settings.serve.log_format), bound:
        running = Running(settings, bound)

        async def serve_until_told() -> None:
            listen_to_signals(running)
            await running.serve(lambda: _greet(running, bound.getsockname(), opens))

        _collect_seldom()
        asyncio.run(serve_until_told())


def _collect_seldom() -> None:
    """Search for garbage less often, and never in what lives as long as the program.

    The defaults search after every few requests (a third of the throughput), and from time to time
    through all modules (20 ms). A request leaves hardly any cycles behind.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _greet(running: "Running", address: tuple[Any, ...], opens: bool) -> None:
    from sprat.serve.greeting import greeting
    from sprat.serve.port import url_of

    host, port = str(address[0]), int(address[1])
    click.echo(greeting(running.gateway, host, port))
    sys.stdout.flush()
    if opens:
        _open(url_of(host, port) + "/")


def _open(page: str) -> threading.Thread:
    """Show the page, from a thread: some browsers are waited for until they are closed."""

    def show() -> None:
        if not webbrowser.open(page):
            click.echo(f"No browser was found here. Open {page} yourself.", err=True)

    showing = threading.Thread(target=show, daemon=True)
    showing.start()
    return showing
