"""`--json` of `sprat compare`, held against a literal copy of what was promised to its readers."""

import json
import os
import re
import subprocess
import sys
from copy import deepcopy
from pathlib import Path

import pytest

from sprat.studies import comparison

PAGE = (Path(__file__).parents[2] / "docs" / "json.md").read_text("utf-8")
NUMBER, TEXT, COUNT = (float, int, type(None)), (str, type(None)), (int, type(None))
# Names, nesting and types as promised; more may be there, nothing else may stand in their place.
PROMISED = {
    "schema": int,
    "run": str,
    "environment": dict,
    "questions": {"set": str, "n": int, "sha256": str},
    "models": [
        {
            "name": str, "role": {"small", "large"}, "answered": int, "errors": int,
            "unscored": int, "score": NUMBER, "score_low": NUMBER, "score_high": NUMBER,
            "ttft_s": {"p50": NUMBER, "p95": NUMBER}, "answer_s": {"p50": NUMBER, "p95": NUMBER},
            "decode_tokens_per_s": NUMBER, "chars_per_s": NUMBER, "input_tokens": COUNT,
            "output_tokens": COUNT, "cold_load_s": NUMBER, "peak_rss_bytes": COUNT,
            "energy_joules": NUMBER, "energy_source": TEXT, "cost_usd": NUMBER,
            "seconds_per_correct": NUMBER,
        }
    ],
    "verdict": {
        "decision": {"good-enough", "not-good-enough", "inconclusive"}, "margin": float,
        "difference": NUMBER, "low": NUMBER, "high": NUMBER, "mcnemar_p": NUMBER,
        "small_only_right": COUNT, "large_only_right": COUNT, "n_needed": COUNT,
    },
    "answers": [
        {
            "id": str, "kind": str, "model": str, "text": TEXT, "score": NUMBER, "scorer": str,
            "why": str, "timing": dict, "usage": dict, "error": TEXT,
        }
    ],
}  # fmt: skip


def breaches(promised, found, where="result"):
    """Every place where `found` is not what was promised."""
    if isinstance(promised, dict):
        if not isinstance(found, dict):
            return [f"{where} is no object"]
        lost = [f"{where}.{name} is not there" for name in promised.keys() - found.keys()]
        kept = promised.keys() & found.keys()
        return lost + [b for k in kept for b in breaches(promised[k], found[k], f"{where}.{k}")]
    if isinstance(promised, list):
        if not isinstance(found, list) or not found:
            return [f"{where} is no list, or empty"]
        return [
            b for i, one in enumerate(found) for b in breaches(promised[0], one, f"{where}[{i}]")
        ]
    if isinstance(promised, set):
        return [] if found in promised else [f"{where} is {found!r}"]
    return [] if isinstance(found, promised) else [f"{where} is {found!r}"]


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    place = tmp_path_factory.mktemp("contract")
    fails = 'error = {kind = "refused", message = "no"}'
    rules = {
        "small": f'contains = "7 boxes"\n{fails}\n[[rule]]\ntext = "84"',
        "large": 'text = "It is 84"',
    }
    for name, rule in rules.items():
        (place / f"{name}.toml").write_text(f"[[rule]]\n{rule}\n", encoding="utf-8")
    rows = ['{"prompt": "What are 12 times 7 boxes?", "expected": 84}']
    rows += [f'{{"prompt": "What is {n} and {84 - n}?", "expected": 84}}' for n in range(11)]
    (place / "mine.jsonl").write_text("\n".join(rows), encoding="utf-8")
    models = ("--small", "scripted:small.toml", "--large", "scripted:large.toml")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "sprat",
            "compare",
            *models,
            "--questions",
            "mine.jsonl",
            "--json",
            "-",
        ],
        cwd=place,
        env={**os.environ, "SPRAT_HOME": str(place / "home"), "PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_result_has_every_promised_field_in_its_place_and_of_its_type(result):
    assert breaches(PROMISED, result) == []
    assert [model["role"] for model in result["models"]] == ["small", "large"]
    assert sorted(bool(a["error"]) for a in result["answers"]) == [False] * 23 + [True]
    assert all((a["text"] is None) == (a["error"] is not None) for a in result["answers"])


def test_a_field_that_is_lost_renamed_or_of_another_type_would_be_seen(result):
    lost = deepcopy(result)
    lost["verdict"]["margin"] = "0.05"
    del lost["models"][0]["ttft_s"]["p95"]
    assert sorted(breaches(PROMISED, lost)) == [
        "result.models[0].ttft_s.p95 is not there",
        "result.verdict.margin is '0.05'",
    ]


def test_the_page_shows_every_field_of_the_result_and_no_other():
    shown = json.loads(re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)[1])
    assert breaches(PROMISED, shown) == []
    for there, struct in (
        (shown, comparison.Comparison),
        (shown["questions"], comparison.QuestionSet),
        (shown["models"][0], comparison.ModelSummary),
        (shown["verdict"], comparison.VerdictSummary),
        (shown["kinds"][0], comparison.KindSummary),
        (shown["answers"][0], comparison.Answer),
    ):
        assert set(there) == set(struct.__struct_encode_fields__)


def test_the_page_shows_every_time_and_count_of_an_answer(result):
    shown = json.loads(re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)[1])["answers"][0]
    answered = next(answer for answer in result["answers"] if not answer["error"])
    assert set(shown["timing"]) == set(answered["timing"])
    assert set(shown["usage"]) == set(answered["usage"])
