"""Files over HTTP: whole, in parts, not again, and only what a manifest names."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from tests.serve.raw import request, say
from tests.serve.running import At, gateway, serving

from sprat.errors import ModelError
from sprat.models.export.web.manifest import Manifest, Variant, entry, write_manifest
from sprat.models.web_ready import WebModel
from sprat.serve import file as files
from sprat.serve.page import shelf

KEY = "a-key-of-more-than-16-characters"
BEARER = {"Authorization": f"Bearer {KEY}"}
WEIGHTS = os.urandom(3 * files.PIECE_BYTES + 17)
AT = "/api/web/models/tiny/onnx/model.onnx"


def name_files(folder: Path, *names: str) -> None:
    """Write a manifest of a model whose weights are `onnx/model.onnx`."""
    weights = Variant(
        id="wasm-int8", backend="wasm", needs=(), model=entry(folder, "onnx/model.onnx"), data=(),
        cache="float32", canary=None,
    )  # fmt: skip
    manifest = Manifest(
        name="tiny", title="Tiny", licence="", architecture="llama", sha256="", context_tokens=1,
        layers=1, kv_heads=1, head_size=1, vocabulary=1, ends=(),
        files=tuple(entry(folder, name) for name in names), variants=(weights,),
    )  # fmt: skip
    write_manifest(folder, manifest)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model's folder, with a file beside it that no manifest names."""
    made = tmp_path / "tiny"
    (made / "onnx").mkdir(parents=True)
    (made / "onnx" / "model.onnx").write_bytes(WEIGHTS)
    (made / "config.json").write_text("{}", "utf-8")
    (made / "secret.txt").write_text("nobody's business", "utf-8")
    (tmp_path / "outside.json").write_text("{}", "utf-8")
    name_files(made, "config.json")
    known = WebModel(
        name="tiny", title="Tiny", task="chat", bytes=1,
        manifest="api/web/models/tiny/manifest.json",
    )  # fmt: skip
    monkeypatch.setattr(shelf, "web_models", lambda settings: [known])
    makes(monkeypatch, made)
    monkeypatch.setattr(shelf, "kept_folder", lambda name, settings: None)
    return made


def makes(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let this be what an export comes to."""

    async def made(name: str, settings: object, progress: object) -> Path:
        return folder

    monkeypatch.setattr(shelf, "made_folder", made)


@pytest.fixture
async def at(tmp_path: Path, folder: Path) -> AsyncIterator[At]:
    async with gateway(serving(tmp_path, models={"tiny": "smollm2-135m"})) as found:
        yield found


@pytest.fixture
async def locked(tmp_path: Path, folder: Path) -> AsyncIterator[At]:
    async with gateway(serving(tmp_path, models={"tiny": "smollm2-135m"}, key=KEY)) as found:
        yield found


class Got(NamedTuple):
    """An answer that was read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)


async def got(at: At, path: str, **headers: str) -> Got:
    async with await at.get(path, **headers) as answer:
        return Got(answer.status, answer.headers, await answer.read())


def mark(data: bytes = WEIGHTS) -> str:
    return "?v=" + hashlib.sha256(data).hexdigest()[:16]


async def test_a_file_comes_whole_with_its_hash_as_its_tag(at: At):
    answer = await got(at, AT)
    assert answer.status == 200
    assert answer.body == WEIGHTS
    assert answer.headers["ETag"] == f'"{hashlib.sha256(WEIGHTS).hexdigest()}"'
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


async def test_it_is_kept_for_ever_only_under_its_own_hash(at: At):
    kept = await got(at, AT + mark())
    assert "immutable" in kept.headers["Cache-Control"]
    other = await got(at, AT + mark(b"another"))
    assert other.status == 404
    assert "Ask for the manifest again" in other.json["error"]["message"]


async def test_a_query_of_too_many_fields_is_refused(at: At):
    assert (await got(at, f"{AT}?a&b&c&d&e&f&g&h")).status == 200
    answer = await got(at, f"{AT}?a&b&c&d&e&f&g&h&i")
    assert answer.status == 400
    assert "more than 8 fields" in answer.json["error"]["message"]


SIZE = len(WEIGHTS)


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=5-", 5, SIZE - 1),
        ("bytes=262144-600000", 262144, 600000),
        (f"bytes={SIZE - 1}-", SIZE - 1, SIZE - 1),
        ("bytes=-17", SIZE - 17, SIZE - 1),
        (f"bytes=10-{SIZE * 9}", 10, SIZE - 1),
    ],
)
async def test_a_part_of_it(at: At, asked: str, first: int, last: int):
    answer = await got(at, AT, Range=asked)
    assert answer.status == 206
    assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{SIZE}"
    assert answer.body == WEIGHTS[first : last + 1]


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", "bytes=-0", f"bytes={SIZE * 2}-{SIZE * 3}"])
async def test_no_such_part(at: At, asked: str):
    answer = await got(at, AT, Range=asked)
    assert answer.status == 416
    assert answer.headers["Content-Range"] == f"bytes */{SIZE}"
    assert answer.body == b""


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,5-6", "bytes=9-3", "bytes=-", "bytes=a-b", "lines=1-2"]
)
async def test_what_is_no_single_part_is_given_whole(at: At, asked: str):
    answer = await got(at, AT, Range=asked)
    assert answer.status == 200
    assert answer.body == WEIGHTS


async def test_a_part_of_another_file_than_the_client_has_is_given_whole(at: At):
    tag = f'"{hashlib.sha256(WEIGHTS).hexdigest()}"'
    asked = {"Range": "bytes=9-"}
    assert (await got(at, AT, **asked, **{"If-Range": tag})).status == 206
    for other in ('"old"', f"W/{tag}", "Wed, 21 Oct 2015 07:28:00 GMT"):
        assert (await got(at, AT, **asked, **{"If-Range": other})).status == 200


