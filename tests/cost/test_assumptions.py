"""The file of assumptions: every value with its source, and every mistake in one line."""

from pathlib import Path

import pytest

from sprat.cost.assumptions import assumptions_of
from sprat.cost.terms import TERMS
from sprat.cost.written import read_assumptions, written
from sprat.errors import SettingsError
from sprat.settings import CostSettings

START = assumptions_of(CostSettings())


def read(folder: Path, text: str):
    file = folder / "cost.toml"
    file.write_text(text, encoding="utf-8")
    return read_assumptions(file, START)


def test_every_default_names_its_source_or_says_that_it_is_assumed():
    for name, term in TERMS.items():
        if term.default is not None:
            assert term.default.source, name
            assert term.floor <= term.default.value <= term.ceiling, name


def test_what_no_default_could_be_defended_for_is_asked():
    asked = {name for name, one in START.values.items() if one.value is None}
    assert asked == {
        "requests_per_month", "machine_usd", "electricity_usd_per_kwh", "idle_watts", "load_watts",
        "setup_hours", "upkeep_hours_per_month", "hour_usd", "escalation_pct",
    }  # fmt: skip


def test_the_settings_file_is_where_they_start():
    found = assumptions_of(
        CostSettings(machine_usd=1500, machine_years=4, busy_share=0.2, watts=65)
    )
    assert found.of("machine_usd").value == 1500
    assert found.of("machine_months").value == 48
    assert found.of("load_watts").origin == "declared"
    assert "sprat.toml" in found.of("load_watts").source


def test_a_file_that_was_written_is_read_as_it_was(tmp_path: Path):
    declared = START.with_value("machine_usd", 1500, "an offer", low=1200, high=1800)
    declared = declared.with_value("machine_usd@large", 6000, "another offer")
    file = tmp_path / "cost.toml"
    file.write_text(written(declared), encoding="utf-8")
    found = read_assumptions(file, declared)
    assert found == declared
    assert not found.clouds_declared


def test_what_stands_there_as_it_was_written_is_still_only_assumed(tmp_path: Path):
    file = tmp_path / "cost.toml"
    file.write_text(written(START).replace("value = 60", "value = 48"), encoding="utf-8")
    found = read_assumptions(file, START)
    assert found.of("overhead_factor").origin == "assumed"
    assert found.of("machine_months").origin == "declared"
    assert found.of("machine_months").source == "declared in cost.toml"


def test_clouds_are_named_or_priced(tmp_path: Path):
    text = (
        '[[clouds]]\nmodel = "openai/gpt-5-mini"\n'
        '[[clouds]]\nmodel = "ours"\ninput_usd_per_mtok = 1\noutput_usd_per_mtok = 2\n'
    )
    found = read(tmp_path, text)
    assert [cloud.model for cloud in found.clouds] == ["openai/gpt-5-mini", "ours"]
    assert found.clouds_declared


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[machine_usd]\nvalue = -1", "machine_usd is -1: not from 0 to"),
        ("[machine_usd]\nvalue = nan", "machine_usd is nan"),
        ("[machine_usd]\nvalue = 5\nlow = 6\nhigh = 7", "outside of its own spread of 6 to 7"),
        ("[machine_usd]\nvalue = 5\nlow = 4", "only one end"),
        ("[machine_usd]\nprice = 5", "unknown field `price`"),
        ("[machine_eur]\nvalue = 5", "unknown field `machine_eur`"),
        ("[machines.large.hour_usd]\nvalue = 5", "no assumption 'hour_usd@large'"),
        ("months = 0", "0 months: not from 1 to 240"),
        ("months = 'three'", "Expected `int"),
        ("[machine_usd", "cannot be used"),
        (
            '[[clouds]]\nmodel = "x"\ninput_usd_per_mtok = -1\noutput_usd_per_mtok = 1',
            "price of -1",
        ),
        ("clouds = [" + ", ".join(['{ model = "x" }'] * 13) + "]", "13 clouds: at most 12"),
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path: Path, text: str, says: str):
    with pytest.raises(SettingsError, match=says.replace("[", r"\[")):
        read(tmp_path, text)


def test_a_file_that_is_not_there_can_be_made(tmp_path: Path):
    with pytest.raises(SettingsError, match="--write-assumptions"):
        read_assumptions(tmp_path / "none.toml", START)
