"""`manifest.json`: what the page trusts. `web/src/manifest.ts` says the same in TypeScript."""

from pathlib import Path
from typing import Literal

import msgspec

from sprat.models.disk import sha256_of, write_whole

MANIFEST = "manifest.json"
FORMAT = 1

VariantId = Literal["webgpu-f16", "webgpu-f32", "wasm-int8"]


class FileEntry(msgspec.Struct, frozen=True):
    """A file of the folder."""

    name: str
    """Relative to the manifest, with forward slashes."""
    bytes: int
    sha256: str


class Guess(msgspec.Struct, frozen=True):
    """A token and its logit."""

    id: int
    logit: float


class Canary(msgspec.Struct, frozen=True):
    """A prompt and its greedy continuation, as native ONNX Runtime computed it."""

    prompt: tuple[int, ...]
    tokens: tuple[int, ...]
    top: tuple[Guess, ...]
    """The likeliest tokens after the prompt, highest first."""
    tolerance: float
    """How far a logit may be from these: rounding differs between machines, wrong kernels more."""


class Variant(msgspec.Struct, frozen=True):
    """The same model for one kind of machine."""

    id: VariantId
    backend: Literal["webgpu", "wasm"]
    needs: tuple[str, ...]
    """WebGPU features."""
    model: FileEntry
    data: tuple[FileEntry, ...]
    cache: Literal["float32", "float16"]
    canary: Canary | None
    """None: it writes no tokens."""

    @property
    def bytes(self) -> int:
        """What a page downloads for it."""
        return self.model.bytes + sum(file.bytes for file in self.data)


class Manifest(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Everything that the page must know before it loads a model."""

    format: int = FORMAT
    name: str
    title: str
    licence: str
    architecture: str
    sha256: str
    """Of the weights that it was exported from."""
    context_tokens: int
    layers: int
    kv_heads: int
    head_size: int
    vocabulary: int
    ends: tuple[int, ...]
    files: tuple[FileEntry, ...]
    variants: tuple[Variant, ...]

    @property
    def all_files(self) -> list[FileEntry]:
        """Every file that the manifest vouches for."""
        parts = [file for variant in self.variants for file in (variant.model, *variant.data)]
        return [*self.files, *parts]


def entry(folder: Path, name: str) -> FileEntry:
    """The size and hash of a file of `folder`."""
    path = folder / name
    return FileEntry(name, path.stat().st_size, sha256_of(path))


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write `manifest.json`, last of all: it says that the folder is whole."""
    data = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
    write_whole(folder / MANIFEST, data)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of an export for the web.

    Raises:
        OSError: there is none.
        msgspec.DecodeError: it is damaged.
    """
    return msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
