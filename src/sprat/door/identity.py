"""What makes a model's answers its own: two runs with the same identity should answer alike."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from sprat.models.disk import sha256_of
from sprat.settings import Settings

if TYPE_CHECKING:
    from sprat.models.names import Documents, EndpointModel, FoundryModel, Local, PolicyFile


def identity(name: str, settings: Settings) -> dict[str, Any]:
    """Weights' SHA-256, export recipe and provider; address and model for an endpoint.

    Of a policy: its file's hash, and both models'.

    Fetches and exports what is not here yet, so call it after `open_engine`.

    Raises:
        UnknownModel: no model of that name.
        PolicyError: a policy's file cannot be read.
        ModelError: its weights could not be fetched, verified, read or exported.
    """
    from sprat.models.names import (
        Documents,
        EndpointModel,
        FoundryModel,
        PolicyFile,
        Scripted,
        resolve,
    )

    match resolve(name, settings):
        case EndpointModel() as source:
            return _endpoint(source)
        case FoundryModel() as source:
            return _foundry(source, settings)
        case Scripted() as source:
            return {"script_sha256": sha256_of(source.path)}
        case PolicyFile() as source:
            return _policy(source, settings)
        case Documents() as source:
            return _documents(source, settings)
        case source:
            return _local(source, settings)


def _policy(source: "PolicyFile", settings: Settings) -> dict[str, Any]:
    """What its file says, and the two models as they are now."""
    from sprat.policies.file import read_policy

    policy = read_policy(source.path)
    return {
        "policy": policy.name,
        "sha256": policy.sha256,
        "small": identity(policy.small.model, settings),
        "large": identity(policy.large.model, settings),
    }


def _documents(source: "Documents", settings: Settings) -> dict[str, Any]:
    """Every file's hash as one, the embedder, how passages are ranked, and both models."""
    from sprat.rag.fuse import RANKING
    from sprat.rag.store import open_store

    store = open_store(source.where or str(settings.documents_dir))
    try:
        held = sorted((one.file, one.sha256) for one in store.documents().values())
        embedder = store.info().embedder
    finally:
        store.close()
    lines = "".join(f"{sha256}  {file}\n" for file, sha256 in held)
    return _known(
        documents_sha256=hashlib.sha256(lines.encode()).hexdigest(),
        embedder=embedder,
        ranking=RANKING,
        small=identity(settings.small, settings),
        large=identity(settings.large, settings),
    )


def _local(source: "Local", settings: Settings) -> dict[str, Any]:
    from sprat.engines.onnx.choice import settled
    from sprat.models.ready import ensure

    ready = ensure(source, settings)
    return _known(
        weights_sha256=ready.weights_sha256,
        recipe=ready.recipe,
        licence=ready.licence,
        # A folder of the user's own has no weights file that was hashed on the way in.
        folder_sha256=None if ready.gguf else _folder_sha256(ready.folder),
        provider=settled(ready.folder, settings),
        threads=settings.onnx.threads,
    )


def _endpoint(source: "EndpointModel") -> dict[str, Any]:
    return {"endpoint": _without_login(source.endpoint.url), "model": source.model}


def _foundry(source: "FoundryModel", settings: Settings) -> dict[str, Any]:
    from sprat.engines.foundry.catalogue import obtain
    from sprat.engines.foundry.place import place_of
    from sprat.models.names import EndpointModel

    place = place_of(source, settings)
    if isinstance(place, EndpointModel):
        return _endpoint(place)
    model = obtain(source.alias, settings)
    return _known(
        foundry=model.id,
        weights_sha256=model.weights_sha256,
        recipe=model.recipe,
        licence=model.licence,
        # The public catalogue's identifier has a version; a folder of the user's own has nothing.
        folder_sha256=None
        if model.public or model.weights_sha256
        else _folder_sha256(Path(model.folder)),
    )


def _known(**facts: object) -> dict[str, Any]:
    return {what: value for what, value in facts.items() if value is not None}


def _folder_sha256(folder: Path) -> str:
    """One hash over every file of a folder, by name: about a second per gigabyte."""
    files = sorted(path for path in folder.iterdir() if path.is_file())
    lines = "".join(f"{sha256_of(path)}  {path.name}\n" for path in files)
    return hashlib.sha256(lines.encode()).hexdigest()


def _without_login(url: str) -> str:
    """An address without `user:password@`: a study is something that people pass on."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
