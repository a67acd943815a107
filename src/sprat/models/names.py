"""A model name, as the user typed it → what it means. Nothing is opened or fetched here."""

import difflib
import re
from collections.abc import Iterable
from pathlib import Path

import msgspec

from sprat.errors import UnknownModel, UsageError
from sprat.models.catalog import CatalogModel, HubSource, catalog
from sprat.models.kept import policy_file
from sprat.settings import Endpoint, Settings

_DRIVE = re.compile(r"^[A-Za-z]:[\\/]")
_HUB = re.compile(r"^([\w.-]+)/([\w.-]+)/([^@]+\.gguf)(?:@([\w./-]+))?$", re.IGNORECASE)
_SPLIT = re.compile(r"-\d{5}-of-\d{5}\.gguf$", re.IGNORECASE)


class GgufFile(msgspec.Struct, frozen=True):
    """The user's own GGUF file."""

    path: Path
    name: str


class OnnxFolder(msgspec.Struct, frozen=True):
    """A folder that ONNX Runtime GenAI can load: it holds `genai_config.json`."""

    path: Path
    name: str


class HubFile(msgspec.Struct, frozen=True):
    """A GGUF file on the Hugging Face hub: `hf:OWNER/REPO/FILE.gguf`, perhaps `@REVISION`."""

    owner: str
    repo: str
    file: str
    name: str
    revision: str | None = None

    def as_model(self) -> CatalogModel:
        """The same, as if it stood in the catalogue."""
        origin = HubSource(f"{self.owner}/{self.repo}", self.file, self.revision)
        return CatalogModel(name=self.name, title=self.file, sources=(origin,))


class EndpointModel(msgspec.Struct, frozen=True):
    """A model behind an OpenAI-compatible server."""

    endpoint_name: str
    endpoint: Endpoint
    model: str
    name: str


class FoundryModel(msgspec.Struct, frozen=True):
    """A model of Foundry Local's, run in process or by a service that is found here.

    Which of the two: `engines.foundry.place`.
    """

    alias: str
    """Its alias or its identifier there."""
    name: str


class Scripted(msgspec.Struct, frozen=True):
    """Answers read from a file: for tests and demonstrations."""

    path: Path
    name: str


class PolicyFile(msgspec.Struct, frozen=True):
    """Two models that answer as one, by rules that stand in a file."""

    path: Path
    name: str


class Documents(msgspec.Struct, frozen=True):
    """What `sprat index` wrote, asked through the settings' two models: `docs:` and a place."""

    where: str | None
    """A store's folder or address; None: the settings' own."""
    name: str


Local = CatalogModel | GgufFile | OnnxFolder | HubFile
Source = Local | EndpointModel | FoundryModel | Scripted | PolicyFile | Documents


def resolve(name: str, settings: Settings) -> Source:
    """What `name` means.

    Raises:
        UnknownModel: no model, file or endpoint of that name; says which ones are near.
    """
    text = name.strip()
    if (found := _by_scheme(text, settings)) is not None:
        return found
    if model := catalog().get(text.lower()):
        alias = model.foundry
        return _foundry(text, alias.alias, settings) if alias else model
    return _local(text) or _endpoint(text, settings) or _unknown(text, settings)


def _by_scheme(text: str, settings: Settings) -> Source | None:
    scheme, _, rest = text.partition(":")
    match scheme:
        case "hf":
            return _hub(text, rest)
        case "scripted":
            return _scripted(text, rest)
        case "policy":
            return _policy(text, rest, settings)
        case "docs":
            return Documents(rest.strip() or None, text)
        case "foundry":
            return _foundry(text, rest, settings)
        case _:
            return None


def resolve_answering(name: str, settings: Settings) -> Source:
    """What `name` means, where an answer is wanted.

    Raises:
        UnknownModel: no model, file or endpoint of that name.
        UsageError: the model does something else.
    """
    return answering(resolve(name, settings))


def answering(source: Source) -> Source:
    """`source`, where an answer is wanted.

    Raises:
        UsageError: the model does something else.
    """
    if isinstance(source, CatalogModel) and source.task != "chat":
        raise UsageError(
            f"{source.name} turns texts into vectors; it does not answer.",
            fix="Name a model whose task is chat: sprat models list",
        )
    return source


def _hub(text: str, rest: str) -> HubFile:
    found = _HUB.match(rest)
    if not found or ".." in found[3].split("/"):
        raise UnknownModel(
            f"{text!r} names no GGUF file on the hub.",
            fix="Write hf:OWNER/REPO/FILE.gguf; hf:Qwen/Qwen3-0.6B-GGUF/Qwen3-0.6B-Q8_0.gguf, say.",
        )
    if _SPLIT.search(found[3]):
        raise UnknownModel(
            f"{found[3]} is one of several parts of a model.",
            fix="Choose a file of that repository that holds the whole model.",
        )
    return HubFile(found[1], found[2], found[3], text, found[4])


