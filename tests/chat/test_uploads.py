"""What is uploaded into a chat: indexed, found, bounded, and gone with it."""

from uuid import uuid4

import pytest
from tests.rag.embedding import TinyEmbedder

from sprat.chat import find
from sprat.chat.find import Together, Uploads, remove_uploads
from sprat.chat.history.attachments import Attachments, is_shown
from sprat.errors import DocumentError
from sprat.rag.document import Found, Passage, Retrieved

NOTE = b"# Boiler\n\nThe red lamp means that the boiler is cold.\n"


async def test_an_upload_is_found_again_after_a_restart(tmp_path):
    folder = tmp_path / "chat"
    first = Uploads(folder, None)
    assert not await first.open()
    assert first.finder() is None
    assert await first.add("boiler.md", NOTE) == 1
    assert first.names() == ("boiler.md",)
    first.close()
    again = Uploads(folder, None)
    assert await again.open()
    found = (await again.finder().find("What does the red lamp mean?")).found
    assert "boiler is cold" in found[0].passage.text
    assert again.text("boiler.md") == NOTE.decode()
    again.close()


async def test_an_upload_of_another_embedders_days_is_found_by_its_words(tmp_path):
    first = Uploads(tmp_path / "chat", TinyEmbedder())
    await first.add("boiler.md", NOTE)
    first.close()
    other = TinyEmbedder()
    other.name = "another"
    again = Uploads(tmp_path / "chat", other)
    assert await again.open()
    await again.add("tap.md", b"# Tap\n\nThe blue lever opens the cold water.\n")
    for question, words in (("red lamp", "boiler is cold"), ("blue lever", "cold water")):
        found = (await again.finder().find(question)).found
        assert words in found[0].passage.text
    again.close()


async def test_the_same_name_takes_the_place_of_the_first(tmp_path):
    uploads = Uploads(tmp_path / "chat", None)
    await uploads.add("boiler.md", NOTE)
    await uploads.add("boiler.md", b"The lamp is green now.\n")
    assert uploads.names() == ("boiler.md",)
    assert "green" in uploads.text("boiler.md")
    uploads.close()


async def test_a_file_that_cannot_be_read_leaves_the_chat_as_it_was(tmp_path):
    uploads = Uploads(tmp_path / "chat", None)
    with pytest.raises(DocumentError, match=r"broken\.pdf"):
        await uploads.add("broken.pdf", b"%PDF-1.4 and no more")
    assert uploads.names() == ()
    uploads.close()


async def test_a_chat_holds_only_so_many_documents_and_bytes(tmp_path, monkeypatch):
    uploads = Uploads(tmp_path / "chat", None)
    monkeypatch.setattr(find, "MOST_DOCUMENTS", 1)
    await uploads.add("one.md", NOTE)
    with pytest.raises(DocumentError, match="1 are the most"):
        await uploads.add("two.md", NOTE)
    await uploads.add("one.md", NOTE)  # in its own place there is room
    await uploads.add("folder/one.md", NOTE)  # by whatever folder a browser calls it
    monkeypatch.setattr(find, "MOST_BYTES", 100)
    with pytest.raises(DocumentError, match="of documents"):
        await uploads.add("one.md", b"word " * 100)
    uploads.close()


def test_what_was_uploaded_goes_with_its_chat_and_no_name_leads_elsewhere(tmp_path):
    thread = str(uuid4())
    (tmp_path / "uploads" / thread).mkdir(parents=True)
    (tmp_path / "other").mkdir()
    for name in ("../other", "..", "", "/"):
        remove_uploads(tmp_path / "uploads", name)
    assert (tmp_path / "other").is_dir()
    assert (tmp_path / "uploads" / thread).is_dir()
    remove_uploads(tmp_path / "uploads", thread)
    assert not (tmp_path / "uploads" / thread).exists()


def test_an_attachment_is_named_by_its_identifiers_alone(tmp_path):
    kept = Attachments(tmp_path)
    (tmp_path / "secret").write_text("x")
    assert kept.find("..", "secret") is None
    assert kept.find(str(uuid4()), "../secret") is None


def test_a_browser_shows_only_what_cannot_run():
    assert is_shown("application/pdf")
    for media in ("text/html", "image/svg+xml", "application/pdf; x", None, ""):
        assert not is_shown(media)


class Fixed:
    def __init__(self, *scores):
        self.scores = scores

    async def find(self, query, most=6):
        found = [
            Found(passage=Passage(file=str(score), start=0, end=1, text="x"), score=score)
            for score in self.scores
        ]
        return Retrieved(query=query, found=tuple(found[:most]), lexical_s=0.1, embed_s=None)


async def test_the_best_of_several_finders_are_the_best():
    both = await Together([Fixed(0.9, 0.2), Fixed(0.5, 0.3)]).find("x", 3)
    assert [one.score for one in both.found] == [0.9, 0.5, 0.3]
    assert both.embed_s is None
    assert (await Together([Fixed(), Fixed()]).find("x")).found == ()
