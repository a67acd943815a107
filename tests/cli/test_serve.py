"""`sprat serve`: what its options mean, how quick it starts, and what it must not load."""

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.serve.process import serve_process, slow_model

from sprat.cli import cli
from sprat.cli import serve as module
from sprat.errors import SpratError
from sprat.settings import Settings

HEAVY = ("numpy", "onnxruntime", "onnx", "tokenizers", "rich", "gguf", "huggingface_hub")


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Settings]:
    """The settings of every gateway that would have been started."""
    found: list[Settings] = []
    monkeypatch.setattr(module, "_run", lambda settings, opens: found.append(settings))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SPRAT_KEY", raising=False)
    return found


def run(*arguments: str) -> None:
    CliRunner().invoke(cli, ["serve", *arguments], catch_exceptions=False)


def test_an_option_beats_the_environment_which_beats_the_file(
    served: list[Settings], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    (tmp_path / "sprat.toml").write_text('[serve]\nport = 1111\nkey = "file"\nqueue = 3', "utf-8")
    run()
    monkeypatch.setenv("SPRAT_KEY", "environment")
    run()
    run("--key", "option", "--port", "2222")
    assert [one.serve.key for one in served] == ["file", "environment", "option"]
    assert [one.serve.port for one in served] == [1111, 1111, 2222]
    assert {one.serve.queue for one in served} == {3}


def test_every_option_arrives_where_it_belongs(served: list[Settings]):
    run(
        "--host", "::1", "--model", "mine=./w.gguf", "--model", "b=smollm2-135m", "--load", "mine",
        "--allow-host", "box:5273", "--origin", "http://localhost:3000", "--idle-s", "5",
        "--queue", "7", "--drain-s", "2.5", "--no-pull", "--log-format", "json", "--log-prompts",
    )  # fmt: skip
    (settings,) = served
    serve = settings.serve
    assert serve.models == {"mine": "./w.gguf", "b": "smollm2-135m"}
    assert (serve.host, serve.load, serve.hosts) == ("::1", ("mine",), ("box:5273",))
    assert (serve.origins, serve.idle_s, serve.queue) == (("http://localhost:3000",), 5.0, 7)
    assert (serve.drain_s, serve.pull) == (2.5, False)
    assert (serve.log_format, serve.log_prompts) == ("json", True)


def test_aliases_of_the_file_stay_beside_those_of_the_command_line(
    served: list[Settings], tmp_path: Path
):
    (tmp_path / "sprat.toml").write_text('[serve.models]\na = "x"\nb = "y"', "utf-8")
    run("--model", "b=z")
    assert served[0].serve.models == {"a": "x", "b": "z"}


def test_the_settings_file_may_be_named_here_too(served: list[Settings], tmp_path: Path):
    (tmp_path / "mine.toml").write_text("[serve]\nport = 3333", "utf-8")
    run("--config", "mine.toml")
    assert served[0].serve.port == 3333


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--model", "no-equals-sign"), "ALIAS=NAME"),
        (("--model", "=x"), "ALIAS=NAME"),
        (("--queue", "-1"), "queue"),
        (("--drain-s", "-1"), "drain_s"),
        (("--config", "missing.toml"), "missing.toml"),
    ],
)
def test_what_cannot_be_is_wrong_use(served: list[Settings], arguments, said):
    with pytest.raises(SpratError) as refused:
        run(*arguments)
    assert refused.value.exit_code == 2
    assert said in str(refused.value)
    assert not served


def started(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sprat", "serve", *arguments],
        cwd=folder, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip


def test_an_address_that_others_reach_needs_a_key(tmp_path: Path):
    done = started("--host", "0.0.0.0", "--port", "0", folder=tmp_path)
    assert done.returncode == 2
    assert "SPRAT_KEY" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_alias_for_nothing_is_said_before_anything_is_served(tmp_path: Path):
    done = started("--port", "0", "--model", "mine=./no-such.gguf", folder=tmp_path)
    assert done.returncode in {1, 2}
    assert "no-such.gguf" in done.stderr
    assert not done.stdout


def test_the_process_starts_quickly_and_loads_nothing_heavy(tmp_path: Path):
    program = (
        "import sys, json, atexit\n"
        f"heavy = {HEAVY!r}\n"
        "loaded = lambda: [name for name in heavy if name in sys.modules]\n"
        "atexit.register(lambda: print('LOADED', json.dumps(loaded())))\n"
        "from sprat.serve import server\n"
        "serve = server.Running.serve\n"
        "async def once(self, told):\n"
        "    def then():\n"
        "        told()\n"
        "        self.stop()\n"
        "    await serve(self, then)\n"
        "server.Running.serve = once\n"
        "from sprat.cli import main\n"
        "main(['serve', '--port', '0'])\n"
    )
    took_s = []
    for _ in range(3):
        begun_s = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
        took_s.append(time.monotonic() - begun_s)
    assert json.loads(done.stdout.split("LOADED")[1]) == []
    assert min(took_s) < 10


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
async def test_what_it_prints_can_be_typed(tmp_path: Path):
    async with serve_process(tmp_path, slow_model(tmp_path, words=2)) as here:
        assert here.process.stdout is not None
        said = (await here.process.stdout.readuntil(b"Try it:\n")).decode()
        command = (await here.process.stdout.readline()).decode().strip()
        assert "Ctrl-C" in said
        body = json.loads(re.search(r"-d '(.*)'$", command)[1])
        async with here.client.post(
            f"{here.url}/v1/chat/completions", json={**body, "model": "slow"}
        ) as response:
            assert response.status == 200
        assert f"{here.url}/v1/chat/completions" in command
        async with here.client.get(re.search(r"http://\S+/docs", said)[0]) as response:
            assert response.status == 200
        here.process.send_signal(signal.SIGINT)
        assert await here.ended() == 0
