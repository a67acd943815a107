"""What the gateway's policies decide, for the page's policies to be held against.

    .venv/bin/python tools/golden_policy.py   # writes web/test/policy/golden.json

Drafts, questions and policies are generated from a seed; every number and every decision comes from
`sprat.policies` itself, which is what the gateway runs.
"""

import asyncio
import json
import math
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from msgspec.structs import replace

from sprat.engines.base import Load
from sprat.engines.onnx.sampling import noted
from sprat.errors import EngineDied
from sprat.policies.confidence import confidence_of
from sprat.policies.engine import PolicyEngine
from sprat.policies.features import FEATURES, PROMPT_FEATURES, features_of
from sprat.policies.file import digest, signed
from sprat.policies.logistic import Logistic
from sprat.policies.prompt import prompt_features_of
from sprat.policies.spec import Decision, Fallback, Gates, Policy, Refine, Rules, Side
from sprat.policies.tokens import facts_of
from sprat.policies.turn import ALTERNATIVES
from sprat.types import ChatRequest, Delta, Message, Reply, Timing, TokenLogprob, Usage

OUT = Path(__file__).parent.parent / "web/test/policy/golden.json"

PROMPTS = [
    "What is the capital of France?",
    "Summarise:\n\nThe Seine is 777 km long.\nIt flows through Paris.",
    "Explain step by step why 12 x 12 = 144. Which rule is that?\nThank you",
    "Reply as JSON: who wrote it, and when?",
    "```python\nprint(1)\n```\nWhat does it print",
    "Siapa nama anda? \u00bfQu\u00e9 es esto? \u4f60\u597d \U0001f600 x\u00b2",
    "My account is AB-12345, please check the contract.",
    '{"note": "\\u0041B-99999", "n": [1.50, 2]}',
    "",
    "Translate this: \u201cBIG LETTERS\u201d " + "word " * 40,
]
ANSWERS = [
    "It is Paris.",
    "I don't know.",
    "As an AI, I cannot help with that.",
    '{"name": "Ada", "year": 1843, "ok": true}',
    '["one", "two"]',
    "{}",
    "Yes",
    "",
    "The rule is the distributive law: 12 x 10 + 12 x 2 = 144. " * 12,
    "Jawapannya ialah Paris \U0001f600.",
]


def made() -> dict[str, Any]:
    """All of it; the same every time."""
    rng = random.Random(11)
    policies = [signed(one) for one in made_policies(rng)]
    replies = [made_reply(rng) for _ in range(60)]
    asks = [made_ask(rng) for _ in range(30)]
    return {
        "policies": [msgspec.json.encode(one).decode() for one in policies],
        "files": made_files(policies[0]),
        "replies": [_told(reply) | {"features": features_of(reply, asks[0])} for reply in replies],
        "asks": [_asked(ask) for ask in asks],
        "noted": [_noted(rng) for _ in range(60)],
        "judged": [_judged(rng, policies, replies, asks) for _ in range(200)],
        "played": [asyncio.run(_played(rng, policies, replies, asks)) for _ in range(240)],
    }


def made_policies(rng: random.Random) -> list[Policy]:
    """Of every kind and mode that the page runs."""
    sides = {"small": Side(model="s"), "large": Side(model="l")}
    learned = Decision(logistic=_logistic(rng, FEATURES), threshold=0.5)
    pre = Decision(logistic=_logistic(rng, PROMPT_FEATURES), threshold=0.45)
    half = Decision(logistic=_logistic(rng, ("mean", "min_margin", "abstains", "prompt_json")))
    private = Gates(private=(r"AB-\d{5}", r"(?i)\bsecret\b"), most_chars=120)
    return [
        Policy(name="learned", kind="cascade", decision=learned, **sides),
        Policy(name="half", kind="cascade", decision=half, sampling={"temperature": 0.0}, **sides),
        Policy(name="never", kind="cascade", decision=replace(half, threshold=None), **sides),
        Policy(name="worth", kind="cascade", decision=replace(half, aim="worth"), **sides),
        Policy(
            name="kept",
            kind="cascade",
            decision=replace(half, uncalibrated="accept"),
            sampling={"temperature": 0.0, "top_p": 1.0},
            **sides,
        ),
        Policy(name="rules", kind="cascade", rules=Rules(min_chars=5), gates=private, **sides),
        Policy(name="pre", kind="cascade", mode="pre", decision=pre, gates=private, **sides),
        Policy(name="probe", kind="cascade", mode="probe", probe_tokens=4, decision=half, **sides),
        Policy(name="long", kind="refine", refine=Refine(min_chars=300), **sides),
        Policy(
            name="flagged",
            kind="refine",
            refine=Refine(when="flagged", flags=("contract", "JSON")),
            gates=private,
            **sides,
        ),
        Policy(name="always", kind="refine", refine=Refine(when="always"), **sides),
        Policy(name="back", kind="fallback", fallback=Fallback(failures=2), **sides),
        Policy(name="here", kind="fallback", gates=Gates(stay_here=True), **sides),
    ]


