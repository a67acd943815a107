"""One question of a study: what was asked and expected, and all that is known of each answer."""

from collections.abc import Mapping, Sequence
from typing import Any

from sprat.report import numbers
from sprat.report.answers import expected_text
from sprat.report.browse.frame import framed, trail
from sprat.report.browse.grades import grades_of
from sprat.report.browse.links import to_answer, to_answers, to_study
from sprat.report.browse.outcome import badge_of
from sprat.report.facts import kind_name
from sprat.report.pictures.phases import bar_of, phases_of
from sprat.runs.study import JUDGE, Study
from sprat.studies.evaluation.grading import RULE_SCORER
from sprat.studies.tally import timing_of
from sprat.types import Message, Question, Reply, Resources, Run, Source, Step

MOST_RUNS = 100
"""A benchmark asks one thing again and again: the first ones say what it was."""
MOST_CHARACTERS = 20_000


def question_page(study: Study, question: Question, runs: Sequence[Run]) -> str:
    """Everybody's answer to it, with verdicts, grades, times, steps and sources."""
    answers = [run for run in runs if run.role != JUDGE]
    opinions = [run for run in runs if run.role == JUDGE]
    asked = answers[0].request.messages if answers else question.messages
    further = [(study.id, to_study(study.id)), ("Every answer", to_answers(study.id))]
    return framed(
        "runs_question.html.j2",
        "",
        {
            "trail": trail("", further),
            "study": study,
            "question": question,
            "kind": kind_name(question.kind),
            "messages": [_message(message) for message in asked or question.messages],
            "expected": cut(expected_text(question.expected)),
            "answers": [_shown(run) for run in answers],
            "opinions": [_opinion(run) for run in opinions],
            "grades": grades_of(answers, opinions),
            "judged": bool(opinions),
            "most": MOST_RUNS if len(runs) >= MOST_RUNS else 0,
            **_neighbours(study, question.id),
        },
    )


def cut(text: str) -> str:
    """The text, unless it is longer than a page bears."""
    if len(text) <= MOST_CHARACTERS:
        return text
    return f"{text[:MOST_CHARACTERS]} … ({len(text):,} characters; all of them in the JSON)"


def _message(message: Message) -> tuple[str, str]:
    return message.role, cut(message.content)


def _neighbours(study: Study, question: str) -> dict[str, Any]:
    ids = [one.id for one in study.questions]
    at = ids.index(question)
    before, after = ids[max(0, at - 1) : at], ids[at + 1 : at + 2]
    return {
        "place": at + 1,
        "previous": to_answer(study.id, before[0]) if before else None,
        "following": to_answer(study.id, after[0]) if after else None,
    }


def _shown(run: Run) -> dict[str, Any]:
    reply = run.reply
    return {
        "run": run,
        "badge": badge_of(run),
        "text": cut(reply.text) if reply else "",
        "reasoning": cut(reply.reasoning) if reply else "",
        "verdicts": [one for one in run.verdicts if not one.scorer.startswith(RULE_SCORER)],
        "facts": _facts(run, reply),
        "phases": phases_of(timing_of(reply.timing)) if reply else [],
        "bar": bar_of(timing_of(reply.timing)) if reply else "",
        "steps": [_step(step) for step in reply.steps] if reply else [],
        "sources": [_source(source) for source in reply.sources] if reply else [],
    }


def _facts(run: Run, reply: Reply | None) -> list[tuple[str, str]]:
    lines: list[tuple[str, str | None]] = []
    if reply:
        usage = reply.usage
        counted = "" if usage.counted_by == "engine" else f" (by {usage.counted_by})"
        lines += [
            ("Tokens in", f"{usage.input_tokens:,}{_cached(usage.cached_tokens)}"),
            ("Tokens out", f"{usage.output_tokens:,}{counted}"),
            ("Tokens per second", numbers.rate(reply.decode_tokens_per_s)),
            ("Ended by", _ENDS.get(reply.finish, reply.finish)),
            ("Path", reply.path),
            ("Cost", numbers.dollars(reply.cost_usd)),
        ]
    else:
        lines.append(("Failed after", numbers.seconds(run.elapsed_s)))
    lines += _resources(run.resources)
    return [(name, value) for name, value in lines if value is not None]


_ENDS: Mapping[str, str] = {"stop": "the model", "length": "the token limit"}


def _cached(tokens: int) -> str:
    return f", {tokens:,} of them not computed again" if tokens else ""


def _resources(used: Resources | None) -> list[tuple[str, str | None]]:
    if used is None:
        return []
    source = f" ({used.energy_source})" if used.energy_source else ""
    return [
        ("Energy", f"{numbers.joules(used.energy_joules)}{source}"),
        ("Peak memory", numbers.size(used.peak_rss_bytes)),
        ("Processor time", numbers.seconds(used.processor_s)),
    ]


def _step(step: Step) -> dict[str, Any]:
    timing, usage = step.timing, step.usage
    sure = "" if step.confidence is None else f"{step.confidence:.2f}"
    return {
        "step": step,
        "fate": "kept"
        if step.kept
        else "failed"
        if step.error
        else _FATES.get(step.role, "not kept"),
        "sure": sure and f"{sure}{'' if step.calibrated else ', by rule'}",
        "seconds": numbers.seconds(timing.answer_s) if timing else "",
        "tokens": f"{usage.input_tokens:,} in, {usage.output_tokens:,} out" if usage else "",
        "text": cut(step.text or ""),
    }


_FATES: Mapping[str, str] = {"retrieve": "", "gate": "", "check": "", "read": ""}
"""Steps that are not there to be an answer."""


def _source(source: Source) -> dict[str, Any]:
    name = source.file.replace("\\", "/").rsplit("/", 1)[-1]
    return {
        "source": source,
        "name": f"{name}, page {source.page}" if source.page else name,
        "score": f"{source.score:.2f}",
        "text": cut(source.text),
    }


def _opinion(run: Run) -> dict[str, Any]:
    verdict = run.verdicts[0] if run.verdicts else None
    said = run.error or (run.reply.text if run.reply else "")
    return {
        "run": run,
        "value": f"{verdict.value:.2f}" if verdict and verdict.value is not None else "none",
        "why": verdict.why if verdict else "",
        "said": cut(said),
    }
