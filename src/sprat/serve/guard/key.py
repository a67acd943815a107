"""The key that callers must send."""

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Mapping
from contextlib import suppress

from sprat.errors import SettingsError
from sprat.serve.problem import BadRequest
from sprat.settings import ServeSettings


def key_of(settings: ServeSettings, environ: Mapping[str, str] | None = None) -> str | None:
    """The key; None: none is asked for.

    Raises:
        SettingsError: its variable is not set, or no client could send it.
    """
    key = settings.key
    if settings.key_env is not None:
        key = (os.environ if environ is None else environ).get(settings.key_env, "").strip()
        if not key:
            raise SettingsError(
                f"[serve] takes its key from {settings.key_env}, which is not set.",
                fix=f"Set the environment variable {settings.key_env}.",
            )
    if key is None:
        return None
    if not key or not all("!" <= character <= "~" for character in key):
        raise SettingsError(
            "The key of [serve] is empty, or has characters that no header can carry.",
            fix="Use letters, digits and signs of ASCII, without spaces.",
        )
    return key


def headers_of(settings: ServeSettings) -> dict[str, str]:
    """With what this machine's own commands ask its gateway; empty where there is no key."""
    with suppress(SettingsError):  # it may have been started with another one, then it says so
        if key := key_of(settings):
            return {"Authorization": f"Bearer {key}"}
    return {}


class Key:
    """Compares what callers send, in a time that tells nothing about the key."""

    def __init__(self, key: str) -> None:
        self._digest = hashlib.sha256(key.encode()).digest()

    def check(self, authorization: bytes | None, *, basic: bool = False) -> None:
        """Let a request pass that holds the key: as a Bearer's, or with `basic` as a password.

        Raises:
            BadRequest: it does not (401).
        """
        if authorization is None:
            fix = "Send the header Authorization: Bearer and the key."
            if basic:
                fix = "The password is the key, the user name whatever you like; programs send it "
                fix += "as Authorization: Bearer."
            raise _unauthorized("This gateway asks for a key.", fix)
        scheme, _, sent = authorization.partition(b" ")
        scheme, sent = scheme.lower(), sent.strip()
        if basic and scheme == b"basic":
            scheme, sent = b"bearer", _password(sent)
        digest = hashlib.sha256(sent).digest()
        if not hmac.compare_digest(digest, self._digest) or scheme != b"bearer":
            fix = "Send the one that this gateway was started with."
            raise _unauthorized("This is not the gateway's key.", fix)


def _password(credentials: bytes) -> bytes:
    """What stands behind the user name; nothing, where it is no such thing.

    Source: RFC 7617, section 2
    """
    try:
        return base64.b64decode(credentials, validate=True).partition(b":")[2]
    except binascii.Error:
        return b""


def _unauthorized(message: str, fix: str) -> BadRequest:
    return BadRequest(message, status=401, code="invalid_api_key", fix=fix)
