"""A policy as one side of a comparison: what it paid, and its answers by the way they came."""

import io
from pathlib import Path

import msgspec
import pytest
from rich.console import Console
from tests.serve.policies import GOOD, keep, made, pair

from sprat.report import html, markdown
from sprat.report.terminal import print_comparison
from sprat.runs.store import Store
from sprat.settings import Settings
from sprat.studies.comparison import Comparison
from sprat.studies.opened import ask_both, open_both
from sprat.studies.plan import ComparePlan
from sprat.studies.summary import summarise
from sprat.types import Message, Question

ASKED = ("easy", "hard", "easier: easy", "lengthy", "down")
RIGHT = {
    "easy": "Short and sure.",
    "easier: easy": "Short and sure.",
    "hard": "A long and careful answer.",
}


def questions() -> tuple[Question, ...]:
    return tuple(
        Question(
            id=text,
            kind="passage",
            messages=(Message("user", text),),
            scorer="exact",
            expected=RIGHT.get(text, "nobody says this"),
        )
        for text in ASKED
    )


async def compared(settings: Settings, folder: Path) -> Comparison:
    large = f"scripted:{folder / 'big.toml'}"
    plan = ComparePlan(small=GOOD, large=large, questions_name="mine", questions=questions())
    with Store(folder / "runs.db", create=True) as store:
        return summarise(store, await ask_both(plan, open_both(plan, settings), store))


@pytest.fixture
async def found(tmp_path: Path) -> Comparison:
    settings = pair(tmp_path)
    keep(settings, made(tmp_path))
    return await compared(settings, tmp_path)


async def test_its_answers_are_told_by_path(found: Comparison):
    policy, alone = found.models
    assert [(path.path, path.n, path.share, path.score) for path in policy.paths] == [
        ("accepted", 2, 0.4, 1.0),
        ("escalated", 1, 0.2, 1.0),
        ("direct", 1, 0.2, 0.0),
        ("degraded", 1, 0.2, 0.0),
    ]
    assert alone.paths == ()
    assert {answer.id: answer.path for answer in found.answers if answer.role == "small"} == {
        "easy": "accepted", "easier: easy": "accepted", "hard": "escalated",
        "lengthy": "direct", "down": "degraded",
    }  # fmt: skip


async def test_discarded_drafts_are_paid_for(found: Comparison):
    policy = found.models[0]
    accepted, escalated, *_ = policy.paths
    assert (accepted.input_tokens, accepted.output_tokens) == (1 + 2, 3 + 3)
    assert (escalated.input_tokens, escalated.output_tokens) == (1 + 1, 4 + 5)
    assert escalated.cost_usd == pytest.approx((1 + 4 * 2 + 10 + 5 * 20) / 1e6)
    assert policy.output_tokens == sum(path.output_tokens for path in policy.paths)
    assert policy.input_tokens == sum(path.input_tokens for path in policy.paths)
    assert policy.cost_usd == pytest.approx(sum(path.cost_usd or 0 for path in policy.paths))


async def test_a_price_comes_with_what_it_rests_on(found: Comparison):
    policy, alone = found.models
    assert policy.cost_basis is not None
    assert policy.cost_basis.startswith("the sum of its attempts")
    assert alone.cost_basis == "declared: 10 USD per million tokens in, 20 out"
    asked = [answer for answer in found.answers if answer.role == "large" and not answer.error]
    assert alone.cost_usd == pytest.approx(sum(answer.cost_usd or 0 for answer in asked))


async def test_its_identity_is_that_of_its_file_and_of_both_models(found: Comparison):
    identity = found.models[0].identity
    assert identity["policy"] == "good"
    assert len(identity["sha256"]) == 64
    assert set(identity) >= {"small", "large"}


async def test_every_report_shows_the_table(found: Comparison):
    said = io.StringIO()
    print_comparison(found, Console(file=said, width=100))
    for text in (said.getvalue(), markdown.render(found), html.render(found)):
        for word in ("by path", "accepted", "escalated", "direct", "degraded", "40.0%"):
            assert word in text
    assert msgspec.json.decode(msgspec.json.encode(found))["models"][0]["paths"][0]["n"] == 2


async def test_where_nothing_is_declared_nothing_has_a_price(tmp_path: Path):
    settings = msgspec.structs.replace(pair(tmp_path), cost=Settings().cost)
    keep(settings, made(tmp_path))
    policy, alone = (await compared(settings, tmp_path)).models
    assert (policy.cost_usd, alone.cost_usd) == (None, None)
    assert {path.cost_usd for path in policy.paths} == {None}
    assert alone.cost_basis is not None
    assert alone.cost_basis.startswith("not priced")
