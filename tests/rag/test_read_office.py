"""Word, PowerPoint and Excel files, and pages of the web, become Markdown."""

import io
import socket
import sys
import zipfile

import pytest
from tests.rag.papers import docx, pptx, xlsx

from sprat.errors import DocumentError
from sprat.rag.read import office, read_bytes


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("something is fetched")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def headings(read) -> list[tuple[int, str]]:
    return [(one.level, one.text) for one in read.headings]


def test_a_word_file_has_its_headings_tables_and_plain_words() -> None:
    read = read_bytes("rules.docx", docx())
    assert headings(read) == [(1, "House rules"), (2, "Guests")]
    assert read.title == "House rules"
    assert "use the snake_case door" in read.text
    assert "| Monday | 4 |" in read.text


def test_every_slide_is_a_page_with_a_heading() -> None:
    read = read_bytes("talk.pptx", pptx())
    assert headings(read) == [(1, "Harvest"), (1, "Slide 2")]
    assert [read.text[at:].split("\n")[0] for at in read.pages] == ["# Harvest", "# Slide 2"]


def test_every_sheet_has_a_heading_and_empty_cells_are_empty() -> None:
    read = read_bytes("prices.xlsx", xlsx())
    assert headings(read) == [(2, "Prices")]
    assert "| sprat | 3" in read.text
    assert "NaN" not in read.text


PAGE = """<!DOCTYPE html><html><head><title>Fish &amp; chips</title><style>p{}</style>
<script>alert("boo")</script></head><body><h1>Menu</h1><p>Sprats at noon.
<img src="https://tracker.example/p.png" alt="a sprat"> <a href="/far">more</a>
<a href="https://example.org/book">book</a></p></body></html>"""


def test_a_page_keeps_its_words_and_neither_scripts_nor_images() -> None:
    read = read_bytes("menu", PAGE.encode())
    assert (read.media, read.title) == ("html", "Fish & chips")
    assert headings(read) == [(1, "Menu")]
    assert "tracker" not in read.text
    assert "alert" not in read.text
    assert "a sprat" in read.text
    assert "(/far)" not in read.text
    assert "[book](https://example.org/book)" in read.text


def test_a_page_in_another_encoding_is_read_as_it_says() -> None:
    page = '<html><meta charset="iso-8859-2"><body><p>Gdańsk</p></body></html>'
    assert "Gdańsk" in read_bytes("a.html", page.encode("iso-8859-2")).text


def test_a_page_of_more_than_16_mib_is_not_taken_apart() -> None:
    page = b"<!DOCTYPE html><html><body>" + b"<p>sprat</p>" * 1_500_000
    with pytest.raises(DocumentError, match=r"page of the web at most 16.8 MB"):
        read_bytes("long.html", page)


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "markitdown", None)
    with pytest.raises(DocumentError, match=r"pip install 'sprat\[documents\]'"):
        read_bytes("rules.docx", docx())


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(office, "MOST_UNPACKED_BYTES", 1_000)
    with pytest.raises(DocumentError, match="when it is unpacked"):
        read_bytes("rules.docx", docx())


def with_part(data: bytes, name: str, part: bytes) -> bytes:
    with zipfile.ZipFile(buffer := io.BytesIO(data), "a", zipfile.ZIP_DEFLATED) as made:
        made.writestr(name, part)
    assert len(buffer.getvalue()) < 100_000
    return buffer.getvalue()


@pytest.mark.parametrize("kind", [docx, pptx, xlsx])
@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("xl/worksheets/sheet2.xml", b""),
        ("word/media/photo.png", b"\xef\xbb\xbf \n"),
        ("ppt/media/photo.png", b" " * 100),
        ("word/media/wide.png", "\ufeff".encode("utf-16-le")),
    ],
    ids=["sheet", "called a picture", "blanks first", "sixteen bits"],
)
def test_more_than_16_mib_of_markup_is_not_unpacked(kind, name: str, begins: bytes) -> None:
    bomb = with_part(kind(), name, begins + b"<row/>" * 2_900_000)
    with pytest.raises(DocumentError, match=r"when it is unpacked.*without its pictures 16.8 MB"):
        read_bytes(f"a.{kind.__name__}", bomb)


def test_large_pictures_do_not_count_as_markup() -> None:
    photo = b"\x89PNG\r\n\x1a\n" + bytes(17 * 2**20)
    assert "snake_case" in read_bytes("a.docx", with_part(docx(), "word/media/a.png", photo)).text


def archive(**parts: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name, text in parts.items():
            made.writestr(name.replace("__", "/").replace("_xml", ".xml"), text)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (docx()[:2000], "is damaged"),
        (archive(word__document_xml="<not xml"), "is damaged"),
        (archive(a="b"), "is an archive"),
        (archive(content_xml="<a/>", mimetype="odt"), "OpenDocument"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100, "of the old kind"),
    ],
    ids=["cut short", "no XML", "zip", "odt", "doc"],
)
def test_one_that_cannot_be_read_says_why_in_one_line(data: bytes, says: str) -> None:
    with pytest.raises(DocumentError, match=says) as refused:
        read_bytes("a.docx", data)
    assert "\n" not in str(refused.value)
