"""`sprat ask` prints the answer on standard output and what it took on standard error."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sprat.cli import cli


@pytest.fixture
def model(tmp_path: Path) -> str:
    script = tmp_path / "script.json"
    rules = [{"contains": "colour", "chunks": ["It is ", "blue", "."]}]
    script.write_text(json.dumps({"rule": rules}), encoding="utf-8")
    return f"scripted:{script}"


def run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(cli, ["ask", *arguments], input=stdin)


@pytest.mark.parametrize("how", [[], ["--no-stream"]])
def test_the_answer_is_the_same_streamed_or_whole(model: str, how: list[str]) -> None:
    result = run(model, "What colour is the sky?", *how)
    assert result.exit_code == 0, result.output
    assert result.stdout == "It is blue.\n"
    assert "first token" in result.stderr


def test_a_dash_reads_the_prompt_from_standard_input(model: str) -> None:
    assert run(model, "-", stdin="What colour is the sky?").stdout == "It is blue.\n"


def test_json_on_standard_output_is_the_whole_reply_and_nothing_else(model: str) -> None:
    reply = json.loads(run(model, "What colour is the sky?", "--json", "-").stdout)
    assert reply["text"] == "It is blue."
    assert reply["usage"]["output_tokens"] > 0
    assert reply["timing"]["done_ns"] >= reply["timing"]["sent_ns"]


def test_json_goes_to_a_file_beside_the_answer(model: str, tmp_path: Path) -> None:
    file = tmp_path / "reply.json"
    assert run(model, "What colour is the sky?", "--json", str(file)).stdout == "It is blue.\n"
    assert json.loads(file.read_text("utf-8"))["text"] == "It is blue."
