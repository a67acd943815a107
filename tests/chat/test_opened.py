"""What a chat is started with."""

import msgspec
import pytest

from sprat.chat.opened import (
    EMBEDDER,
    Models,
    Order,
    gates_for,
    grounds_with,
    open_desk,
    own_store,
    policies_for,
)
from sprat.chat.wishes import HYBRID, Wishes
from sprat.engines.script import Rule, Script
from sprat.engines.scripted import ScriptedEngine
from sprat.errors import DocumentError
from sprat.policies.file import signed, write_policy
from sprat.policies.spec import Policy, Side
from sprat.rag.gate import Gate, SideGate, write_gate


def models(*names):
    made = [ScriptedEngine(name, Script(rule=(Rule(text="x"),))) for name in names]
    return Models(small=made[0], large=made[1] if made[1:] else None, embedder=None)


async def nothing(store, embedder):
    """Indexes nothing."""


async def test_without_documents_there_is_no_store(settings):
    desk = await open_desk(models("s", "l"), Order(small="s", large="l"), settings, nothing)
    assert (desk.store, desk.finder) == (None, None)


async def test_the_same_documents_have_the_same_index_whatever_their_order(settings, tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    assert own_store([one, two], settings) == own_store([two, one], settings)
    assert own_store([one], settings) != own_store([two], settings)
    order = Order(small="s", large=None, docs=(one,), embedder=None)
    desk = await open_desk(models("s"), order, settings, nothing)
    assert desk.store is not None
    assert own_store([one], settings).is_dir()
    await desk.aclose()


async def test_an_index_of_the_chats_own_that_cannot_be_used_says_what_to_remove(
    settings, tmp_path
):
    async def broken(store, embedder):
        raise DocumentError("It cannot be used.", fix="Type: sprat index PATH --rebuild")

    order = Order(small="s", large=None, docs=(tmp_path,), embedder=None)
    with pytest.raises(DocumentError) as caught:
        await open_desk(models("s"), order, settings, broken)
    assert caught.value.fix == f"Remove {own_store([tmp_path], settings)}, and start again."


async def test_only_policies_about_these_two_models_are_offered(settings):
    settings.policies_dir.mkdir(parents=True)
    for name, small in (("ours", "s"), ("theirs", "other")):
        policy = Policy(name=name, kind="cascade", small=Side(model=small), large=Side(model="l"))
        write_policy(signed(policy), settings.policies_dir / f"{name}.json")
    (settings.policies_dir / "broken.json").write_text("{")
    both = models("s", "l")
    assert [one.name for one in policies_for(both.small, both.large, settings)] == ["ours"]
    assert policies_for(both.small, None, settings) == []


def gate_file(settings, name, **small):
    path = settings.gates_dir / f"{name}.gate.json"
    write_gate(Gate(name=name, small=SideGate(**small)), path)
    return path


def test_only_gates_about_these_models_are_offered(settings):
    gate_file(settings, "ours")
    gate_file(settings, "theirs", model="m", identity={"weights": {"sha256": "other"}})
    (settings.gates_dir / "broken.gate.json").write_text("{")
    order = Order(small="s", large=None)
    assert [gate.name for gate in gates_for(order, settings)] == ["rules", "ours"]
    asked = msgspec.structs.replace(order, gate=gate_file(settings, "zest"))
    assert [gate.name for gate in gates_for(asked, settings)] == ["zest", "rules", "ours"]


async def test_over_documents_the_chosen_gate_decides(settings, tmp_path):
    gate_file(settings, "mute", threshold=None)
    order = Order(small="scripted:s", large="scripted:l", docs=(tmp_path,), embedder=None)
    desk = await open_desk(models("s", "l"), order, settings, nothing)
    assert desk.policies(HYBRID) == ("rules", "mute")
    made = {
        name: desk.engine(HYBRID, Wishes(policy=name), desk.finder, lambda step: None).gate.name
        for name in ("mute", "rules", "", "removed since")
    }
    assert made == {"mute": "mute", "rules": "rules", "": "rules", "removed since": "rules"}
    await desk.aclose()


def test_the_first_gate_decides_where_none_is_wished_for():
    gates = [Gate(name="first", small=SideGate(threshold=None)), Gate()]
    engine = grounds_with(gates)(None, None, models("l").small, Wishes(), lambda step: None)
    assert engine.gate.name == "first"


def test_the_usual_embedder_is_a_model_of_the_catalogue(settings):
    from sprat.models.names import resolve

    assert resolve(EMBEDDER, settings).name == EMBEDDER
