"""PDF files become text, page by page."""

import pytest
from fpdf import FPDF
from tests.rag.papers import pdf

from sprat.errors import DocumentError
from sprat.rag.read import content, read_bytes
from sprat.rag.read import pdf as reader

LEAVE = "Everybody has thirty days of leave a year."
TRAVEL = "Trains are paid in second class."


def test_each_page_begins_where_the_document_says() -> None:
    read = read_bytes("handbook.pdf", pdf(LEAVE, TRAVEL))
    assert read.media == "pdf"
    first, second = read.pages
    assert read.text[first:].startswith(LEAVE)
    assert read.text[second:].startswith(TRAVEL)


def test_the_outline_gives_headings_and_the_metadata_the_title() -> None:
    read = read_bytes(
        "h.pdf", pdf(f"{LEAVE}\nTravel\n{TRAVEL}", title="Handbook", outline={0: "Travel"})
    )
    assert read.title == "Handbook"
    assert [(one.text, one.level) for one in read.headings] == [("Travel", 1)]
    assert read.text[read.headings[0].start :].startswith("Travel\n")


def test_pages_are_read_no_further_than_a_document_may_be_long(monkeypatch) -> None:
    read = list[int]()
    page_text = reader._page_text

    def counted(pages, place):
        read.append(place)
        return page_text(pages, place)

    monkeypatch.setattr(reader, "_page_text", counted)
    monkeypatch.setattr(content, "MOST_CHARS", 60)
    with pytest.raises(DocumentError, match="at most 60 are read"):
        read_bytes("long.pdf", pdf(LEAVE, TRAVEL, LEAVE, TRAVEL))
    assert read == [0, 1]


def test_a_word_cut_at_the_end_of_a_line_is_whole_again() -> None:
    made = FPDF()
    made.set_font("helvetica", size=12)
    made.add_page()
    made.multi_cell(60, 6, "It is about hy\u00adphen\u00ada\u00adtion and how a line of it wraps.")
    text = read_bytes("a.pdf", bytes(made.output())).text
    assert "hyphenation" in text.replace("\n", " ")
    assert not set(text) & {"\x02", "\ufffe", "\r"}


def test_what_is_a_pdf_is_said_by_its_bytes_not_by_its_name() -> None:
    assert read_bytes("letter.txt", pdf(LEAVE)).media == "pdf"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (pdf(LEAVE, password="key"), "locked by a password"),
        (pdf(LEAVE)[:400], "is damaged"),
        (b"%PDF-1.7 and nothing else", "is damaged"),
        (pdf("", ""), "no text: its pages, 2 in all, are pictures"),
    ],
    ids=["locked", "cut short", "a name only", "scanned"],
)
def test_one_that_cannot_be_read_says_why_in_one_line(data: bytes, says: str) -> None:
    with pytest.raises(DocumentError, match=says) as refused:
        read_bytes("a.pdf", data)
    assert "\n" not in str(refused.value)
    assert refused.value.fix


def test_a_file_can_be_removed_once_it_is_read(tmp_path) -> None:
    """No handle is left open: on Windows that would keep the file."""
    import psutil

    from sprat.rag.read import read_file

    file = tmp_path / "a.pdf"
    file.write_bytes(pdf(LEAVE))
    read_file(file)
    assert str(file) not in [opened.path for opened in psutil.Process().open_files()]
