"""`sprat models warm`: a model into memory, where somebody keeps it there; what its load takes."""

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import quote

import click
import msgspec

from sprat.cli.context import settings_of
from sprat.cli.output import check_target, write_json
from sprat.cli.progress import progress_bar
from sprat.errors import EngineError
from sprat.settings import Settings

if TYPE_CHECKING:
    from sprat.engines.glance import Glance

_LOAD_S = 600.0


class Warmed(msgspec.Struct, frozen=True, kw_only=True):
    """What warming a model took. None: nothing was loaded, or it is not told."""

    name: str
    where: str
    load_s: float | None = None
    warm_up_s: float | None = None
    provider: str | None = None
    kept: bool
    """Whether the model is still in memory."""


@click.command(epilog="Example: sprat models warm smollm2-135m")
@click.argument("name")
@click.option("--json", "json_file", metavar="FILE", help="Write the result as JSON; - for stdout.")
@click.pass_context
def warm(ctx: click.Context, name: str, json_file: str | None) -> None:
    """Load NAME and run a short prompt through it, so that the next answer does not wait.

    A gateway that runs here loads its local models and keeps them; the server of an endpoint keeps
    its own. With neither, this measures a cold load, and the model is out of memory again.
    """
    check_target(json_file)
    settings = settings_of(ctx)
    warmed = _in_gateway(name, settings) or _here(name, settings)
    if json_file:
        write_json(warmed, json_file)
    if json_file != "-":
        click.echo(_line(warmed))


def _in_gateway(name: str, settings: Settings) -> Warmed | None:
    """Let the gateway at this machine's port load it; None when there is none that would.

    It has no name for a file that is not in its settings, and of an endpoint's model it opens the
    way and loads nothing.
    """
    from sprat.engines.glance import glance
    from sprat.serve.guard.key import headers_of
    from sprat.serve.port import answers, is_sprat, url_of

    host, port = settings.serve.host, settings.serve.port
    if not port or not answers(host, port) or not is_sprat(host, port):
        return None
    root = url_of(host, port)
    click.echo(f"{name}: asking the gateway at {root} to load it …", err=True)
    url = f"{root}/api/models/{quote(name, safe='')}/load"
    seen = glance(url, within_s=_LOAD_S, headers=headers_of(settings.serve), post=b"{}")
    if seen.status == 404:
        return None
    if seen.status != 200:
        raise _refused(name, root, seen)
    said = msgspec.json.decode(seen.body, type=dict[str, object])
    if said.get("where") == "endpoint":
        return None
    load_s = said.get("load_s")
    return Warmed(
        name=name, where=root, load_s=load_s if isinstance(load_s, float) else None, kept=True
    )


def _refused(name: str, root: str, seen: "Glance") -> EngineError:
    from sprat.engines.openai.chunks import words

    try:
        why = words(msgspec.json.decode(seen.body))
    except msgspec.DecodeError:
        why = words(seen.body.decode("utf-8", "replace"))
    told = f"{why} ({seen.outcome})" if why else seen.outcome
    return EngineError(
        f"The gateway at {root} did not load {name}: {told}.",
        fix="See what there is: sprat models list",
    )


def _here(name: str, settings: Settings) -> Warmed:
    from sprat.door import open_source
    from sprat.models.names import Scripted, resolve

    found = resolve(settings.serve.models.get(name, name), settings)
    with progress_bar() as progress:
        engine = open_source(found, settings, progress)

        async def load() -> Warmed:
            try:
                took = await engine.warm()
                remote = not engine.pids and not isinstance(found, Scripted)
            finally:
                await engine.aclose()
            return Warmed(
                name=name,
                where="its server" if remote else "this machine",
                load_s=took.load_s,
                warm_up_s=took.warm_up_s,
                provider=took.provider,
                kept=remote,
            )

        return asyncio.run(load())


def _line(warmed: Warmed) -> str:
    load = None if warmed.load_s is None else f"loaded in {warmed.load_s:.2f} s"
    first = None if warmed.warm_up_s is None else f"first prompt {warmed.warm_up_s:.2f} s"
    provider = f"on {warmed.provider}" if warmed.provider else None
    kept = f"kept in memory by {warmed.where}"
    gone = f"out of memory again; to keep it: sprat serve --load {warmed.name}"
    parts = (load, first, provider, kept if warmed.kept else gone)
    return f"{warmed.name}: {' · '.join(part for part in parts if part)}"
