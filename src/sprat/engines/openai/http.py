"""The connections to one endpoint: what is sent is retried, but only before its first byte."""

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
from sprat.engines.openai.call import LOST, Call
from sprat.engines.openai.faults import Faults, Refused
from sprat.engines.openai.limits import Limits
from sprat.errors import EngineDied, EngineError, EngineRefused, SettingsError
from sprat.settings import Endpoint

RETRIED = frozenset({429, 502, 503, 504})
MAX_ERROR_BYTES = 64 * 1024


class Client:
    """The connections to one endpoint."""

    def __init__(self, label: str, endpoint: Endpoint, limits: Limits) -> None:
        self._limits = limits
        self._url = endpoint.url.rstrip("/")
        self._key = _key(label, endpoint)
        self._faults = Faults(label, self._url, self._key)
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
        if attempt >= self._limits.attempts:
            return None
        if isinstance(error, EngineRefused) and error.status not in RETRIED:
            return None
        asked = error.retry_after_s if isinstance(error, Refused) else None
        if asked is not None:
            return asked if asked <= self._limits.longest_wait_s else None
        longest = self._limits.backoff_s * 2 ** (attempt - 1)
        return longest * random.uniform(0.5, 1.0)  # noqa: S311 -- spreads retries, hides nothing

    async def _once(self, fields: dict[str, Any]) -> Call:
        response: aiohttp.ClientResponse | None = None
        try:
            async with asyncio.timeout(self._limits.silence_s):
                response = await self._open("POST", "/chat/completions", fields)
                if response.status != 200:
                    await self._refuse(response, str(fields["model"]))
                first = await response.content.readany()
                call = Call(response, first, self._limits, self._faults)
        except TimeoutError as error:
            _cut(response)
            raise self._faults.timed_out("for the first byte", self._limits.silence_s) from error
        except LOST as error:
            _cut(response)
            raise self._faults.died("could not be reached", error) from error
        except aiohttp.ClientError as error:
            _cut(response)
            raise self._faults.died("gave no answer in HTTP", error) from error
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
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._limits.connect_s),
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def models(self) -> list[str]:
        """The names that the endpoint offers; empty when it does not say."""
        try:
            async with asyncio.timeout(self._limits.connect_s):
                response = await self._open("GET", "/models")
                raw = await response.content.read(MAX_ERROR_BYTES * 16)
                _cut(response)
            listed = msgspec.json.decode(raw).get("data", [])
            return sorted(str(entry["id"]) for entry in listed)
        except (TimeoutError, ConnectionError, aiohttp.ClientError):
            return []
        except (msgspec.DecodeError, AttributeError, KeyError, TypeError):
            return []

    async def _refuse(self, response: aiohttp.ClientResponse, model: str) -> NoReturn:
        raw = await response.content.read(MAX_ERROR_BYTES)
        _cut(response)
        raise self._faults.refused(
            response.status,
            _parsed(raw.decode("utf-8", "replace")),
            model=model,
            offered=await self.models() if response.status == 404 else [],
            location=response.headers.get("Location", ""),
            retry_after_s=_retry_after(response.headers.get("Retry-After")),
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
