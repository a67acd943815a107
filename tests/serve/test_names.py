"""Names from clients: a strict pattern, and never a path, whatever lies in the working folder."""

import json
import shutil
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engines.tiny import build
from tests.foundry_service import foundry_service
from tests.serve.running import gateway, serving

from sprat.engines.foundry import catalogue, registry
from sprat.engines.foundry.service import find as service
from sprat.engines.onnx.providers import PROVIDERS
from sprat.engines.onnx.session import installed
from sprat.errors import SettingsError, UnknownModel, UsageError
from sprat.models.catalog import catalog
from sprat.models.names import EndpointModel, FoundryModel
from sprat.serve.gateway import Gateway
from sprat.serve.models.names import MOST_CHARACTERS, Names
from sprat.serve.models.offered import Offered
from sprat.settings import Endpoint, OnnxSettings, ServeSettings, Settings

LC = {"lc": Endpoint(url="http://127.0.0.1:9/v1")}


def names(models: dict[str, str] | None = None) -> Names:
    return Names(Settings(endpoints=LC, serve=ServeSettings(models=models or {})))


@pytest.mark.parametrize(
    "name",
    [
        "", " ", ".", "..", "/", "~", "~/x", "./x.gguf", "/etc/passwd", "../x", "lc/../x", "lc//x",
        "lc/.x", "C:\\x", "x\\y", "x\n", "smollm2-135m\n", "smollm2-135m\x00", "a/b/c/d/e",
        "hf:Qwen/Qwen3-0.6B-GGUF/Qwen3-0.6B-Q8_0.gguf", "scripted:answers.toml", "foundry:phi-4",
        "foundry/phi-4", "lc/", "lc", "other/model", "é", "x" * (MOST_CHARACTERS + 1), "%2e%2e/x",
    ],
)  # fmt: skip
def test_what_is_no_name_is_refused(name: str):
    with pytest.raises(UnknownModel):
        names().find(name)


@given(st.text(max_size=30))
def test_no_text_makes_it_look_for_a_file(text: str):
    try:
        found = names().find(text)
    except UnknownModel:
        return
    assert found.name in catalog() or isinstance(found.found, EndpointModel)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("smollm2-135n", "Did you mean smollm2-135m"),
        ("ollama/qwen3:4b", r"Add \[endpoints.ollama\]"),
        ("foundry:phi-4", "FOUNDRY_LOCAL_ENDPOINT"),
        ("gpt-4o", "See GET /v1/models"),
    ],
)
def test_an_unknown_name_is_told_what_is_missing(name: str, said: str):
    with pytest.raises(UnknownModel, match=said):
        names().find(name)


def test_a_name_is_found_in_any_case_and_told_in_its_own():
    assert names().find("SmolLM2-135M").name == "smollm2-135m"


def test_an_alias_and_what_it_stands_for_are_one_model():
    known = names(models={"mine": "smollm2-135m"})
    assert known.find("mine").source == known.find("smollm2-135m").source
    assert known.find("mine").name == "mine"


def test_an_alias_beats_the_catalogue_and_is_listed_once():
    known = names(models={"smollm2-135m": "lc/small"})
    assert known.find("smollm2-135m").where == "endpoint"
    assert [served.name for served in known.listed()].count("smollm2-135m") == 1


def test_what_an_alias_is_called_must_be_a_name():
    with pytest.raises(UsageError):
        names(models={"../x": "smollm2-135m"})


def test_a_slip_is_answered_with_what_is_near():
    with pytest.raises(UnknownModel) as told:
        names().find("smollm2-135")
    assert "smollm2-135m" in (told.value.fix or "")


def test_how_large_a_model_is_is_told_from_its_files(tmp_path: Path):
    folder = build(tmp_path / "tiny")
    known = names(models={"tiny": str(folder)})
    size = sum(file.stat().st_size for file in folder.iterdir())
    assert known.find("tiny").need_bytes == size * 3 // 2
    assert known.find("smollm2-135m").need_bytes > 100e6


def held_in_foundry(tmp_path: Path, alias: str, **more) -> Settings:
    """A home whose Foundry Local holds a folder under that alias."""
    settings = Settings(home=str(tmp_path / "home"), **more)
    folder = build(tmp_path / "tiny")
    registry.keep(
        registry.Registered(
            alias=alias, id=f"{alias}-generic-cpu:1", folder=str(folder), source="tiny"
        ),
        settings,
    )
    return settings


