"""What Foundry Local's own command says: whether it is installed, and where its service listens."""

import re
import shutil
import subprocess
import time
from pathlib import Path

import msgspec

from sprat.engines.patience import within
from sprat.settings import is_here

_STATUS = (("server", "status", "-o", "json"), ("service", "status"))
"""The newer command first; each version knows only one of the two."""
_ADDRESS = re.compile(r"https?://[\w.\[\]:-]+:\d+")
_VERSION = re.compile(r"\d+\.\d+[\w.+-]*")


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What the command said."""

    installed: bool
    address: str | None = None
    """Where it says that the service listens; None: it says that it is not running, or nothing."""
    words: str = "foundry server status"
    """The command that was understood."""
    slow: bool = False
    """Whether it said nothing in the time that it was given."""

    @property
    def start(self) -> str:
        """The command that starts the service."""
        return self.words.replace(" status", " start")


def ask_command(within_s: float = 1.0) -> Told:
    """Ask for the service's address: the port is another one after each start."""
    command = _command()
    if command is None:
        return Told(installed=False)
    ends_at = time.monotonic() + within_s
    told = Told(installed=True)
    for words in _STATUS:
        said = _said([command, *words], ends_at - time.monotonic())
        if said is None:
            return msgspec.structs.replace(told, slow=True)
        told = Told(
            installed=True, address=address_in(said), words=f"foundry {' '.join(words[:2])}"
        )
        if told.address or "not running" in said.lower() or '"running"' in said:
            return told
    return told


def address_in(said: str) -> str | None:
    """The address in what the command printed; only one of this machine is believed.

    The older one prints `🟢 Model management service is running on http://127.0.0.1:63309/openai/status`,
    the newer `{"running": true, "webUrls": ["http://127.0.0.1:56294"], …}`, or the line
    `Web URLs http://127.0.0.1:56294`.
    """
    return next((found for found in _ADDRESS.findall(said) if is_here(found)), None)


def version_told(within_s: float = 1.0) -> str | None:
    """The version of the command; None when it is not installed or does not say in time."""
    command = _command()
    said = _said([command, "--version"], within_s) if command else None
    found = _VERSION.search(said) if said else None
    return found[0] if found else None


def _command() -> str | None:
    """Where the command is; None: nowhere, or only in the working folder.

    Windows looks there first: a file of that name in a folder that somebody sent is not run.
    """
    found = shutil.which("foundry")
    return found if found and Path(found).is_absolute() else None


def _said(words: list[str], within_s: float) -> str | None:
    """What a command printed, whatever its exit code; None when it did not end in time."""
    left_s = max(0.05, within_s)
    try:
        # On Windows `run` waits for ever for what the command has started and left behind.
        done = within(left_s, lambda: _run(words, left_s))
    except (TimeoutError, subprocess.TimeoutExpired):
        return None
    except OSError:
        return ""
    return (done.stdout + b"\n" + done.stderr).decode("utf-8", "replace")


def _run(words: list[str], within_s: float) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        words, capture_output=True, stdin=subprocess.DEVNULL, timeout=within_s, check=False
    )