async def test_what_the_client_has_is_not_sent_again(at: At):
    tag = f'"{hashlib.sha256(WEIGHTS).hexdigest()}"'
    for known in (tag, f"W/{tag}", f'"old", {tag}', "*"):
        answer = await got(at, AT, **{"If-None-Match": known})
        assert answer.status == 304
        assert answer.headers["ETag"] == tag
    assert (await got(at, AT, **{"If-None-Match": '"old"'})).status == 200


async def test_head_is_get_without_the_file(at: At):
    async with at.client.head(at.url + AT) as answer:
        assert answer.headers["Content-Length"] == str(SIZE)
    async with at.client.head(at.url + AT, headers={"Range": "bytes=0-9"}) as answer:
        assert (answer.status, answer.headers["Content-Length"]) == (206, "10")


@pytest.mark.parametrize(
    "path",
    [
        "secret.txt", "../outside.json", "..%2Foutside.json", "%2e%2e/outside.json",
        "onnx/../secret.txt", "/etc/passwd", "%2Fetc%2Fpasswd", "onnx", "onnx/", "config.json/",
        "CONFIG.JSON", "config.json%00", "..%5Coutside.json",
    ],
)  # fmt: skip
async def test_only_what_the_manifest_names_is_there(at: At, path: str):
    answer = await say(at, request("GET", f"/api/web/models/tiny/{path}", {}, None))
    assert answer.status == 404, answer.body
    assert b"nobody" not in answer.body


async def test_no_other_model_is_there(at: At):
    for name in ("smollm2-135m", "..", "tiny%2F..", "nope"):
        answer = await say(at, request("GET", f"/api/web/models/{name}/manifest.json", {}, None))
        assert answer.status == 404


async def test_the_list_and_the_manifest(at: At, folder: Path):
    listed = (await got(at, "/api/web/models")).json
    assert [model["name"] for model in listed["models"]] == ["tiny"]
    answer = await got(at, "/" + listed["models"][0]["manifest"])
    assert answer.body == (folder / "manifest.json").read_bytes()
    assert answer.headers["Content-Type"] == "application/json"
    again = await got(
        at, "/" + listed["models"][0]["manifest"], **{"If-None-Match": answer.headers["ETag"]}
    )
    assert again.status == 304


async def test_after_a_restart_a_file_is_still_given_to_whoever_knows_its_hash(
    locked: At, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(shelf, "kept_folder", lambda name, settings: folder)
    assert (await got(locked, AT + mark(b"x"))).status == 401
    assert (await got(locked, AT + mark())).status == 200


async def test_locked_names_need_the_key_and_files_the_key_or_their_hash(locked: At):
    manifest = "/api/web/models/tiny/manifest.json"
    for path in ("/api/web/models", manifest, AT, AT + mark(), AT + mark(b"x")):
        assert (await got(locked, path)).status == 401, path
    for path in ("/api/web/models", manifest, AT):
        assert (await got(locked, path, **BEARER)).status == 200
    assert (await got(locked, AT + mark())).status == 200
    assert (await got(locked, AT)).status == 401
    assert (await got(locked, AT + mark(b"x"))).status == 401
    assert (await got(locked, "/api/web/models/tiny/config.json" + mark())).status == 401


async def test_a_model_is_exported_once_for_all_who_wait_and_whoever_leaves_does_not_stop_it(
    at: At, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    made = 0
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def export(name: str, settings: object, progress: object) -> Path:
        nonlocal made
        made += 1
        begun.set()
        await go_on.wait()
        return folder

    monkeypatch.setattr(shelf, "made_folder", export)
    asking = [asyncio.create_task(got(at, "/api/web/models/tiny/manifest.json")) for _ in range(9)]
    await asyncio.wait_for(begun.wait(), 30)
    asking.pop().cancel()
    assert (await got(at, "/healthz")).status == 200
    go_on.set()
    assert {(await one).status for one in asking} == {200}
    assert made == 1


async def test_what_cannot_be_exported_is_told_and_tried_again(
    at: At, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    async def fail(name: str, settings: object, progress: object) -> Path:
        raise ModelError("There is no room on the disk.", fix="Free 200 MB.")

    monkeypatch.setattr(shelf, "made_folder", fail)
    answer = await got(at, "/api/web/models/tiny/manifest.json")
    assert answer.status == 503
    assert "no room on the disk" in answer.json["error"]["message"]
    makes(monkeypatch, folder)
    assert (await got(at, "/api/web/models/tiny/manifest.json")).status == 200


async def test_a_file_that_changed_on_the_disk_is_not_sent_as_if_it_had_not(at: At, folder: Path):
    assert (await got(at, AT)).status == 200
    (folder / "onnx" / "model.onnx").write_bytes(b"short")
    answer = await got(at, AT)
    assert answer.status == 503
    assert "not on the disk as it was made" in answer.json["error"]["message"]


async def test_a_client_that_leaves_or_takes_nothing_is_given_up(
    at: At, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(files, "STALLED_S", 0.3)
    big = folder / "onnx" / "model.onnx"
    big.write_bytes(bytes(64 * 2**20))
    name_files(folder)
    host, port = at.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
    writer.write(f"GET {AT} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
    await asyncio.sleep(1.5)  # it takes nothing
    with pytest.raises(OSError):  # noqa: PT011, PT012 - the connection is cut before the end
        while await reader.read(2**20):
            pass
        raise ConnectionResetError
    writer.close()
    assert at.gateway.connections() <= 1  # the client's own
