"""`sprat foundry register`, and what a user types after it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.engines.tiny import build

from sprat.cli import cli
from sprat.models.names import resolve
from sprat.models.ready import ensure
from sprat.settings import Settings


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return build(tmp_path / "Tiny Model")


def test_registered_it_answers_and_taken_out_it_does_not(tiny: Path) -> None:
    made = run("foundry", "register", str(tiny))
    assert made.exit_code == 0, made.output
    assert made.stdout == f"foundry:tiny-model is tiny-model-generic-cpu:1, in {tiny}\n"
    assert 'Next: sprat ask foundry:tiny-model "Hello"' in made.stderr
    answer = run("ask", "foundry:tiny-model", "the quick brown fox", "--max-tokens", "4")
    assert answer.exit_code == 0, answer.output
    assert "4 out" in answer.stderr
    gone = run("foundry", "register", "--remove", "tiny-model")
    assert gone.stdout == "foundry:tiny-model is taken out; its files stay.\n"
    assert (tiny / "genai_config.json").is_file()
    assert json.loads(run("models", "show", "foundry:tiny-model", "--json", "-").stdout) == {
        "name": "foundry:tiny-model",
        "alias": "tiny-model",
        "on_disk": False,
    }


def test_json_says_what_was_registered_and_where_it_came_from(tiny: Path) -> None:
    made = json.loads(run("foundry", "register", str(tiny), "--as", "mine", "--json", "-").stdout)
    assert (made["alias"], made["source"], made["folder"]) == ("mine", str(tiny), str(tiny))
    shown = json.loads(run("models", "show", "foundry:mine", "--json", "-").stdout)
    assert shown["foundry_id"] == "mine-generic-cpu:1"
    assert shown["bytes"] == sum(file.stat().st_size for file in tiny.iterdir())


@pytest.mark.parametrize("name", ["foundry:phi-4-mini", "gpt-oss-20b"])
def test_what_has_no_weights_of_ours_cannot_be_registered(name: str) -> None:
    refused = run("foundry", "register", name)
    assert "no model whose weights are here" in str(refused.exception)
    assert "sprat models list" in str(refused.exception)


def test_without_the_sdk_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sprat.engines.foundry.catalogue.find_spec", lambda _: None)
    assert "sprat[foundry]" in str(run("foundry", "register", "smollm2-135m").exception)


def test_help_of_the_group_names_its_commands() -> None:
    assert "register" in run("foundry", "--help").stdout


@pytest.fixture
def home(tmp_path: Path, real_settings: Settings) -> dict[str, str]:
    """The environment of a user who has both default models, and has registered none."""
    for name in ("smollm2-135m", "qwen2.5-coder-0.5b"):
        ensure(resolve(name, real_settings), real_settings)  # pyright: ignore[reportArgumentType]
    own = tmp_path / "home"
    own.mkdir()
    (own / "models").symlink_to(real_settings.models_dir)
    (own / "exports").symlink_to(real_settings.exports_dir)
    return {**os.environ, "SPRAT_HOME": str(own)}


def typed(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "sprat", *arguments],
        env=environment, capture_output=True, text=True, check=False, timeout=280,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.real
def test_a_model_of_ours_is_registered_asked_and_compared(home: dict[str, str]) -> None:
    assert "smollm2-135m-generic-cpu:1" in typed(home, "foundry", "register", "smollm2-135m")
    question = ("Count from 1 to 40 in digits.", "--max-tokens", "12")
    ours = typed(home, "ask", "smollm2-135m", *question)
    assert typed(home, "ask", "foundry:smollm2-135m", *question) == ours
    pair = ("--small", "foundry:smollm2-135m", "--large", "qwen2.5-coder-0.5b")
    found = json.loads(typed(home, "compare", *pair, "--limit", "3", "--json", "-"))
    small, large = found["models"]
    assert (small["name"], large["name"]) == ("foundry:smollm2-135m", "qwen2.5-coder-0.5b")
    assert [model["answered"] for model in found["models"]] == [3, 3]
    assert small["peak_rss_bytes"] > 100e6
    assert small["cold_load_s"] > 0
    assert small["decode_tokens_per_s"] > 0
