"""One POST to an endpoint: retried before its first byte, timed out, and closed for certain."""

import asyncio
import os
import random
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import msgspec

from sprat import __version__
from sprat.engines.openai.refusal import Refused, refusal
from sprat.engines.openai.wire import words
from sprat.errors import EngineDied, EngineError, EngineRefused, EngineTimeout, SettingsError
from sprat.settings import Endpoint

RETRIED = frozenset({429, 502, 503, 504})
MAX_ERROR_BYTES = 64 * 1024
_LOST = (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, ConnectionError)


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How long to wait, how often to try."""

    connect_s: float = 10.0
    silence_s: float = 120.0
    """To the first byte, and from one piece to the next."""
    total_s: float = 1200.0
    attempts: int = 3
    backoff_s: float = 0.25
    """Before the second attempt; doubled for each further one, with jitter."""
    longest_wait_s: float = 30.0
    """A server that asks for a longer pause than this is refused at once."""
    answer_bytes: int = 64 * 1024 * 1024

    @classmethod
    def of(cls, endpoint: Endpoint) -> "Limits":
        """An endpoint's `timeout_s` is the longest silence; ten of them are the longest answer."""
        silence = endpoint.timeout_s
        return cls(connect_s=min(10.0, silence), silence_s=silence, total_s=10 * silence)


class Call:
    """An answer that has begun to arrive."""

    def __init__(self, response: aiohttp.ClientResponse, first: bytes, client: "Client") -> None:
        self._response = response
        self._client = client
        self._first: bytes | None = first
        self._ends_at = asyncio.get_running_loop().time() + client.limits.total_s
        self._bytes = 0

    @property
    def content_type(self) -> str:
        """What the server calls the body."""
        return self._response.content_type

    async def read(self) -> bytes:
        """The next bytes; empty at the end.

        Raises:
            EngineTimeout: none came in time.
            EngineDied: the connection broke.
            EngineRefused: the answer is larger than the limit.
        """
        if self._first is not None:
            chunk, self._first = self._first, None
        else:
            chunk = await self._next()
        self._bytes += len(chunk)
        if self._bytes > self._client.limits.answer_bytes:
            raise EngineRefused(f"The answer is over {self._client.limits.answer_bytes} bytes.")
        return chunk

    async def _next(self) -> bytes:
        left = self._ends_at - asyncio.get_running_loop().time()
        limit = min(self._client.limits.silence_s, left)
        try:
            async with asyncio.timeout(limit):
                return await self._response.content.readany()
        except TimeoutError as error:
            what = "in all" if left <= self._client.limits.silence_s else "after the last piece"
            seconds = self._client.limits.total_s if "all" in what else limit
            raise self._client.timed_out(what, seconds) from error
        except _LOST as error:
            raise self._client.died("broke off in the middle of the answer", error) from error

    async def finish(self) -> None:
        """Read the empty end, so that the connection can carry the next request."""
        with suppress(TimeoutError, *_LOST):
            async with asyncio.timeout(0.05):
                while await self._response.content.readany():
                    pass

    def close(self) -> None:
        """Give the connection back if the answer was read to its end; else cut it."""
        if self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()


