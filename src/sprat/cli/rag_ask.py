"""`sprat rag ask`: one question to the documents."""

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click
import msgspec

from sprat.cli.ask import prompt_text, show, timing_line
from sprat.cli.context import settings_of
from sprat.cli.output import check_target, write_json
from sprat.cli.provider import provider_option, with_provider
from sprat.cli.trace import trace_lines
from sprat.errors import EngineError, SpratError, UsageError
from sprat.settings import Settings
from sprat.types import ChatRequest, Message, Reply, Source

if TYPE_CHECKING:
    from sprat.door.grounded import Wanted
    from sprat.rag.answer import GroundedEngine

EPILOG = 'Example: sprat rag ask "How many days of leave are there?"'
_SHOWN_CHARS = 240


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """The options as typed; None: not typed."""

    store: str | None
    small: str | None
    large: str | None
    no_large: bool
    gate: str | None
    passages: int
    max_tokens: int


@click.command(epilog=EPILOG)
@click.argument("question")
@click.option("--store", metavar="DIR", help="What `sprat index` wrote [its own place].")
@click.option("--small", metavar="MODEL", help="Answers first [SLM_ALIAS, smollm2-135m].")
@click.option("--large", metavar="MODEL", help="Answers what that one cannot [LLM_ALIAS, qwen…].")
@click.option("--no-large", is_flag=True, help="What the small model cannot answer has no answer.")
@click.option("--gate", metavar="FILE", help="When an answer is good enough [built-in rules].")
@click.option(
    "--passages", type=click.IntRange(1, 50), default=6, show_default=True, help="To be found."
)
@click.option("--max-tokens", type=click.IntRange(1, 32_768), default=256, show_default=True)
@click.option("--trace", is_flag=True, help="Show every attempt, with its time and its reason.")
@provider_option
@click.option("--no-stream", is_flag=True, help="Print the answer only when it is complete.")
@click.option("--json", "json_file", metavar="FILE", help="Write everything as JSON; - for stdout.")
@click.pass_context
def ask(
    ctx: click.Context,
    question: str,
    trace: bool,
    provider: str | None,
    no_stream: bool,
    json_file: str | None,
    **options: Any,  # noqa: ANN401 (click's own, named and typed by `Typed`)
) -> None:
    """Answer QUESTION (- reads it from standard input) from the indexed documents alone.

    The small model answers first; what is not found in the passages goes to the large one, and
    then to "The documents do not say.", which is no failure: exit 0.
    """
    check_target(json_file)
    typed = Typed(**options)
    if typed.large and typed.no_large:
        raise UsageError("--large and --no-large exclude each other.", fix="Leave one out.")
    text = prompt_text(question, 'Try: sprat rag ask "How do I begin?"')
    settings = with_provider(settings_of(ctx), provider)
    request = ChatRequest(messages=(Message("user", text),), max_tokens=typed.max_tokens)
    streams = not no_stream and json_file != "-"
    reply = asyncio.run(_answer(_opened(typed, settings), request, streams))
    if json_file != "-":
        _print(reply, streamed=streams, trace=trace)
    if json_file:
        write_json(as_json(reply), json_file)


def _opened(typed: Typed, settings: Settings) -> "GroundedEngine":
    """Not inside the event loop: there Ctrl-C would end a download only when it is over."""
    from sprat.cli.progress import progress_bar
    from sprat.door.grounded import gate_of, open_grounded

    gate = gate_of(typed.gate)
    names = (gate.small.model or settings.small, gate.large.model or settings.large)
    wanted = _wanted(typed, *names)
    with progress_bar() as progress:
        return open_grounded(settings, gate=gate, progress=progress, wanted=wanted)


def _wanted(typed: Typed, small: str, large: str) -> "Wanted":
    from sprat.door.grounded import Wanted

    return Wanted(
        store=typed.store,
        small=typed.small or small,
        large=None if typed.no_large else typed.large or large,
        passages=typed.passages,
    )


async def _answer(engine: "GroundedEngine", request: ChatRequest, streams: bool) -> Reply:
    begun = False
    try:
        async for piece in engine.stream(request):
            if isinstance(piece, Reply):
                return piece
            if streams:
                show(piece.text)
                begun = True
        raise EngineError(f"{engine.name} ended without a reply.")
    except SpratError:
        if begun:  # the error stands on a line of its own
            show("\n")
        raise
    finally:
        await engine.aclose()


def _print(reply: Reply, *, streamed: bool, trace: bool) -> None:
    show("\n" if streamed else f"{reply.text}\n")
    for line in source_lines(reply):
        show(f"{line}\n")
    click.echo(timing_line(reply), err=True)
    for line in trace_lines(reply) if trace else ():
        click.echo(line, err=True)


def source_lines(reply: Reply) -> Iterator[str]:
    """The cited passages; or, where the documents do not say, the nearest ones."""
    cited = [source for source in reply.sources if source.number is not None]
    if not reply.answered and reply.sources:
        yield ""
        yield "Nearest passages:"
    elif cited:
        yield ""
    for source in cited if reply.answered else reply.sources[:3]:
        mark = f"[{source.number}]" if source.number is not None else "-"
        yield f"{mark} {place_of(source)}: {_words(source)}"


def place_of(source: Source) -> str:
    """File, page and heading."""
    page = f", p. {source.page}" if source.page is not None else ""
    heading = f", {source.heading}" if source.heading else ""
    return f"{source.file}{page}{heading}"


def _words(source: Source) -> str:
    """The quoted words; of a passage that is not quoted its beginning."""
    text = source.text
    if source.quote is not None:
        start, end = (at - source.start for at in source.quote)
        text = text[start:end]
    one_line = " ".join(text.split())
    cut = f"{one_line[:_SHOWN_CHARS].rstrip()}…" if len(one_line) > _SHOWN_CHARS else one_line
    return f'"{cut}"' if source.quote is not None else cut


def as_json(reply: Reply) -> dict[str, Any]:
    """The reply, with every field of a source there, `null` where there is none."""
    told: dict[str, Any] = msgspec.to_builtins(reply)
    fields = Source.__struct_fields__
    told["sources"] = [{name: getattr(one, name) for name in fields} for one in reply.sources]
    return told