def _scripted(text: str, rest: str) -> Scripted:
    path = Path(rest).expanduser()
    if not path.is_file():
        raise UnknownModel(f"There is no file {rest!r}.", fix="scripted: takes a file of answers.")
    return Scripted(path, text)


def _policy(text: str, rest: str, settings: Settings) -> PolicyFile:
    return PolicyFile(policy_file(rest, settings), text)


def _foundry(text: str, alias: str, settings: Settings) -> EndpointModel | FoundryModel:
    """Where an endpoint is set, that is meant; else this machine: docs/decisions/foundry.md."""
    if not alias:
        raise UnknownModel(f"{text!r} names no model.", fix="Write foundry:phi-4-mini, say.")
    endpoint = settings.endpoints.get("foundry")
    if endpoint is None:
        return FoundryModel(alias, text)
    return EndpointModel("foundry", endpoint, alias, text)


def _local(text: str) -> GgufFile | OnnxFolder | None:
    path = Path(text).expanduser()
    try:
        if path.is_file():
            return GgufFile(path, text)
        if path.is_dir() and (path / "genai_config.json").is_file():
            return OnnxFolder(path, text)
        is_folder = path.is_dir()
    except (OSError, ValueError):  # a name that no path can have
        return None
    if is_folder and looks_like_path(text):
        raise UnknownModel(
            f"The folder {text!r} holds no genai_config.json.",
            fix=_gguf_inside(path) or "Give a GGUF file, or a folder of ONNX Runtime GenAI.",
        )
    if path.exists() and not is_folder:  # a pipe, say: weights are read from anywhere within
        raise UnknownModel(
            f"{text!r} is no ordinary file.", fix="Write it to a file first, and give that."
        )
    if looks_like_path(text) and not is_folder:
        raise UnknownModel(
            f"There is no file {text!r} (looked in {Path.cwd()}).", fix=_neighbours(path)
        )
    return None


def looks_like_path(text: str) -> bool:
    r"""Whether a name can only be meant as a file: `./x`, `~/x`, `C:\x`, `x.gguf`."""
    return bool(
        text.lower().endswith(".gguf")
        or text.startswith((".", "~", "/", "\\"))
        or _DRIVE.match(text)
        or "\\" in text
    )


def _gguf_inside(folder: Path) -> str | None:
    inside = sorted(folder.glob("*.gguf"))[:3]
    return f"Did you mean {' or '.join(map(str, inside))}?" if inside else None


def _neighbours(path: Path) -> str:
    folder = path.parent
    there = [p.name for p in folder.glob("*.gguf")] if folder.is_dir() else []
    near = difflib.get_close_matches(path.name, there, n=1, cutoff=0.5)
    return f"Did you mean {folder / near[0]}?" if near else "Check the path."


def _endpoint(text: str, settings: Settings) -> EndpointModel | FoundryModel | None:
    head, slash, model = text.partition("/")
    if not slash:
        return None
    if head == "foundry":
        return _foundry(text, model, settings)
    endpoint = settings.endpoints.get(head)
    if endpoint is None or not model:
        return None
    return EndpointModel(head, endpoint, model, text)


def _unknown(text: str, settings: Settings) -> Source:
    head, slash, model = text.partition("/")
    if slash and head in settings.endpoints:
        raise UnknownModel(f"{text!r} names no model.", fix=f"Write {head}/MODEL.")
    if slash and model:
        near = nearest(head, settings.endpoints)
        raise UnknownModel(
            f"There is no endpoint {head!r} and no file {text!r}.",
            fix=f"Did you mean {near[0]}/{model}?"
            if near
            else f'Add [endpoints.{head}] url = "http://…/v1" to sprat.toml.',
        )
    near = nearest(text, catalog())
    raise UnknownModel(
        f"There is no model {text!r}.",
        fix=f"Did you mean {' or '.join(near)}?" if near else "See: sprat models list",
    )


def nearest(text: str, names: Iterable[str]) -> list[str]:
    """Up to three known names that are near, the nearest first; a part of a name counts."""
    low, known = text.lower(), list(names)
    close = difflib.get_close_matches(low, known, n=3, cutoff=0.5)
    parts = [n for n in known if len(low) > 2 and (low in n or n in low) and n not in close]
    return (close + parts)[:3]