class Client:
    """The connections to one endpoint."""

    def __init__(self, label: str, endpoint: Endpoint, limits: Limits) -> None:
        self.label = label
        self.limits = limits
        self._url = endpoint.url.rstrip("/")
        self._key = _key(label, endpoint)
        self._proxy = _proxy(self._url)
        self._session: aiohttp.ClientSession | None = None

    async def post(
        self, fields: dict[str, Any], sent: Callable[[], None], retried: Callable[[str], None]
    ) -> Call:
        """Send until an answer begins; `sent` is called at each try, `retried` with each reason.

        Raises:
            EngineRefused: the server said no.
            EngineDied: no connection.
            EngineTimeout: nothing came in time.
        """
        attempt = 1
        while True:
            sent()
            try:
                return await self._once(fields)
            except (EngineDied, EngineRefused) as error:
                pause = self._pause(attempt, error)
                if pause is None:
                    raise
                retried(f"{error.message} Sent again after {pause:.2f} s.")
            await asyncio.sleep(pause)
            attempt += 1

    def _pause(self, attempt: int, error: EngineError) -> float | None:
        """Seconds to wait before the next attempt; None when there shall be none."""
        if attempt >= self.limits.attempts:
            return None
        if isinstance(error, EngineRefused) and error.status not in RETRIED:
            return None
        asked = error.retry_after_s if isinstance(error, Refused) else None
        if asked is not None:
            return asked if asked <= self.limits.longest_wait_s else None
        longest = self.limits.backoff_s * 2 ** (attempt - 1)
        return longest * random.uniform(0.5, 1.0)  # noqa: S311 -- spreads retries, hides nothing

    async def _once(self, fields: dict[str, Any]) -> Call:
        response: aiohttp.ClientResponse | None = None
        try:
            async with asyncio.timeout(self.limits.silence_s):
                response = await self._open("POST", "/chat/completions", fields)
                if response.status != 200:
                    await self._refuse(response, str(fields["model"]))
                call = Call(response, await response.content.readany(), self)
        except TimeoutError as error:
            _cut(response)
            raise self.timed_out("for the first byte", self.limits.silence_s) from error
        except _LOST as error:
            _cut(response)
            raise self.died("could not be reached", error) from error
        except BaseException:
            _cut(response)
            raise
        return call

    async def _open(
        self, method: str, path: str, fields: dict[str, Any] | None = None
    ) -> aiohttp.ClientResponse:
        if self._session is None or self._session.closed:
            self._session = self._new_session()
        return await self._session.request(
            method,
            self._url + path,
            data=None if fields is None else msgspec.json.encode(fields),
            allow_redirects=False,  # the key must not travel to another host
            proxy=self._proxy,
        )

    def _new_session(self) -> aiohttp.ClientSession:
        headers = {
            "Content-Type": "application/json",
            "Accept": "text/event-stream, application/json",
            "Accept-Encoding": "identity",  # a compressor would hold pieces back
            "User-Agent": f"sprat/{__version__}",
        }
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        return aiohttp.ClientSession(
            headers=headers,
            connector=aiohttp.TCPConnector(limit=0),  # queueing here would hide in the latency
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=self.limits.connect_s),
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def models(self) -> list[str]:
        """The names that the endpoint offers; empty when it does not say."""
        try:
            async with asyncio.timeout(self.limits.connect_s):
                response = await self._open("GET", "/models")
                raw = await response.content.read(MAX_ERROR_BYTES * 16)
                _cut(response)
            listed = msgspec.json.decode(raw).get("data", [])
            return sorted(str(entry["id"]) for entry in listed)
        except (TimeoutError, *_LOST, msgspec.DecodeError, AttributeError, KeyError, TypeError):
            return []

    async def _refuse(self, response: aiohttp.ClientResponse, model: str) -> NoReturn:
        raw = (await response.content.read(MAX_ERROR_BYTES)).decode("utf-8", "replace")
        said = self._hide(words(_parsed(raw)))
        _cut(response)
        offered = await self.models() if response.status == 404 else []
        location = response.headers.get("Location", "")
        wait = _retry_after(response.headers.get("Retry-After"))
        raise refusal(
            self.label,
            response.status,
            said,
            model=model,
            offered=offered,
            location=location,
            retry_after_s=wait,
        )

    def _hide(self, text: str) -> str:
        return text.replace(self._key, "…") if self._key else text

    def died(self, what: str, error: BaseException) -> EngineDied:
        """The connection to the endpoint went away."""
        why = self._hide(words(str(error) or type(error).__name__))
        return EngineDied(
            f"{self.label} at {self._url} {what}: {why}.",
            fix=f"Is the server running? Check [endpoints.{self.label}] url in sprat.toml.",
        )

    def timed_out(self, what: str, seconds: float) -> EngineTimeout:
        """The endpoint was silent for too long."""
        return EngineTimeout(
            f"{self.label} at {self._url} took more than {seconds:g} s {what}.",
            fix=f"Raise timeout_s under [endpoints.{self.label}] in sprat.toml.",
        )

    async def aclose(self) -> None:
        """Close every connection."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()


def _cut(response: aiohttp.ClientResponse | None) -> None:
    if response is not None:
        response.close()


def _parsed(raw: str) -> object:
    try:
        return msgspec.json.decode(raw)
    except msgspec.DecodeError:
        return raw


def _key(label: str, endpoint: Endpoint) -> str | None:
    if not endpoint.key_env:
        return endpoint.key
    key = os.environ.get(endpoint.key_env, "").strip()
    if not key:
        raise SettingsError(
            f"[endpoints.{label}] takes its key from {endpoint.key_env}, which is not set.",
            fix=f"Set the environment variable {endpoint.key_env}.",
        )
    return key


def _proxy(url: str) -> str | None:
    """The environment's proxy for this address; none for this machine itself."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host in {"localhost", "127.0.0.1", "::1"} or proxy_bypass(parts.netloc):
        return None
    return getproxies().get(parts.scheme)


def _retry_after(value: str | None) -> float | None:
    """Seconds to wait, from a number or a date; None when the server did not say."""
    if not value:
        return None
    with suppress(ValueError):
        return max(0.0, float(value))
    with suppress(ValueError, TypeError):
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    return None
