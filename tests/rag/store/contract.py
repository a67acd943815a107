"""What every store promises, as sentences. A module for each store runs them over it."""

import struct
import threading
from collections.abc import Callable, Iterator

import pytest
from tests.rag.store.samples import (
    BREAD,
    DIMENSIONS,
    FISH,
    STAR,
    around,
    cut,
    document,
    vector,
)

from sprat.errors import DocumentError
from sprat.rag.document import Document, Hit, Passage
from sprat.rag.store.base import FORMAT, Store

Opener = Callable[..., Store]
"""Opens the same place again: `create=False, embedder="tiny", dimensions=4` unless told."""

ODD = [
    "",
    " \n\t",
    '"',
    "'; DROP TABLE passages; --",
    "AND OR NOT NEAR(",
    "fish*^:{}()[]\\",
    "text:fish",
    "-fish +fish",
    "🐟🐠" * 500,
    "\x00fish\x00",
    "\ud800",
    "fish " * 20_000,
    "日本語の文章",
    " ".join(f"word{n}" for n in range(5_000)),
]


def passages_of(store: Store, hits: list[Hit]) -> list[Passage]:
    found = store.passages([hit.key for hit in hits])
    return [found[hit.key] for hit in hits]


def put(store: Store, of: Document, first: int = 0) -> list[Passage]:
    """Keep it with vectors that begin at a direction of its own."""
    passages = cut(of)
    store.put(of, passages, around(len(passages), first))
    return passages


