"""`sprat openwebui`: the command that connects Open WebUI to the gateway, or Open WebUI itself."""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import click

from sprat.cli.context import settings_of
from sprat.errors import SpratError, UsageError
from sprat.settings import Settings, is_here

IMAGE = "ghcr.io/open-webui/open-webui:main"
_CONTAINER_HOST = "host.docker.internal"
_PYTHON = "3.12"
"""Open WebUI takes 3.11 and 3.12."""


@click.command(epilog="Example: sprat openwebui --run")
@click.option("--url", help="The gateway's address [http://127.0.0.1:5273/v1].")
@click.option("--key", help="What the gateway asks for [any].")
@click.option(
    "--port", type=click.IntRange(1, 65_535), default=8080, show_default=True,
    help="Where Open WebUI will be found.",
)  # fmt: skip
@click.option("--embedder", default="all-minilm-l6-v2", show_default=True, metavar="MODEL")
@click.option("--docker", is_flag=True, help="By its container instead of its Python package.")
@click.option("--run", "run_it", is_flag=True, help="Run it instead of printing it.")
@click.pass_context
def openwebui(
    ctx: click.Context,
    url: str | None,
    key: str | None,
    port: int,
    embedder: str,
    docker: bool,
    run_it: bool,
) -> None:
    """Print the command that starts Open WebUI on Sprat's gateway, and on nothing else.

    Models, chats, titles and embeddings come from the gateway; Open WebUI is told to be offline and
    to report to nobody.
    """
    settings = settings_of(ctx)
    address = _checked(url or f"http://127.0.0.1:{settings.serve.port or 5273}/v1")
    variables = variables_for(address, key or _key(settings), embedder, settings.large)
    data = settings.runs_file.parent / "openwebui"
    if docker:
        command, own = docker_command(variables, port), secrets_of(variables)
    else:
        command = package_command(port)
        own = {**variables, "DATA_DIR": str(data)}
    if run_it:
        sys.exit(_run(command, own, address, data))
    click.echo(shown(command, own, windows=sys.platform == "win32"))
    click.echo(
        f"Then open http://127.0.0.1:{port}. The gateway must run: {_serve(docker, address)}",
        err=True,
    )


def variables_for(url: str, key: str, embedder: str, titler: str) -> dict[str, str]:
    """What Open WebUI is told, by its own variables.

    Its built-in tools stay off: they go with every question, and a model whose chat template has no
    place for tools then answers none. `titler` is the model that writes its titles and tags.

    Source: open-webui 0.12.4, backend/open_webui/config.py and env.py; the last three are those by
    which its container image silences what it is made of.
    """
    return {
        "OPENAI_API_BASE_URL": url,
        "OPENAI_API_KEY": key,
        "ENABLE_OLLAMA_API": "false",
        "RAG_EMBEDDING_ENGINE": "openai",
        "RAG_EMBEDDING_MODEL": embedder,
        "RAG_OPENAI_API_BASE_URL": url,
        "RAG_OPENAI_API_KEY": key,
        "DEFAULT_MODEL_METADATA": '{"capabilities": {"builtin_tools": false}}',
        "TASK_MODEL_EXTERNAL": titler,
        "ENABLE_COMMUNITY_SHARING": "false",
        "OFFLINE_MODE": "true",
        "ANONYMIZED_TELEMETRY": "false",
        "DO_NOT_TRACK": "true",
        "SCARF_NO_ANALYTICS": "true",
    }


def package_command(port: int) -> list[str]:
    """By the Python package: the one that is installed, or one that uv fetches for itself."""
    start = ["open-webui", "serve", "--host", "127.0.0.1", "--port", str(port)]
    return start if shutil.which("open-webui") else ["uvx", "--python", _PYTHON, *start]


def secrets_of(variables: Mapping[str, str]) -> dict[str, str]:
    """What no command line may hold, for every user of this machine can read those."""
    return {name: value for name, value in variables.items() if name.endswith("_KEY")}


def docker_command(variables: Mapping[str, str], port: int) -> list[str]:
    """By the container, which finds this machine's loopback under another name.

    Keys are named only: it takes their values from the variables around it.
    """
    keys = secrets_of(variables)
    told = [
        name if name in keys else f"{name}={_from_container(value)}"
        for name, value in variables.items()
    ]
    return [
        "docker",
        "run",
        "--rm",
        "--publish",
        f"127.0.0.1:{port}:8080",
        "--add-host",
        f"{_CONTAINER_HOST}:host-gateway",
        "--volume",
        "open-webui:/app/backend/data",
        *(word for one in told for word in ("--env", one)),
        IMAGE,
    ]


def shown(command: list[str], variables: Mapping[str, str], *, windows: bool) -> str:
    """To be typed: in a POSIX shell, or in PowerShell."""
    if windows:
        lines = [f"$env:{name} = {_quoted(value)}" for name, value in variables.items()]
        return "\n".join([*lines, " ".join(map(_bare, command))])
    told = [f"{name}={shlex.quote(value)}" for name, value in variables.items()]
    return " \\\n  ".join([*told, shlex.join(command)])


def _bare(word: str) -> str:
    return word if word.replace("-", "").replace(".", "").isalnum() else _quoted(word)


def _quoted(word: str) -> str:
    return "'" + word.replace("'", "''") + "'"


def _from_container(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not is_here(value):
        return value
    place = f"{_CONTAINER_HOST}:{parts.port}" if parts.port else _CONTAINER_HOST
    return urlunsplit((parts.scheme, place, parts.path, "", ""))


def _checked(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UsageError(f"{url!r} is no address.", fix="Try: --url http://127.0.0.1:5273/v1")
    whole = url.rstrip("/")
    return whole if whole.endswith("/v1") else f"{whole}/v1"


def _key(settings: Settings) -> str:
    from sprat.serve.guard.key import key_of

    return key_of(settings.serve) or "any"


def _serve(docker: bool, url: str) -> str:
    if docker:
        port = urlsplit(url).port or 80
        return f"sprat serve --host 0.0.0.0 --allow-host {_CONTAINER_HOST}:{port}, with SPRAT_KEY"
    return "sprat serve"


def _run(command: list[str], variables: Mapping[str, str], url: str, data: Path) -> int:
    from sprat.serve.port import answers

    parts = urlsplit(url)
    if not answers(parts.hostname or "", parts.port or 80):
        raise SpratError(f"Nothing answers at {url}.", fix="Start it beside this: sprat serve")
    found = shutil.which(command[0])
    if found is None:
        fix = "Install it: pip install uv, or pip install open-webui with Python 3.11 or 3.12"
        raise SpratError(f"There is no {command[0]} here.", fix=fix)
    data.mkdir(parents=True, exist_ok=True)
    # It keeps a key for its sessions where it is started: not in whatever folder this is.
    return subprocess.run(
        [found, *command[1:]], env={**os.environ, **variables}, cwd=data, check=False
    ).returncode