def test_only_what_foundry_local_holds_here_is_served_from_it(tmp_path: Path):
    known = Names(held_in_foundry(tmp_path, "tiny"))
    served = known.find("foundry:tiny")
    assert served.found == FoundryModel("tiny", "foundry:tiny")
    assert (served.where, served.owner) == ("local", "sprat")
    assert served.need_bytes > 0
    assert "foundry:tiny" in [one.name for one in known.listed()]
    with pytest.raises(UnknownModel, match="sprat foundry register"):
        known.find("foundry:phi-4-mini")


def test_where_a_foundry_endpoint_is_set_it_is_asked_instead(tmp_path: Path):
    at = {"foundry": Endpoint(url="http://127.0.0.1:9/v1")}
    known = Names(held_in_foundry(tmp_path, "tiny", endpoints=at))
    assert known.find("foundry:tiny").where == "endpoint"
    assert "foundry:tiny" not in [one.name for one in known.listed()]


def test_a_model_of_foundry_s_catalogue_is_fetched_only_where_the_gateway_may(tmp_path: Path):
    serve = ServeSettings(models={"phi": "foundry:phi-4-mini", "mine": "foundry:tiny"}, pull=False)
    settings = held_in_foundry(tmp_path, "tiny", serve=serve)
    known = Names(settings)
    offered = Offered(known, settings)
    offered.refuse_unfetched(known.find("mine"))
    with pytest.raises(UnknownModel, match="sprat ask foundry:phi-4-mini"):
        offered.refuse_unfetched(known.find("phi"))


def test_a_spoilt_list_of_foundry_s_models_hides_them_and_nothing_else(tmp_path: Path):
    settings = held_in_foundry(tmp_path, "tiny")
    (settings.foundry_dir / "registered.json").write_text("{")
    assert "smollm2-135m" in [one.name for one in Names(settings).listed()]


def test_a_model_whose_folder_is_gone_hides_no_other_and_its_path_is_not_told(tmp_path: Path):
    settings = held_in_foundry(tmp_path, "tiny", serve=ServeSettings(models={"x": "foundry:tiny"}))
    shutil.rmtree(tmp_path / "tiny")
    known = Names(settings)
    offered = Offered(known, settings)
    found = {one.name: offered.of(one) for one in known.listed()}
    assert "smollm2-135m" in found
    assert found["foundry:tiny"].on_disk is found["x"].on_disk is False
    with pytest.raises(UnknownModel) as asked:
        known.find("foundry:tiny")
    with pytest.raises(UnknownModel) as opened:
        offered.refuse_unfetched(known.find("x"))
    assert str(tmp_path) not in f"{asked.value}{opened.value}"


@pytest.mark.parametrize("name", ["foundry:TINY", "foundry:Tiny", "foundry:tiny-generic-cpu:1"])
def test_every_spelling_of_a_model_in_foundry_is_one_model(tmp_path: Path, name: str):
    serve = ServeSettings(models={"mine": name})
    known = Names(held_in_foundry(tmp_path, "tiny", serve=serve))
    plain, spelt, mine = (known.find(one) for one in ("foundry:tiny", name, "mine"))
    assert spelt == plain
    assert (mine.name, mine.source, mine.found) == ("mine", plain.source, plain.found)


