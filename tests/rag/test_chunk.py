"""Documents are cut into passages that are exactly where they say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sprat.rag.chunk import HEADING_TOKENS, MOST_TOKENS, chunk, worded
from sprat.rag.document import Document
from sprat.rag.read import read_bytes
from sprat.rag.tokens import tokens_about

WORDS = "A sprat is a small fish of the herring family. "


def markdown(text: str) -> Document:
    return read_bytes("a.md", text.encode())


HOSTILE = [
    *("# H\n", "## 見出し\n", "```\n", "\n\n", "- ", "| a | b |\n", ". ", "。", "\n---\n"),
    *("é\u0301" * 40, "x" * 700, "가나다" * 90, "👩‍👩‍👧‍👦" * 30, "\u0131" * 50),
    *(WORDS * 12, "\u202e", "\x0c"),
]
hostile = st.lists(st.text(max_size=60) | st.sampled_from(HOSTILE), max_size=40).map("".join)


@given(hostile, st.sampled_from(["a.md", "a.py", "a.txt", "a.rst"]), st.integers(1, 300))
def test_a_passage_is_the_documents_text_at_its_place(text: str, name: str, most: int) -> None:
    document = made(name, text)
    passages = chunk(document, most)
    for passage in passages:
        assert document.text[passage.start : passage.end] == passage.text
        assert passage.text == passage.text.strip()
        assert len(passage.text) == 1 or tokens_about(passage.text) <= most
    ends = [0, *(passage.end for passage in passages)]
    starts = [*(passage.start for passage in passages), len(document.text)]
    for end, start in zip(ends, starts, strict=True):
        assert end <= start
        assert not any(map(str.isalnum, document.text[end:start]))


def made(name: str, text: str) -> Document:
    """As it would be read; texts that are none are taken as they are."""
    from sprat.errors import DocumentError

    try:
        return read_bytes(name, text.encode("utf-8", "replace"))
    except DocumentError:
        return Document(file=name, title="", sha256="", bytes=0, media="text", text="")


@given(hostile)
def test_a_passage_under_its_headings_is_no_longer_than_agreed(text: str) -> None:
    for passage in chunk(made("a.md", text)):
        assert tokens_about(worded(passage)) <= MOST_TOKENS + HEADING_TOKENS


@pytest.mark.parametrize("heading", ["가나다" * 60, "a b " * 60])
def test_a_long_heading_is_cut_by_its_tokens_whatever_its_script(heading: str) -> None:
    passages = chunk(markdown(f"# {heading}\n\n{WORDS * 5}"))
    assert all(
        tokens_about(worded(one)) <= MOST_TOKENS + HEADING_TOKENS for one in passages if one.heading
    )


def test_a_heading_begins_a_passage_and_its_path_is_kept() -> None:
    text = f"# Fish\n\n{WORDS * 5}\n\n## Small\n\n{WORDS * 5}\n\n# Birds\n\n{WORDS * 5}"
    assert [(one.heading, one.text.split("\n")[0]) for one in chunk(markdown(text))] == [
        ("Fish", "# Fish"),
        ("Fish > Small", "## Small"),
        ("Birds", "# Birds"),
    ]


def test_a_heading_with_nothing_under_it_stays_with_the_next() -> None:
    text = f"# Fish\n\n## Small\n\n{WORDS * 5}"
    assert [one.heading for one in chunk(markdown(text))] == ["Fish > Small"]


def test_code_and_tables_are_kept_whole_where_they_fit() -> None:
    fence = "```python\n" + "a = 1\n\n" * 20 + "```"
    table = "\n".join(f"| row {n} | {n} |" for n in range(15))
    text = "\n\n".join([WORDS * 12, fence, WORDS * 12, table, WORDS * 12])
    passages = [one.text for one in chunk(markdown(text))]
    assert any(fence in passage for passage in passages)
    assert any(table in passage for passage in passages)


def test_a_long_table_is_cut_between_rows() -> None:
    rows = [f"| row {n} | one. two. three |" for n in range(200)]
    passages = chunk(markdown("# Rows\n\n" + "\n".join(rows)))
    assert len(passages) > 5
    assert all(line in {"# Rows", "", *rows} for one in passages for line in one.text.split("\n"))


def test_prose_is_cut_between_sentences_and_into_about_equal_parts() -> None:
    passages = chunk(markdown(WORDS * 40))
    assert all(one.text.endswith("family.") for one in passages)
    lengths = [len(one.text) for one in passages]
    assert min(lengths) > max(lengths) / 2


def test_words_that_lead_on_stay_with_what_they_lead_to() -> None:
    text = f"{WORDS * 14}\n\nThese are the days:\n\n- Monday\n- Tuesday\n\n{WORDS * 14}"
    assert any("days:\n\n- Monday" in one.text for one in chunk(markdown(text)))


def test_the_page_of_a_passage_is_the_one_it_begins_on() -> None:
    from tests.rag.papers import pdf

    document = read_bytes("a.pdf", pdf(WORDS * 20, "", WORDS * 20))
    passages = chunk(document)
    assert {one.page for one in passages} == {1, 3}
    assert all(document.pages[(one.page or 0) - 1] <= one.start for one in passages)


def test_a_function_is_found_under_its_class() -> None:
    body = "".join(f"        a{n} = {n}\n" for n in range(40))
    code = f"class Fish:\n    def swim(self):\n{body}\n    def eat(self):\n{body}"
    assert [one.heading for one in chunk(read_bytes("a.py", code.encode()))] == [
        "class Fish",
        "class Fish > def eat",
    ]


def test_what_says_nothing_is_no_passage() -> None:
    assert chunk(markdown("---- ***\n\n***\n\n…")) == []


@pytest.mark.real
def test_minilm_reads_every_passage_whole(real_settings) -> None:
    """The tokenizer itself is the oracle: over this project's own pages and code."""
    from pathlib import Path

    import tokenizers

    from sprat.rag.read import read_file

    file = real_settings.models_dir / "all-minilm-l6-v2" / "tokenizer.json"
    if not file.is_file():
        pytest.skip("all-minilm-l6-v2 is not fetched")
    tokenizer = tokenizers.Tokenizer.from_file(str(file))
    tokenizer.no_truncation()
    root = Path(__file__).parent.parent.parent
    for path in [*(root / "docs").glob("*.md"), *(root / "src/sprat/rag").rglob("*.py")]:
        for passage in chunk(read_file(path)):
            assert len(tokenizer.encode(worded(passage)).ids) <= 256, (path, passage.heading)
