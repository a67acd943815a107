"""Small made studies of one model: questions, answers, and what they scored."""

from collections.abc import Mapping, Sequence

from sprat.runs.study import Study, StudyModel
from sprat.studies.asked import Asked
from sprat.types import ChatRequest, Message, Question, Reply, Run, Timing, Usage, Verdict

SECOND_NS = 1_000_000_000


def a_question(name: str, text: str = "How many?", **more: object) -> Question:
    said = Message(role="user", content=f"{text} ({name})")
    fields = {"kind": "count", "scorer": "exact", "expected": "one", "max_tokens": 16, **more}
    return Question(id=name, messages=(said,), **fields)  # type: ignore[arg-type]


def a_reply(text: str = "one", seconds: float = 1.0, **more: object) -> Reply:
    timing = Timing(scheduled_ns=0, sent_ns=0, done_ns=int(seconds * SECOND_NS))
    usage = Usage(input_tokens=5, output_tokens=3)
    fields = {"finish": "stop", **more}
    return Reply(text=text, usage=usage, timing=timing, **fields)  # type: ignore[arg-type]


def an_answer(
    question: Question, score: float | None, seconds: float = 1.0, *, study: str = "one"
) -> Run:
    return Run(
        study=study, question=question.id, kind=question.kind, model="tiny", role="model",
        request=ChatRequest(messages=question.messages),
        reply=a_reply(seconds=seconds), elapsed_s=seconds,
        verdicts=(Verdict(scorer=question.scorer, value=score),),
    )  # fmt: skip


def a_side(
    scores: Mapping[str, float | None],
    *,
    study: str = "one",
    questions: Sequence[Question] | None = None,
    seconds: float = 1.0,
    identity: dict[str, object] | None = None,
    environment: dict[str, object] | None = None,
    settings: dict[str, object] | None = None,
) -> Asked:
    """One model that scored so by question."""
    asked = tuple(questions or (a_question(name) for name in scores))
    model = StudyModel(role="model", name="tiny", identity=identity or {})
    whole = Study(
        id=study, kind="evaluate", created="2026-01-01T00:00:00+00:00", questions_name="q",
        questions_sha256="0", questions=asked, models=(model,), status="done",
        settings={"seed": 0, **(settings or {})}, environment=environment or {},
    )  # fmt: skip
    runs = tuple(
        an_answer(question, scores[question.id], seconds, study=study) for question in asked
    )
    return Asked(study=whole, model=model, runs=runs)
