import json
import shlex

import pytest
from tests.cli.calling import run

from sprat.cli.openwebui import docker_command, shown, variables_for


def test_the_printed_command_is_one_that_a_shell_understands(capsys, tmp_path):
    _, out, err = run(capsys, "openwebui", "--url", "http://127.0.0.1:9000", "--key", "it's secret")
    words = shlex.split(out.replace("\\\n", " "))
    told = dict(word.split("=", 1) for word in words if "=" in word)
    assert told["OPENAI_API_BASE_URL"] == "http://127.0.0.1:9000/v1"
    assert told["OPENAI_API_KEY"] == "it's secret"
    assert told["ENABLE_OLLAMA_API"] == "false"
    assert told["OFFLINE_MODE"] == "true"
    assert json.loads(told["DEFAULT_MODEL_METADATA"])["capabilities"] == {"builtin_tools": False}
    assert told["TASK_MODEL_EXTERNAL"] == "qwen2.5-coder-0.5b"
    assert told["DATA_DIR"].startswith(str(tmp_path))
    assert words[-5:] == ["serve", "--host", "127.0.0.1", "--port", "8080"]
    assert "sprat serve" in err


def test_a_container_finds_this_machine_by_another_name():
    command = docker_command(variables_for("http://127.0.0.1:5273/v1", "k", "minilm", "big"), 3000)
    assert "OPENAI_API_BASE_URL=http://host.docker.internal:5273/v1" in command
    assert "127.0.0.1:3000:8080" in command
    far = docker_command(variables_for("https://box.example/v1", "k", "minilm", "big"), 3000)
    assert "OPENAI_API_BASE_URL=https://box.example/v1" in far


def test_a_container_is_given_the_key_beside_its_command_and_not_in_it(capsys):
    _, out, err = run(
        capsys, "openwebui", "--docker", "--key", "it's secret", "--url", "http://127.0.0.1:9000"
    )
    words = shlex.split(out.replace("\\\n", " "))
    before, command = words[: words.index("docker")], words[words.index("docker") :]
    assert not any("secret" in word for word in command)
    for name in ("OPENAI_API_KEY", "RAG_OPENAI_API_KEY"):
        assert command[command.index(name) - 1] == "--env"
        assert f"{name}=it's secret" in before
    assert "host.docker.internal:9000" in err


def test_powershell_is_told_in_its_own_words():
    said = shown(["open-webui", "serve"], {"OPENAI_API_KEY": "it's"}, windows=True)
    assert said == "$env:OPENAI_API_KEY = 'it''s'\nopen-webui serve"


@pytest.mark.parametrize("url", ["box", "ftp://box/v1", "http://"])
def test_an_address_that_is_none_is_said(capsys, url):
    code, _, err = run(capsys, "openwebui", "--url", url)
    assert code == 2
    assert "is no address" in err


def test_nothing_is_run_where_no_gateway_answers(capsys):
    code, _, err = run(capsys, "openwebui", "--run", "--url", "http://127.0.0.1:9")
    assert code == 1
    assert "Start it beside this: sprat serve" in err
