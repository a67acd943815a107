"""Which of two answers a judge prefers, asked in both orders; a change of mind is a tie."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Literal, NamedTuple

import msgspec

from sprat.engines.base import Engine
from sprat.questions.rubric import Rubric
from sprat.runs.intervals import design_effect, score_interval
from sprat.runs.store import Store
from sprat.runs.study import JUDGE
from sprat.studies.judging.grades import ORDERS, PAIR_REPEAT
from sprat.studies.judging.opinions import Manner, Told, Turn, ask_opinions, manner_of, shaped
from sprat.studies.judging.plan import JudgePlan
from sprat.studies.judging.prompt import PAIR_PATTERN, pair_prompt
from sprat.studies.judging.reading import letter_verdict
from sprat.types import ChatRequest, Message, Question, Run

KIND = "pair"
Choice = Literal["first", "second", "tie"]


class Pair(NamedTuple):
    """Two answers to one question; None: it failed, so the other one is better unasked."""

    question: Question
    first: str | None
    second: str | None

    @property
    def unasked(self) -> Choice | None:
        """What is plain without a judge: the same words are a tie, and a failure loses."""
        if self.first == self.second:
            return "tie"
        if self.first is None:
            return "second"
        return "first" if self.second is None else None


class Preference(msgspec.Struct, frozen=True, kw_only=True):
    """What both orders together say of one pair."""

    question: str
    value: Choice
    flipped: bool
    """Each order gave another answer: the place decided, so it is a tie."""


class WinRate(msgspec.Struct, frozen=True, kw_only=True):
    """How often the first answer is preferred; a tie is half a win."""

    n: int
    wins: int
    losses: int
    ties: int
    rate: float | None
    low: float | None
    high: float | None
    """None: there is no pair."""


async def judge_pairs(
    store: Store,
    study_id: str,
    judge: Engine,
    plan: JudgePlan,
    pairs: Sequence[Pair],
    told: Told,
) -> None:
    """Ask which answer of each pair is better, in both orders; each opinion is kept at once.

    The opinions are the study's runs of kind `pair`; what is known is not asked again.

    Raises:
        RunError: the judge failed too often in a row.
    """
    open_pairs = [pair for pair in pairs if pair.unasked is None]
    if not open_pairs:
        return
    manner = await manner_of(judge, PAIR_PATTERN, 0)
    turns = [_turn(pair, plan, manner, swapped=order) for pair in open_pairs for order in ORDERS]
    await ask_opinions(turns, judge, store, study_id, told, command=plan.command)


def preferences_of(pairs: Iterable[Pair], runs: Iterable[Run]) -> tuple[Preference, ...]:
    """What was decided, from the store; a pair with an order unasked, or without a letter, is not.

    So the pairs less these are those that the judge could not tell: count them, and say so.
    """
    said: dict[str, dict[bool, float | None]] = {}
    for run in runs:
        if run.role == JUDGE and run.repeat >= PAIR_REPEAT and run.verdicts:
            value = run.verdicts[0].value if run.reply else None
            said.setdefault(run.question, {})[bool(run.repeat % 2)] = value
    found = (_preference(pair, said.get(pair.question.id, {})) for pair in pairs)
    return tuple(one for one in found if one is not None)


def _preference(pair: Pair, said: dict[bool, float | None]) -> Preference | None:
    name = pair.question.id
    if pair.unasked is not None:
        return Preference(question=name, value=pair.unasked, flipped=False)
    first, second = said.get(False), said.get(True)
    if first is None or second is None:
        return None
    if first != second:
        return Preference(question=name, value="tie", flipped=True)
    return Preference(question=name, value="first" if first else "second", flipped=False)


def win_rate(preferences: Sequence[Preference], *, groups: Sequence[str] | None = None) -> WinRate:
    """The share of pairs that the first answer wins, with its 95% interval.

    Without ties it is Wilson's. A tie enters as half a win, and the interval is then that of
    `score_interval`, of which Wilson's is the case of wins and losses alone: as a tie is nearer to
    the mean than a win, many ties make it narrower. `groups` (translations, say) as ever: one per
    preference.

    Source: Wilson (1927), Journal of the American Statistical Association 22:209.
    """
    worth = {"first": 1.0, "tie": 0.5, "second": 0.0}
    values = [worth[one.value] for one in preferences]
    stretch = design_effect(values, groups) ** 0.5
    interval = score_interval(values, 0.0, 1.0, stretch=stretch)
    return WinRate(
        n=len(values),
        wins=values.count(1.0),
        losses=values.count(0.0),
        ties=values.count(0.5),
        rate=sum(values) / len(values) if values else None,
        low=interval.low if interval else None,
        high=interval.high if interval else None,
    )


def asks_of(rubric: Rubric) -> str:
    """What better means, of all the rubric's dimensions."""
    named = (f"{one.name}: {one.asks}" for one in rubric.dimensions)
    return "Better is what is better by these, taken together:\n\n" + "\n\n".join(named)


def _turn(pair: Pair, plan: JudgePlan, manner: Manner, *, swapped: bool) -> Turn:
    first, second = pair.first or "", pair.second or ""
    shown = (second, first) if swapped else (first, second)
    prompt = pair_prompt(pair.question, *shown, asks_of(plan.rubric), seed=plan.seed)
    request = ChatRequest(
        messages=(Message(role="user", content=prompt),),
        max_tokens=plan.max_tokens,
        seed=plan.seed,
    )
    return Turn(
        question=pair.question.id,
        kind=KIND,
        repeat=PAIR_REPEAT + swapped,
        request=shaped(request, manner, PAIR_PATTERN, 0),
        read=partial(letter_verdict, swapped=swapped),
    )
