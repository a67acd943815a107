"""One look at an address: what answers there, in a bounded time, never led elsewhere."""

import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Mapping

import msgspec

from sprat.engines.patience import within
from sprat.settings import is_here

MOST_BYTES = 4 << 20
"""A catalogue of models is some hundred kilobytes."""


class Glance(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen."""

    status: int | None = None
    """The HTTP status; None: nothing answered."""
    headers: dict[str, str] = {}
    """Their names in lower case."""
    body: bytes = b""
    why: str = ""
    """Why nothing answered: `Connection refused`."""

    @property
    def outcome(self) -> str:
        """For a person: `HTTP 404`, or why nothing answered."""
        return self.why if self.status is None else f"HTTP {self.status}"

    @property
    def json(self) -> object:
        """The body of a good answer, read as JSON; None when it is none."""
        if self.status != 200:
            return None
        try:
            return msgspec.json.decode(self.body)
        except (ValueError, RecursionError):
            return None


def glance(
    url: str,
    *,
    within_s: float = 1.0,
    headers: Mapping[str, str] | None = None,
    post: bytes | None = None,
) -> Glance:
    """GET `url`: at most `within_s` seconds for everything, name and last byte included.

    With `post`, these bytes are sent there as JSON. No redirect is followed. The environment's
    proxy is used, but never for this machine itself.
    """
    try:
        return within(within_s, lambda: _look(url, within_s, dict(headers or {}), post))
    except TimeoutError as error:
        return Glance(why=str(error))


def _look(url: str, within_s: float, headers: dict[str, str], post: bytes | None) -> Glance:
    if post is not None:
        headers["Content-Type"] = "application/json"
    request = urllib.request.Request(url, post, headers)  # noqa: S310 -- http, by the settings
    try:
        with _opener(url).open(request, timeout=within_s) as response:
            return Glance(
                status=response.status,
                headers={name.lower(): value for name, value in response.headers.items()},
                body=response.read(MOST_BYTES),
            )
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Glance(why=_words(error, within_s))


def _opener(url: str) -> urllib.request.OpenerDirector:
    """Without the handlers that follow redirects and turn a status into an exception."""
    opener = urllib.request.OpenerDirector()
    proxies = dict[str, str]() if is_here(url) else None
    for handler in (
        urllib.request.ProxyHandler(proxies),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
    ):
        opener.add_handler(handler)
    return opener


def _words(error: BaseException, within_s: float) -> str:
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, TimeoutError):
        return f"no answer within {within_s:.3g} s"
    if isinstance(reason, OSError) and reason.errno and 0 < reason.errno < 1000:
        return os.strerror(reason.errno)
    if isinstance(reason, OSError) and reason.strerror:  # a name server's numbers are negative
        return reason.strerror
    if isinstance(reason, http.client.HTTPException):
        return "no answer in HTTP"
    return str(reason) or type(reason).__name__
