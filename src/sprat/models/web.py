"""Reaching servers the way the user's pip does: proxy, certificates, credentials, time-outs."""

import base64
import contextlib
import errno
import http.client
import netrc
import os
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Generator, Iterator, Mapping
from email.message import Message
from urllib.parse import unquote, urlsplit, urlunsplit

from sprat.errors import DownloadFailed
from sprat.models.pip_config import PipConfig

Response = http.client.HTTPResponse
_RETRYABLE = frozenset({408, 425, 429, 500, 502, 503, 504})
_LOCAL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO})
_WORDS = {
    401: "asks for credentials",
    403: "refuses",
    404: "has no such file",
    407: "is behind a proxy that asks for credentials",
    429: "says to slow down",
}


class Unreachable(DownloadFailed):
    """A server could not be asked now; asking again may help."""

    wait_s: float | None = None
    """How long it asks to be left alone; None when it does not say."""


class NotThere(DownloadFailed):
    """The server answered, and it has no such thing."""


class NothingLeft(DownloadFailed):
    """The server has no bytes from there on (HTTP 416)."""

    size: int | None = None
    """How large it says the file is."""


class BeyondUs(DownloadFailed):
    """Credentials or certificates that only pip itself may know how to get."""


class Web:
    """Opens addresses with one configuration; credentials never follow a redirect elsewhere."""

    def __init__(self, config: PipConfig) -> None:
        self.config = config
        self._openers: dict[bool, urllib.request.OpenerDirector] = {}
        self._login = dict(_logins((*config.indexes, *config.find_links)))

    @contextlib.contextmanager
    def open(self, url: str, headers: Mapping[str, str] | None = None) -> Generator[Response]:
        """Open `url` for reading.

        Raises:
            NotThere: 404 or 410.
            BeyondUs: credentials are asked for, or the server's certificate is not trusted.
            Unreachable: no connection, or an answer that may be another one later.
            DownloadFailed: any other answer.
        """
        clean, login = _split_login(url)
        asked = {"User-Agent": "sprat", **(headers or {})}
        login = asked.pop("Authorization", None) or login or self._login_for(clean)
        request = urllib.request.Request(clean, headers=asked)  # noqa: S310 (_opener takes http only)
        if login:
            request.add_unredirected_header("Authorization", login)
        with (
            _explained(clean),
            self._opener(clean).open(request, timeout=self.config.timeout_s) as response,
        ):
            yield response

    def _login_for(self, url: str) -> str | None:
        host = urlsplit(url).netloc
        return self._login.get(host) or _netrc_login(urlsplit(url).hostname or "")

    def _opener(self, url: str) -> urllib.request.OpenerDirector:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https"):
            raise DownloadFailed(f"{url} is no http address.")
        trusted = bool({parts.hostname, parts.netloc} & set(self.config.trusted_hosts))
        if trusted not in self._openers:
            self._openers[trusted] = self._new_opener(trusted)
        return self._openers[trusted]

    def _new_opener(self, trusted: bool) -> urllib.request.OpenerDirector:
        proxy = self.config.proxy
        handler = urllib.request.ProxyHandler({"http": proxy, "https": proxy} if proxy else None)
        context = ssl_context(self.config, trusted=trusted)
        return urllib.request.build_opener(handler, urllib.request.HTTPSHandler(context=context))


def ssl_context(config: PipConfig, *, trusted: bool = False) -> ssl.SSLContext:
    """Certificates to trust: pip's `cert`, else the system's and certifi's together.

    Raises:
        BeyondUs: a configured certificate file cannot be read.
    """
    named = config.cert or os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    try:
        context = ssl.create_default_context()
        if named:
            where = "capath" if os.path.isdir(named) else "cafile"  # noqa: PTH112 (text from pip)
            context.load_verify_locations(**{where: named})
        else:
            with contextlib.suppress(ImportError):
                import certifi

                context.load_verify_locations(certifi.where())
        if config.client_cert:
            context.load_cert_chain(config.client_cert)
    except (OSError, ssl.SSLError) as error:
        raise BeyondUs(
            f"the certificates of pip's configuration cannot be read: {error}"
        ) from error
    if trusted:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


@contextlib.contextmanager
def _explained(url: str) -> Generator[None]:
    host = urlsplit(url).netloc
    try:
        yield
    except urllib.error.HTTPError as error:
        error.close()
        raise _for_status(host, error.code, error.headers) from error
    except urllib.error.URLError as error:
        raise _for_reason(host, error.reason) from error
    except ssl.SSLError as error:
        raise _for_reason(host, error) from error
    except (OSError, http.client.HTTPException) as error:
        if isinstance(error, OSError) and error.errno in _LOCAL:
            raise  # our own disk, not the server
        raise Unreachable(f"{host} broke off: {_words(error)}") from error


def _for_status(host: str, status: int, headers: Message | None) -> DownloadFailed:
    text = f"{host} {_WORDS.get(status, 'answered')} (HTTP {status})"
    if status in (401, 403, 407):
        return BeyondUs(text)
    if status in (404, 410):
        return NotThere(text)
    if status == 416:
        return _nothing_left(text, headers)
    if status not in _RETRYABLE:
        return DownloadFailed(text)
    failure = Unreachable(text)
    failure.wait_s = _retry_after(headers)
    return failure


def _nothing_left(text: str, headers: Message | None) -> NothingLeft:
    failure = NothingLeft(text)
    size = ((headers.get("Content-Range") if headers else None) or "").rpartition("/")[2]
    failure.size = int(size) if size.isdigit() else None
    return failure


def _retry_after(headers: Message | None) -> float | None:
    text = headers.get("Retry-After") if headers else None
    return min(float(text), 30.0) if text and text.isdigit() else None


def _for_reason(host: str, reason: object) -> DownloadFailed:
    if isinstance(reason, ssl.SSLCertVerificationError):
        return BeyondUs(f"{host} shows a certificate that is not trusted ({reason.verify_message})")
    if isinstance(reason, socket.gaierror):
        return Unreachable(f"{host} cannot be found: no network?")
    return Unreachable(f"{host} cannot be reached: {_words(reason)}")


def _words(reason: object) -> str:
    if isinstance(reason, TimeoutError):
        return "no answer in time"
    if isinstance(reason, OSError) and reason.strerror:
        return reason.strerror.lower()
    return str(reason) or type(reason).__name__


def shown(url: str) -> str:
    """An address without the credentials that may be in it."""
    return _split_login(url)[0]


def _split_login(url: str) -> tuple[str, str | None]:
    parts = urlsplit(url)
    if "@" not in parts.netloc:
        return url, None
    host = parts.netloc.rpartition("@")[2]
    login = _basic(unquote(parts.username or ""), unquote(parts.password or ""))
    return urlunsplit(parts._replace(netloc=host)), login


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def _logins(urls: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for url in urls:
        clean, login = _split_login(url)
        if login:
            yield urlsplit(clean).netloc, login


def _netrc_login(host: str) -> str | None:
    try:
        found = netrc.netrc(os.environ.get("NETRC")).authenticators(host)
    except (OSError, netrc.NetrcParseError):
        return None
    return _basic(found[0], found[2] or "") if found else None
