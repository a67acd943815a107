"""What a gate is learned from, and what comes of it."""

import random
from pathlib import Path

import msgspec
import pytest

from sprat.errors import PolicyError, RunError
from sprat.rag.gate import Gate, SideGate, read_gate, write_gate
from sprat.studies.grounded.calibrating import Aim, calibrate
from sprat.studies.grounded.gating import (
    NEVER,
    Bars,
    View,
    applied,
    choose,
    first_of,
    learned_side,
    outcome,
    taught,
)
from sprat.studies.grounded.sheet import Row, append_row, read_rows, side_of

AIM = Aim(name="mine", target_error=0.2, delta=0.1)


def row(question: str, side: str = "small", **fields) -> Row:
    return Row(
        **{"question": question, "side": side, "model": side, "unanswerable": False, **fields}
    )


def told(count: int, *, signal: float, side: str, seed: int = 0, seconds: float = 1.0) -> list[Row]:
    """Answers whose `mean` tells how likely they are right, the more the larger the signal."""
    rng, rows = random.Random(seed), list[Row]()
    for place in range(count):
        nowhere = place % 2 == 1
        good = not nowhere and rng.random() < 0.8
        features = {
            "mean": rng.gauss(signal * good, 1.0),
            "not_there": rng.gauss(signal * nowhere, 1.0),
            "support": 1.0,
        }
        rows.append(
            row(
                f"q{place}",
                side,
                unanswerable=nowhere,
                right=good,
                score=float(good),
                features=features,
                seconds=seconds,
            )
        )
    return rows


def view(rows: list[Row], confidence: dict[str, float], silence: dict[str, float]) -> View:
    return View({one.question: one for one in rows}, confidence, silence)


SMALL = view(
    [row("a", right=True, score=1.0, seconds=1.0), row("b", unanswerable=True, seconds=1.0)],
    {"a": 0.9, "b": 0.3},
    {"a": 0.1, "b": 0.8},
)
LARGE = view(
    [row("a", "large", score=0.5, seconds=9.0), row("b", "large", unanswerable=True, seconds=9.0)],
    {"a": 0.6, "b": 0.6},
    {},
)


def test_an_answer_that_is_sure_enough_costs_only_its_own_time():
    came = outcome("a", SMALL, LARGE, Bars(0.9, NEVER, 0.5))
    assert (came.score, came.given, came.seconds, came.confidence) == (1.0, True, 1.0, 0.9)


def test_escalating_pays_for_both():
    came = outcome("a", SMALL, LARGE, Bars(0.91, NEVER, 0.5))
    assert (came.score, came.seconds) == (0.5, 10.0)


def test_silence_ends_it_before_the_large_model():
    came = outcome("b", SMALL, LARGE, Bars(0.9, 0.8, 0.5))
    assert (came.score, came.given, came.right, came.seconds) == (1.0, False, True, 1.0)


def test_an_answer_to_what_cannot_be_answered_is_worth_nothing():
    assert outcome("b", SMALL, LARGE, Bars(0.9, NEVER, 0.5)).score == 0.0


def test_a_model_that_is_never_heard_is_not_asked():
    assert outcome("a", SMALL, LARGE, Bars(NEVER, NEVER, 0.5)).seconds == 9.0


def test_the_best_thresholds_are_chosen_and_of_equals_the_fastest():
    bars = choose(["a", "b"], SMALL, LARGE)
    came = [outcome(name, SMALL, LARGE, bars) for name in ("a", "b")]
    assert [one.score for one in came] == [1.0, 1.0]
    assert sum(one.seconds for one in came) == 2.0


