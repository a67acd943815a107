"""Into Foundry Local's catalogues and out of them: errands, our own list, the public catalogue."""

import json
import shutil
import sys
from pathlib import Path

import pytest
from tests.engines import foundry_standin
from tests.engines.foundry_standin import Catalogue, phi

from sprat.door import identity, open_engine
from sprat.engines.foundry import catalogue, public, wire
from sprat.engines.foundry.registry import Registered, alias_of, find, registered
from sprat.engines.foundry.said import plain as spoken
from sprat.errors import (
    BadWeights,
    DiskFull,
    DownloadFailed,
    EngineDied,
    UnknownModel,
    UsageError,
)
from sprat.models.names import FoundryModel, OnnxFolder
from sprat.settings import Settings

# ---- ours ---------------------------------------------------------------------------------------


def listed_by_the_sdk(settings: Settings) -> dict[str, str]:
    """What the SDK's own file holds: id → folder."""
    file = settings.foundry_dir / "models" / "foundry.local.modelinfo.json"
    models = json.loads(file.read_text("utf-8"))["models"]
    return {one["model_info"]["id"]: one["model_path"] for one in models}


def test_registering_twice_changes_nothing_and_both_lists_agree(tiny: Path, settings: Settings):
    for _ in range(2):
        made = catalogue.register(OnnxFolder(tiny, "tiny"), settings, "tiny")
    assert made.id == "tiny-generic-cpu:1"
    assert registered(settings) == {"tiny": made}
    assert listed_by_the_sdk(settings) == {made.id: str(tiny)}


def test_another_folder_of_the_same_alias_takes_its_place(
    tiny: Path, settings: Settings, tmp_path: Path
):
    shutil.copytree(tiny, tmp_path / "copy")
    catalogue.register(OnnxFolder(tiny, "a"), settings, "mine")
    made = catalogue.register(OnnxFolder(tmp_path / "copy", "b"), settings, "mine")
    assert listed_by_the_sdk(settings) == {made.id: str(tmp_path / "copy")}


def test_taking_it_out_leaves_the_files(tiny: Path, settings: Settings):
    made = catalogue.register(OnnxFolder(tiny, "tiny"), settings, "tiny")
    assert catalogue.unregister("foundry:tiny", settings) == "tiny"
    assert registered(settings) == {}
    assert made.id not in listed_by_the_sdk(settings)
    assert (tiny / "genai_config.json").is_file()
    with pytest.raises(UnknownModel, match="'tiny'"):
        catalogue.unregister("tiny", settings)


def test_a_folder_that_the_sdk_does_not_take_is_said_in_one_line(
    tmp_path: Path, settings: Settings
):
    with pytest.raises(BadWeights, match=r"does not take .*genai_config") as told:
        catalogue.register(OnnxFolder(tmp_path, "empty"), settings, "empty")
    assert ".cc:" not in str(told.value)
    assert registered(settings) == {}


def test_an_errand_whose_process_dies_is_told_with_its_last_words(
    tiny: Path, settings: Settings, monkeypatch
):
    monkeypatch.setenv("PYTHONHOME", str(settings.foundry_dir))  # its Python finds no library
    with pytest.raises(EngineDied, match=r"ended \(exit status 1\)\. Its last words: .*\w"):
        catalogue.register(OnnxFolder(tiny, "tiny"), settings, "tiny")


@pytest.mark.parametrize(
    ("text", "alias"),
    [("smollm2-135m", "smollm2-135m"), ("My Model_x.Q4", "my-model_x.q4"), ("é/a", "a")],
)
def test_an_alias_is_what_foundry_local_takes_as_a_name(text: str, alias: str):
    assert alias_of(text) == alias


def test_a_name_that_makes_no_alias_is_refused():
    with pytest.raises(UsageError, match="--as"):
        alias_of("漢字")


def test_a_list_that_cannot_be_read_says_how_to_begin_anew(settings: Settings):
    file = settings.foundry_dir / "registered.json"
    file.parent.mkdir(parents=True)
    file.write_text("[{")
    with pytest.raises(BadWeights, match=r"Delete it.*sprat foundry register"):
        registered(settings)


def test_a_model_is_found_by_alias_in_any_case_and_by_identifier(tiny: Path, settings: Settings):
    made = catalogue.register(OnnxFolder(tiny, "tiny"), settings, "tiny")
    assert find("Tiny", settings) == find("tiny-generic-cpu:1", settings) == made
    assert find("other", settings) is None


def test_what_makes_its_answers_its_own_is_said(tiny: Path, settings: Settings):
    catalogue.register(OnnxFolder(tiny, "tiny"), settings, "tiny")
    known = identity.identity("foundry:tiny", settings)
    ours = identity.identity(str(tiny), settings)
    assert known == {"foundry": "tiny-generic-cpu:1", "folder_sha256": ours["folder_sha256"]}


@pytest.mark.parametrize(
    ("said", "plain"),
    [
        ("a.cc:3 A f(const F<A()>&, F<void(D<long> >)>&) failed (4 times)", "failed (4 times)"),
        ("b.cc:9 int fl::C::size() const it is empty", "it is empty"),
        ("c.cc:9 void f(", "c.cc:9 void f("),
        ("stoi", "stoi"),
    ],
)
def test_the_runtimes_words_are_told_without_the_function_that_said_them(said: str, plain: str):
    assert spoken(RuntimeError(said)) == plain


