import json
import socket
import stat
import sys
import tomllib

import pytest
from chainlit.config import FeaturesSettings, ProjectSettings, UISettings

from sprat.chat.root import chat_folder, make_root, secret_in, sweep, translate
from sprat.errors import SettingsError


def test_the_secret_is_made_once_and_only_its_owner_reads_it(tmp_path):
    first = secret_in(tmp_path / "chat")
    assert secret_in(tmp_path / "chat") == first
    assert len(first) >= 48
    assert sorted(file.name for file in (tmp_path / "chat").iterdir()) == ["secret"]
    if sys.platform != "win32":
        assert stat.S_IMODE((tmp_path / "chat" / "secret").stat().st_mode) == 0o600


def test_a_damaged_secret_is_said(tmp_path):
    (tmp_path / "secret").write_text("short")
    with pytest.raises(SettingsError, match="damaged"):
        secret_in(tmp_path)


def test_chainlit_takes_the_configuration_that_we_write(tmp_path):
    root = make_root(tmp_path / "app", "# About")
    written = tomllib.loads((root / ".chainlit" / "config.toml").read_text("utf-8"))
    features, ui = FeaturesSettings(**written["features"]), UISettings(**written["UI"])
    assert ProjectSettings(**written["project"]).allow_origins == []
    assert features.unsafe_allow_html is False
    assert features.spontaneous_file_upload.max_files == 8
    assert features.mcp.enabled is False
    assert (ui.name, ui.language) == ("Sprat", "en-US")
    assert (root / "chainlit.md").read_text("utf-8") == "# About"


def test_our_words_take_the_place_of_chainlits(tmp_path):
    import chainlit

    root = make_root(tmp_path / "app", "")
    original = tmp_path.joinpath(chainlit.__file__).parent / "translations" / "en-US.json"
    translate(root, original)
    ours = json.loads((root / ".chainlit" / "translations" / "en-US.json").read_text("utf-8"))
    assert ours["chat"]["input"]["placeholder"] == "Ask a question"
    assert ours["chat"]["input"]["actions"]["stop"] == "Stop Task"


def test_each_start_makes_the_folder_anew(tmp_path):
    root = make_root(tmp_path / "app", "one")
    (root / "left over").write_text("x")
    make_root(tmp_path / "app", "two")
    assert not (root / "left over").exists()


def test_what_killed_chats_left_is_removed_and_a_running_ones_is_not(tmp_path):
    with socket.socket() as running, socket.socket() as ended:
        for one in (running, ended):
            one.bind(("127.0.0.1", 0))
        running.listen()
        live, left = (str(one.getsockname()[1]) for one in (running, ended))
        ended.close()
        for name in (live, left, "not a port"):
            (tmp_path / name / ".files").mkdir(parents=True)
        sweep(tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {live, "not a port"}
    sweep(tmp_path / "none")


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(SettingsError, match="cannot be written"):
        make_root(tmp_path / "file" / "app", "")


def test_everything_of_the_chat_lies_below_the_settings_home(settings, tmp_path):
    assert chat_folder(settings).is_relative_to(tmp_path / "home")
