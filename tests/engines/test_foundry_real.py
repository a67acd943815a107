"""The stand-in, held against the real service: the one that Foundry Local's SDK starts."""

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.foundry_service import foundry_service

from sprat.engines.foundry.service.models import models_of
from sprat.engines.foundry.service.seen import look

pytest.importorskip("foundry_local_sdk", exc_type=ImportError)
SERVE = """
import sys
from pathlib import Path
from foundry_local_sdk import Configuration, FoundryLocalManager

folder = Path(sys.argv[1])
manager = FoundryLocalManager(Configuration(
    app_name="sprat-test", app_data_dir=str(folder / "data"),
    model_cache_dir=str(folder / "cache"), logs_dir=str(folder / "logs"),
    web=Configuration.WebService(urls="http://127.0.0.1:0"),
    catalog_urls=[("http://127.0.0.1:9/asset-gallery/v1.0/models", None)],
    disable_nonessential_telemetry=True,
))
manager.start_web_service()
print(manager.urls[0], flush=True)
sys.stdin.read()
manager.stop_web_service()
"""
CHAT = {"model": "nope", "messages": [{"role": "user", "content": "Hello"}]}


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real service, without network: its catalogue is empty."""
    folder = tmp_path_factory.mktemp("foundry")
    with subprocess.Popen(
        [sys.executable, "-c", SERVE, str(folder)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env={**os.environ, "HOME": str(folder), "USERPROFILE": str(folder)},
    ) as process:  # fmt: skip
        assert process.stdin
        assert process.stdout
        address = process.stdout.readline().strip()
        try:
            assert address.startswith("http://127.0.0.1:"), address
            yield address
        finally:
            process.stdin.close()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def asked(root: str, method: str, path: str, body: Any = None) -> tuple[int, str | None, Any]:
    """Status, whether pages are let in, and the body; JSON objects as their sorted keys."""
    connection = http.client.HTTPConnection(root.removeprefix("http://"), timeout=30)
    try:
        page = {"Origin": "http://localhost:3000", "Host": "evil.example"}
        connection.request(method, path, json.dumps(body) if body else None, page)
        answer = connection.getresponse()
        text = answer.read().decode()
        said = json.loads(text) if answer.getheader("Content-Type") == "application/json" else text
    finally:
        connection.close()
    shown = sorted(said) if path == "/status" else said
    return answer.status, answer.getheader("Access-Control-Allow-Origin"), shown


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/status", None),
        ("GET", "/openai/status", None),
        ("GET", "/healthz", None),
        ("GET", "/models/loaded", None),
        ("GET", "/models/load/nope", None),
        ("POST", "/v1/chat/completions", CHAT),
        ("OPTIONS", "/v1/chat/completions", None),
    ],
)
def test_the_stand_in_answers_as_the_real_service_does(
    real: str, method: str, path: str, body: Any
):
    with foundry_service("server") as service:
        assert asked(service.root, method, path, body) == asked(real, method, path, body)


def test_the_real_service_is_recognised_with_its_folder_and_process(real: str):
    seen = look(f"{real}/v1", within_s=5)
    assert seen.kind == "server"
    assert seen.pid
    assert Path(seen.cache_folder or "").name == "cache"
    assert models_of(seen, within_s=30) == ()
