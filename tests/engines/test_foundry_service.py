"""Finding Foundry Local's service, and telling what is wrong with it."""

import asyncio
import json
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest
from tests.foundry_service import DEEPSEEK, PHI, PHI_GPU, QWEN, foundry_service
from tests.serve.running import gateway, serving

from sprat.engines.foundry.service import command, examine, find, find_service
from sprat.engines.foundry.service.command import address_in
from sprat.engines.foundry.service.models import ServiceModel, models_of, pick
from sprat.engines.foundry.service.seen import Answerer, look
from sprat.settings import Endpoint, Settings, root_of

GENERATIONS = ["server", "service"]
posix = pytest.mark.skipif(sys.platform == "win32", reason="the command is a script with a #! line")


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def pointed_at(url: str) -> Settings:
    return Settings(endpoints={"foundry": Endpoint(url=url)})


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """No service of this machine's own takes part: no command, and an unused port as the usual."""
    monkeypatch.setattr(command.shutil, "which", lambda _: None)
    monkeypatch.setattr(find, "USUAL", f"http://127.0.0.1:{closed_port()}/v1")
    monkeypatch.setattr(examine, "USUAL", find.USUAL)


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """Install a command `foundry` that prints what it is told, by its first word."""

    def install(**printed: str) -> None:
        script = tmp_path / "foundry"
        lines = "Unrecognized command or argument"
        script.write_text(
            f"#!{sys.executable}\nimport sys\n"
            f"print({printed!r}.get(sys.argv[1].strip('-'), {lines!r}))\n",
            "utf-8",
        )
        script.chmod(0o755)
        monkeypatch.setattr(command.shutil, "which", lambda _: str(script))

    return install


def kinds(settings: Settings) -> list[str]:
    return [trouble.kind for trouble in examine.examine(settings).troubles]


@pytest.mark.parametrize(
    ("pasted", "root"),
    [
        ("http://127.0.0.1:5273/v1", "http://127.0.0.1:5273"),
        ("http://127.0.0.1:5273", "http://127.0.0.1:5273"),
        ("http://127.0.0.1:63309/openai/status", "http://127.0.0.1:63309"),
        ("http://box:1/v1/chat/completions", "http://box:1"),
        ("https://box/foundry/v1/", "https://box/foundry"),
        ("https://box/v1beta", "https://box/v1beta"),
    ],
)
def test_the_service_is_found_behind_every_address_that_people_paste(pasted: str, root: str):
    assert root_of(pasted) == root


@pytest.mark.parametrize(
    ("printed", "address"),
    [
        (
            "🟢 Model management service is running on http://127.0.0.1:63309/openai/status",
            "http://127.0.0.1:63309",
        ),
        ('{"running": true, "webUrls": ["http://127.0.0.1:56294"]}', "http://127.0.0.1:56294"),
        ("State    Ready\nWeb URLs http://127.0.0.1:56294", "http://127.0.0.1:56294"),
        ("🟢 Service is already running on http://localhost:58338/.", "http://localhost:58338"),
        ("🔴 Model management service is not running!", None),
        ("running on http://evil.example:80/", None),  # another host is never guessed
    ],
)
def test_the_address_is_read_from_what_each_version_prints(printed: str, address: str | None):
    assert address_in(printed) == address


@pytest.mark.parametrize("generation", GENERATIONS)
def test_each_generation_is_recognised_by_its_status(generation: str):
    with foundry_service(generation) as service:
        seen = look(service.url)
    assert (seen.kind, seen.cache_folder) == (generation, service.cache_folder)
    assert seen.pid == (4711 if generation == "server" else None)


async def test_our_own_gateway_is_never_taken_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    async with gateway(serving(tmp_path)) as at:
        seen = await asyncio.to_thread(look, f"{at.url}/v1")
        monkeypatch.setattr(find, "USUAL", f"{at.url}/v1")
        found = await asyncio.to_thread(find_service, Settings())
        wrong = await asyncio.to_thread(kinds, pointed_at(f"{at.url}/v1"))
    assert seen.kind == "sprat"
    assert found is None
    assert wrong == ["not-foundry"]


def test_an_address_that_was_set_is_taken_as_it_is_with_v1_at_its_end():
    found = find_service(pointed_at("http://windows-host:5273"))
    assert found == Endpoint(url="http://windows-host:5273/v1")


