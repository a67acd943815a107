"""`sprat ask`: one prompt to one model."""

import asyncio
import sys

import click

from sprat.cli.context import settings_of
from sprat.cli.output import check_target, printable, refuse_broken_text, write_json
from sprat.cli.provider import provider_option, with_provider
from sprat.cli.trace import trace_lines
from sprat.engines.base import Engine
from sprat.errors import EngineError, SpratError, UsageError
from sprat.settings import Settings
from sprat.types import ChatRequest, Message, Reply


@click.command(epilog='Example: sprat ask smollm2-135m "Name three uses of a paper clip."')
@click.argument("model")
@click.argument("prompt")
@click.option("--max-tokens", default=256, show_default=True, type=click.IntRange(1, 131_072))
@click.option("--system", help="A system message before the prompt.")
@click.option(
    "--temperature",
    default=0.0,
    show_default=True,
    type=click.FloatRange(0, 2),
    help="0 gives the same answer every time.",
)
@click.option("--seed", type=int, help="Makes sampling repeatable when the temperature is not 0.")
@provider_option
@click.option("--no-stream", is_flag=True, help="Print the answer only when it is complete.")
@click.option(
    "--json", "json_file", metavar="FILE", help="Write the whole reply as JSON; - for stdout."
)
@click.pass_context
def ask(
    ctx: click.Context,
    model: str,
    prompt: str,
    max_tokens: int,
    system: str | None,
    temperature: float,
    seed: int | None,
    provider: str | None,
    no_stream: bool,
    json_file: str | None,
) -> None:
    """Ask MODEL one PROMPT (- reads it from standard input) and show what it took."""
    check_target(json_file)
    request = ChatRequest(
        messages=_messages(prompt_text(prompt), system),
        max_tokens=max_tokens,
        temperature=temperature,
        seed=seed,
    )
    streams = not no_stream and json_file != "-"
    engine = _opened(model, with_provider(settings_of(ctx), provider))
    _warn(engine)
    reply = asyncio.run(_answer(engine, request, streams))
    if json_file != "-":
        show("\n" if streams else f"{reply.text}\n")
        for line in (timing_line(reply), *trace_lines(reply)):
            click.echo(line, err=True)
    if json_file:
        write_json(reply, json_file)


def prompt_text(prompt: str, hint: str = 'Try: sprat ask smollm2-135m "Hello"') -> str:
    """What was typed, or standard input for `-`.

    Raises:
        UsageError: it is empty, or no UTF-8.
    """
    text = prompt
    if prompt == "-":  # there is no standard input where it was closed
        text = sys.stdin.read() if sys.stdin else ""
    refuse_broken_text(text, "The prompt")
    if not text.strip():
        raise UsageError("The prompt is empty.", fix=hint)
    return text


def show(text: str) -> None:
    """Print a piece of an answer: to a file or a pipe exactly, to a terminal without its codes."""
    exact = not sys.stdout.isatty() if sys.stdout else True
    click.echo(text if exact else printable(text), nl=False, color=True)


def _messages(prompt: str, system: str | None) -> tuple[Message, ...]:
    first = (Message("system", system),) if system else ()
    return (*first, Message("user", prompt))


def _opened(model: str, settings: Settings) -> Engine:
    """Not inside the event loop: there Ctrl-C would end a download only when it is over."""
    from sprat.cli.progress import progress_bar
    from sprat.door import open_engine

    with progress_bar() as progress:
        return open_engine(model, settings, progress=progress)


def _warn(engine: Engine) -> None:
    """A policy that its own calibration refused says so whenever it is asked."""
    from sprat.cli.policy_text import refused_of
    from sprat.policies.spec import Policy

    policy = getattr(engine, "policy", None)
    if isinstance(policy, Policy) and (refused := refused_of(policy)):
        click.echo(f"[{policy.name} was written by --force: {' '.join(refused)}]", err=True)


async def _answer(engine: Engine, request: ChatRequest, streams: bool) -> Reply:
    begun = False
    try:
        async for piece in engine.stream(request):
            if isinstance(piece, Reply):
                return piece
            if streams:
                show(piece.reasoning or piece.text)
                begun = True
        raise EngineError(f"{engine.name} ended without a reply.")
    except SpratError:
        if begun:  # the error stands on a line of its own
            show("\n")
        raise
    finally:
        await engine.aclose()


def timing_line(reply: Reply) -> str:
    """One line: tokens, first token, speed, and the whole time."""
    usage, timing = reply.usage, reply.timing
    about = "about " if usage.counted_by == "estimate" else ""
    parts = [
        f"{usage.input_tokens} tokens in, {about}{usage.output_tokens} out",
        f"first token {timing.ttft_s:.3f} s" if timing.ttft_s is not None else None,
        f"{timing.load_s:.2f} s of it loading the model" if timing.load_s else None,
        f"{reply.decode_tokens_per_s:.0f} tokens/s" if reply.decode_tokens_per_s else None,
        f"{timing.answer_s:.2f} s in all",
        "cut off by --max-tokens" if reply.finish == "length" else None,
    ]
    return f"[{reply.model or 'model'}: {' · '.join(part for part in parts if part)}]"
