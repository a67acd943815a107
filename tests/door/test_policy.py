"""`policy:…` through the one door: both sides opened, and held against the file."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from sprat.door import open_engine
from sprat.door.identity import identity
from sprat.engines.base import ask
from sprat.errors import PolicyError, UnknownModel
from sprat.models.names import PolicyFile, resolve
from sprat.policies.engine import PolicyEngine
from sprat.policies.file import signed, write_policy
from sprat.policies.spec import Gates, Policy, Side
from sprat.settings import Endpoint, Settings
from sprat.types import ChatRequest, Message

Keep = Callable[..., Policy]


@pytest.fixture
def keep(settings: Settings, tmp_path: Path) -> Keep:
    """Write `policy:mine`, over two scripts unless told otherwise."""

    def write(**fields) -> Policy:
        sides = {
            which: Side(model=f"scripted:{tmp_path / which}.toml") for which in ("small", "large")
        }
        policy = Policy(**{"name": "mine", "kind": "fallback", **sides, **fields})
        write_policy(policy, settings.policies_dir / "mine.json")
        return signed(policy)

    (tmp_path / "small.toml").write_text('[[rule]]\ntext = "I don\'t know."', "utf-8")
    (tmp_path / "large.toml").write_text('[[rule]]\ntext = "Paris."', "utf-8")
    return write


def test_a_kept_policy_is_a_model_name(settings: Settings, keep: Keep):
    keep()
    found = resolve("policy:mine", settings)
    assert found == PolicyFile(settings.policies_dir / "mine.json", "policy:mine")
    with pytest.raises(UnknownModel, match="Did you mean policy:mine"):
        resolve("policy:mina", settings)


async def test_it_answers_as_an_engine_of_that_name(settings: Settings, keep: Keep):
    keep()
    engine = open_engine("policy:mine", settings)
    assert isinstance(engine, PolicyEngine)
    reply = await ask(engine, ChatRequest(messages=(Message("user", "Where?"),)))
    assert (engine.name, reply.text, reply.path) == ("policy:mine", "Paris.", "escalated")
    await engine.aclose()


def test_a_file_is_named_by_its_path(settings: Settings, keep: Keep):
    keep()
    path = settings.policies_dir / "mine.json"
    assert open_engine(f"policy:{path}", settings).name == f"policy:{path}"


def test_its_identity_is_its_hash_and_both_models(settings: Settings, keep: Keep):
    policy = keep()
    known = identity("policy:mine", settings)
    assert (known["policy"], known["sha256"]) == ("mine", policy.sha256)
    assert known["small"] == identity(policy.small.model, settings)


def test_other_weights_than_it_was_calibrated_for_are_refused(
    settings: Settings, keep: Keep, tmp_path: Path
):
    model = f"scripted:{tmp_path / 'small.toml'}"
    keep(small=Side(model=model, identity=identity(model, settings)))
    open_engine("policy:mine", settings)
    (tmp_path / "small.toml").write_text('[[rule]]\ntext = "Other."', "utf-8")
    with pytest.raises(
        PolicyError, match=r"calibrated for other weights: its small.*sprat calibrate"
    ):
        open_engine("policy:mine", settings)


def test_other_threads_are_the_same_weights():
    from sprat.door.policy import same_weights

    then = {"weights_sha256": "a", "recipe": 1, "threads": 2, "provider": "cpu"}
    assert same_weights(then, {**then, "threads": 8})
    assert not same_weights(then, {**then, "recipe": 2})


def test_a_policy_of_policies_is_refused(settings: Settings, keep: Keep):
    keep(large=Side(model="policy:mine"))
    with pytest.raises(PolicyError, match="a policy of policies"):
        open_engine("policy:mine", settings)


def test_a_side_that_means_nothing_is_said(settings: Settings, keep: Keep):
    keep(large=Side(model="qwen2.5-coder-0.5"))
    with pytest.raises(PolicyError, match=r"The large model of mine.*qwen2.5-coder-0.5b"):
        open_engine("policy:mine", settings)


def test_a_large_model_elsewhere_cannot_read_drafts(settings: Settings, keep: Keep):
    settings = msgspec.structs.replace(
        settings, endpoints={"far": Endpoint("https://far.example/v1")}
    )
    keep(kind="verify", large=Side(model="far/big"))
    with pytest.raises(PolicyError, match="far/big cannot"):
        open_engine("policy:mine", settings)


async def test_an_endpoint_elsewhere_is_away_and_one_on_this_machine_is_not(
    settings: Settings, keep: Keep
):
    near, far = Endpoint("http://127.0.0.1:9/v1"), Endpoint("https://far.example/v1")
    settings = msgspec.structs.replace(settings, endpoints={"near": near, "far": far})
    asked = ChatRequest(messages=(Message("user", "Where?"),))
    keep(gates=Gates(stay_here=True), large=Side(model="far/big"))
    engine = open_engine("policy:mine", settings)
    reply = await ask(engine, asked)
    assert (reply.path, reply.text) == ("direct", "I don't know.")
    await engine.aclose()
    keep(gates=Gates(stay_here=True), large=Side(model="near/big"))
    engine = open_engine("policy:mine", settings)
    assert (await ask(engine, asked)).path == "degraded"  # it was asked, but nobody listens there
    await engine.aclose()


def test_a_budget_for_a_model_without_a_price_is_refused(settings: Settings, keep: Keep):
    keep(gates=Gates(budget_usd=1.0))
    with pytest.raises(PolicyError, match=r"has no price here.*\[cost\]"):
        open_engine("policy:mine", settings)
