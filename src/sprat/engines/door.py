"""A model name → an engine. What an engine needs is imported only when it is opened."""

from typing import TYPE_CHECKING

from sprat.engines.base import Engine
from sprat.settings import Settings

if TYPE_CHECKING:
    from sprat.models.names import EndpointModel, Local, Scripted
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
        ModelError: its weights could not be fetched, verified, read or exported.
        SettingsError: an endpoint's key or a script that is not there.
    """
    from sprat.models.names import EndpointModel, Scripted, resolve

    match resolve(name, settings):
        case EndpointModel() as source:
            return _endpoint(source)
        case Scripted() as source:
            return _scripted(source)
        case source:
            return _local(source, settings, progress, reuse_prefix)


def _endpoint(source: "EndpointModel") -> Engine:
    from sprat.engines.openai import OpenAIEngine

    return OpenAIEngine(source.name, source.endpoint, source.model, label=source.endpoint_name)


def _scripted(source: "Scripted") -> Engine:
    from sprat.engines.scripted import ScriptedEngine

    return ScriptedEngine.open(source.path, source.name)


def _local(
    source: "Local", settings: Settings, progress: "Progress | None", reuse_prefix: bool
) -> Engine:
    from sprat.engines.onnx import OnnxEngine
    from sprat.models.progress import silent
    from sprat.models.ready import ensure

    ready = ensure(source, settings, progress or silent)
    return OnnxEngine(
        ready.name,
        ready.folder,
        provider=settings.onnx.provider,
        threads=settings.onnx.threads,
        reuse_prefix=reuse_prefix,
    )
