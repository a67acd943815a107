"""`sprat compare` as its users meet it: in a process of its own, with scripted models."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

SMALL = """
[[rule]]
contains = "Answer: <number>"
text = "Answer: 84"
first_ms = {ms}
[[rule]]
text = "It is not stated in the text."
first_ms = {ms}
"""
LARGE = """
[[rule]]
contains = "7 boxes"
text = "12 x 7. Answer: 84"
first_ms = {ms}
[[rule]]
regex = "[aeiou]s"
text = "positive"
first_ms = {ms}
[[rule]]
text = "It is not stated in the text."
first_ms = {ms}
"""
needs_dev_full = pytest.mark.skipif(
    not Path("/dev/full").exists(), reason="only Linux has a device that is always full"
)
MODEL_KEYS = {
    "name", "role", "answered", "errors", "unscored", "score", "score_low", "score_high", "ttft_s",
    "answer_s", "decode_tokens_per_s", "chars_per_s", "input_tokens", "output_tokens",
    "cold_load_s", "peak_rss_bytes", "energy_joules", "energy_source", "cost_usd",
    "seconds_per_correct",
}  # fmt: skip
VERDICT_KEYS = {
    "decision", "margin", "difference", "low", "high", "mcnemar_p", "small_only_right",
    "large_only_right", "n_needed",
}  # fmt: skip
ANSWER_KEYS = {
    "id", "kind", "model", "text", "score", "scorer", "why", "timing", "usage", "error",
}  # fmt: skip


@pytest.fixture
def place(tmp_path):
    write_scripts(tmp_path, ms=0)
    return tmp_path


def write_scripts(folder, ms):
    for name, script in (("small", SMALL), ("large", LARGE)):
        (folder / f"{name}.toml").write_text(script.replace("{ms}", str(ms)), encoding="utf-8")


def environment(folder, **more):
    home = {"SPRAT_HOME": str(folder / "home"), "PYTHONUTF8": "1"}
    return {**os.environ, **home, **more}


def command(*arguments):
    return [sys.executable, "-m", "sprat", *arguments]


def sprat(folder, *arguments, **more):
    return subprocess.run(
        command(*arguments),
        cwd=folder,
        env=environment(folder, **more),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def models():
    return ("--small", "scripted:small.toml", "--large", "scripted:large.toml")


def result(folder, *arguments, **more):
    done = sprat(folder, "compare", *models(), "--json", "-", *arguments, **more)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def what_was_said(comparison):
    """What must not depend on when, or in how many goes, a comparison was made."""
    answers = [
        (a["position"], a["id"], a["role"], a["text"], a["score"]) for a in comparison["answers"]
    ]
    return comparison["verdict"], comparison["kinds"], answers, comparison["questions"]


def test_the_json_is_as_the_manual_has_it_and_alone_on_standard_output(place):
    done = sprat(place, "compare", *models(), "--limit", "12", "--json", "-")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert {"schema", "run", "environment", "questions", "models", "verdict", "answers"} <= set(
        found
    )
    assert found["schema"] == 1
    assert found["questions"]["set"] == "everyday"
    assert found["questions"]["n"] == 12
    assert len(found["questions"]["sha256"]) == 64
    assert [model["role"] for model in found["models"]] == ["small", "large"]
    for model in found["models"]:
        assert set(model) >= MODEL_KEYS
        assert set(model["ttft_s"]) == {"p50", "p95"}
    assert set(found["verdict"]) >= VERDICT_KEYS
    assert found["verdict"]["margin"] == 0.05
    assert len(found["answers"]) == 24
    assert set(found["answers"][0]) >= ANSWER_KEYS
    assert found["environment"]["python"]
    assert "Loading scripted:small.toml" in done.stderr
    assert "24/24 answers" in done.stderr


def test_twice_the_same_gives_the_same_answers(place):
    first, second = (result(place, "--limit", "12", "--seed", "3") for _ in range(2))
    assert first["run"] != second["run"]
    assert what_was_said(first) == what_was_said(second)


def test_the_table_goes_to_standard_output_and_files_are_written(place):
    done = sprat(
        place,
        *("compare", *models(), "--limit", "6"),
        *("--json", "out.json", "--html", "out.html", "--markdown", "out.md"),
    )
    assert done.returncode == 0, done.stderr
    assert "small.toml" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100
    assert "\x1b[" not in done.stdout
    run = json.loads((place / "out.json").read_text("utf-8"))["run"]
    assert run in (place / "out.html").read_text("utf-8")
    assert run in (place / "out.md").read_text("utf-8")


def test_one_prompt_gives_two_texts_and_no_verdict(place):
    found = result(place, "--prompt", "How many pens are in 7 boxes?")
    assert found["verdict"] is None
    assert {a["role"]: a["text"] for a in found["answers"]} == {
        "small": "It is not stated in the text.",
        "large": "12 x 7. Answer: 84",
    }


def test_the_workshops_variables_are_honoured_and_options_beat_them(place):
    names = {"SLM_ALIAS": "scripted:large.toml", "LLM_ALIAS": "scripted:small.toml"}
    done = sprat(place, "compare", "--json", "-", COMPARE_PROMPT="7 boxes?", **names)
    found = json.loads(done.stdout)
    assert [m["name"] for m in found["models"]] == ["scripted:large.toml", "scripted:small.toml"]
    assert found["answers"][0]["prompt"] == "7 boxes?"
    asked = result(place, "--questions", "everyday", "--limit", "6", COMPARE_PROMPT="?", **names)
    assert [m["name"] for m in asked["models"]] == ["scripted:small.toml", "scripted:large.toml"]
    assert asked["questions"]["n"] == 6


def test_a_set_can_be_narrowed_to_kinds_and_languages(place):
    found = result(place, "--kinds", "arithmetic, classify", "--languages", "en", "--limit", "8")
    assert {a["kind"] for a in found["answers"]} == {"arithmetic", "classify"}
    assert found["settings"]["languages"] == "en"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--margin", "2"), "--margin"),
        (("--margin", "nan"), "--margin"),
        (("--prompt", " "), "--prompt is empty"),
        (("--json", "-", "--markdown", "-"), "one result only"),
        (("--json", "same.out", "--html", "same.out"), "same.out can take one result only"),
        (("--limit", "0"), "--limit"),
        (("--prompt", "a", "--questions", "everyday"), "exclude each other"),
        (("--html", "nowhere/out.html"), "There is no folder nowhere"),
        (("--json", "."), "is a folder"),
        (("--small", "smollm2-135n"), "smollm2-135m"),
        (("--unknown",), "--unknown"),
    ],
)
def test_wrong_use_is_one_clear_line_and_exit_2(place, arguments, said):
    done = sprat(place, "compare", *models(), *arguments)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


@needs_dev_full
def test_a_report_that_cannot_be_written_takes_neither_verdict_nor_study(place):
    (place / "out").mkdir()
    (place / "out" / "page.html").symlink_to("/dev/full")
    done = sprat(place, "compare", *models(), "--limit", "2", "--html", "out/page.html")
    assert done.returncode == 1, done.stderr
    assert "2 paired questions" in done.stdout
    assert "out/page.html cannot be written: No space left on device" in done.stderr
    assert "sprat runs report" in done.stderr
    assert "unforeseen" not in done.stderr


@needs_dev_full
def test_a_full_standard_output_is_one_line_and_the_study_is_kept(place):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command("compare", *models(), "--limit", "2"),
            cwd=place,
            env=environment(place),
            stdout=full,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
    assert done.returncode == 1
    assert "No space left on device" in done.stderr
    assert "sprat runs report" in done.stderr
    assert "unforeseen" not in done.stderr


def test_whoever_begins_anew_is_told_of_the_same_comparison_begun_before(place):
    result(place, "--limit", "2")
    with sqlite3.connect(place / "home" / "runs.db") as database:
        database.execute("UPDATE studies SET status = 'stopped'")
        database.execute("DELETE FROM answers WHERE position > 1")
        (study,) = database.execute("SELECT id FROM studies").fetchone()
    same = sprat(place, "compare", *models(), "--limit", "2")
    assert f"sprat compare --resume {study}" in same.stderr
    other = sprat(place, "compare", *models(), "--limit", "4")
    assert "--resume" not in other.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--questions", "missing.jsonl"), "missing.jsonl"),
        (("--kinds", "poetry"), "poetry"),
        (("--resume",), "Nothing is recorded yet"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line_and_exit_1(place, arguments, said):
    done = sprat(place, "compare", *models(), *arguments)
    assert done.returncode == 1, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_model_that_only_fails_stops_the_study_with_one_line(place):
    (place / "large.toml").write_text('[[rule]]\nerror = {kind = "died"}\n', encoding="utf-8")
    done = sprat(place, "compare", *models(), "--limit", "12")
    assert done.returncode == 1
    assert "scripted:large.toml failed 5 times in a row" in done.stderr
    assert "--resume" in done.stderr


# -- killed, and resumed ---------------------------------------------------------------------------

LIMIT = ("--limit", "18", "--seed", "4")


def kept(folder):
    """How many answers the store holds now, seen by a process that only reads."""
    file = folder / "home" / "runs.db"
    if not file.exists():
        return 0
    try:
        with sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=5) as reader:
            return reader.execute("SELECT count(*) FROM answers").fetchone()[0]
    except sqlite3.OperationalError:  # the file is there, its tables are not yet
        return 0
    finally:
        if "reader" in locals():
            reader.close()


def start(folder, *arguments):
    return subprocess.Popen(
        command("compare", *models(), *arguments, "--json", "-"),
        cwd=folder,
        env=environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )


def wait_for(folder, process, answers):
    deadline = time.monotonic() + 60
    while kept(folder) < answers and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    folder = tmp_path_factory.mktemp("unbroken")
    write_scripts(folder, ms=0)
    return what_was_said(result(folder, *LIMIT))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_killed_at_any_moment_and_resumed_it_is_the_unbroken_study(tmp_path, unbroken, seed):
    write_scripts(tmp_path, ms=25)
    moments = random.Random(seed)
    first = start(tmp_path, *LIMIT)
    wait_for(tmp_path, first, moments.randint(1, 20))
    time.sleep(moments.uniform(0, 0.06))
    first.kill()  # SIGKILL: nothing gets to tidy up
    first.communicate()
    before = rows(tmp_path)
    assert 0 < len(before) < 36
    second = start(tmp_path, "--resume")
    wait_for(tmp_path, second, len(before) + moments.randint(0, 5))
    second.kill()
    second.communicate()
    if len(rows(tmp_path)) < 36:
        found = result(tmp_path, "--resume")
    else:
        found = json.loads(sprat(tmp_path, "runs", "report", "latest", "--json", "-").stdout)
    assert what_was_said(found) == unbroken
    assert found["complete"]
    after = rows(tmp_path)
    # Nothing was asked twice: what was there is there untouched, and each question came once.
    assert after[: len(before)] == before
    assert len(after) == len({(question, role) for question, role, _ in after}) == 36
    listed = json.loads(sprat(tmp_path, "runs", "list", "--json", "-").stdout)
    assert [run["status"] for run in listed["runs"]] == ["done"]


def rows(folder):
    """(question, role, body) of every answer; the body holds its own stamps."""
    reader = sqlite3.connect(folder / "home" / "runs.db")
    found = reader.execute("SELECT question, role, body FROM answers ORDER BY rowid").fetchall()
    reader.close()
    return found


def test_resuming_a_finished_study_shows_it_without_its_models(place):
    found = result(place, "--limit", "6")
    for script in place.glob("*.toml"):
        script.unlink()
    done = sprat(place, "compare", "--resume", found["run"], "--json", "-")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == found


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT to one child is a POSIX matter")
def test_ctrl_c_stops_cleanly_keeps_what_was_done_and_says_how_to_go_on(tmp_path, unbroken):
    write_scripts(tmp_path, ms=25)
    process = start(tmp_path, *LIMIT)
    wait_for(tmp_path, process, 5)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == 130
    said = stderr.decode()
    assert "Stopped. What was done is kept. Go on with: sprat compare --resume 2" in said
    assert "Traceback" not in said
    assert 5 <= len(rows(tmp_path)) < 36
    assert what_was_said(result(tmp_path, "--resume")) == unbroken


def test_resuming_with_other_options_is_refused(tmp_path):
    write_scripts(tmp_path, ms=25)
    process = start(tmp_path, *LIMIT)
    wait_for(tmp_path, process, 3)
    process.kill()
    process.communicate()
    for other, said in (
        (("--seed", "5"), "seed is 4, not 5"),
        (("--limit", "24"), "limit is 18, not 24"),
        (("--margin", "0.1"), "margin is 0.05, not 0.1"),
    ):
        done = sprat(tmp_path, "compare", *models(), "--resume", *other)
        assert done.returncode == 1
        assert said in done.stderr
    (tmp_path / "large.toml").write_text('[[rule]]\ntext = "new"\n', encoding="utf-8")
    done = sprat(tmp_path, "compare", *models(), "--resume")
    assert "script_sha256 of scripted:large.toml was" in done.stderr


def test_a_study_under_way_cannot_be_resumed_beside_itself(tmp_path):
    write_scripts(tmp_path, ms=100)
    process = start(tmp_path, *LIMIT)
    wait_for(tmp_path, process, 1)
    done = sprat(tmp_path, "compare", *models(), "--resume")
    process.kill()
    process.communicate()
    assert done.returncode == 1
    assert "is being asked by another process" in done.stderr


def test_help_names_every_option_and_an_example():
    done = subprocess.run(
        command("compare", "--help"), capture_output=True, encoding="utf-8", check=True
    )
    for option in ("--small", "--large", "--questions", "--limit", "--prompt", "--resume"):
        assert option in done.stdout
    assert "Example: sprat compare" in done.stdout
