"""`sprat.toml`: what cannot work is refused by name, before anything is asked of a model."""

import re
import tomllib
from pathlib import Path

import pytest

from sprat.errors import SettingsError
from sprat.settings import (
    CostSettings,
    Endpoint,
    OnnxSettings,
    ServeSettings,
    Settings,
    TokenPrice,
    load_settings,
)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[onnx]\nthreads = 100000", "threads"),
        ("[onnx]\nthreads = -3", "threads"),
        ("[onnx]\nthread = 2", "thread"),
        ('[endpoints.x]\nurl = "http://a/v1"\ntimeout_s = -1', "timeout_s"),
        ('[endpoints.x]\nurl = "localhost:11434"', "[endpoints.x] url"),
        ('[endpoints.x]\nurl = ""', "[endpoints.x] url"),
        ('[endpoints.x]\nurl = "http://a/v1"\nkey_env = ""', "key_env"),
        ('[serve]\nkey_env = ""', "$.serve.key_env"),
        ('smal = "x"', "smal"),
        ("[cost]\nmachine_usd = 1500\nmachine_years = 4", "busy_share"),
        ("[cost]\nbusy_share = 1.5", "busy_share"),
        ("[cost]\nwatts = 0", "watts"),
        ("[cost.models.x]\ninput_usd_per_mtok = 1", "output_usd_per_mtok"),
    ],
)
def test_a_setting_that_cannot_work_is_refused_by_name(tmp_path, text, named):
    file = tmp_path / "sprat.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as refused:
        load_settings(file, {})
    assert named in str(refused.value)


def test_what_works_is_taken_as_it_stands(tmp_path):
    file = tmp_path / "sprat.toml"
    file.write_text(
        '[onnx]\nthreads = 3\n[endpoints.x]\nurl = "https://a/v1"\ntimeout_s = 2', encoding="utf-8"
    )
    settings = load_settings(file, {})
    assert settings.onnx.threads == 3
    assert settings.endpoints["x"].timeout_s == 2


def test_the_page_about_settings_shows_every_key_and_every_variable():
    page = (Path(__file__).parent.parent / "docs" / "settings.md").read_text("utf-8")
    shown = tomllib.loads(re.search(r"```toml\n(.*?)```", page, re.DOTALL)[1])
    assert set(shown) == set(Settings.__struct_fields__)
    assert set(shown["onnx"]) == set(OnnxSettings.__struct_fields__)
    assert set(shown["serve"]) == set(ServeSettings.__struct_fields__)
    assert set(shown["cost"]) == set(CostSettings.__struct_fields__)
    prices = shown["cost"]["models"].values()
    assert {key for price in prices for key in price} == set(TokenPrice.__struct_fields__)
    endpoints = shown["endpoints"].values()
    assert {key for endpoint in endpoints for key in endpoint} == set(Endpoint.__struct_fields__)
    variables = dict(re.findall(r"^\| `([A-Z_]+)` \| `(\w+)` \|", page, re.MULTILINE))
    for variable, field in variables.items():
        assert getattr(load_settings(None, {variable: "x"}), field) == "x"
    tables = {"endpoints", "onnx", "serve", "cost"}
    assert set(variables.values()) == set(Settings.__struct_fields__) - tables


def test_the_example_of_the_page_about_settings_can_be_used(tmp_path):
    page = (Path(__file__).parent.parent / "docs" / "settings.md").read_text("utf-8")
    file = tmp_path / "sprat.toml"
    file.write_text(re.search(r"```toml\n(.*?)```", page, re.DOTALL)[1], encoding="utf-8")
    assert load_settings(file, {}).endpoints["cloud"].key_env == "CLOUD_KEY"


def test_the_key_of_the_environment_beats_that_of_the_file_however_it_is_given(tmp_path):
    file = tmp_path / "sprat.toml"
    file.write_text('[serve]\nkey_env = "MINE"\nport = 1', encoding="utf-8")
    serve = load_settings(file, {"SPRAT_KEY": "from-environment"}).serve
    assert (serve.key, serve.key_env, serve.port) == ("from-environment", None, 1)


@pytest.mark.parametrize(
    ("set_to", "url"),
    [
        ("http://127.0.0.1:63309", "http://127.0.0.1:63309/v1"),
        ("http://127.0.0.1:63309/", "http://127.0.0.1:63309/v1"),
        ("http://127.0.0.1:63309/openai/status", "http://127.0.0.1:63309/v1"),
        ("http://windows-host:5273/v1", "http://windows-host:5273/v1"),
    ],
)
def test_foundry_locals_address_may_be_given_as_it_prints_it(
    set_to: str, url: str, tmp_path: Path
) -> None:
    settings = load_settings(environ={"FOUNDRY_LOCAL_ENDPOINT": set_to})
    assert settings.endpoints["foundry"].url == url
    file = tmp_path / "sprat.toml"
    file.write_text(f'[endpoints.foundry]\nurl = "{set_to}"\ntimeout_s = 7\n', "utf-8")
    assert load_settings(file, {}).endpoints["foundry"] == Endpoint(url=url, timeout_s=7)
