"""What a trial is asked and what it says, on both sides of the pipe, and the reports that are kept.

Nothing native is loaded here.
"""

import hashlib
from contextlib import suppress
from importlib.metadata import distributions, version
from pathlib import Path
from typing import Literal

import msgspec

from sprat.models.disk import write_whole

LIMIT_S = 600.0
"""A provider that needs longer for a page of text is of no use to anybody."""
END_S = LIMIT_S + 60.0
"""When a trial ends itself that nobody ended: later than the parent gives it up, which calls it
slow; one that ends by itself is taken for a crash."""
Outcome = Literal["passed", "differs", "refused", "missing", "died", "slow"]


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be tried: JSON, the one argument."""

    folder: str = ""
    """The model; without one the provider is only started."""
    provider: str = ""
    threads: int = 1
    remembered: str = ""
    """The folder of reports that were made before."""
    hardware_only: bool = False
    """Refuse a graphics provider that would compute on the processor."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """How it went."""

    provider: str = ""
    outcome: Outcome = "passed"
    why: str = ""
    """One line."""
    fix: str | None = None
    device: str = ""
    nodes: dict[str, int] = {}
    """How many operators each provider got; empty where it cannot be told."""
    installed: tuple[str, ...] = ()
    """Names of the providers that could be tried, best first."""

    @property
    def share(self) -> float | None:
        """The part of the graph's operators that the provider itself computes; None: not known."""
        return self.nodes.get(self.provider, 0) / sum(self.nodes.values()) if self.nodes else None


def kept_at(options: Options, *parts: object) -> Path:
    """The file of a report that depends on the model, the provider, this version and `parts`."""
    files = sorted(path for path in Path(options.folder).iterdir() if path.is_file())
    sizes = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    known = (options.folder, options.provider, sizes, version("sprat"), parts)
    name = hashlib.sha256(repr(known).encode()).hexdigest()[:32]
    return Path(options.remembered) / f"{name}.json"


def failed_at(options: Options) -> Path:
    """The file of a trial that never said a word: known without loading anything native."""
    runtimes = {(d.name, d.version) for d in distributions() if d.name.startswith("onnxruntime")}
    return kept_at(options, "failed", sorted(runtimes))


def recall(file: Path) -> Report | None:
    """The report that was kept there; None when there is none that can be read."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Report)
    except (OSError, msgspec.MsgspecError):
        return None


def keep(file: Path, report: Report) -> Report:
    """Keep a report, and return it."""
    with suppress(OSError):  # it will be tried again
        write_whole(file, msgspec.json.encode(report))
    return report
