"""What a study is: its questions, its models, how it stands."""

import secrets
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from sprat.types import Question

Status = Literal["running", "stopped", "done"]

JUDGE = "judge"
"""The role of a side that judges the answers of others; it answers no question of the set."""


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One time that a model was made ready for a study; a resumed study has several."""

    cold_load_s: float | None = None
    warm_up_s: float | None = None
    provider: str | None = None
    warm_up_requests: int | None = None
    """Requests of the warm-up; None where only the engine's own was asked."""
    stable: bool | None = None
    """Whether the warm-up's times had settled when it ended; None: nobody looked."""
    gpu_grown_bytes: int | None = None
    """How much more all GPUs held after the load than before; None: not told."""
    nodes: dict[str, int] | None = None
    """How many of the graph's operators each provider computed; None where it cannot be told."""


class StudyModel(msgspec.Struct, frozen=True, kw_only=True):
    """One side of a study."""

    role: str
    name: str
    identity: dict[str, Any] = {}
    """What makes its answers its own: weights' sha256, export recipe, provider, threads."""
    sessions: tuple[Session, ...] = ()
    unmeasured: dict[str, str] = {}
    """Conditions of a benchmark that could not be measured, and why."""


class Study(msgspec.Struct, frozen=True, kw_only=True):
    """What a study asked, of whom, and how."""

    id: str
    kind: str
    created: str
    """ISO 8601, UTC."""
    status: Status = "running"
    note: str = ""
    """Why it stopped."""
    questions_name: str
    questions_sha256: str
    questions: tuple[Question, ...]
    settings: dict[str, Any] = {}
    environment: dict[str, Any] = {}
    models: tuple[StudyModel, ...] = ()


class StudyLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of `sprat runs list`."""

    id: str
    kind: str
    created: str
    status: Status
    questions_name: str
    n_questions: int
    models: tuple[str, ...]
    answers: int


def new_study_id() -> str:
    """A short name that sorts by time: date, time in UTC, four random characters."""
    return f"{datetime.now(UTC):%y%m%d-%H%M%S}-{secrets.token_hex(2)}"