@pytest.mark.parametrize("generation", GENERATIONS)
def test_the_service_is_found_at_its_usual_port(generation: str, monkeypatch: pytest.MonkeyPatch):
    with foundry_service(generation) as service:
        monkeypatch.setattr(find, "USUAL", service.url)
        assert find_service(Settings()) == Endpoint(url=service.url)


@posix
@pytest.mark.parametrize("generation", GENERATIONS)
def test_the_service_is_found_by_its_own_command(generation: str, says):
    with foundry_service(generation) as service:
        line = {
            "server": json.dumps({"running": True, "state": "ready", "webUrls": [service.root]}),
            "service": f"🟢 Model management service is running on {service.root}/openai/status",
        }[generation]
        says(**{generation: line})
        assert find_service(Settings(), within_s=10) == Endpoint(url=service.url)


def test_no_service_anywhere_is_none_and_says_what_can_be_done():
    assert find_service(Settings()) is None
    (trouble,) = examine.examine(Settings()).troubles
    assert trouble.kind == "not-installed"
    assert "sprat[foundry]" in trouble.fix


def test_a_redirect_is_not_followed():
    with foundry_service("server") as service, socket.create_server(("127.0.0.1", 0)) as server:
        head = f"HTTP/1.1 302 Found\r\nLocation: {service.root}/status\r\nContent-Length: 0\r\n\r\n"

        def redirect() -> None:
            for _ in range(4):
                with server.accept()[0] as client:
                    client.recv(4096)
                    client.sendall(head.encode())

        thread = Thread(target=redirect)
        thread.start()
        seen = look(f"http://127.0.0.1:{server.getsockname()[1]}/v1", within_s=5)
        thread.join()
    assert seen.kind == "other"
    assert service.asked == []


@posix
def test_a_service_that_is_down_is_told_with_the_command_that_starts_it(says):
    says(service="🔴 Model management service is not running!")
    (trouble,) = examine.examine(Settings(), command_s=30).troubles
    assert trouble.kind == "down"
    assert "foundry service start" in trouble.fix


@posix
def test_a_port_that_changed_is_told_with_the_new_address(says):
    says(server='{"running": true, "webUrls": ["http://127.0.0.1:56294"]}')
    was = pointed_at(f"http://127.0.0.1:{closed_port()}/v1")
    (trouble,) = examine.examine(was, command_s=30).troubles
    assert trouble.kind == "moved"
    assert "FOUNDRY_LOCAL_ENDPOINT=http://127.0.0.1:56294/v1" in trouble.fix


@posix
def test_a_command_that_tells_of_a_dead_service_is_not_believed(says):
    says(server=json.dumps({"running": True, "webUrls": [f"http://127.0.0.1:{closed_port()}"]}))
    assert find_service(Settings(), within_s=10) is None
    (trouble,) = examine.examine(Settings(), command_s=30).troubles
    assert (trouble.kind, trouble.fix) == ("stale", "Start it anew: foundry server restart")


