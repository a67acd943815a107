"""The gate: a signed file, rules, and what is learned."""

import math
from pathlib import Path

import msgspec
import pytest
from tests.rag.made import NORMANS, SEINE, Few, passage

from sprat.errors import PolicyError
from sprat.policies.logistic import Logistic
from sprat.rag.document import Found, Retrieved
from sprat.rag.gate import Gate, SideGate, form_of, read_gate, write_gate
from sprat.rag.judge import far_off, judge, says_not_there, stays_silent

SURE = Logistic(features=("mean",), centres=(0.0,), scales=(1.0,), weights=(1.0,), bias=0.0)


def test_a_gate_is_what_was_written(tmp_path: Path):
    gate = Gate(name="mine", small=SideGate(logistic=SURE, threshold=0.7), least_score=0.2)
    write_gate(gate, tmp_path / "gate.json")
    read = read_gate(tmp_path / "gate.json")
    assert msgspec.structs.replace(read, sha256="") == gate


def test_an_edited_gate_is_refused(tmp_path: Path):
    file = tmp_path / "gate.json"
    write_gate(Gate(small=SideGate(logistic=SURE, threshold=0.7)), file)
    file.write_text(file.read_text("utf-8").replace("0.7", "0.1"), "utf-8")
    with pytest.raises(PolicyError, match="edited after it was signed"):
        read_gate(file)


@pytest.mark.parametrize(
    "content",
    ["[]", "{", '{"small": {"threshold": 2}}', '{"format": 99}', '{"surprise": 1}'],
)
def test_what_is_no_gate_is_one_line(tmp_path: Path, content: str):
    file = tmp_path / "gate.json"
    file.write_text(content, "utf-8")
    with pytest.raises(PolicyError) as caught:
        read_gate(file)
    assert "\n" not in str(caught.value)


def test_a_gate_that_was_learned_from_other_scores_is_refused(tmp_path: Path):
    file = tmp_path / "gate.json"
    write_gate(Gate(format=1, small=SideGate(logistic=SURE, threshold=0.7)), file)
    with pytest.raises(PolicyError, match=r"format 1.*otherwise.*Calibrate again"):
        read_gate(file)


def test_lists_of_different_length_are_refused(tmp_path: Path):
    odd = msgspec.structs.replace(SURE, weights=(1.0, 2.0))
    with pytest.raises(PolicyError, match="not of one length"):
        write_gate(Gate(large=SideGate(logistic=odd)), tmp_path / "gate.json")


def test_a_tiny_model_is_not_asked_to_copy():
    assert form_of(SideGate(), "smollm2-135m") == "sentence"
    for small in (
        "qwen2.5-coder-0.5b",
        "ollama/qwen3:1.7b",
        "foundry:smollm2-135m",
        "llama-3.2-1B",
    ):
        assert form_of(SideGate(), small) == "sentence", small
    for able in ("qwen3:4b", "gpt-oss-20b", "phi-4-mini", "scripted:model.toml", "o1-b52x"):
        assert form_of(SideGate(), able) == "quote", able
    assert form_of(SideGate(form="quote"), "smollm2-135m") == "quote"


async def test_a_question_without_a_word_in_the_passages_is_far_off():
    found = await Few(NORMANS, SEINE).find("Seine guernica painting museum madrid")
    assert far_off(found, Gate()) == "20% of the question's words stand in any passage found"
    assert far_off(found, Gate(least_asked=0.1)) is None


def test_vectors_may_find_near_what_words_do_not():
    near = Found(passage=passage(SEINE), score=0.9, dense=0.6)
    assert far_off(Retrieved(query="Fleuve parisien", found=(near,), lexical_s=0), Gate()) is None


def test_the_bound_of_a_learned_confidence_is_kept_to_the_digit():
    side = SideGate(logistic=SURE, threshold=0.5)
    features = {"support": 1.0, "mean": 0.0}
    assert judge(features, side).given
    assert not judge(features | {"mean": -0.001}, side).given


def test_no_confidence_makes_up_for_a_quote_that_stands_nowhere():
    side = SideGate(logistic=SURE, threshold=0.0)
    assert not judge({"support": 0.5, "mean": 9.0}, side).given


def test_a_threshold_of_none_gives_nothing():
    side = SideGate(logistic=SURE, threshold=None)
    assert not judge({"support": 1.0, "mean": 99.0}, side).given


def test_by_rule_the_likelier_of_the_two_is_believed():
    assert says_not_there({"not_there": math.log(0.51)}, SideGate()) is not None
    assert says_not_there({"not_there": math.log(0.49)}, SideGate()) is None


def test_silence_is_kept_only_where_it_was_learned():
    quiet = Logistic(
        features=("not_there",), centres=(0.0,), scales=(1.0,), weights=(1.0,), bias=0.0
    )
    side = SideGate(silent=quiet, silent_from=0.4)
    assert stays_silent({"not_there": -0.1}, side) == pytest.approx(0.475, abs=0.001)
    assert stays_silent({"not_there": -3.0}, side) is None
    assert stays_silent({"not_there": -0.1}, SideGate()) is None
