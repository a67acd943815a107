"""A large model that is given a small one's draft, beside itself without one.

Every task is drafted by each small model first. Then the large one answers it in turns (forwards
for one task, backwards for the next): alone; with each draft as a prediction (exact: token for
token its own answer); and with each draft read first and then, as if it had been turned down, given
as a prediction. Greedy, no prompt is kept from one turn to the next, one request at a time.

- equal: the text, the number of tokens and the finish are those of the large model alone (with
  `--tokens` each token too).
- ratio: all seconds with the draft over all seconds alone, over the tasks of a kind; below 1 is
  faster. The interval resamples tasks with all their turns (block bootstrap). Once without what
  the draft cost, once with it.
- read: seconds of reading the draft over seconds of answering alone.
- accepted: the share of the large model's answer that stood in the draft.

Run: python benchmarks/verify.py [--prompts 50] [--data DIR] [--tokens] [--json FILE]
"""

import argparse
import asyncio
import json
import platform
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import psutil
from verify_tasks import Task, tasks

from sprat.door import open_engine
from sprat.engines import Engine, ask
from sprat.settings import OnnxSettings, Settings, load_settings
from sprat.types import ChatRequest, Message, Prediction, Reply

SOURCE = "the text itself"
"""Where the draft of an edit is the text to be edited: it costs nothing."""
_CLEAR = ChatRequest(messages=(Message("user", "Hello"),), max_tokens=1)
"""Takes the place of what a read has left behind: no turn profits from the one before."""


# ---- one task -----------------------------------------------------------------------------------


class Turn(msgspec.Struct):
    """What one turn of the large model took, and whether it was its own answer."""

    seconds: float
    output_tokens: int
    accepted: int = 0
    rejected: int = 0
    read_s: float | None = None
    """Of `seconds`, what reading the draft took, where it was read first."""
    equal: bool = True


class Asked(msgspec.Struct):
    """One task: the drafts' seconds and all turns, by the name of the draft."""

    kind: str
    input_tokens: int
    drafts_s: dict[str, float]
    alone: Turn
    exact: dict[str, Turn]
    checked: dict[str, Turn]


def request(
    task: Task, options: argparse.Namespace, draft: Prediction | None = None
) -> ChatRequest:
    most = min(task.tokens, options.most_tokens)
    logprobs = 0 if options.tokens else None
    return ChatRequest(messages=task.messages, max_tokens=most, prediction=draft, logprobs=logprobs)


async def asked(
    task: Task, large: Engine, drafters: dict[str, Engine], number: int, options: argparse.Namespace
) -> Asked:
    drafts: dict[str, str] = {}
    drafts_s: dict[str, float] = {}
    for name, engine in drafters.items():
        reply = await ask(engine, request(task, options))
        drafts[name], drafts_s[name] = reply.text, reply.timing.answer_s
    if task.source:
        drafts[SOURCE], drafts_s[SOURCE] = task.source, 0.0
    drafts = {name: text for name, text in drafts.items() if text.strip()}
    turns = [("alone", "")] + [(how, name) for how in ("exact", "checked") for name in drafts]
    got: dict[tuple[str, str], tuple[float, Reply, float | None]] = {}
    for how, name in turns if number % 2 == 0 else reversed(turns):
        await ask(large, _CLEAR)
        text = drafts.get(name)
        got[how, name] = await one_turn(large, how, text, lambda d: request(task, options, d))
    own = got["alone", ""][1]
    return Asked(
        kind=task.kind,
        input_tokens=own.usage.input_tokens,
        drafts_s={name: drafts_s[name] for name in drafts},
        alone=turn(own, *got["alone", ""]),
        exact={name: turn(own, *got["exact", name]) for name in drafts},
        checked={name: turn(own, *got["checked", name]) for name in drafts},
    )


async def one_turn(
    large: Engine, how: str, draft: str | None, made: Callable[[Prediction | None], ChatRequest]
) -> tuple[float, Reply, float | None]:
    if draft is None:
        reply = await ask(large, made(None))
        return reply.timing.answer_s, reply, None
    read_s = None
    if how == "checked":
        read = await ask(large, made(Prediction(text=draft, read_only=True)))
        read_s = read.timing.answer_s
    reply = await ask(large, made(Prediction(text=draft)))
    return reply.timing.answer_s + (read_s or 0.0), reply, read_s


def turn(own: Reply, seconds: float, reply: Reply, read_s: float | None) -> Turn:
    usage = reply.usage
    same = (reply.text, reply.finish, usage.output_tokens) == (
        own.text, own.finish, own.usage.output_tokens,
    )  # fmt: skip
    return Turn(
        seconds=seconds,
        output_tokens=usage.output_tokens,
        accepted=usage.accepted_prediction_tokens,
        rejected=usage.rejected_prediction_tokens,
        read_s=read_s,
        equal=same and reply.logprobs == own.logprobs,
    )


# ---- all of them --------------------------------------------------------------------------------


async def measured(options: argparse.Namespace) -> list[Asked]:
    settings: Settings = msgspec.structs.replace(
        load_settings(), onnx=OnnxSettings(threads=options.threads)
    )
    todo = tasks(options.prompts, options.data)
    async with AsyncExitStack() as opened:
        engines = {name: open_engine(name, settings) for name in [options.large, *options.small]}
        for engine in engines.values():
            opened.push_async_callback(engine.aclose)
            await engine.warm()
        large, made = engines.pop(options.large), []
        for number, task in enumerate(todo):
            made.append(await asked(task, large, engines, number, options))
            print(f"{number + 1} of {len(todo)}: {told(made[-1])}", file=sys.stderr, flush=True)
        return made


