"""An evaluation as JUnit XML: a test case for each question, for whatever shows a build's tests.

Source: https://github.com/testmoapp/junitxml (the common schema).
"""

import re
from xml.sax.saxutils import escape, quoteattr

from sprat.report.answers import expected_text
from sprat.studies.evaluation.result import EvaluatedModel, Evaluation, MarkedAnswer

NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped."""
MAX_CHARS = 2_000


def render(found: Evaluation) -> str:
    """One test suite for each model; a failure is an answer that does not count as right."""
    suites = [_suite(model, found.answers) for model in found.models]
    totals = [(m, [a for a in found.answers if a.run == m.run]) for m in found.models]
    counted = _counts([answer for _, answers in totals for answer in answers])
    body = "\n".join(suites)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<testsuites name="sprat evaluate"{counted}>\n{body}\n</testsuites>\n'
    )


def _suite(model: EvaluatedModel, every: tuple[MarkedAnswer, ...]) -> str:
    answers = [answer for answer in every if answer.run == model.run]
    summary = model.summary
    properties = {
        "model": model.name,
        "run": model.run,
        "questions": f"{model.questions.name}, {model.questions.sha256}",
        "score": "" if summary.score is None else f"{summary.score:.6f}",
        "score_low": "" if summary.score_low is None else f"{summary.score_low:.6f}",
        "score_high": "" if summary.score_high is None else f"{summary.score_high:.6f}",
    }
    when = f"timestamp={_attribute(model.created[:19])}"
    lines = [
        f"  <testsuite name={_attribute(model.name)}{_counts(answers)} {when}>",
        "    <properties>",
        *(
            f"      <property name={_attribute(name)} value={_attribute(value)}/>"
            for name, value in properties.items()
        ),
        "    </properties>",
        *(_case(model, answer) for answer in answers),
        "  </testsuite>",
    ]
    return "\n".join(lines)


def _counts(answers: list[MarkedAnswer]) -> str:
    seconds = sum(answer.answer.timing.get("answer_s") or 0.0 for answer in answers)
    failures = sum(one.answer.error is None and one.answer.right is False for one in answers)
    errors = sum(one.answer.error is not None for one in answers)
    skipped = sum(one.answer.error is None and one.answer.right is None for one in answers)
    return (
        f' tests="{len(answers)}" failures="{failures}" errors="{errors}"'
        f' skipped="{skipped}" time="{seconds:.3f}"'
    )


def _case(model: EvaluatedModel, marked: MarkedAnswer) -> str:
    answer = marked.answer
    seconds = answer.timing.get("answer_s") or 0.0
    head = (
        f"    <testcase name={_attribute(answer.id)}"
        f' classname={_attribute(f"{model.name}.{answer.kind}")} time="{seconds:.3f}"'
    )
    inside = _outcome(marked)
    return f"{head}>\n{inside}\n    </testcase>" if inside else f"{head}/>"


def _outcome(marked: MarkedAnswer) -> str:
    answer = marked.answer
    if answer.error is not None:
        return f"      <error message={_attribute(answer.error)}/>"
    if answer.right is None:
        return f"      <skipped message={_attribute(answer.why or 'not scored')}/>"
    if answer.right:
        return ""
    score = "" if answer.score is None else f"score {answer.score:.2f}: "
    told = f"expected: {expected_text(answer.expected)}\ngot: {answer.text or '(empty)'}"
    return (
        f'      <failure type="{answer.scorer}"'
        f" message={_attribute(score + answer.why)}>{_text(told)}</failure>"
    )


def _clean(text: str) -> str:
    text = NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
    return text if len(text) <= MAX_CHARS else text[:MAX_CHARS] + " …"


def _attribute(text: str) -> str:
    return quoteattr(_clean(text), {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})


def _text(text: str) -> str:
    return escape(_clean(text))
