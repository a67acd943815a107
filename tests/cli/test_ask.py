"""`sprat ask` prints the answer on standard output and what it took on standard error."""

import asyncio
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sprat.cli import cli, main


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


def process(*arguments: str, **how: Any) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "sprat", "ask", *arguments]
    return subprocess.run(command, capture_output=True, timeout=60, check=False, **how)


def test_a_text_with_broken_bytes_is_refused_with_the_place(model: str) -> None:
    done = process(model, "-", input=b"caf\xe9", env={**os.environ, "PYTHONUTF8": "1"})
    assert done.returncode == 2
    assert b"The prompt is no UTF-8 from character 4 on." in done.stderr


def test_an_encoding_without_a_character_shows_a_question_mark_not_an_error(tmp_path: Path) -> None:
    script = tmp_path / "fish.json"
    script.write_text('{"rule": [{"text": "caf\\u00e9 \\u6f22"}]}', encoding="utf-8")
    done = process(f"scripted:{script}", "hi", env={**os.environ, "PYTHONIOENCODING": "latin-1"})
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [b"caf\xe9", b"?"]


def test_a_model_cannot_steer_the_terminal_but_a_pipe_gets_every_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = "\x1b]0;owned\x07\x1b[31mred\nline"
    script = tmp_path / "evil.json"
    script.write_text(json.dumps({"rule": [{"chunks": [answer]}]}), encoding="utf-8")
    assert process(f"scripted:{script}", "hi").stdout.decode().rstrip() == answer
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    with pytest.raises(SystemExit) as ended:
        main(["ask", f"scripted:{script}", "hi"])
    assert not ended.value.code
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert "[31mred\nline" in shown


def test_an_error_halfway_stands_on_a_line_of_its_own(tmp_path: Path) -> None:
    rule = {"chunks": ["Hello ", "wor", "ld"], "error": {"kind": "died", "after_chunks": 2}}
    script = tmp_path / "dies.json"
    script.write_text(json.dumps({"rule": [rule]}), encoding="utf-8")
    done = process(f"scripted:{script}", "hi")
    assert done.returncode == 1
    assert done.stdout.decode().splitlines() == ["Hello wor"]
    assert done.stdout.endswith(b"\n")
    assert len(done.stderr.splitlines()) == 1


def test_a_model_is_opened_outside_the_event_loop_where_ctrl_c_ends_a_download_at_once(
    model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sprat.door

    def interrupted(*_: object, **__: object) -> None:
        with pytest.raises(RuntimeError):
            asyncio.get_running_loop()
        assert threading.current_thread() is threading.main_thread()
        raise KeyboardInterrupt

    monkeypatch.setattr(sprat.door, "open_engine", interrupted)
    with pytest.raises(SystemExit) as stop:
        main(["ask", model, "What colour is the sky?"])
    assert stop.value.code == 130
