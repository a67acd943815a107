"""What a chat is started with."""

import pytest

from sprat.chat.opened import EMBEDDER, Models, Order, open_desk, own_store, policies_for
from sprat.engines.script import Rule, Script
from sprat.engines.scripted import ScriptedEngine
from sprat.errors import DocumentError
from sprat.policies.file import signed, write_policy
from sprat.policies.spec import Policy, Side


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


def test_the_usual_embedder_is_a_model_of_the_catalogue(settings):
    from sprat.models.names import resolve

    assert resolve(EMBEDDER, settings).name == EMBEDDER
