"""Scorers that compare the answer's words with the expected ones."""

from collections import Counter

from sprat.questions.scorers.abstain import abstains
from sprat.questions.scorers.base import Json, Scorer, check_texts, texts, unscored
from sprat.questions.scorers.words import bare, names, normalize, tokens
from sprat.types import Question, Verdict

SPARE_WORDS = 20
"""Words beyond the expected ones that `contains` allows: one full sentence around the answer."""


def exact(question: Question, text: str, _finish: str | None = None) -> Verdict:
    """1 if the whole answer is one of the expected ones after SQuAD's normalisation, else 0.

    "The Seine." is "seine"; "It is the Seine" is not. An answer that normalises to nothing (only
    punctuation) equals nothing but an expected answer that does too.

    Source: https://rajpurkar.github.io/SQuAD-explorer/ (evaluate-v2.0.py, `compute_exact`)
    """
    if question.expected is None:
        return unscored("exact")
    given = normalize(bare(text), question.language)
    wanted = [normalize(bare(gold), question.language) for gold in texts(question.expected)]
    hit = given in wanted
    why = "same after normalisation" if hit else f"{given[:80]!r} is none of {wanted[:3]}"
    return Verdict(scorer="exact", value=float(hit), answer=given, why=why)


def f1(question: Question, text: str, _finish: str | None = None) -> Verdict:
    """The best token F1 against any expected answer, as SQuAD's official metric has it.

    Words beyond the answer cost precision, so a long answer that happens to hold the right words
    does not win. Giving up on a question that has an answer is 0, whatever words it shares.

    Source: https://rajpurkar.github.io/SQuAD-explorer/ (evaluate-v2.0.py, `compute_f1`)
    """
    if question.expected is None:
        return unscored("f1")
    given = bare(text)
    if abstains(given):
        return Verdict(scorer="f1", value=0.0, answer=given, why="says that it does not know")
    golds = [bare(gold) for gold in texts(question.expected)]
    value, best = max((token_f1(given, gold, question.language), gold) for gold in golds)
    return Verdict(scorer="f1", value=value, answer=given, why=f"F1 {value:.2f} with {best!r}")


def token_f1(left: str, right: str, language: str = "en") -> float:
    """Harmonic mean of precision and recall over normalised words; symmetric, 0 to 1.

    Two texts without words are equal (1); one without words shares nothing with one that has
    some (0).
    """
    one, other = normalize(left, language).split(), normalize(right, language).split()
    if not one or not other:
        return float(one == other)
    shared = sum((Counter(one) & Counter(other)).values())
    return 2 * shared / (len(one) + len(other))


def contains(question: Question, text: str, _finish: str | None = None) -> Verdict:
    """1 if an expected answer stands in the text, whole words in a row; less when it is buried.

    A sentence around the answer is fine. Beyond `SPARE_WORDS` extra words the value is the share
    of allowed words, so that reciting the passage, which holds every answer, earns little. "12"
    is not found in "120" nor "art" in "party". Saying that it does not know is 0 even when the
    words occur: nobody can act on "It is not stated, maybe Tuesday". `expected` may be a mapping
    with `any` (accepted answers) and `none` (words that make the answer wrong: the old price
    beside the new one).
    """
    if question.expected is None:
        return unscored("contains")
    golds, banned = options(question.expected)
    given = tokens(bare(text))
    if abstains(text):
        return Verdict(scorer="contains", value=0.0, answer=text, why="says that it does not know")
    if wrong := [word for word in banned if names(given, word)]:
        return Verdict(scorer="contains", value=0.0, answer=text, why=f"names {wrong[0]!r}")
    found = [gold for gold in golds if names(given, gold)]
    if not found:
        return Verdict(scorer="contains", value=0.0, answer=text, why=f"lacks {golds[0]!r}")
    allowed = max(len(tokens(gold)) for gold in found) + SPARE_WORDS
    value = min(1.0, allowed / len(given))
    why = f"has {found[0]!r}" if value == 1 else f"has {found[0]!r} among {len(given)} words"
    return Verdict(scorer="contains", value=value, answer=found[0], why=why)


def options(expected: Json) -> tuple[list[str], list[str]]:
    """Return the accepted answers, and the words that make an answer wrong."""
    if isinstance(expected, dict):
        return texts(expected["any"]), texts(expected.get("none", []))  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType] - JSON
    return texts(expected), []


def _check_contains(expected: Json) -> str | None:
    if not isinstance(expected, dict):
        return check_texts(expected)
    if "any" not in expected or set(expected) - {"any", "none"}:  # pyright: ignore[reportUnknownArgumentType] - JSON
        return "a mapping whose keys are not `any` and `none`"
    return check_texts(expected["any"])  # pyright: ignore[reportUnknownArgumentType] - JSON


EXACT = Scorer(
    name="exact",
    grade=exact,
    check=check_texts,
    summary="the whole answer is an expected one, after normalisation",
)
F1 = Scorer(
    name="f1",
    grade=f1,
    check=check_texts,
    right_at=0.75,
    summary="words shared with the best expected answer (SQuAD's token F1)",
)
CONTAINS = Scorer(
    name="contains",
    grade=contains,
    check=_check_contains,
    right_at=0.8,
    summary="an expected answer stands in the text, and not buried in it",
)
