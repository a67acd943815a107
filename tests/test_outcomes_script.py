"""benchmarks/outcomes.py: what was recorded is never asked again, and a kill costs one answer."""

import importlib.util
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

from sprat.policies.outcomes import read_log
from sprat.questions import load
from sprat.types import Prediction, Reply, Run, Timing, TokenLogprob, Usage, Verdict

FILE = Path(__file__).parent.parent / "benchmarks" / "outcomes.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("outcomes", FILE)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def sets():
    return {"everyday": load("everyday", limit=4)}


def answer(script, question, model, prediction=None, text="a b"):
    tokens = (TokenLogprob("a", -0.5, (("a", -0.5), ("c", -2.0))), TokenLogprob(" b", -0.25))
    reading = prediction is not None and prediction.read_only
    reply = Reply(
        text="" if reading else text,
        finish="stop",
        usage=Usage(3, 2),
        timing=Timing(scheduled_ns=0, sent_ns=0, first_token_ns=10**8, done_ns=2 * 10**8),
        logprobs=None if reading else tokens,
        read=tokens if reading else None,
    )
    return Run(
        study="everyday",
        question=question.id,
        kind=question.kind,
        model=model,
        role=model if prediction is None else f"read:{model}",
        request=script.request_of(question, prediction),
        reply=reply,
        verdicts=(Verdict(scorer=question.scorer, value=1.0),),
    )


def test_a_line_that_a_kill_cut_short_is_left_out_and_the_next_one_is_whole(
    script, sets, tmp_path, capsys
):
    first, second = sets["everyday"].questions[:2]
    script.append(tmp_path, "everyday", answer(script, first, "m"))
    file = tmp_path / "everyday.jsonl"
    whole = file.read_bytes()
    file.write_bytes(whole + whole[:100])
    script.append(tmp_path, "everyday", answer(script, second, "m"))
    found = script.recorded(tmp_path, "everyday")
    assert [run.question for run in found] == [first.id, second.id]
    assert "a line that is no answer is left out" in capsys.readouterr().out


def test_wherever_it_stops_each_set_has_had_its_share(script):
    both = {"a": load("everyday", limit=30), "b": load("everyday", limit=10)}
    turns = script.mixed(both)
    assert len(turns) == 40
    for stop in (8, 20, 32):
        share = sum(turn.set == "b" for turn in turns[:stop]) / stop
        assert share == pytest.approx(0.25, abs=0.1)
    assert turns == script.mixed(both)


def test_each_draft_is_read_and_then_answered_with(script, sets):
    turns = script.mixed(sets)
    drafts = {("everyday", turns[0].question.id, script.MODELS[0]): "a b"}
    found = list(script.with_drafts(turns, drafts))
    assert [role for _, role, _ in found] == ["read:smollm2-135m", "exact:smollm2-135m"]
    assert [request.prediction.read_only for _, _, request in found] == [True, False]


def test_what_was_recorded_becomes_a_log_with_its_readings(script, sets, tmp_path, capsys):
    question = sets["everyday"].questions[0]
    identities = {model: {"weights_sha256": model} for model in script.MODELS}
    (tmp_path / "environment.json").write_bytes(
        msgspec.json.encode({"environment": {}, "identities": identities})
    )
    for model in script.MODELS:
        script.append(tmp_path, "everyday", answer(script, question, model))
    for read_only in (True, False):
        prediction = Prediction(text="a b", read_only=read_only)
        run = answer(script, question, script.LARGEST, prediction)
        script.append(tmp_path, "everyday.readings", run)
    script.pack(sets, tmp_path, tmp_path)
    assert "everyday: 1 questions, 3 answers" in capsys.readouterr().out
    log = read_log(tmp_path / "everyday.jsonl.gz")
    assert {model.identity["weights_sha256"] for model in log.models} == set(script.MODELS)
    readings = log.of(script.LARGEST)[question.id].readings
    assert set(readings) == set(script.MODELS[:-1])  # both drafts say the same here
    assert readings["smollm2-135m"].exact_s == pytest.approx(0.2)
    assert (tmp_path / "everyday.prompts.json.gz").exists()
