"""The exception tree.

    SpratError
    ├── UsageError              the caller asked for something that cannot be (exit 2)
    │   ├── SettingsError       sprat.toml or the environment does not make sense
    │   ├── UnknownModel        no model of that name; suggests the nearest ones
    │   └── UnsupportedRequest  this engine cannot honour that parameter
    ├── ModelError              weights: finding, fetching, reading, exporting
    │   ├── DownloadFailed      no source gave the file
    │   ├── HashMismatch        the bytes are not the ones promised
    │   ├── DiskFull            too little room
    │   ├── BadWeights          truncated, damaged, or not what the name says
    │   └── UnsupportedModel    a real model, of a kind that cannot be run here
    ├── EngineError             asking a model
    │   ├── EngineDied          the worker process or the connection went away
    │   ├── EngineTimeout       no answer in the time allowed
    │   ├── ContextTooLong      the prompt does not fit
    │   └── EngineRefused       the endpoint said no (status and its own words kept)
    ├── EngineWaiting           no place at a model, or it was not loaded, in the time allowed
    ├── PolicyError             a policy file that cannot be used, or a policy not worth having
    ├── DocumentError           a document that cannot be read, an index that cannot be used
    ├── QuestionError           a question file that cannot be read
    └── RunError                recorded runs: missing, not resumable
        └── StoreError          their file is damaged, of another version, or cannot be used

Every message says what happened and the value seen; `fix` is what to type or change next.
"""

from collections.abc import Sequence
from typing import ClassVar


class SpratError(Exception):
    """Anything that Sprat can explain in one line."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, fix: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.message} {self.fix}" if self.fix else self.message


class UsageError(SpratError):
    """The caller asked for something that cannot be."""

    exit_code = 2


class SettingsError(UsageError):
    """`sprat.toml` or the environment does not make sense."""


class UnknownModel(UsageError):
    """No model of that name."""


class UnsupportedRequest(UsageError):
    """This engine cannot honour a parameter of the request; `param` is its name, where known."""

    def __init__(self, message: str, *, param: str | None = None, fix: str | None = None) -> None:
        super().__init__(message, fix=fix)
        self.param = param


class ModelError(SpratError):
    """Finding, fetching, reading or exporting weights failed."""


class DownloadFailed(ModelError):
    """No source gave the file."""


class HashMismatch(ModelError):
    """The bytes are not the ones promised."""


class DiskFull(ModelError):
    """There is too little room on the disk."""


class BadWeights(ModelError):
    """The file is truncated, damaged, or not what its name says."""


class UnsupportedModel(ModelError):
    """A real model, of a kind that cannot be run here."""


class EngineError(SpratError):
    """A model could not be asked, or did not answer."""


class EngineDied(EngineError):
    """The worker process or the connection went away."""


class EngineTimeout(EngineError):
    """No answer came in the time allowed."""


class ContextTooLong(EngineError):
    """The prompt and the room for the answer do not fit the model's context."""


class EngineRefused(EngineError):
    """The endpoint said no; `retry_after_s` is how long it asks to wait, None when it is silent."""

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        retry_after_s: float | None = None,
        fix: str | None = None,
    ) -> None:
        super().__init__(message, fix=fix)
        self.status = status
        self.retry_after_s = retry_after_s


class EngineWaiting(SpratError):
    """A model had no place, or was not loaded, in the time allowed: it is as well as ever."""


class PolicyError(SpratError):
    """A policy file cannot be used, or the policy asked for is not worth having."""


class DocumentError(SpratError):
    """A document cannot be read, or an index of documents cannot be used."""


class QuestionError(SpratError):
    """A question file cannot be read."""


class RunError(SpratError):
    """Recorded runs are missing, or cannot be resumed."""


class StoreError(RunError):
    """The file of recorded runs is damaged, of another version, or cannot be used."""


def first_few(names: Sequence[str], most: int) -> str:
    """`a, b and 3 more`: no more names than a line has room for."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")


def first_line(error: BaseException, most: int = 300) -> str:
    """What somebody else's exception says, in one line; its class when it says nothing."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:most]
