"""`open_grounded`: a store, models and a gate become one engine, and are closed as one."""

import hashlib
from pathlib import Path

import msgspec
import pytest

from sprat.door import open_engine
from sprat.door.grounded import open_grounded
from sprat.door.identity import identity
from sprat.engines.base import ask
from sprat.errors import DocumentError, PolicyError, UsageError
from sprat.rag.document import Document, Passage
from sprat.rag.gate import Gate, SideGate, write_gate
from sprat.rag.store import open_store
from sprat.settings import Settings
from sprat.types import ChatRequest, Message

TEXT = "The Seine flows through Paris."
REQUEST = ChatRequest(messages=(Message("user", "Through which city does the Seine flow?"),))


@pytest.fixture
def place(tmp_path: Path) -> str:
    folder = str(tmp_path / "index")
    store = open_store(folder, create=True)
    digest = hashlib.sha256(TEXT.encode()).hexdigest()
    store.put(
        Document(file="/a.md", title="A", sha256=digest, bytes=30, media="text", text=TEXT),
        [Passage(file="/a.md", start=0, end=len(TEXT), text=TEXT)],
        None,
    )
    store.close()
    return folder


@pytest.fixture
def model(tmp_path: Path) -> str:
    file = tmp_path / "model.toml"
    file.write_text(
        "[[rule]]\ntext = '''\"The Seine flows through Paris\" [1]\nParis'''\n", "utf-8"
    )
    return f"scripted:{file}"


async def test_it_answers_and_lets_everything_go(place: str, model: str, settings: Settings):
    engine = open_grounded(settings, store=place, small=model)
    reply = await ask(engine, REQUEST)
    await engine.aclose()
    await engine.aclose()
    assert (reply.text, reply.answered) == ("Paris [1]", True)


async def test_docs_is_a_model_name(place: str, model: str, settings: Settings):
    settings = msgspec.structs.replace(settings, small=model, large=model)
    engine = open_engine(f"docs:{place}", settings)
    reply = await ask(engine, REQUEST)
    await engine.aclose()
    assert (engine.name, reply.text) == (f"docs:{place}", "Paris [1]")


def test_what_makes_its_answers_its_own_are_documents_and_models(
    place: str, model: str, settings: Settings
):
    settings = msgspec.structs.replace(settings, small=model, large=model)
    before = identity(f"docs:{place}", settings)
    assert before["small"] == before["large"] == identity(model, settings)
    store = open_store(place)
    store.remove(["/a.md"])
    store.close()
    assert identity(f"docs:{place}", settings)["documents_sha256"] != before["documents_sha256"]


def test_documents_behind_documents_are_refused(place: str, settings: Settings):
    with pytest.raises(UsageError, match="answers from documents itself"):
        open_grounded(settings, store=place, small=f"docs:{place}")


def test_no_model_is_no_engine(place: str, settings: Settings):
    with pytest.raises(UsageError, match="No model"):
        open_grounded(settings, store=place)


def test_no_index_says_how_to_make_one(settings: Settings, model: str):
    with pytest.raises(DocumentError) as caught:
        open_grounded(settings, small=model)
    assert "sprat index" in str(caught.value)


def test_a_gate_for_other_weights_is_refused(
    place: str, model: str, settings: Settings, tmp_path: Path
):
    side = SideGate(model="other", identity={"weights_sha256": "other"})
    write_gate(Gate(name="mine", small=side), tmp_path / "gate.json")
    with pytest.raises(PolicyError, match="calibrated for other"):
        open_grounded(settings, store=place, small=model, gate=tmp_path / "gate.json")


def test_a_gate_that_hears_nobody_is_refused(place: str, model: str, settings: Settings):
    gate = Gate(name="deaf", small=SideGate(threshold=None))
    with pytest.raises(PolicyError, match="never gives an answer"):
        open_grounded(settings, store=place, small=model, gate=gate)
