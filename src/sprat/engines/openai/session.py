"""What the connections to one endpoint share: headers, key, proxy."""

import os
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp

from sprat import __version__
from sprat.errors import SettingsError
from sprat.settings import Endpoint, is_here


def new_session(key: str | None, connect_s: float) -> aiohttp.ClientSession:
    """A pool of connections; the key is in every request's headers."""
    headers = {
        "Content-Type": "application/json",
        "Accept": "text/event-stream, application/json",
        "Accept-Encoding": "identity",  # a compressor would hold pieces back
        "User-Agent": f"sprat/{__version__}",
    }
    if key:
        headers["Authorization"] = f"Bearer {key}"
    return aiohttp.ClientSession(
        headers=headers,
        connector=aiohttp.TCPConnector(limit=0),  # queueing here would hide in the latency
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=connect_s),
        cookie_jar=aiohttp.DummyCookieJar(),
    )


def key_of(label: str, endpoint: Endpoint) -> str | None:
    """The endpoint's key, from the file or from the variable that the file names.

    Raises:
        SettingsError: that variable is not set.
    """
    if not endpoint.key_env:
        return endpoint.key
    key = os.environ.get(endpoint.key_env, "").strip()
    if not key:
        raise SettingsError(
            f"[endpoints.{label}] takes its key from {endpoint.key_env}, which is not set.",
            fix=f"Set the environment variable {endpoint.key_env}.",
        )
    return key


def proxy_of(url: str) -> str | None:
    """The environment's proxy for this address; none for this machine itself."""
    parts = urlsplit(url)
    if is_here(url) or proxy_bypass(parts.netloc):
        return None
    return getproxies().get(parts.scheme)