def _logistic(rng: random.Random, features: tuple[str, ...]) -> Logistic:
    count = len(features)
    return Logistic(
        features=features,
        centres=tuple(round(rng.uniform(-2, 2), 4) for _ in range(count)),
        scales=tuple(round(rng.uniform(0.3, 3), 4) for _ in range(count)),
        weights=tuple(round(rng.gauss(0, 0.8), 4) for _ in range(count)),
        bias=rng.gauss(0, 0.5),
    )


def made_files(policy: Policy) -> list[dict[str, Any]]:
    """A file's text, its canonical hash, and whether it is a policy that was not edited."""
    plain = msgspec.json.encode(policy).decode()
    changes: list[tuple[str, str, bool]] = [
        ("", "", True),
        ('"threshold":0.5', '"threshold":0.50', True),
        ('"threshold":0.5', '"threshold":5e-1', True),
        ('"threshold":0.5', '"threshold":0.51', False),
        ('"probe_tokens":16', '"probe_tokens":16.0', False),
        ('"min_chars":1,', '"min_chars":2,', False),
        ('"name":"learned"', '"name":"l\\u0065arned"', True),
        (policy.sha256, "", False),
        ('"format":1', '"format":2', False),
        ('"kind":"cascade"', '"kind":"guess"', False),
        ('"mode":"buffer"', '"more":1', False),
    ]
    files = [(plain.replace(old, new, 1), same) for old, new, same in changes]
    odd = policy.__class__(
        **{
            **msgspec.structs.asdict(policy),
            "evaluation": {
                "\uffee": 1e-6,
                "\U0001f600": 1e16,
                "a": [1.0, -0.0, 123456789.5, 1e22, 1.5e-9, 12345678901234567890, None],
                "\u00e9\n\x01": '\u2028"\\/',
            },
        }
    )  # fmt: skip
    files.append((msgspec.json.encode(signed(odd)).decode(), True))
    return [
        {"text": text, "digest": digest(msgspec.json.decode(text)), "good": same}
        for text, same in files
    ]


def made_ask(rng: random.Random) -> ChatRequest:
    """A conversation of one to three turns."""
    said = [rng.choice(PROMPTS) for _ in range(rng.choice([1, 1, 1, 2]))]
    turns = [Message("system", "Be brief.")] * rng.randint(0, 1)
    for text in said[:-1]:
        turns += [Message("user", text), Message("assistant", rng.choice(ANSWERS))]
    sampling = {"temperature": 0.7, "seed": 1} if rng.random() < 0.2 else {}
    return ChatRequest(messages=(*turns, Message("user", said[-1])), **sampling)


def _asked(ask: ChatRequest) -> dict[str, Any]:
    messages = [{"role": one.role, "content": one.content} for one in ask.messages]
    sampling = {"temperature": ask.temperature} | ({} if ask.seed is None else {"seed": ask.seed})
    return {"messages": messages, **sampling, "features": prompt_features_of(ask)}


def made_reply(rng: random.Random) -> Reply:
    """An answer whose tokens are as sure as chance has it."""
    text = rng.choice(ANSWERS)
    heat = rng.choice([0.3, 1.0, 2.5])
    entries = tuple(_entry(rng, piece, heat) for piece in _pieces(rng, text))
    return Reply(
        text=text,
        finish=rng.choice(["stop", "stop", "stop", "length"]),
        usage=Usage(10, len(entries)),
        timing=Timing(scheduled_ns=0, sent_ns=0, done_ns=1_000_000),
        logprobs=entries if entries and rng.random() < 0.9 else None,
    )


def _pieces(rng: random.Random, text: str) -> list[str]:
    pieces: list[str] = []
    while text:
        size = rng.randint(1, 6)
        pieces, text = [*pieces, text[:size]], text[size:]
    return pieces