class StoreContract:
    """Subclasses give `opener`."""

    @pytest.fixture
    def opener(self, tmp_path) -> Opener:
        raise NotImplementedError

    @pytest.fixture
    def store(self, opener: Opener) -> Iterator[Store]:
        made = opener(create=True)
        yield made
        made.close()
        made.close()  # safe to call twice

    # -- what is kept ----------------------------------------------------------------------------

    def test_a_new_store_is_empty(self, store: Store):
        info = store.info()
        assert (info.documents, info.passages, info.format) == (0, 0, FORMAT)
        assert store.documents() == {}
        assert store.lexical("fish", 5) == []
        assert store.dense(vector(1, 0, 0, 0), 5) == []

    def test_a_document_is_kept_as_it_was(self, store: Store):
        of = document(title="Étoile 🌟", media="pdf")
        put(store, of)
        kept = store.documents()[of.file]
        assert (kept.title, kept.sha256, kept.bytes, kept.media) == (
            of.title,
            of.sha256,
            of.bytes,
            of.media,
        )
        assert (kept.passages, kept.embedded) == (2, True)
        assert store.text(of.file) == of.text
        info = store.info()
        assert (info.documents, info.passages) == (1, 2)
        assert (info.embedder, info.dimensions) == ("tiny", DIMENSIONS)

    def test_a_passage_is_kept_with_its_page_and_its_heading(self, store: Store):
        of = document()
        whole = cut(of, heading="Food > Fish", page=7)
        store.put(of, whole, around(len(whole)))
        assert passages_of(store, store.lexical("chips", 5)) == [whole[1]]

    def test_no_text_is_changed(self, store: Store):
        of = document("/docs/ö 🌟.txt", STAR + "\x00\r\n\t end ")
        put(store, of)
        assert store.text(of.file) == of.text
        assert passages_of(store, store.lexical("fusion", 1))[0] == cut(of)[0]

    def test_half_a_character_is_kept_as_an_unknown_one(self, store: Store):
        put(store, document(text="Half \ud83d a fish"))
        assert store.text("/docs/fish.md") == "Half \ufffd a fish"
        assert passages_of(store, store.lexical("half", 1))[0].text == "Half \ufffd a fish"

    def test_a_file_that_is_not_there_has_no_text(self, store: Store):
        assert store.text("/nowhere") is None

    def test_a_document_without_passages_is_kept(self, store: Store):
        store.put(document(text=""), [], [])
        assert store.documents()["/docs/fish.md"].passages == 0
        assert store.text("/docs/fish.md") == ""

    def test_a_document_takes_the_place_of_what_its_file_had(self, store: Store):
        put(store, document(text=FISH))
        put(store, document(text=BREAD, sha256="cd" * 32), first=8)
        assert store.lexical("chips", 5) == []
        assert passages_of(store, store.lexical("yeast", 5))
        assert store.info().passages == 2
        assert store.documents()["/docs/fish.md"].sha256 == "cd" * 32
        assert store.text("/docs/fish.md") == BREAD
        best = store.dense(around(1)[0], 10)
        assert {one.text for one in passages_of(store, best)} == {
            p.text for p in cut(document(text=BREAD))
        }

    def test_what_is_removed_is_found_no_more(self, store: Store):
        put(store, document())
        put(store, document("/docs/bread.md", BREAD), first=8)
        keys = [hit.key for hit in store.lexical("chips", 5)]
        assert store.remove(["/docs/fish.md", "/docs/never.md"]) == 1
        assert store.remove(["/docs/fish.md"]) == 0
        assert store.passages(keys) == {}
        assert store.lexical("chips", 5) == []
        assert {one.file for one in passages_of(store, store.dense(around(1)[0], 9))} == {
            "/docs/bread.md"
        }
        assert list(store.documents()) == ["/docs/bread.md"]
        assert store.text("/docs/fish.md") is None

    def test_a_key_is_never_another_passages(self, store: Store):
        put(store, document())
        old = {hit.key for hit in store.dense(around(1)[0], 9)}
        put(store, document("/docs/bread.md", BREAD), first=8)
        store.remove(["/docs/fish.md"])
        put(store, document("/docs/star.md", STAR), first=16)
        assert store.passages(sorted(old)) == {}

    def test_the_keys_of_a_documents_passages_follow_each_other(self, store: Store):
        of = document(text=". ".join(f"Sentence {n}" for n in range(30)))
        whole = put(store, of)
        (middle,) = store.lexical("15", 1)
        found = store.passages([middle.key - 1, middle.key, middle.key + 1])
        assert [found[middle.key + at] for at in (-1, 0, 1)] == whole[14:17]

    def test_it_is_all_there_when_it_is_opened_again(self, store: Store, opener: Opener):
        of = document()
        put(store, of)
        store.close()
        again = opener()
        try:
            assert again.text(of.file) == of.text
            assert passages_of(again, again.lexical("chips", 5)) == [cut(of)[1]]
            assert len(again.dense(around(1)[0], 5)) == 2
        finally:
            again.close()

    def test_a_thousand_passages_are_as_good_as_one(self, store: Store):
        of = document(text=". ".join(f"Sentence {n} of many" for n in range(1200)))
        put(store, of)
        hits = store.lexical("sentence", 1200)
        assert len(hits) == 1200
        assert len(store.passages([hit.key for hit in hits])) == 1200
        assert passages_of(store, store.lexical("777", 3)) == [cut(of)[777]]

    # -- what is found ---------------------------------------------------------------------------

    def test_words_are_found_in_any_of_their_forms(self, store: Store):
        put(store, document("/docs/bread.md", BREAD))
        put(store, document("/docs/star.md", STAR))
        (hit, *_) = passages_of(store, store.lexical("How was it RISING?", 5))
        assert hit.text.startswith("Bread rises")
        (hit, *_) = passages_of(store, store.lexical("etoile", 5))
        assert hit.text.startswith("Étoile")

    def test_the_rarer_word_decides(self, store: Store):
        for n in range(20):
            put(store, document(f"/docs/{n}.md", f"The common word stands in file {n}"))
        put(store, document("/docs/rare.md", "The uncommon zebra stands here"))
        hits = store.lexical("common zebra", 30)
        assert passages_of(store, hits)[0].file == "/docs/rare.md"
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
        assert len(hits) == 21

    def test_a_heading_is_found_too(self, store: Store):
        of = document()
        whole = cut(of, heading="Food > Gadidae")
        store.put(of, whole, around(len(whole)))
        assert {one.heading for one in passages_of(store, store.lexical("gadidae", 5))} == {
            "Food > Gadidae"
        }

    @pytest.mark.parametrize("query", ODD, ids=range(len(ODD)))
    def test_any_text_is_a_query(self, store: Store, query: str):
        put(store, document())
        for hit in store.lexical(query, 5):
            assert store.passages([hit.key])[hit.key].file == "/docs/fish.md"

    def test_operators_are_words_like_others(self, store: Store):
        put(store, document("/docs/star.md", STAR))
        put(store, document("/docs/bread.md", BREAD))
        found = passages_of(store, store.lexical('fish "chips AND NOT yeast', 5))
        assert {one.file for one in found} == {"/docs/star.md", "/docs/bread.md"}

    def test_no_more_are_found_than_asked_for(self, store: Store):
        put(store, document())
        assert len(store.lexical("cod chips", 1)) == 1
        assert len(store.dense(around(1)[0], 1)) == 1
        assert store.lexical("cod chips", 0) == []
        assert store.dense(around(1)[0], 0) == []

    def test_the_nearest_vector_comes_first_by_its_cosine(self, store: Store):
        whole = put(store, document(text=". ".join(f"Sentence {n}" for n in range(20))))
        hits = store.dense(around(1, first=9)[0], 3)
        assert passages_of(store, hits)[0] == whole[9]
        assert hits[0].score == pytest.approx(1, abs=1e-5)
        assert hits[1].score == pytest.approx(0.9988, abs=1e-4)  # the cosine of pi / 64
        assert {one.text for one in passages_of(store, hits)} == {
            f"Sentence {n}" for n in (8, 9, 10)
        }

    def test_vectors_of_any_length_are_compared_by_their_angle(self, store: Store):
        whole = cut(document())
        long = [struct.pack("<4f", 30, 40, 0, 0), struct.pack("<4f", 0, 0, 0.001, 0)]
        store.put(document(), whole, long)
        (hit, *_) = store.dense(struct.pack("<4f", 0.3, 0.4, 0, 0), 1)
        assert hit.score == pytest.approx(1, abs=1e-5)
        assert store.passages([hit.key])[hit.key] == whole[0]

    def test_freed_places_are_taken_again_and_found_rightly(self, store: Store):
        for n in range(6):
            put(store, document(f"/docs/{n}.md", f"File {n} is here. It has two"), first=2 * n)
        store.remove([f"/docs/{n}.md" for n in (1, 3)])
        put(store, document("/docs/new.md", "New one is here. And more. Of it"), first=40)
        found = passages_of(store, store.dense(around(1, first=40)[0], 3))
        assert {one.file for one in found} == {"/docs/new.md"}
        assert len(store.dense(around(1)[0], 99)) == 11

    # -- without vectors -------------------------------------------------------------------------

    def test_words_alone_are_enough(self, opener: Opener):
        store = opener(create=True, embedder=None, dimensions=None)
        try:
            store.put(document(), cut(document()), None)
            assert store.documents()["/docs/fish.md"].embedded is False
            assert len(store.lexical("chips", 5)) == 1
            assert store.dense(vector(1, 0, 0, 0), 5) == []
            assert store.info().embedder is None
        finally:
            store.close()

    def test_vectors_can_come_later(self, opener: Opener):
        store = opener(create=True, embedder=None, dimensions=None)
        store.put(document(), cut(document()), None)
        store.put(document("/docs/bread.md", BREAD), cut(document("/docs/bread.md", BREAD)), None)
        store.close()
        store = opener(create=True)
        try:
            put(store, document())
            embedded = {file: one.embedded for file, one in store.documents().items()}
            assert embedded == {"/docs/fish.md": True, "/docs/bread.md": False}
            assert len(store.dense(around(1)[0], 9)) == 2
            assert len(store.lexical("yeast chips", 9)) == 3
        finally:
            store.close()

    def test_the_first_vectors_say_how_long_they_are(self, opener: Opener):
        store = opener(create=True, embedder="tiny", dimensions=None)
        try:
            put(store, document())
            assert store.info().dimensions == DIMENSIONS
            assert len(store.dense(around(1)[0], 9)) == 2
        finally:
            store.close()

    # -- what is refused -------------------------------------------------------------------------

    def test_another_embedders_vectors_are_refused(self, store: Store, opener: Opener):
        put(store, document())
        store.close()
        for create in (False, True):
            with pytest.raises(DocumentError, match=r"tiny.*other") as caught:
                opener(create=create, embedder="other")
            assert "\n" not in str(caught.value)
            assert "--rebuild" in str(caught.value)

    @pytest.mark.parametrize("bad", [b"", b"\0" * 12, b"\0" * 20, vector(float("nan"), 0, 0, 0)])
    def test_a_vector_that_is_none_is_refused_and_nothing_changes(self, store: Store, bad: bytes):
        put(store, document())
        with pytest.raises(DocumentError):
            store.put(document(text=BREAD), cut(document(text=BREAD)), [around(1)[0], bad])
        assert store.text("/docs/fish.md") == FISH
        assert len(store.lexical("chips", 5)) == 1
        assert len(store.dense(around(1)[0], 5)) == 2

    def test_a_question_of_another_size_is_refused(self, store: Store):
        put(store, document())
        with pytest.raises(DocumentError, match="dimensions"):
            store.dense(vector(1, 0, 0), 5)

    def test_as_many_vectors_as_passages_are_wanted(self, store: Store):
        with pytest.raises(DocumentError, match="1 vector"):
            store.put(document(), cut(document()), around(1))
        assert store.documents() == {}

    def test_vectors_of_no_embedder_are_refused(self, opener: Opener):
        store = opener(create=True, embedder=None, dimensions=None)
        try:
            with pytest.raises(DocumentError, match="embedding model"):
                put(store, document())
        finally:
            store.close()

    def test_a_place_that_holds_nothing_says_how_to_begin(self, opener: Opener):
        with pytest.raises(DocumentError, match="sprat index") as caught:
            opener()
        assert "\n" not in str(caught.value)

    # -- at once ---------------------------------------------------------------------------------

    def test_threads_may_share_it(self, store: Store):
        put(store, document())
        failed = list[BaseException]()

        def work(number: int) -> None:
            try:
                for n in range(5):
                    put(store, document(f"/docs/{number}-{n}.md", BREAD), first=number)
                    assert store.lexical("yeast", 3)
                    assert store.dense(around(1)[0], 3)
            except BaseException as error:  # noqa: BLE001 - told to the test
                failed.append(error)

        threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failed == []
        assert store.info().documents == 21
        assert len(store.dense(around(1)[0], 99)) == 42
