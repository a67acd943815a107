"""Markdown, plain text, code and notebooks; and what is none of them."""

import codecs
import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sprat.errors import DocumentError
from sprat.rag.document import Document
from sprat.rag.read import content, file, read_bytes, read_file

MARKDOWN = """---
title: "The handbook"
---
# One `code` and [a link](https://x.org) #

```sh
# no heading
```

Two
===

~~~
## none either
```
### still inside
~~~
### Three **bold**
- a list
---
| a | b |
"""


def headings(read: Document) -> list[tuple[int, str]]:
    return [(one.level, one.text) for one in read.headings]


def test_headings_of_markdown_are_found_outside_of_code_only() -> None:
    read = read_bytes("a.md", MARKDOWN.encode())
    assert headings(read) == [(1, "One code and a link"), (1, "Two"), (3, "Three bold")]
    assert read.title == "The handbook"
    assert [read.text[one.start :].split("\n")[0] for one in read.headings] == [
        "# One `code` and [a link](https://x.org) #",
        "Two",
        "### Three **bold**",
    ]


def test_headings_are_those_of_another_reader_of_markdown() -> None:
    """The oracle is markdown-it, which follows CommonMark's own tests."""
    from pathlib import Path

    from markdown_it import MarkdownIt

    docs = Path(__file__).parent.parent.parent / "docs"
    for page in sorted(docs.rglob("*.md")):
        text = page.read_text("utf-8")
        tokens = MarkdownIt().parse(text)
        starts = [0]
        for line in text.split("\n"):
            starts.append(starts[-1] + len(line) + 1)
        expected = [
            (starts[token.map[0]], int(token.tag[1]))
            for token in tokens
            if token.type == "heading_open"
        ]
        read = read_file(page)
        assert [(one.start, one.level) for one in read.headings] == expected, page.name


def test_underlined_titles_of_plain_text_are_headings() -> None:
    read = read_bytes("a.rst", b"Guide\n=====\n\nText\n\nPart\n----\nmore\n\nshort line\n--\n")
    assert headings(read) == [(1, "Guide"), (2, "Part")]
    assert read.title == "Guide"


CODE = '''import os


# What it is.
@final
class Fish:
    """A fish."""

    async def swim(self):
        pass


export_me = 1


def cook(fish):
    pass
'''


def test_definitions_are_the_headings_of_code_with_what_belongs_to_them() -> None:
    read = read_bytes("fish.py", CODE.encode())
    assert headings(read) == [(1, "class Fish"), (2, "def swim"), (1, "def cook")]
    assert read.text[read.headings[0].start :].startswith("# What it is.\n@final\nclass")
    assert (read.media, read.title) == ("code", "fish.py")


def test_a_notebook_is_its_cells_without_what_they_printed() -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# Study\n", "Why."]},
        {"cell_type": "code", "source": "print(1)", "outputs": [{"text": "NOISE"}]},
    ]
    read = read_bytes("a.ipynb", json.dumps({"cells": cells, "metadata": {}}).encode())
    assert read.text == "# Study\nWhy.\n\n```python\nprint(1)\n```"
    assert read.title == "Study"


@pytest.mark.parametrize("said", [None, 5, "r", ["r"], {"name": None}, {"name": ["r"]}])
def test_a_notebook_that_says_no_language_is_read_all_the_same(said: object) -> None:
    cells = [{"cell_type": "code", "source": "1"}]
    made = json.dumps({"cells": cells, "metadata": {"language_info": said}})
    assert read_bytes("a.ipynb", made.encode()).text == "```python\n1\n```"


def test_a_fault_of_a_reader_is_a_line_about_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("sprat.rag.read.markdown.read_markdown", broken)
    with pytest.raises(DocumentError, match=r"^a\.md cannot be read: ZeroDivisionError\."):
        read_bytes("a.md", b"Fish.")


@pytest.mark.parametrize(
    "data",
    [
        "Größe: 3 µm\n".encode(),
        codecs.BOM_UTF8 + "Größe: 3 µm\r\n".encode(),
        codecs.BOM_UTF16_LE + "Größe: 3 µm\r".encode("utf-16-le"),
        codecs.BOM_UTF16_BE + "Größe: 3 µm\n".encode("utf-16-be"),
        codecs.BOM_UTF32_LE + "Größe: 3 µm\n".encode("utf-32-le"),
        "Größe: 3 µm\n".encode("latin-1"),
    ],
    ids=["utf-8", "utf-8 marked", "utf-16-le", "utf-16-be", "utf-32", "latin-1"],
)
def test_a_text_is_the_same_in_every_encoding(data: bytes) -> None:
    assert read_bytes("a.txt", data).text == "Größe: 3 µm\n"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "a picture"),
        (b"\x7fELF" + b"\0" * 50, "a program"),
        (b"\x1f\x8b\x08" + b"\0" * 50, "an archive"),
        (b"some\0thing\0else", "no text"),
        (bytes(range(128, 256)) * 4, "no text"),
        (b"", "is empty"),
        (b"\xef\xbb\xbf \r\n\t", "is empty"),
    ],
)
def test_what_is_no_document_says_so(data: bytes, says: str) -> None:
    with pytest.raises(DocumentError, match=says):
        read_bytes("a.md", data)


@pytest.mark.parametrize("begin", ["PK is short", "A file begins with %PDF-1.7", "ID3 tags", "BMW"])
def test_words_that_look_like_another_kind_are_words(begin: str) -> None:
    assert read_bytes("a.md", begin.encode()).media == "markdown"


def test_what_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("x" * 1_000)
    monkeypatch.setattr(content, "MOST_CHARS", 999)
    with pytest.raises(DocumentError, match="1,000 characters; at most 999"):
        read_file(path)
    monkeypatch.setattr(file, "MOST_BYTES", 999)
    with pytest.raises(DocumentError, match=r"1\.0 kB; at most"):
        read_file(path)


def test_a_folder_a_missing_file_and_a_pipe_are_one_line_each(tmp_path) -> None:
    import os

    for path in (tmp_path, tmp_path / "none.txt"):
        with pytest.raises(DocumentError):
            read_file(path)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(DocumentError, match="is no file"):
            read_file(tmp_path / "pipe")


def test_an_uploads_name_has_no_folders() -> None:
    assert read_bytes("../../etc/a.txt", b"hello").file == "a.txt"
    assert read_bytes("C:\\docs\\b.txt", b"hello").file == "b.txt"


@given(st.binary(max_size=400), st.sampled_from(["a.md", "a.py", "a.txt", "a.ipynb", "a"]))
def test_any_bytes_are_read_or_refused(data: bytes, name: str) -> None:
    with suppress(DocumentError):  # and nothing else
        read = read_bytes(name, data)
        assert read.text.strip()
        assert all(0 <= one.start < len(read.text) for one in read.headings)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.md", "# " + " " * 200_000 + "x"),
        ("a.md", "# " + "[" * 200_000),
        ("a.md", "```\n" * 100_000),
        ("a.txt", "<!-- -->" * 500 + "x"),
        ("a.py", "public " * 100_000),
        ("a.rst", "a\n" * 200_000),
    ],
    ids=["spaces", "brackets", "fences", "comments", "words", "lines"],
)
@pytest.mark.timeout(20)
def test_no_text_takes_for_ever_to_read(name: str, text: str) -> None:
    from sprat.rag.chunk import chunk

    chunk(read_bytes(name, text.encode()))