def test_a_gate_is_learned_certified_and_kept(tmp_path: Path):
    rows = [
        *told(400, signal=4.0, side="small"),
        *told(400, signal=4.0, side="large", seed=1, seconds=9.0),
    ]
    gate, found = calibrate(rows, Gate(), AIM, {"small": {"weights_sha256": "x"}}, "made up")
    assert found.refusals == ()
    assert set(found.certificates) == {"small", "large"}
    assert gate.small.identity == {"weights_sha256": "x"}
    both = next(one for one in found.came if one.way == "both")
    large = next(one for one in found.came if one.way == "large")
    assert both.score.value is not None
    assert large.score.value is not None
    assert both.score.value > 0.7
    assert both.seconds < large.seconds
    write_gate(gate, tmp_path / "gate.json")
    assert read_gate(tmp_path / "gate.json").small.threshold == gate.small.threshold


def test_what_the_rules_forbid_is_not_given_whatever_was_learned():
    """The served engine turns such an answer down: so do the numbers of a calibration."""
    rows = told(200, signal=4.0, side="small")
    bad = [
        msgspec.structs.replace(one, features={**one.features, "support": 0.5})
        if one.question == "q0"
        else one
        for one in rows
    ]
    side = learned_side(SideGate(), taught(rows), 0.0)
    sure, _ = applied(side, bad)
    assert "q0" not in sure
    assert "q2" in sure


def test_few_answers_teach_few_features_and_those_that_occur():
    rows = [row(f"q{n}", features={"mean": 0.0, "score": 1.0, "gap": 0.5}) for n in range(100)]
    ranked = ("near", "mean", "score", "gap")
    assert first_of(ranked, rows, [True] * 95 + [False] * 5) == ["mean", "score"]
    assert first_of(ranked, rows, [True] * 69 + [False] * 31) == ["mean", "score", "gap"]


def test_a_learned_confidence_weighs_what_is_near_by_itself():
    rows = [
        msgspec.structs.replace(one, features={**one.features, "near": 0.0, "unquoted": 1.0})
        for one in told(200, signal=4.0, side="small")
    ]
    side = learned_side(SideGate(), taught(rows), 0.0)
    assert side.rules.near_unquoted == 0.0
    assert side.rules.support == SideGate().rules.support
    assert "q0" in applied(side, rows)[0]


def test_the_fastest_way_that_is_good_enough_is_taken():
    small = view([row("a", right=True, score=0.8, seconds=1.0)], {"a": 0.9}, {})
    large = view([row("a", "large", right=True, score=1.0, seconds=9.0)], {"a": 0.9}, {})
    best, quick = choose(["a"], small, large), choose(["a"], small, large, 0.8)
    assert outcome("a", small, large, best).score == 1.0
    assert outcome("a", small, large, quick) == outcome("a", small, None, Bars(0.0, NEVER, NEVER))


def test_what_tells_nothing_is_not_certified_and_says_so():
    rows = told(200, signal=0.0, side="small")
    _, found = calibrate(rows, Gate(), AIM, {}, "made up")
    assert found.certificates == {}
    assert "Not certifiable for the small model" in found.refusals[0]


def test_too_few_answers_teach_nothing():
    with pytest.raises(PolicyError, match="too few"):
        calibrate(told(16, signal=4.0, side="small"), Gate(), AIM, {}, "made up")


def test_a_sheet_keeps_every_row_and_survives_a_cut(tmp_path: Path):
    sheet = tmp_path / "sheet.jsonl"
    append_row(sheet, row("a", text="one"))
    with sheet.open("ab") as file:
        file.write(b'{"question": "b", "si')
    assert [one.question for one in read_rows(sheet)] == ["a"]
    append_row(sheet, row("c", text="drei\nZeilen"))
    assert [one.question for one in read_rows(sheet)] == ["a", "c"]
    assert side_of(read_rows(sheet), "small")["c"].text == "drei\nZeilen"


def test_what_is_no_sheet_is_one_line(tmp_path: Path):
    (tmp_path / "other.jsonl").write_text('{"a": 1}\n{"b": 2}\n', "utf-8")
    with pytest.raises(RunError) as caught:
        read_rows(tmp_path / "other.jsonl")
    assert "\n" not in str(caught.value)
