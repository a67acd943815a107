import importlib.util
import json
import socket
from pathlib import Path

import pytest
from tests.cli.calling import run

from sprat.chat.history.book import Book
from sprat.chat.history.database import Database
from sprat.chat.history.runs import Runs


def test_without_the_extra_one_line_says_what_to_type(capsys, monkeypatch):
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "chainlit" else real(name)
    )
    code, _, err = run(capsys, "chat")
    assert code == 2
    assert err == "sprat: The chat needs Chainlit. pip install 'sprat[chat]'\n"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--host", "0.0.0.0"], "no password is set"),
        (["--host", "0.0.0.0", "--password", "short"], "only 5 characters"),
        (["--password", ""], "The password is empty"),
        (["--allow-host", "http://box"], "'http://box' is no host"),
        (["--model", "a", "--small", "b"], "--model is one model"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_opened(capsys, options, said):
    code, _, err = run(capsys, "chat", *options)
    assert code == 2
    assert said in err
    assert "Traceback" not in err


def test_a_taken_port_is_said_with_this_commands_own_way_out(capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, _, err = run(capsys, "chat", "--port", str(port), "--no-open")
    assert code == 1
    assert f"{port} is taken" in err
    assert f"sprat chat --port {port + 1}" in err


def test_feedback_comes_out_as_json_lines(capsys, tmp_path: Path):
    code, _, err = run(capsys, "chat", "--feedback", "-")
    assert code == 2
    assert "There is no chat history" in err
    database = Database(tmp_path / "home" / "chat" / "history.db")
    Book(database).put_step({"id": "s", "threadId": "t", "output": "x"})
    Runs(database).put_run("s", "t", "small", {"reply": {"text": "Paris"}})
    Runs(database).put_feedback("s", 1, thread="t", comment="good")
    database.close()
    code, out, _ = run(capsys, "chat", "--feedback", "-")
    assert json.loads(out) == {
        "value": 1,
        "comment": "good",
        "model": "small",
        "reply": {"text": "Paris"},
    }
    target = tmp_path / "judged.jsonl"
    run(capsys, "chat", "--feedback", str(target))
    assert target.read_text("utf-8") == out
