"""`sprat index` says what it did, and `sprat search` finds it again."""

import json
import re
import shutil
from pathlib import Path

import pytest
from tests.cli.calling import run

from sprat.errors import DownloadFailed


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "fish.md").write_text("# Fish\n\nA sprat is a small fish.\n", encoding="utf-8")
    (folder / "birds.md").write_text("# Birds\n\nA wren is a small bird.\n", encoding="utf-8")
    (folder / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0" + b"\0" * 20)
    (folder / "photo2.jpg").write_bytes(b"\xff\xd8\xff\xe0" + b"\0" * 20)
    return folder


def test_it_says_what_was_added_and_what_was_skipped_and_why(capsys, docs: Path) -> None:
    code, out, _ = run(capsys, "index", str(docs), "--no-vectors")
    assert code == 0
    lines = out.splitlines()
    assert lines[0] == "2 added · 0 changed · 0 unchanged · 0 removed · 2 skipped"
    assert re.match(r"2 passages in \d+\.\d\d s, [\d,]+ passages/s", lines[1])
    assert lines[2].startswith("Skipped: photo.jpg and 1 more: a picture")
    assert lines[3].endswith("holds 2 documents, 2 passages, words only, no vectors")


def test_the_json_is_the_report_and_the_store(capsys, docs: Path, tmp_path: Path) -> None:
    store = str(tmp_path / "kept")
    code, out, _ = run(capsys, "index", str(docs), "--no-vectors", "--store", store, "--json", "-")
    assert code == 0
    made = json.loads(out)
    assert " ".join(made["report"]) == (
        "added changed unchanged removed skipped words_only passages seconds"
    )
    assert " ".join(made["store"]) == (
        "kind place documents passages embedder dimensions bytes format"
    )
    assert made["report"]["added"] == 2
    assert len(made["report"]["skipped"]) == 2
    assert (made["store"]["place"], made["store"]["passages"]) == (store, 2)


def test_without_the_models_files_words_must_do_and_it_says_so(
    capsys, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def offline(*_: object, **__: object) -> None:
        raise DownloadFailed("There is no network.", fix="Find one.")

    monkeypatch.setattr("sprat.door.open_embedder", offline)
    code, out, err = run(capsys, "index", str(docs))
    assert code == 0
    assert "Words only, no vectors: There is no network." in err
    assert "words only, no vectors" in out
    code, _, err = run(capsys, "index", str(docs), "--rebuild")
    assert (code, err) == (1, "sprat: There is no network. Find one.\n")
    assert run(capsys, "index", str(docs))[1].startswith("0 added · 0 changed · 2 unchanged")


def test_rebuilding_reads_all_again_even_where_the_index_is_damaged(capsys, docs: Path) -> None:
    run(capsys, "index", str(docs), "--no-vectors")
    _, out, _ = run(capsys, "index", str(docs), "--no-vectors", "--rebuild")
    assert out.startswith("2 added · 0 changed · 0 unchanged")
    place = re.search(r"^(\S+) holds", out, re.MULTILINE)
    assert place
    (Path(place[1]) / "passages.db").write_bytes(b"nonsense" * 1000)
    code, _, err = run(capsys, "index", str(docs), "--no-vectors")
    assert code == 1
    assert "--rebuild" in err
    assert err.count("\n") == 1
    assert run(capsys, "index", str(docs), "--no-vectors", "--rebuild")[0] == 0


def test_a_mistyped_path_or_model_forgets_nothing(capsys, docs: Path) -> None:
    run(capsys, "index", str(docs), "--no-vectors")
    for wrong in ((str(docs / "dcos"), "--no-vectors"), (str(docs), "--embedder", "smollm2-135m")):
        assert run(capsys, "index", *wrong, "--rebuild")[0] == 2
    _, out, _ = run(capsys, "index", str(docs), "--no-vectors")
    assert out.startswith("0 added · 0 changed · 2 unchanged")


def test_two_options_that_exclude_each_other_are_wrong_use(capsys, docs: Path) -> None:
    code, _, err = run(capsys, "index", str(docs), "--no-vectors", "--embedder", "x")
    assert code == 2
    assert "exclude each other" in err


def test_what_is_no_longer_there_is_kept_until_it_is_said_to_be_gone(capsys, docs: Path) -> None:
    run(capsys, "index", str(docs), "--no-vectors")
    shutil.rmtree(docs)
    _, out, _ = run(capsys, "index", str(docs), "--no-vectors")
    assert out.startswith("0 added · 0 changed · 0 unchanged · 0 removed · 1 skipped")
    assert "Skipped: docs: not there, or is empty; what the index has of it is kept." in out
    assert "--forget" in out
    _, out, _ = run(capsys, "index", str(docs), "--no-vectors", "--forget")
    assert out.startswith("0 added · 0 changed · 0 unchanged · 2 removed · 0 skipped")


@pytest.mark.real
def test_with_the_real_model_a_second_run_embeds_nothing(
    capsys, docs: Path, tmp_path: Path
) -> None:
    store = ("--store", str(tmp_path / "kept"))
    _, out, _ = run(capsys, "index", str(docs), *store)
    assert "vectors of all-minilm-l6-v2" in out
    _, out, _ = run(capsys, "index", str(docs), *store)
    assert out.startswith("0 added · 0 changed · 2 unchanged")
    _, out, _ = run(capsys, "search", "tiny sea creature", *store, "-n", "1", "--json", "-")
    assert json.loads(out)["found"][0]["passage"]["text"].startswith("# Fish")
