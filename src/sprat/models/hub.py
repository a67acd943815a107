"""One file of the Hugging Face hub: pinned to a commit, checked against the hub's own SHA-256."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, cast

import msgspec

from sprat.errors import DownloadFailed, HashMismatch, first_line
from sprat.models.catalog import CatalogModel, HubSource
from sprat.models.disk import require_room, write_whole
from sprat.models.download import Remote, download
from sprat.models.progress import Progress, megabytes, remark
from sprat.models.web import Web

if TYPE_CHECKING:
    from collections.abc import Callable

    from huggingface_hub import HfFileMetadata

PARTIAL = "weights.hub.partial"
PINS = "pins.json"
DEFAULT_HUB = "https://huggingface.co"


class Pin(msgspec.Struct, frozen=True):
    """What a hub file was when it was first resolved."""

    revision: str
    sha256: str
    bytes: int | None
    licence: str | None = None
    """As the repository's card names it."""


def hub_url(environ: dict[str, str] | None = None) -> str:
    """The hub's address: `HF_ENDPOINT`, else the public one."""
    env = os.environ if environ is None else environ
    return (env.get("HF_ENDPOINT") or DEFAULT_HUB).rstrip("/")


def fetch_from_hub(
    source: HubSource, model: CatalogModel, folder: Path, web: Web, progress: Progress
) -> tuple[Path, str, Pin]:
    """Download the file; returns it, its SHA-256, and what the hub records about it.

    Raises:
        HashMismatch: the hub has another file than the catalogue, or sends other bytes.
        DownloadFailed: no network, no such file, or its licence was not accepted.
        DiskFull: too little room for it.
    """
    pin = resolve_pin(source, folder.parent / PINS)
    if model.sha256 not in (None, pin.sha256):
        raise HashMismatch(f"{source} has SHA-256 {pin.sha256}; {model.sha256} is the catalogue's")
    partial = folder / PARTIAL
    left = (pin.bytes or 0) - (partial.stat().st_size if partial.exists() else 0)
    require_room(folder, max(0, left), f"Downloading {model.name}")
    if model.licence is None:
        licence = pin.licence or "no licence named"
        remark(progress, f"{model.name}: {megabytes(pin.bytes)}, {licence}")
    remote = Remote(
        url=_file_url(source, pin.revision),
        bytes=pin.bytes,
        sha256=pin.sha256,
        headers=_token_header(),
    )
    seen = download(
        web, remote, partial, lambda done: progress(f"{model.name}: downloading", done, pin.bytes)
    )
    return partial, seen, pin


def resolve_pin(source: HubSource, pins_file: Path) -> Pin:
    """The commit, hash and size of a hub file; an unpinned one is resolved once and remembered.

    Raises:
        DownloadFailed: the hub cannot be asked, or records no SHA-256 for the file.
    """
    pins, key = _read_pins(pins_file), f"{source.repo}/{source.file}@{source.revision or 'main'}"
    if key not in pins:
        pins[key] = _ask_hub(source)
        write_whole(pins_file, msgspec.json.format(msgspec.json.encode(pins), indent=2))
    return pins[key]


def _read_pins(file: Path) -> dict[str, Pin]:
    try:
        return msgspec.json.decode(file.read_bytes(), type=dict[str, Pin])
    except (OSError, msgspec.DecodeError):
        return {}


def _ask_hub(source: HubSource) -> Pin:
    import huggingface_hub
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, OfflineModeIsEnabled

    host, token = hub_url(), huggingface_hub.get_token()
    try:
        ask = cast("Callable[..., HfFileMetadata]", huggingface_hub.get_hf_file_metadata)  # pyright: ignore[reportUnknownMemberType] (one bare dict)
        found = ask(_file_url(source, source.revision or "main"), token=token, endpoint=host)
    except GatedRepoError as error:
        raise DownloadFailed(
            f"{source.repo} is gated: accept its licence at {host}/{source.repo}, then set HF_TOKEN"
        ) from error
    except OfflineModeIsEnabled as error:
        raise DownloadFailed("HF_HUB_OFFLINE is set") from error
    except HfHubHTTPError as error:
        status = error.response.status_code
        raise DownloadFailed(
            f"{host} has no {source.repo}/{source.file} (HTTP {status})"
        ) from error
    except Exception as error:  # its HTTP library has its own errors
        raise DownloadFailed(f"{host} cannot be reached: {first_line(error, 200)}") from error
    if not found.commit_hash or not found.etag or len(found.etag) != 64:
        raise DownloadFailed(f"the hub records no SHA-256 for {source.repo}/{source.file}")
    licence = _licence(source, found.commit_hash, token)
    return Pin(found.commit_hash, found.etag, found.size, licence)


def _licence(source: HubSource, commit: str, token: str | None) -> str | None:
    """What the repository's card says; None when it says nothing or cannot be read."""
    from huggingface_hub import HfApi

    try:
        api = HfApi(endpoint=hub_url(), token=token)
        card = api.model_info(source.repo, revision=commit, timeout=10).card_data
    except Exception:  # noqa: BLE001 (a nicety of a library whose errors have no common base)
        return None
    return str(card.license) if card and card.license else None


def _file_url(source: HubSource, revision: str) -> str:
    from huggingface_hub import hf_hub_url

    return hf_hub_url(source.repo, source.file, revision=revision, endpoint=hub_url())


def _token_header() -> dict[str, str]:
    from huggingface_hub import get_token

    token = get_token()
    return {"Authorization": f"Bearer {token}"} if token else {}
