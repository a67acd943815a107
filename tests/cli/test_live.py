"""What stands on standard error while a study runs."""

import io

import pytest
from rich.console import Console

from sprat.cli.live import Live
from sprat.studies.compare import Event


def events(total=20):
    yield Event(what="warming", side="small", model="tiny")
    for done in range(total):
        side = "small" if done % 2 else "large"
        place = {"side": side, "model": side, "study": "the-id", "total": total, "question": "q7"}
        yield Event(what="asking", done=done, **place)
        error = "gone" if done == 3 else None
        yield Event(what="asked", done=done + 1, score=0.0 if error else 0.5, error=error, **place)


def shown(*, terminal):
    file = io.StringIO()
    live = Live(Console(file=file, force_terminal=terminal, width=100, color_system=None))
    with live:
        for event in events():
            live.show(event)
    return live, file.getvalue()


def test_a_terminal_has_a_bar_with_the_place_the_scores_and_the_question():
    live, text = shown(terminal=True)
    assert "Loading tiny (small)" in text
    assert "20/20" in text
    assert "small 45% · large 50% · 1 failed · q7 → small" in text
    assert live.study == "the-id"


def test_elsewhere_there_are_a_few_plain_lines(capsys: pytest.CaptureFixture[str]):
    _, text = shown(terminal=False)
    assert text == ""
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "Loading tiny (small)…"
    assert lines[-1] == "20/20 answers · small 45% · large 50% · 1 failed"
    assert len(lines) <= 12
    assert not any("\x1b" in line for line in lines)


def test_a_bar_is_not_drawn_by_a_clock_while_an_answer_is_timed():
    assert Live(Console(file=io.StringIO(), force_terminal=True))._bar.live.auto_refresh is False
