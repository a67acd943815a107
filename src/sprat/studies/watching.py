"""The machine while a study asks: watched, recorded with the study, and told in its report."""

from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import Any

from sprat.engines.base import Engine
from sprat.measure.processor import KEEPS_ENDED
from sprat.measure.watch import Watch
from sprat.runs.store import Store

DURING = "during"
"""The name in a study's environment: one entry per session, since a study may be resumed."""

BUSY = 0.5
"""Runnable processes per core from which on the times are not the study's alone."""


@contextmanager
def watched(
    store: Store, study: str, engines: Iterable[Engine], *, lasting: bool = True
) -> Generator[None]:
    """Watch what happens inside and record it, however it ends.

    Not `lasting`: processes of the models end meanwhile, as where each answer is a cold one.
    """
    # An engine without processes may be a server on this machine: its work is not "others'".
    # Nor is that of our own process that ended, which not every system tells afterwards.
    ours = all(engine.pids for engine in engines) and (lasting or KEEPS_ENDED)
    watch = Watch(others=ours)
    try:
        with watch:
            yield
    finally:
        if watch.readings:
            environment = store.study(study).environment
            stretches = [*watched_before(environment), watch.as_json()]
            store.put_environment(study, {**environment, DURING: stretches})


def watched_before(environment: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What was recorded of each session; empty for a study that was not watched."""
    return list(environment.get(DURING, ()))


def busy_before(environment: Mapping[str, Any]) -> str:
    """How busy the machine was before the study: `load 1.4 on 2 cores`; empty: not too busy.

    Empty too where it is known what others really used meanwhile: the load of the minute before
    may be our own work, the export of a model say.
    """
    load, cores = environment.get("load_average_1min"), environment.get("usable_cores")
    if any(stretch.get("others_share") is not None for stretch in watched_before(environment)):
        return ""
    if load is None or not cores or load < BUSY * cores:
        return ""
    return f"load {load} on {cores} cores"


def drift_of(environment: Mapping[str, Any]) -> str:
    """What a reader must know of the machine before believing the times; empty: nothing."""
    found = [why for stretch in watched_before(environment) for why in stretch.get("drift", ())]
    if not found:
        return ""
    return (
        f"While the models were asked, {'; '.join(dict.fromkeys(found))}: trust the ratio of their "
        "times more than the seconds."
    )
