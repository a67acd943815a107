"""Who is asking for a study: a lock beside the store, which goes with the process that has it."""

import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from sprat.errors import RunError

_GLANCE_S = 0.5
"""Whoever lists studies takes the lock for a moment, to see whether it is free."""


@contextmanager
def held(file: Path, study: str) -> Generator[None]:
    """Hold the lock of a study.

    Raises:
        RunError: another process does already.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(file, timeout=_GLANCE_S)
    try:
        lock.acquire(poll_interval=0.02)
    except Timeout as error:
        raise RunError(
            f"{study} is being asked by another process.", fix="Wait for it, or stop it first."
        ) from error
    try:
        yield
    finally:
        # While it is held: a moment later it may be the next one's. Windows deletes no file
        # that is open, so there only one that nobody took meanwhile goes afterwards.
        with suppress(OSError):
            file.unlink()
        lock.release()
        if sys.platform == "win32":
            with suppress(OSError):
                file.unlink()


def is_held(file: Path) -> bool:
    """Whether a process holds this lock."""
    from filelock import FileLock, Timeout

    if not file.exists():
        return False
    try:
        with FileLock(file, timeout=0):
            return False
    except Timeout:
        return True
    except OSError:  # not ours to lock: then it is as it says
        return True
