"""What a waiting person sees, on a terminal and elsewhere."""

import io
import sys

import pytest

from sprat.cli.progress import Lines, progress_bar


class Terminal(io.StringIO):
    """A standard error that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_elsewhere_a_stage_is_told_once_and_a_remark_always(capsys: pytest.CaptureFixture[str]):
    told = Lines()
    told("toy: 98.4 MB, MIT", 0, None)
    for done in range(1, 100):
        told("toy: downloading", done, 100)
    told("toy: exporting", 1, 4)
    assert capsys.readouterr().err.splitlines() == [
        "toy: 98.4 MB, MIT",
        "toy: downloading:   1% of 0.1 kB",
        "toy: exporting:  25% of 0.0 kB",
    ]


def test_nothing_of_it_goes_to_standard_output(capsys: pytest.CaptureFixture[str]):
    with progress_bar() as progress:
        progress("a remark", 0, None)
    assert capsys.readouterr().out == ""


def test_on_a_terminal_remarks_stay_and_the_bar_goes(monkeypatch: pytest.MonkeyPatch):
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    with progress_bar() as progress:
        progress("toy: 98.4 MB, MIT [x]", 0, None)
        progress("toy: downloading", 50, 100)
        progress("toy: exporting", 1, None)
    shown = screen.getvalue()
    assert "toy: 98.4 MB, MIT [x]" in shown
    assert "toy: exporting" in shown
    assert shown.endswith("\x1b[2K")  # the last thing done is to clear the line of the bar
