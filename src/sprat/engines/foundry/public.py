"""Foundry Local's public catalogue: a service on the network, asked only when nothing else will do.

Without a network the SDK tries four times, some four seconds, and then has an empty catalogue; so
whether its host can be reached at all is found out first.
"""

import socket
import threading
import urllib.request
from pathlib import Path
from typing import Any

from sprat.engines.foundry.wire import Held
from sprat.errors import DownloadFailed, SpratError, UnknownModel
from sprat.models.disk import require_room
from sprat.models.names import nearest
from sprat.models.progress import Progress

HOST = "api.catalog.azureml.ms"
"""Source: the default of `catalog_urls` in foundry-local-sdk 2.2.1."""
_PATIENCE_S = 3.0
_SHOWN = 8

Native = Any
"""An object of the SDK's; nothing here imports it."""


def reachable(host: str = HOST, port: int = 443) -> bool:
    """Whether the catalogue's host takes a connection; believed where a proxy stands between."""
    if urllib.request.getproxies():
        return True
    found = threading.Event()

    def knock() -> None:
        try:
            socket.create_connection((host, port), timeout=_PATIENCE_S).close()
        except OSError:
            return
        found.set()

    knocking = threading.Thread(target=knock, daemon=True)  # a name server may keep silent for long
    knocking.start()
    knocking.join(_PATIENCE_S)
    return found.is_set()


def require_network(alias: str) -> None:
    """Refuse to look for a model where there is nowhere to look.

    Raises:
        DownloadFailed: the catalogue's host cannot be reached.
    """
    if not reachable():
        raise DownloadFailed(
            f"foundry:{alias} is not on this machine, and Foundry Local's catalogue at {HOST} "
            "cannot be reached.",
            fix=f"Put a model of yours there under that name: sprat foundry register {alias}",
        )


def fetch(catalogue: Native, alias: str, home: Path, progress: Progress) -> Held:
    """The model of that alias or identifier, downloaded below `home` when it is not there.

    Raises:
        UnknownModel: the catalogue has none; names some that it has.
        DownloadFailed: the catalogue could not be read.
        DiskFull: there is too little room.
    """
    model = catalogue.get_model(alias) or catalogue.get_model_variant(alias)
    if model is None:
        raise _none(alias, sorted({str(one.alias) for one in catalogue.list_models()}))
    if not model.is_cached:
        _download(model, alias, home, progress)
    return Held(str(model.id), str(model.get_path()), model.info.license)


def _download(model: Native, alias: str, home: Path, progress: Progress) -> None:
    size_mb = model.info.file_size_mb
    total = 100 if size_mb is None else int(size_mb) * 2**20  # of a size unknown, hundredths
    stage = f"foundry:{alias}: {model.id} ({model.info.license or 'licence not named'})"
    if size_mb is not None:
        require_room(home, total, stage)

    def told(percent: float) -> None:
        progress(stage, int(total * percent / 100), total)

    model.download(told)


def _none(alias: str, there: list[str]) -> SpratError:
    if not there:
        return DownloadFailed(
            f"Foundry Local's catalogue at {HOST} came back empty.", fix="Try again later."
        )
    near = nearest(alias, there)
    some = near or there[:_SHOWN]
    return UnknownModel(
        f"Foundry Local has no model {alias!r}, neither on this machine nor in its catalogue.",
        fix=f"Did you mean foundry:{' or foundry:'.join(some)}? One of your own: "
        f"sprat foundry register {alias}",
    )
