"""`read_rubric`: a file → what good means, checked and fingerprinted."""

import hashlib
import re
import tomllib
from importlib import resources
from pathlib import Path
from typing import Annotated

import msgspec

from sprat.errors import QuestionError
from sprat.questions.document import text_of
from sprat.questions.rows import fault, seen
from sprat.questions.rubric.nouns import GRADES, Dimension, Rubric

MAX_CHARS = 100_000
"""Of a rubric: a judge reads one dimension of it with every answer."""
MAX_DIMENSIONS = 8
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")


class _File(msgspec.Struct, forbid_unknown_fields=True):
    version: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    dimensions: tuple[Dimension, ...]
    licence: str = ""


def read_rubric(file: Path | None = None) -> Rubric:
    """Return the built-in rubric, or that of a TOML file of the same shape.

    One's own may name other dimensions; there is no rule for those, only a judge.

    Raises:
        QuestionError: not readable, no TOML, or not the shape of a rubric; the place is named.
    """
    name = file.name if file else "rubric.toml"
    text = text_of(file) if file else built_in("rubric.toml")
    if len(text) > MAX_CHARS:
        raise fault(name, f"{len(text)} characters", f"At most {MAX_CHARS} are read.")
    found = _parsed(text, name)
    dimensions = tuple(_checked(one, name) for one in found.dimensions)
    _counted([one.name for one in dimensions], name)
    return Rubric(version=found.version, sha256=_fingerprint(dimensions), dimensions=dimensions)


def built_in(name: str) -> str:
    """The text of a file that comes with the rubric."""
    return (resources.files("sprat.questions.rubric") / name).read_text("utf-8")


def _parsed(text: str, name: str) -> _File:
    try:
        return msgspec.convert(tomllib.loads(text), _File)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, RecursionError) as error:
        raise _fault(name, f"is no rubric ({error})") from error


def _checked(dimension: Dimension, name: str) -> Dimension:
    """The dimension, its grades from 1 up."""
    where = f"{name}, dimension {seen(dimension.name)}"
    if not _NAME.fullmatch(dimension.name):
        raise fault(where, "no name that can be used", "Use small letters, digits, - and _.")
    if not dimension.asks.strip():
        raise fault(where, "`asks` is empty", "Say what whoever grades has to ask.")
    anchors = tuple(sorted(dimension.anchors, key=lambda anchor: anchor.grade))
    if tuple(anchor.grade for anchor in anchors) != GRADES:
        grades = ", ".join(str(anchor.grade) for anchor in anchors) or "none"
        raise fault(where, f"has the grades {grades}", "Give each of 1, 2, 3, 4 and 5 once.")
    if missing := [anchor.grade for anchor in anchors if not anchor.means.strip()]:
        raise fault(where, f"grade {missing[0]} means nothing", "Say what earns it.")
    return msgspec.structs.replace(dimension, anchors=anchors)


def _counted(names: list[str], name: str) -> None:
    if not 1 <= len(names) <= MAX_DIMENSIONS:
        raise _fault(name, f"has {len(names)} dimensions, not 1 to {MAX_DIMENSIONS}")
    if twice := [one for one in names if names.count(one) > 1]:
        raise _fault(name, f"has the dimension {seen(twice[0])} twice")


def _fault(name: str, what: str) -> QuestionError:
    return fault(name, what, "The shape is in docs/rubric.md.")


def _fingerprint(dimensions: tuple[Dimension, ...]) -> str:
    return hashlib.sha256(msgspec.json.encode(dimensions, order="sorted")).hexdigest()
