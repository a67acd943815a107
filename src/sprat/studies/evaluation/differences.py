"""What stands behind two sides and is not the same: a change of score has one of these causes."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from sprat.studies.asked import Asked

PASSING = frozenset({
    "during", "load_average_1min", "available_memory_bytes", "frequency_mhz", "temperature_c",
    "prices", "batch", "models", "held_against",
})  # fmt: skip
"""What is never twice the same, and explains no change of answers."""
MAX_SHOWN = 80
_HASH = re.compile(r"[0-9a-f]{40,}")


def differences_between(a: Asked, b: Asked) -> tuple[str, ...]:
    """One line for each: the model, its weights and recipe, the settings, the machine."""
    lines = [*_named("model", a.model.name, b.model.name)]
    lines += _of("", a.model.identity, b.model.identity)
    lines += _of("", a.study.settings, b.study.settings)
    lines += _of("", a.study.environment, b.study.environment)
    return tuple(dict.fromkeys(lines))


def _of(within: str, a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[str]:
    for what in dict.fromkeys((*a, *b)):
        if what in PASSING or a.get(what) == b.get(what):
            continue
        name = f"{within} {what.replace('_', ' ')}".strip()
        yield from _named(name, a.get(what), b.get(what))


def _named(what: str, before: object, now: object) -> Iterator[str]:
    if before == now:
        return
    if isinstance(before, dict) and isinstance(now, dict):
        yield from _of(what, cast("dict[str, Any]", before), cast("dict[str, Any]", now))
    else:
        yield f"{what}: {_shown(cast('object', before))} before, {_shown(now)} now"


def _shown(value: object) -> str:
    if value is None:
        return "not given"
    text = " ".join(str(value).split())
    if _HASH.fullmatch(text):
        return text[:12]
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"
