"""`sprat cost`, from the command line to the file."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

RULE = '[[rule]]\ncontains = "8"\ntext = "{}"\n[[rule]]\ntext = "I do not know."\n'
GIVEN = (
    "--requests-per-month", "50000", "--set", "machine_usd=1500",
    "--set", "electricity_usd_per_kwh=0.3", "--set", "idle_watts=15", "--set", "load_watts=65",
    "--set", "setup_hours=8:4:16", "--set", "upkeep_hours_per_month=1", "--set", "hour_usd=60",
)  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A folder with one recorded comparison of two scripts, and a policy over them."""
    folder = tmp_path_factory.mktemp("cost")
    for name, text in (("small", "84"), ("large", "It is 84")):
        (folder / f"{name}.toml").write_text(RULE.format(text), encoding="utf-8")
    rows = [f'{{"prompt": "What is {n} and {84 - n}?", "expected": 84}}' for n in range(12)]
    (folder / "mine.jsonl").write_text("\n".join(rows), encoding="utf-8")
    small, large = (f"scripted:{folder / name}.toml" for name in ("small", "large"))
    for arguments in (
        ("compare", "--small", small, "--large", large, "--questions", "mine.jsonl"),
        ("policy", "new", "fallback", "--small", small, "--large", large, "--name", "mine"),
    ):
        done = sprat(folder, *arguments)
        assert done.returncode == 0, done.stderr
    return folder


def sprat(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sprat", *arguments],
        cwd=folder,
        env={**os.environ, "SPRAT_HOME": str(folder / "home"), "PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def test_without_assumptions_it_says_which_numbers_are_asked_for(place: Path) -> None:
    done = sprat(place, "cost", "latest")
    assert done.returncode == 0, done.stderr
    assert "Not priced yet" in done.stdout
    assert "machine_usd, USD: what one more machine" in done.stdout
    assert "What one machine can carry" in done.stdout


def test_with_them_every_option_is_priced_in_every_form(place: Path) -> None:
    done = sprat(
        place, "cost", "latest", *GIVEN, "--set", "escalation_pct=30", "--months", "12",
        "--html", "cost.html", "--markdown", "cost.md", "--json", "cost.json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads((place / "cost.json").read_text("utf-8"))
    assert [one["kind"] for one in found["options"]][:3] == ["small", "large", "hybrid"]
    assert all(one["total_usd"] for one in found["options"])
    assert len(found["options"][0]["cumulative_usd"]) == 13
    assert found["asked"] == []
    assert "Spent, month by month" in (place / "cost.html").read_text("utf-8")
    assert "### What was assumed" in (place / "cost.md").read_text("utf-8")


def test_a_policy_says_what_is_passed_on(place: Path) -> None:
    done = sprat(place, "cost", "latest", *GIVEN, "--policy", "mine", "--json", "-")
    found = json.loads(done.stdout)
    hybrid = next(side for side in found["measured"] if side["role"] == "hybrid")
    assert hybrid["model"] == "policy:mine"
    assert 0 < hybrid["escalated"] < 1
    assert next(one for one in found["options"] if one["id"] == "hybrid")["total_usd"]


def test_assumptions_are_written_edited_and_read(place: Path) -> None:
    done = sprat(place, "cost", "--write-assumptions", "mine.toml", "--set", "machine_usd=1500")
    assert done.returncode == 0, done.stderr
    file = place / "mine.toml"
    file.write_text(file.read_text("utf-8").replace("value = 1500", "value = 900"), "utf-8")
    done = sprat(place, "cost", "latest", "--assumptions", "mine.toml", "--json", "-")
    lines = {line["name"]: line for line in json.loads(done.stdout)["assumptions"]}
    assert lines["machine_usd"]["value"] == 900
    assert lines["machine_usd"]["origin"] == "declared"
    assert lines["overhead_factor"]["origin"] == "assumed"
    again = sprat(place, "cost", "--write-assumptions", "mine.toml")
    assert again.returncode == 2
    assert "mine.toml is there already" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "Name what was recorded"),
        (("latest", "--set", "machine_usd"), "machine_usd=1500"),
        (("latest", "--set", "machine_usd=a"), "is not NAME=VALUE"),
        (("latest", "--set", "wheels=4"), "no assumption 'wheels'"),
        (("latest", "--requests-per-month", "nan"), "requests_per_month is nan"),
        (("latest", "--requests-per-month", "0"), "not from 1 to"),
        (("latest", "--months", "0"), "0 months: not from 1 to 240"),
        (("latest", "--growth", "1e9"), "not from -50 to 100"),
        (("latest", "--cloud", "openai/gpt4o-mini"), "openai/gpt-4o-mini"),
        (("latest", "--assumptions", "none.toml"), "--write-assumptions none.toml"),
        (("latest", "--html", "no/such/folder/x.html"), "no/such"),
    ],
)
def test_wrong_use_is_one_line_that_says_what_to_type(
    place: Path, arguments: tuple[str, ...], says: str
) -> None:
    done = sprat(place, "cost", *arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 4


def test_an_unknown_study_is_one_line(place: Path) -> None:
    done = sprat(place, "cost", "nothing")
    assert done.returncode == 1
    assert "No study begins with 'nothing'" in done.stderr