# ---- the public catalogue: objects that behave as foundry-local-sdk 2.2.1's do ------------------


@pytest.mark.parametrize("name", ["phi-4-mini", "phi-4-mini-instruct-generic-cpu:5"])
def test_a_model_of_the_catalogue_is_downloaded_with_progress(name: str, tmp_path: Path):
    told = []
    held = public.fetch(Catalogue(phi()), name, tmp_path, lambda *at: told.append(at))
    assert held == wire.Held(phi().id, f"/models/{phi().id}", "mit")
    assert [(done, total) for _, done, total in told] == [
        (0, 3 * 2**20),
        (3 * 2**19, 3 * 2**20),
        (3 * 2**20, 3 * 2**20),
    ]
    assert "mit" in told[0][0]


def test_one_that_is_here_already_is_not_downloaded_again(tmp_path: Path):
    model = phi()
    model.is_cached = True
    told = []
    public.fetch(Catalogue(model), "phi-4-mini", tmp_path, lambda *at: told.append(at))
    assert told == []


def test_of_an_unknown_size_progress_is_in_hundredths(tmp_path: Path):
    model, told = phi(), []
    model.info.file_size_mb = None
    public.fetch(Catalogue(model), "phi-4-mini", tmp_path, lambda *at: told.append(at[1:]))
    assert told == [(0, 100), (50, 100), (100, 100)]


def test_more_than_the_disk_has_is_refused_before_the_download(tmp_path: Path):
    model = phi()
    model.info.file_size_mb = 2**40
    with pytest.raises(DiskFull):
        public.fetch(Catalogue(model), "phi-4-mini", tmp_path, lambda *_: None)
    assert not model.is_cached


def test_a_slip_is_answered_with_what_is_near(tmp_path: Path):
    with pytest.raises(
        UnknownModel, match=r"Did you mean foundry:phi-4-mini\?.*register phi-4-mni"
    ):
        public.fetch(Catalogue(phi()), "phi-4-mni", tmp_path, lambda *_: None)


def test_an_empty_catalogue_is_a_failure_and_no_unknown_name(tmp_path: Path):
    with pytest.raises(DownloadFailed, match="came back empty"):
        public.fetch(Catalogue(), "phi-4-mini", tmp_path, lambda *_: None)


def test_an_errand_tells_progress_and_result_through_its_pipe(tmp_path: Path, monkeypatch):
    told = []
    monkeypatch.setattr(catalogue, "_COMMAND", (sys.executable, foundry_standin.__file__))
    held = catalogue._run(wire.Fetch(str(tmp_path), "phi-4-mini"), lambda *at: told.append(at[1]))
    assert held.id == phi().id
    assert told == [0, 3 * 2**19, 3 * 2**20]
    with pytest.raises(UnknownModel, match="phi-5"):
        catalogue._run(wire.Fetch(str(tmp_path), "phi-5"), lambda *_: None)


def test_a_fetched_model_is_noted_and_found_without_the_catalogue_next_time(
    settings: Settings, monkeypatch
):
    asked = []

    def run(wanted, progress):
        asked.append(wanted)
        return wire.Held(phi().id, "/models/phi", "mit")

    monkeypatch.setattr(catalogue, "_run", run)
    monkeypatch.setattr(public, "reachable", lambda: True)
    for _ in range(2):
        got = catalogue.obtain("phi-4-mini", settings)
    assert len(asked) == 1
    assert got == Registered(
        alias="phi-4-mini", id=phi().id, folder="/models/phi", source="phi-4-mini",
        public=True, licence="mit",
    )  # fmt: skip
    assert identity.identity("foundry:phi-4-mini", settings) == {
        "foundry": phi().id,
        "licence": "mit",
    }
    assert catalogue.unregister("phi-4-mini", settings) == "phi-4-mini"
    assert len(asked) == 1  # the SDK's own list of the public catalogue is not ours to change


def test_without_a_network_nothing_is_started_and_it_is_said_what_to_type(
    settings: Settings, monkeypatch
):
    monkeypatch.setattr(public, "reachable", lambda: False)
    monkeypatch.setattr(catalogue, "_run", lambda *_: pytest.fail("an errand was started"))
    with pytest.raises(DownloadFailed, match=r"cannot be reached.*sprat foundry register phi-4"):
        open_engine("foundry:phi-4", settings)


def test_a_host_that_refuses_is_not_reachable_and_one_that_listens_is(monkeypatch):
    import socket

    for variable in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert public.reachable("127.0.0.1", port)
    assert not public.reachable("127.0.0.1", port)


def test_behind_a_proxy_it_is_the_proxys_to_say(monkeypatch):
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    assert public.reachable("127.0.0.1", 9)


def test_a_name_means_foundry_whatever_is_installed(settings: Settings, monkeypatch):
    from sprat.models.names import resolve

    monkeypatch.setattr(catalogue, "find_spec", lambda name: None)
    assert resolve("foundry:phi-4-mini", settings) == FoundryModel(
        "phi-4-mini", "foundry:phi-4-mini"
    )
