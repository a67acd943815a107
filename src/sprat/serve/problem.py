"""What went wrong, as OpenAI's error objects say it.

Source: https://platform.openai.com/docs/guides/error-codes
"""

import msgspec

from sprat.errors import (
    ContextTooLong,
    EngineDied,
    EngineError,
    EngineRefused,
    EngineTimeout,
    EngineWaiting,
    ModelError,
    PolicyError,
    SettingsError,
    SpratError,
    UnknownModel,
    UsageError,
)


class BadRequest(SpratError):
    """The request itself cannot be honoured; `param` names what is wrong with it."""

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        status: int = 400,
        fix: str | None = None,
    ) -> None:
        super().__init__(message, fix=fix)
        self.param = param
        self.code = code
        self.status = status


class Busy(SpratError):
    """Too much at once, or too little memory: asking again later makes sense."""

    def __init__(
        self, message: str, *, status: int, retry_after_s: int, code: str | None = None
    ) -> None:
        super().__init__(message, fix=f"Ask again in {retry_after_s} s.")
        self.status = status
        self.retry_after_s = retry_after_s
        self.code = code


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One error for a client."""

    status: int
    """Of HTTP; in the middle of a stream it can no longer be sent."""
    type: str
    message: str
    code: str | None = None
    param: str | None = None
    retry_after_s: int | None = None

    def as_object(self) -> dict[str, dict[str, str | None]]:
        """OpenAI's error object."""
        said = {"message": self.message, "type": self.type, "param": self.param, "code": self.code}
        return {"error": said}


INVALID, SERVER, LIMIT = "invalid_request_error", "server_error", "rate_limit_error"
_RETRY_S = 1


def problem_of(error: BaseException) -> Problem:
    """The error object for whatever went wrong; of what nobody foresaw only the class is told."""
    message = str(error)
    if isinstance(error, BadRequest):
        return _invalid(error.status, error.code, message, error.param)
    if isinstance(error, Busy):
        return _busy(error, message)
    if isinstance(error, EngineRefused):
        return _refused(error.status, message, getattr(error, "retry_after_s", None))
    for kind, status, code, param in _KNOWN:
        if isinstance(error, kind):
            if status < 500:
                return _invalid(status, code, message, getattr(error, "param", None) or param)
            return _server(status, code, message, _RETRY_S if status == 503 else None)
    line = f"Something unforeseen happened: {type(error).__name__}. It is in the log."
    return _server(500, "unforeseen", line)


_KNOWN: tuple[tuple[type[SpratError], int, str, str | None], ...] = (
    # the first class that fits
    (UnknownModel, 404, "model_not_found", "model"),
    (PolicyError, 404, "policy_unusable", "model"),
    (ContextTooLong, 400, "context_length_exceeded", "messages"),
    (SettingsError, 500, "misconfigured", None),
    (UsageError, 400, "unsupported_value", None),
    (EngineTimeout, 504, "engine_timeout", None),
    (EngineWaiting, 503, "overloaded", None),
    (EngineDied, 503, "engine_died", None),
    (EngineError, 502, "engine_failed", None),
    (ModelError, 503, "model_unavailable", None),
    (SpratError, 500, "failed", None),
)


def _busy(error: Busy, message: str) -> Problem:
    mine = error.status == 429
    return Problem(
        status=error.status,
        type=LIMIT if mine else SERVER,
        message=message,
        code=error.code or ("rate_limit_exceeded" if mine else "overloaded"),
        retry_after_s=error.retry_after_s,
    )


def _refused(status: int | None, message: str, retry_after_s: float | None) -> Problem:
    """An endpoint's no. That it does not know *our* key is no fault of the client's."""
    if status == 404:
        return _invalid(404, "model_not_found", message, "model")
    if status in {400, 413, 422}:
        return _invalid(400, "refused_by_endpoint", message, None)
    wait = None if retry_after_s is None else max(1, round(retry_after_s))
    if status == 429:
        return Problem(
            status=429,
            type=LIMIT,
            message=message,
            code="rate_limit_exceeded",
            retry_after_s=wait or _RETRY_S,
        )
    if status == 503:
        return _server(503, "overloaded", message, wait or _RETRY_S)
    return _server(502, "refused_by_endpoint", message)


def _invalid(status: int, code: str | None, message: str, param: str | None) -> Problem:
    return Problem(status=status, type=INVALID, message=message, code=code, param=param)


def _server(status: int, code: str, message: str, retry_after_s: int | None = None) -> Problem:
    return Problem(
        status=status, type=SERVER, message=message, code=code, retry_after_s=retry_after_s
    )
