"""Stored studies of made answers, to write briefs of: who said what, and what it scored."""

from collections.abc import Mapping, Sequence
from typing import Any

from sprat.runs.store import Store
from sprat.runs.study import Session, Study, StudyModel
from sprat.types import (
    ChatRequest,
    Message,
    Question,
    Reply,
    Resources,
    Run,
    Timing,
    TokenLogprob,
    Usage,
    Verdict,
)

SECOND_NS = 1_000_000_000
HERE = {"cpu": "Some CPU", "os": "Some OS"}
NO_COUNTER = "unavailable: no counter here"


def ask(number: int, kind: str = "classify", **more: Any) -> Question:
    said = Message(role="user", content=f"What is it? ({kind} {number})")
    fields = {"scorer": "exact", "expected": "yes", **more}
    return Question(id=f"{kind}-{number:03d}", kind=kind, messages=(said,), **fields)


def questions(n: int, *kinds: str) -> tuple[Question, ...]:
    names = kinds or ("classify",)
    return tuple(ask(number, names[number % len(names)]) for number in range(n))


def answer(
    study: str, question: Question, side: StudyModel, score: float | None, **more: Any
) -> Run:
    seconds, error = more.get("seconds", 1.0), more.get("error")
    reply = Reply(
        text=more.get("text", "yes" if score else "no"),
        finish=more.get("finish", "stop"),
        usage=Usage(input_tokens=40, output_tokens=10, counted_by="engine"),
        timing=Timing(
            scheduled_ns=0, sent_ns=0, first_token_ns=SECOND_NS // 10,
            last_token_ns=int(seconds * SECOND_NS), done_ns=int(seconds * SECOND_NS),
        ),
        logprobs=more.get("logprobs"),
    )  # fmt: skip
    return Run(
        study=study, question=question.id, kind=question.kind, model=side.name, role=side.role,
        request=ChatRequest(messages=question.messages, logprobs=5 if reply.logprobs else None),
        reply=None if error else reply, error=error, elapsed_s=seconds,
        verdicts=(Verdict(scorer=question.scorer, value=score),),
        resources=Resources(
            peak_rss_bytes=300_000_000, processor_s=2.0, energy_joules=more.get("joules"),
            energy_source="RAPL" if more.get("joules") else NO_COUNTER,
        ),
    )  # fmt: skip


def study(
    store: Store,
    id_: str,
    asked: Sequence[Question],
    sides: Mapping[str, tuple[str, Sequence[float | None]]],
    *,
    kind: str = "compare",
    day: int = 22,
    name: str = "mine",
    environment: dict[str, Any] | None = None,
    status: str = "done",
    more: Mapping[str, Any] | None = None,
) -> str:
    """`sides`: role → (model, scores in the order of the questions); `more`: of every answer."""
    models = tuple(
        StudyModel(
            role=role, name=model, identity={"weights": model},
            sessions=(Session(cold_load_s=2.0, provider="cpu"),),
        )
        for role, (model, _) in sides.items()
    )  # fmt: skip
    settings: dict[str, Any] = {"seed": 0}
    if kind == "compare":
        settings["margin"] = 0.05
    store.add_study(
        Study(
            id=id_, kind=kind, created=f"2026-11-{day}T07:00:00+00:00", status="done",
            questions_name=name, questions_sha256=f"sha-{len(asked)}", questions=tuple(asked),
            settings=settings, environment=HERE if environment is None else environment,
            models=models,
        )
    )  # fmt: skip
    store.set_status(id_, status)  # type: ignore[arg-type]
    pace = dict(zip(sides, (0.5, 2.0, 4.0), strict=False))
    for side in models:
        scores = sides[side.role][1]
        for question, score in zip(asked, scores, strict=False):
            extra = {"seconds": pace[side.role], **(more or {})}
            store.add_run(answer(id_, question, side, score, **extra))
    return id_


def sure(text: str, logprob: float) -> tuple[TokenLogprob, ...]:
    return (TokenLogprob(token=text, logprob=logprob),)


def compared(
    store: Store,
    small: Sequence[float | None],
    large: Sequence[float | None],
    id_: str = "first",
    asked: Sequence[Question] | None = None,
    **more: Any,
) -> str:
    sides = {"small": ("little", small), "large": ("big", large)}
    return study(store, id_, asked or questions(len(large)), sides, **more)
