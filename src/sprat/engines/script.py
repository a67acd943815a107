"""The file that a scripted engine answers from. Format and an example: docs/scripted.md."""

import re
import tomllib
from pathlib import Path
from typing import Literal

import msgspec

from sprat.errors import SettingsError
from sprat.types import Finish

_MAX_FILE_BYTES = 16 * 1024 * 1024


class Failure(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An error to raise instead of ending the answer."""

    kind: Literal["refused", "died", "timeout", "too-long"] = "refused"
    message: str = "The script says so."
    status: int | None = None
    after_chunks: int = 0
    """How many pieces go out first; 0 is "before the first byte"."""


class Called(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The function of a tool call."""

    name: str
    arguments: str = "{}"
    """JSON text."""


class ToolCall(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A tool call in OpenAI's form."""

    id: str
    type: Literal["function"] = "function"
    function: Called


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What to answer when the last user message, or a raw prompt, fits.

    A rule without a condition fits always.
    """

    exact: str | None = None
    contains: str | None = None
    """Upper and lower case are the same here."""
    regex: str | None = None
    text: str = ""
    chunks: tuple[str, ...] = ()
    """The pieces to stream; none: `text` cut into words. One piece is one token."""
    reasoning: str = ""
    """Streamed as one piece before the answer."""
    first_ms: float = 0.0
    """Before the first piece."""
    gap_ms: float = 0.0
    """Before every further piece."""
    end_ms: float = 0.0
    """After the last piece."""
    finish: Finish = "stop"
    tool_calls: tuple[ToolCall, ...] = ()
    """Streamed after the text, one piece each; not where the answer is cut before."""
    logprobs: tuple[float, ...] = ()
    """One per piece, natural logarithm; given out only when asked for."""
    read: tuple[float, ...] = ()
    """One per word of a request's prediction: how likely this model thinks it."""
    cached_tokens: int = 0
    error: Failure | None = None


class Script(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A whole file."""

    rule: tuple[Rule, ...]
    """The first that fits answers."""
    places: int | None = None
    """How many requests are answered at once; None: any number."""
    load_ms: float = 0.0
    """What `warm` waits, the first time."""


def read_script(file: Path) -> Script:
    """Read a script from TOML or JSON (by the file's ending).

    Raises:
        SettingsError: no such file, or it is no script; says where.
    """
    try:
        if file.stat().st_size > _MAX_FILE_BYTES:
            raise SettingsError(f"{file} is over {_MAX_FILE_BYTES} bytes.", fix="Split it.")
        text = file.read_text("utf-8")
        data = msgspec.json.decode(text) if file.suffix == ".json" else tomllib.loads(text)
        script = msgspec.convert(data, Script)
        for rule in script.rule:
            re.compile(rule.regex or "")
    except OSError as error:
        fix = "Check the path after 'scripted:'."
        raise SettingsError(f"{file} cannot be read: {error.strerror}.", fix=fix) from error
    except (ValueError, re.error) as error:  # TOML, JSON, UTF-8 and validation are all ValueErrors
        fix = "Its form is described in docs/scripted.md."
        raise SettingsError(f"{file} is no script: {error}.", fix=fix) from error
    return script
