"""The table of `benchmarks/browser.py`, by hand-worked rounds, and what it goes on from."""

from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


@pytest.fixture
def benchmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def measured(side: str, number: int, cold_s: float, rates: list[float]) -> dict[str, Any]:
    return {
        "side": side, "threads": 1, "round": number, "cold_s": cold_s, "second_s": cold_s / 2,
        "first_s": [0.1, 0.2, 0.3], "tokens_per_s": rates, "stamp": "s",
    }  # fmt: skip


ROUNDS = [
    *(measured("ours", number, 4.0, [20.0, 30.0, 40.0]) for number in range(4)),
    *(measured("transformers", number, 6.0, [20.0, 20.0, 20.0]) for number in range(4)),
    *(measured("wllama", number, 2.0, [10.0, 10.0, 10.0]) for number in range(4)),
]


def test_a_row_has_medians_and_the_last_one_ratios_to_the_best_of_the_others(benchmarks: None):
    from browser_table import table

    rows = [row.strip("|").split("|") for row in table(ROUNDS).splitlines()[2:]]
    ours, *_, ratios = [[cell.strip() for cell in row] for row in rows]
    assert ours[1:4] == ["Sprat", "4", "4.00 s"]
    assert ours[4:] == ["2.00 s; of the first: 0.50 (0.50 to 0.50)", "0.20 s", "30.0"]
    cold, rate = ratios[3], ratios[6]
    assert cold.startswith("0.50 (0.50")  # wllama starts in half the time
    assert rate.startswith("1.50 (1.50")  # 30 against the 20 of transformers.js


def test_an_interval_covers_what_rounds_differ_by_and_two_rounds_have_none(benchmarks: None):
    from browser_table import better

    ours = [measured("ours", number, 4.0, [20.0 + 4 * number] * 3) for number in range(6)]
    theirs = [measured("wllama", number, 4.0, [20.0] * 3) for number in range(6)]
    ratio, low, _, high = better(ours, [theirs], "tokens_per_s").replace("(", "").split()
    assert float(low) < float(ratio) < float(high.rstrip(")"))
    assert float(low) < 1.2
    assert float(high.rstrip(")")) > 1.7
    assert better(ours[:2], [theirs], "tokens_per_s") == "1.10"


def test_only_rounds_that_both_have_are_compared(benchmarks: None):
    from browser_table import better

    ours = [measured("ours", number, 4.0, [30.0] * 3) for number in (0, 1)]
    late = [measured("wllama", number, 4.0, [10.0] * 3) for number in (1, 2)]
    assert better(ours, [late], "tokens_per_s") == "3.00"
    assert better(ours[:1], [late], "tokens_per_s") == "no round of both"


def test_it_goes_on_from_what_this_build_has_measured_and_from_no_cut_line(
    benchmarks: None, tmp_path: Path
):
    from browser import keep, known, stamp_of

    file = tmp_path / "kept.jsonl"
    keep(file, measured("ours", 0, 4.0, [30.0]))
    keep(file, measured("ours", 1, 4.0, [30.0]) | {"stamp": "another build"})
    file.write_text(file.read_text("utf-8") + '{"side": "wllama", "thre', "utf-8")
    assert [one["round"] for one in known(file, "s")] == [0]
    keep(file, measured("ours", 2, 4.0, [30.0]))
    assert [one["round"] for one in known(file, "s")] == [0, 2]
    (tmp_path / "built").mkdir()
    (tmp_path / "manifest.json").write_text("{}", "utf-8")
    stamps = {
        stamp_of(tmp_path / "built", tmp_path, Namespace(model="m", tokens=tokens))
        for tokens in (8, 8, 64)
    }
    assert len(stamps) == 2