@posix
def test_a_command_that_takes_too_long_is_not_taken_for_a_no(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    script = tmp_path / "foundry"
    script.write_text("#!/bin/sh\nexec sleep 30\n", "utf-8")
    script.chmod(0o755)
    monkeypatch.setattr(command.shutil, "which", lambda _: str(script))
    (trouble,) = examine.examine(Settings(), command_s=0.2).troubles
    assert "says nothing in time" in trouble.what
    assert "foundry server status" in trouble.fix
    assert find_service(Settings(), within_s=0.4) is None


def test_a_command_that_leaves_a_child_with_its_output_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    started = threading.Event()

    def run(*_: object, **__: object) -> None:  # as on Windows, where the time-out is no end
        started.set()
        over.wait(30)

    over = threading.Event()
    monkeypatch.setattr(command.subprocess, "run", run)
    monkeypatch.setattr(command.shutil, "which", lambda _: str(tmp_path / "foundry"))
    assert command.ask_command(0.1).slow
    assert started.is_set()
    over.set()


def test_a_command_of_the_working_folder_is_not_run(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(command.shutil, "which", lambda _: str(Path("foundry.exe")))
    assert not command.ask_command().installed
    assert command.version_told() is None


def test_a_service_that_was_set_and_does_not_answer_here_is_down():
    (trouble,) = examine.examine(pointed_at(f"http://127.0.0.1:{closed_port()}/v1")).troubles
    assert trouble.kind == "down"
    assert "Connection refused" in trouble.what or sys.platform == "win32"


def test_another_machine_that_does_not_answer_is_unreachable():
    (trouble,) = examine.examine(pointed_at("http://windows-host.invalid:5273/v1")).troubles
    assert trouble.kind == "unreachable"
    assert "firewall" in trouble.fix


def test_a_machine_that_is_silent_costs_no_more_than_the_time_allowed():
    with socket.create_server(("127.0.0.1", 0)) as server:
        seen = look(f"http://127.0.0.1:{server.getsockname()[1]}/v1", within_s=0.2)
    assert (seen.kind, seen.why) == ("nothing", "no answer within 0.2 s")


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_cold_service_and_a_page_that_cannot_ask_it_are_notes(generation: str):
    with foundry_service(generation) as service:
        found = examine.examine(pointed_at(service.url))
    assert [(t.kind, t.state) for t in found.troubles] == [("cold", "note"), ("pages", "note")]
    assert found.usable
    assert found.pages_may_ask is False


def test_a_brief_look_asks_for_nothing_that_keeps_nobody_from_an_answer(says):
    with foundry_service("server", loaded={PHI}) as service:
        says(version="0.10.2")
        settings = pointed_at(service.url)
        brief, whole = examine.examine(settings, brief=True), examine.examine(settings)
    assert (brief.version, brief.pages_may_ask, brief.troubles) == (None, None, ())
    assert (whole.version, whole.pages_may_ask) == ("0.10.2", False)


def test_every_step_of_a_look_gets_no_more_than_is_left_of_the_whole(
    monkeypatch: pytest.MonkeyPatch,
):
    given: list[float] = []

    def slow(_: str, *, within_s: float, **__: object) -> Answerer:
        given.append(within_s)
        time.sleep(within_s)
        return Answerer(root="http://127.0.0.1:1", kind="nothing", why="silent")

    def asked(within_s: float) -> command.Told:
        given.append(within_s)
        return command.Told(installed=True, address="http://127.0.0.1:1")

    monkeypatch.setattr(examine, "look", slow)
    monkeypatch.setattr(examine, "ask_command", asked)
    examine.examine(Settings(), within_s=0.2, command_s=9.0, total_s=0.3)
    assert given[0] == 0.2
    assert all(bound <= 0.1 for bound in given[1:])


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_warm_service_has_no_trouble_but_its_pages(generation: str):
    with foundry_service(generation, loaded={PHI}) as service:
        assert kinds(pointed_at(service.url)) == ["pages"]


def test_a_service_without_models_says_how_to_get_one():
    with foundry_service("service", cached=set()) as service:
        assert "no-models" in kinds(pointed_at(service.url))


def test_the_older_service_tells_what_is_on_its_disk_in_memory_and_in_its_catalogue():
    with foundry_service("service", loaded={QWEN}) as service:
        models = {m.id: m for m in models_of(look(service.url)) or ()}
    assert {i for i, m in models.items() if m.cached} == {PHI, QWEN}
    assert {i for i, m in models.items() if m.loaded} == {QWEN}
    assert models[PHI_GPU].device == "GPU"
    assert models[PHI].bytes == 3_686_000_000


def test_the_newer_service_does_not_tell_what_is_on_its_disk():
    with foundry_service("server", loaded={QWEN}) as service:
        models = {m.id: m for m in models_of(look(service.url)) or ()}
    assert models[QWEN].loaded
    assert models[PHI].cached is None  # not told is not "no"
    assert models[PHI].bytes is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (PHI, PHI),
        (PHI.upper(), PHI),
        ("Phi-4-mini-instruct-generic-cpu", PHI),
        ("phi-4-mini", PHI),
        ("deepseek-r1-7b", DEEPSEEK),
        ("phi-4", None),
    ],
)
def test_an_alias_means_the_variant_that_is_on_disk(name: str, expected: str | None):
    with foundry_service("service") as service:
        found = pick(name, models_of(look(service.url)) or ())
    assert (found.id if found else None) == expected


def test_an_id_without_its_version_means_the_newest():
    models = tuple(ServiceModel(id=f"tiny-generic-cpu:{n}") for n in (2, 10, 9))
    found = pick("tiny-generic-cpu", models)
    assert found is not None
    assert found.id == "tiny-generic-cpu:10"