def told(one: Asked) -> str:
    with_drafts = ", ".join(f"{name} {t.seconds:.1f} s" for name, t in one.exact.items())
    return f"{one.kind}, {one.alone.output_tokens} tokens, {one.alone.seconds:.1f} s; {with_drafts}"


def summary(made: list[Asked]) -> list[dict[str, Any]]:
    kinds = sorted({one.kind for one in made})
    names = list(dict.fromkeys(name for one in made for name in one.exact))
    rows = [row(kind, name, made) for kind in kinds for name in names]
    return [found for found in rows if found is not None]


def row(kind: str, name: str, made: list[Asked]) -> dict[str, Any] | None:
    """One kind of task with the drafts of one model; None where there is none."""
    some = [one for one in made if one.kind == kind and name in one.exact]
    if not some:
        return None
    alone = [one.alone.seconds for one in some]
    exact = [one.exact[name].seconds for one in some]
    checked = [one.checked[name].seconds for one in some]
    drafts = [one.drafts_s[name] for one in some]
    turns = [turn for one in some for turn in (one.exact[name], one.checked[name])]
    tokens = sum(one.exact[name].output_tokens for one in some)
    return {
        "kind": kind,
        "draft": name,
        "tasks": len(some),
        "equal": sum(turn.equal for turn in turns),
        "turns": len(turns),
        "input_tokens": float(np.mean([one.input_tokens for one in some])),
        "output_tokens": tokens / len(some),
        "alone_s": float(np.mean(alone)),
        "draft_s": float(np.mean(drafts)),
        "accepted_share": sum(one.exact[name].accepted for one in some) / max(tokens, 1),
        "exact": ratio(exact, alone),
        "exact_with_draft": ratio(np.add(exact, drafts).tolist(), alone),
        "read": ratio([one.checked[name].read_s or 0.0 for one in some], alone),
        "read_then_exact": ratio(checked, alone),
        "read_then_exact_with_draft": ratio(np.add(checked, drafts).tolist(), alone),
    }


def ratio(above: list[float], below: list[float], draws: int = 5000) -> dict[str, float]:
    """The ratio of two sums over the same tasks, and the middle 95% of those of resampled tasks."""
    random, pairs = np.random.default_rng(1), np.array([above, below])
    chosen = random.integers(0, len(above), (draws, len(above)))
    tops, bottoms = pairs[:, chosen].sum(axis=2)
    low, high = np.quantile(tops / bottoms, [0.025, 0.975])
    return {
        "ratio": float(pairs[0].sum() / pairs[1].sum()), "low": float(low), "high": float(high),
    }  # fmt: skip


# ---- what a reader sees -------------------------------------------------------------------------

_HEAD = (
    "| task (n) | draft by | tokens in, out | alone s | accepted | equal | with the draft | "
    "and its own time | reading it | reading it, then with it |"
)
"""The last four are parts of the seconds alone."""


def table(rows: list[dict[str, Any]]) -> str:
    lines = [_HEAD, "|" + "---|" * _HEAD.count(" |")]
    for one in rows:
        cells = [
            f"{one['kind']} ({one['tasks']})",
            one["draft"],
            f"{one['input_tokens']:.0f}, {one['output_tokens']:.0f}",
            f"{one['alone_s']:.2f}",
            f"{one['accepted_share']:.0%}",
            f"{one['equal']} of {one['turns']}",
            *(shown(one[key]) for key in ("exact", "exact_with_draft", "read", "read_then_exact")),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def shown(found: dict[str, float]) -> str:
    return f"**{found['ratio']:.2f}** {found['low']:.2f}-{found['high']:.2f}"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--large", default="qwen2.5-coder-1.5b")
    parser.add_argument("--small", nargs="+", default=["smollm2-135m", "qwen2.5-coder-0.5b"])
    parser.add_argument("--prompts", type=int, default=50)
    parser.add_argument("--data", type=Path, help="folder with GSM8K and SQuAD 2.0")
    parser.add_argument("--most-tokens", type=int, default=320)
    parser.add_argument("--tokens", action="store_true", help="compare each token, not the text")
    parser.add_argument("--threads", type=int, default=psutil.cpu_count(logical=False) or 1)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    made = asyncio.run(measured(options))
    rows = summary(made)
    print(table(rows))
    if options.json:
        options.json.write_text(json.dumps(document(options, rows, made), indent=1), "utf-8")
    return int(any(one["equal"] < one["turns"] for one in rows))


def document(
    options: argparse.Namespace, rows: list[dict[str, Any]], made: list[Asked]
) -> dict[str, Any]:
    return {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "platform": platform.platform(),
            "cores": psutil.cpu_count(logical=False),
            "load": psutil.getloadavg(),
        },
        "large": options.large,
        "threads": options.threads,
        "most_tokens": options.most_tokens,
        "summary": rows,
        "tasks": msgspec.to_builtins(made),
    }


if __name__ == "__main__":
    sys.exit(main())
