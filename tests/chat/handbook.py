"""A small handbook with its index, the models that know it by heart, and a chat over both."""

import hashlib
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fpdf import FPDF

from sprat.rag.document import Document, Heading, Passage
from sprat.rag.store import open_store

LEAVE = "Every employee has 27 days of leave a year. Unused days end in March."
REMOTE = "Two days a week may be worked from home. Ask your team first."
FIRE = "The assembly point is the car park behind the mill. Close the doors, not the windows."
EXPENSES = "Keep every receipt. The cost centre is printed on your card."
MARKDOWN = f"""# Handbook

## Holidays

{LEAVE}

## Working from home

{REMOTE}

## Expenses

{EXPENSES}
"""
SMALL = """
[[rule]]
contains = "Question: How many days of leave"
text = '''
"Every employee has 27 days of leave a year" [1]
Each employee has 27 days of leave a year.'''
gap_ms = 20

[[rule]]
contains = "Question: Where is the assembly point"
text = '''
"The assembly point is wherever the director happens to stand" [1]
With the director.'''
gap_ms = 5

[[rule]]
contains = "Question: Tell me slowly"
text = '''
"Two days a week may be worked from home" [1]
Two days a week.
From home.
Two days.
Worked from home.
Two days a week may be worked.
Ask your team first.'''
gap_ms = 250

[[rule]]
contains = "Question: What does the red lamp"
text = '''
"the red lamp means that the boiler is cold" [1]
It means that the boiler is cold.'''
gap_ms = 5

[[rule]]
contains = "Question: Who breaks"
error = { kind = "died", message = "The script says that the worker died.", after_chunks = 0 }

[[rule]]
text = "NOT IN THE DOCUMENTS"
"""
LARGE = """
[[rule]]
contains = "Question: Where is the assembly point"
text = '''
"The assembly point is the car park behind the mill" [1]
It is the car park behind the mill.'''
gap_ms = 20

[[rule]]
contains = "Question: Who breaks"
error = { kind = "died", message = "The script says that the worker died.", after_chunks = 0 }

[[rule]]
text = "NOT IN THE DOCUMENTS"
"""


def write_handbook(folder: Path) -> list[Path]:
    """The documents: a Markdown file, and a PDF whose second page is about fire."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "handbook.md").write_text(MARKDOWN, "utf-8")
    pdf = FPDF()
    for line in ("Safety. This page says what this leaflet is for.", FIRE):
        pdf.add_page()
        pdf.set_font("Helvetica", size=16)
        pdf.multi_cell(0, 10, line)
    pdf.output(str(folder / "safety.pdf"))
    return [folder / "handbook.md", folder / "safety.pdf"]


def index_handbook(folder: Path, store: Path) -> None:
    """Its index by words, made by hand: what reads files is tested elsewhere."""
    opened = open_store(str(store), create=True)
    markdown, pdf = write_handbook(folder)
    passages = [
        _passage(markdown, MARKDOWN, text, heading=f"Handbook > {heading}")
        for text, heading in (
            (LEAVE, "Holidays"),
            (REMOTE, "Working from home"),
            (EXPENSES, "Expenses"),
        )
    ]
    headings = tuple(
        Heading(match.start(), len(match[1]), match[2])
        for match in re.finditer(r"^(#+) (.+)$", MARKDOWN, re.MULTILINE)
    )
    opened.put(_document(markdown, MARKDOWN, "Handbook", headings=headings), passages, None)
    text = f"Safety. This page says what this leaflet is for.\n{FIRE}"
    document = _document(pdf, text, "Safety", media="pdf", pages=(0, text.index(FIRE)))
    opened.put(document, [_passage(pdf, text, FIRE, page=2)], None)
    opened.close()


def _document(file: Path, text: str, title: str, *, media: str = "markdown", **more) -> Document:
    data = file.read_bytes()
    return Document(
        file=file.as_posix(),
        title=title,
        sha256=hashlib.sha256(data).hexdigest(),
        bytes=len(data),
        media=media,
        text=text,
        **more,
    )


def _passage(file: Path, whole: str, text: str, **more) -> Passage:
    start = whole.index(text)
    return Passage(file=file.as_posix(), start=start, end=start + len(text), text=text, **more)


@contextmanager
def sitting(home: Path, *options: str) -> Iterator[str]:
    """`sprat chat` at a free port, stopped as by Ctrl-C: its address."""
    command = [sys.executable, "-m", "sprat", "chat", "--no-open", "--port", "0", *options]
    environment = {**os.environ, "SPRAT_HOME": str(home)}
    for name in [name for name in environment if name.startswith("CHAINLIT_")]:
        del environment[name]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        impatient = threading.Timer(90, process.kill)
        impatient.start()
        try:
            first = process.stdout.readline()
            impatient.cancel()  # it has begun: how long it is needed is the tests' own affair
            found = re.search(r"http://127\.0\.0\.1:\d+", first)
            assert found, f"{command} said {first!r} {process.stderr.read()}"
            yield found[0]
        finally:
            impatient.cancel()
            process.send_signal(signal.SIGINT)
            _, complained = process.communicate(timeout=60)
    assert process.returncode == 0, complained
    assert "Traceback" not in complained, complained
    assert "Warning" not in complained, complained