def test_without_the_sdk_a_client_s_name_reaches_nothing_of_foundry_local(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(catalogue, "find_spec", lambda _: None)
    known = Names(held_in_foundry(tmp_path, "tiny"))
    assert "foundry:tiny" not in [one.name for one in known.listed()]
    with pytest.raises(UnknownModel):
        known.find("foundry:tiny")


def test_what_was_taken_out_while_a_request_waited_is_not_fetched_for_a_client(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(service, "USUAL", "http://127.0.0.1:9/v1")
    settings = held_in_foundry(tmp_path, "tiny", serve=ServeSettings(pull=True))
    known = Names(settings)
    waiting = known.find("foundry:tiny")
    registry.forget("tiny", settings)
    with pytest.raises(UnknownModel, match="not on this machine"):
        Offered(known, settings).refuse_unfetched(waiting)
    wanted = msgspec.structs.replace(settings, serve=ServeSettings(models={"x": "foundry:Tiny"}))
    named = Names(wanted)
    Offered(named, wanted).refuse_unfetched(named.find("x"))


async def test_a_name_that_a_service_answers_for_is_not_said_to_be_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    models = {"phi": "foundry:phi-4-mini"}
    settings = Settings(home=str(tmp_path), serve=ServeSettings(models=models))
    known = Names(settings)
    monkeypatch.setattr(service, "USUAL", "http://127.0.0.1:9/v1")
    without = {offer.name: offer.on_disk for offer in await Offered(known, settings).all()}
    with foundry_service("server") as running:
        monkeypatch.setattr(service, "USUAL", running.url)
        beside = {offer.name: offer.on_disk for offer in await Offered(known, settings).all()}
    assert (without["phi"], beside["phi"]) == (False, None)
    assert beside["smollm2-135m"] is without["smollm2-135m"]


def test_what_a_service_has_is_not_refused_where_nothing_may_be_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    serve = ServeSettings(models={"phi": "foundry:phi-4-mini"}, pull=False)
    settings = Settings(home=str(tmp_path), serve=serve)
    known = Names(settings)
    with foundry_service("server") as running:
        monkeypatch.setattr(service, "USUAL", running.url)
        Offered(known, settings).refuse_unfetched(known.find("phi"))


def test_a_name_costs_no_reading_while_nothing_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    known = Names(held_in_foundry(tmp_path, "tiny"))
    first = known.find("foundry:tiny")

    def refuse(*_: object) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    monkeypatch.setattr(Path, "rglob", refuse)
    assert known.find("foundry:tiny") == first


def test_foundry_local_s_need_holds_the_cache_of_the_whole_context(tmp_path: Path):
    served = Names(held_in_foundry(tmp_path, "tiny")).find("foundry:tiny")
    folder = tmp_path / "tiny"
    model = json.loads((folder / "genai_config.json").read_text("utf-8"))["model"]
    decoder = model["decoder"]
    numbers = decoder["num_hidden_layers"] * 2 * decoder["num_key_value_heads"]
    cache_bytes = numbers * decoder["head_size"] * model["context_length"] * 4
    weights_bytes = sum(file.stat().st_size for file in folder.iterdir())
    assert served.need_bytes == weights_bytes * 3 // 2 + cache_bytes


def test_a_provider_that_does_not_exist_keeps_the_gateway_from_starting(tmp_path: Path):
    settings = serving(tmp_path, base=Settings(onnx=OnnxSettings(provider="cuad")))
    with pytest.raises(SettingsError, match="cuad"):
        Gateway(settings)


async def test_a_provider_that_is_not_installed_is_no_fault_of_the_client_s(tmp_path: Path):
    missing = next(p.name for p in PROVIDERS if p not in installed())
    base = Settings(home=str(tmp_path), onnx=OnnxSettings(provider=missing))
    models = {"tiny": str(build(tmp_path / "tiny"))}
    async with gateway(serving(tmp_path, models=models, base=base)) as at:
        error = (await at.chat(model="tiny"))["error"]
    assert (error["type"], error["code"]) == ("server_error", "misconfigured")
    assert missing in error["message"]


async def test_a_folder_of_an_endpoints_name_in_the_working_folder_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    build(tmp_path / "lc" / "tiny")
    build(tmp_path / "smollm2-135m")
    (tmp_path / "lc" / "weights.gguf").write_bytes(b"GGUF")
    monkeypatch.chdir(tmp_path)
    settings = serving(tmp_path, endpoints={"lc": "http://127.0.0.1:9/v1"}, pull=False)
    async with gateway(settings) as at:
        for name in ("lc/tiny", "lc/weights.gguf", "lc/missing.gguf"):
            answer = await at.chat(model=name)
            assert "127.0.0.1:9" in answer["error"]["message"]  # the endpoint was asked
        answer = await at.chat(model="smollm2-135m")
        assert "not on this machine" in answer["error"]["message"]
        for name in ("tiny", "lc", "./lc/tiny", str(tmp_path / "lc" / "tiny")):
            refused = (await at.chat(model=name))["error"]
            assert refused["code"] in {"model_not_found", "invalid_value"}