def _entry(rng: random.Random, piece: str, heat: float) -> TokenLogprob:
    """One token of twelve; the likeliest ones are told, its own among them if it is one of them."""
    logits = [rng.gauss(0, heat) * 2 for _ in range(12)]
    total = math.log(math.fsum(map(math.exp, logits)))
    known = sorted(((round(value - total, 6), at) for at, value in enumerate(logits)), reverse=True)
    chosen = 0 if rng.random() < 0.85 else rng.randrange(12)
    named = [(piece if at == chosen else f"<{at}>", value) for at, (value, _) in enumerate(known)]
    return Alternatives(
        token=piece,
        logprob=named[chosen][1],
        top=tuple(named[:5]),
        others=tuple(value for at, (_, value) in enumerate(named) if at != chosen),
    )


class Alternatives(TokenLogprob, frozen=True, kw_only=True):
    """What the page's engine tells: all others, likeliest first."""

    others: tuple[float, ...]


def _told(reply: Reply) -> dict[str, Any]:
    tokens = [
        {"id": -1, "text": entry.token, "logprob": entry.logprob, "top": list(entry.others)}
        for entry in reply.logprobs or ()
        if isinstance(entry, Alternatives)
    ]
    return {"text": reply.text, "finish": reply.finish, "logprobs": tokens}


def _noted(rng: random.Random) -> dict[str, Any]:
    """What a native engine notes of one token, and what is kept of that."""
    logits = np.array([rng.gauss(0, 3) for _ in range(40)], np.float32)
    token = int(logits.argmax()) if rng.random() < 0.6 else rng.randrange(40)
    entry = noted(logits, token, ALTERNATIVES, str)
    (facts,) = facts_of([entry])
    return {
        "logits": logits.tolist(),
        "token": token,
        "facts": [facts.logprob, facts.margin, facts.entropy],
    }


def _judged(
    rng: random.Random, policies: list[Policy], replies: list[Reply], asks: list[ChatRequest]
) -> dict[str, Any]:
    which = [rng.randrange(len(one)) for one in (policies, replies, asks)]
    policy, reply, ask = policies[which[0]], replies[which[1]], asks[which[2]]
    found = confidence_of(policy, ask, reply)
    decision = policy.decision
    return {
        "which": which,
        "confidence": found.value,
        "calibrated": found.calibrated,
        "why": found.why,
        "decides": decision.can_judge(calibrated=found.calibrated),
        "accepts": decision.accepts(found.value),
    }


class Fixed:
    """An engine that gives one reply to whatever it is asked, token by token; or fails."""

    pids: tuple[int, ...] = ()

    def __init__(self, name: str, reply: Reply | None) -> None:
        self.name = name
        self._reply = reply

    async def stream(self, request: ChatRequest) -> AsyncIterator[Delta | Reply]:
        """The pieces, then the reply."""
        if self._reply is None:
            raise EngineDied(f"{self.name} died.")
        wanted = self._reply.logprobs or ()
        for entry in wanted:
            yield Delta(entry.token, tokens=1, logprobs=(entry,) if request.logprobs else ())
        if not wanted and self._reply.text:
            yield Delta(self._reply.text, tokens=1)
        told = self._reply.logprobs if request.logprobs else None
        yield replace(self._reply, logprobs=told)

    async def warm(self) -> Load:
        """Nothing to load."""
        return Load(load_s=None, warm_up_s=None)

    async def aclose(self) -> None:
        """Nothing to close."""


async def _played(
    rng: random.Random, policies: list[Policy], replies: list[Reply], asks: list[ChatRequest]
) -> dict[str, Any]:
    """One question through a whole policy: the large model is not on this machine."""
    which = [rng.randrange(len(one)) for one in (policies, replies, asks)]
    policy, ask = policies[which[0]], asks[which[2]]
    down = rng.choice(["", "", "", "small", "large"])
    large = rng.randrange(len(replies))
    engine = PolicyEngine(
        policy,
        Fixed("s", None if down == "small" else replies[which[1]]),
        Fixed("l", None if down == "large" else replies[large]),
        name="policy:p",
        away=frozenset({"large"}),
    )
    told: dict[str, Any] = {"which": which, "down": down, "large": large}
    shown: list[str] = []
    try:
        async for piece in engine.stream(ask):
            if isinstance(piece, Reply):
                return told | {"shown": "".join(shown), **_end(piece)}
            shown.append(piece.text)
    except EngineDied:
        return told | {"error": True}
    raise AssertionError


def _end(reply: Reply) -> dict[str, Any]:
    asked = [step for step in reply.steps if step.role != "gate"]
    return {
        "text": reply.text,
        "path": reply.path,
        "asked": [[step.engine, step.kept, step.confidence, step.calibrated] for step in asked],
    }


def main() -> None:
    """Write the file."""
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(made(), ensure_ascii=True, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
