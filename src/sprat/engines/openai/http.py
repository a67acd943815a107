"""The connections to one endpoint: what is sent is retried, but only before its first byte."""

import asyncio
from collections.abc import Callable
from typing import Any, NoReturn

import aiohttp
import msgspec

from sprat.engines.openai.call import LOST, Call, let_go
from sprat.engines.openai.dialect import Dialect
from sprat.engines.openai.faults import Faults
from sprat.engines.openai.limits import Limits
from sprat.engines.openai.retry import pause_s, retry_after_s
from sprat.engines.openai.session import key_of, new_session, proxy_of
from sprat.engines.openai.wire import Asked
from sprat.errors import EngineDied, EngineRefused
from sprat.settings import Endpoint

MAX_ERROR_BYTES = 64 * 1024
_JSON = msgspec.json.Encoder()

Told = Callable[[str], None]


def label_of(name: str, model: str) -> str:
    """What the endpoint of `ENDPOINT/MODEL` is called."""
    return name.removesuffix(f"/{model}") or name


class Client:
    """The connections to one endpoint."""

    def __init__(self, label: str, endpoint: Endpoint, limits: Limits) -> None:
        self._limits = limits
        self._url = endpoint.url.rstrip("/")
        self._key = key_of(label, endpoint)
        self._faults = Faults(label, self._url, self._key)
        self._proxy = proxy_of(self._url)
        self._dialect = Dialect()
        self._session: aiohttp.ClientSession | None = None

    async def post(self, asked: Asked, sent: Callable[[], None], retried: Told) -> Call:
        """Send until an answer begins; `sent` is called at each try, `retried` with each reason.

        Raises:
            EngineRefused: the server said no.
            EngineDied: no connection.
            EngineTimeout: nothing came in time.
        """
        while True:
            spoken = self._dialect.of(asked.fields)
            try:
                return await self._persist(Asked(asked.path, spoken), sent, retried)
            except EngineRefused as error:
                self._dialect.learn(error)
                if self._dialect.of(asked.fields) == spoken:
                    raise
                retried(error.message)

    async def _persist(self, asked: Asked, sent: Callable[[], None], retried: Told) -> Call:
        attempt = 1
        while True:
            sent()
            try:
                return await self._once(asked)
            except (EngineDied, EngineRefused) as error:
                pause = pause_s(attempt, error, self._limits)
                if pause is None:
                    raise
                retried(f"{error.message} Sent again after {pause:.2f} s.")
            await asyncio.sleep(pause)
            attempt += 1

    async def _once(self, asked: Asked) -> Call:
        try:
            async with asyncio.timeout(self._limits.silence_s):
                response, first = await self._begin(asked)
        except TimeoutError as error:
            raise self._faults.timed_out("for the first byte", self._limits.silence_s) from error
        except LOST as error:
            raise self._faults.died(_how(error), error) from error
        if not first:
            raise self._faults.empty()
        return Call(response, first, self._limits, self._faults)

    async def _begin(self, asked: Asked) -> tuple[aiohttp.ClientResponse, bytes]:
        """The head of an answer and its first bytes; whatever happens, no connection is lost."""
        response = await self._open("POST", asked.path, asked.fields)
        try:
            if response.status != 200:
                await self._refuse(response, str(asked.fields["model"]))
            return response, await response.content.readany()
        except BaseException:
            let_go(response)
            raise

    async def _open(
        self, method: str, path: str, fields: dict[str, Any] | None = None
    ) -> aiohttp.ClientResponse:
        if self._session is None or self._session.closed:
            self._session = new_session(self._key, self._limits.connect_s)
        return await self._session.request(
            method,
            self._url + path,
            data=None if fields is None else _JSON.encode(fields),
            allow_redirects=False,  # the key must not travel to another host
            proxy=self._proxy,
        )

    async def models(self) -> list[str]:
        """The names that the endpoint offers; empty when it does not say."""
        response: aiohttp.ClientResponse | None = None
        try:
            async with asyncio.timeout(self._limits.connect_s):
                response = await self._open("GET", "/models")
                raw = await response.content.read(MAX_ERROR_BYTES * 16)
            listed = msgspec.json.decode(raw).get("data", [])
            return sorted(str(entry["id"]) for entry in listed)
        except (TimeoutError, *LOST):
            return []
        except (ValueError, RecursionError, AttributeError, KeyError, TypeError):
            return []
        finally:
            let_go(response)

    async def _refuse(self, response: aiohttp.ClientResponse, model: str) -> NoReturn:
        raw = await _whole(response)
        let_go(response)
        raise self._faults.refused(
            response.status,
            _parsed(raw.decode("utf-8", "replace")),
            model=model,
            offered=await self.models() if response.status == 404 else [],
            location=response.headers.get("Location", ""),
            retry_after_s=retry_after_s(response.headers.get("Retry-After")),
        )

    async def aclose(self) -> None:
        """Close every connection."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()


async def _whole(response: aiohttp.ClientResponse) -> bytes:
    """The body of a refusal, or its beginning."""
    raw = b""
    while len(raw) < MAX_ERROR_BYTES and (more := await response.content.readany()):
        raw += more
    return raw[:MAX_ERROR_BYTES]


def _how(error: BaseException) -> str:
    if isinstance(error, (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, OSError)):
        return "could not be reached"
    return "gave no answer in HTTP"


def _parsed(raw: str) -> object:
    try:
        return msgspec.json.decode(raw)
    except (ValueError, RecursionError):
        return raw
