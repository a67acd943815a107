"""Is an answer of the form that was asked for?"""

import re
from typing import Any

from sprat.policies.schema import misfit
from sprat.types import ResponseFormat


def asks_json(wanted: ResponseFormat | None) -> bool:
    """Say whether a JSON document was asked for."""
    return wanted is not None and wanted.kind in {"json_object", "json_schema"}


def document(text: str) -> tuple[bool, Any]:
    """Whether the whole text is one JSON document, and its value."""
    import json

    try:
        return True, json.loads(text)
    except (ValueError, RecursionError):
        return False, None


def has_shape(text: str, wanted: ResponseFormat) -> bool:
    """Say whether an answer has the form that was asked for, as far as `policies.schema` looks."""
    return misshapen(text, wanted) is None


def misshapen(text: str, wanted: ResponseFormat) -> str | None:
    """What is wrong with the form of an answer, in a few words; None: nothing was found."""
    if wanted.kind == "regex":
        fits = re.fullmatch(wanted.pattern or "", text) is not None
        return None if fits else "the pattern does not match"
    parsed, value = document(text)
    if not parsed:
        return "no JSON"
    if wanted.kind == "json_object":
        return None if isinstance(value, dict) else "no JSON object"
    return misfit(value, wanted.schema or {})
