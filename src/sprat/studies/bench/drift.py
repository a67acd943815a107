"""What the machine did meanwhile; if it was not left alone, the run is degraded."""

from collections.abc import Mapping
from typing import Any

from sprat.studies.watching import busy_before, watched_before


def drifted(begin: Mapping[str, Any], end: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Why the machine spoils the times: what it was at the beginning, what was watched since."""
    watched = (why for stretch in watched_before(begin) for why in stretch.get("drift", ()))
    found = [
        _busy(begin),
        *(f"While the models were asked, {why}." for why in watched),
        _governed(begin, end or {}),
    ]
    return tuple(dict.fromkeys(line for line in found if line))


def _busy(begin: Mapping[str, Any]) -> str:
    busy = busy_before(begin)
    return f"The machine was busy before the first request: {busy}." if busy else ""


def _governed(begin: Mapping[str, Any], end: Mapping[str, Any]) -> str:
    before, after = begin.get("governor"), end.get("governor")
    if before is None or after is None or before == after:
        return ""
    return f"The frequency governor changed from {before} to {after}."
