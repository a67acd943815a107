"""How a study stands, kept true while it is asked."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager

from sprat.runs.store import Store


@contextmanager
def standing(store: Store, study: str) -> Generator[None]:
    """Running inside, done after it; stopped, and why, if it ends in any other way."""
    store.set_status(study, "running")
    try:
        yield
    except (asyncio.CancelledError, KeyboardInterrupt):
        store.set_status(study, "stopped", "interrupted")
        raise
    except Exception as error:
        store.set_status(study, "stopped", str(error))
        raise
    store.set_status(study, "done")
