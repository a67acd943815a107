"""Fixtures of the fetching tests: a server that can misbehave, and a model that it has."""

import hashlib
import os
from collections.abc import Iterator

import pytest
from standin import StandIn, noise

from sprat.models import download
from sprat.models.catalog import CatalogModel, HubSource, RegistrySource

PART_BYTES = 400_000
PARTS = 3


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """The stand-in, and a machine whose pip and hub point to it."""
    for name in [n for n in os.environ if n.startswith(("PIP_", "HF_"))]:
        monkeypatch.delenv(name)
    standin = StandIn()
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", standin.index)
    monkeypatch.setenv("HF_ENDPOINT", standin.url)
    monkeypatch.setattr(download, "PAUSE_S", 0.001)
    yield standin
    standin.close()


@pytest.fixture
def parts() -> list[bytes]:
    """The bytes of a model in three parts."""
    return [noise(PART_BYTES + n, seed=n) for n in range(1, PARTS + 1)]


@pytest.fixture
def model(server: StandIn, parts: list[bytes]) -> CatalogModel:
    """A model in three wheels on the stand-in index, and whole on its hub."""
    for n, data in enumerate(parts, 1):
        server.add_wheel(f"toy-part{n}", {f"toy_part{n}/data/part{n:02}.bin": data})
    whole = b"".join(parts)
    server.files["toy.gguf"] = whole
    return CatalogModel(
        name="toy",
        title="A toy",
        licence="CC0-1.0",
        bytes=len(whole),
        sha256=hashlib.sha256(whole).hexdigest(),
        sources=(
            RegistrySource("toy-part{n}", "1.0", "toy_part{n}/data/part{n:02}.bin", PARTS),
            HubSource("maker/toy-GGUF", "toy.gguf"),
        ),
    )
