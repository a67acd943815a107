"""What stands behind a `?`, read into what is wanted: every word known, every value bounded."""

from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec

from sprat.runs.browse import Words
from sprat.serve.asgi import Scope
from sprat.serve.problem import BadRequest

_MOST_FIELDS = 16
_SHOWN = 60

_Wish = TypeVar("_Wish", bound=msgspec.Struct)


class HistoryWish(msgspec.Struct, frozen=True, kw_only=True):
    """Of which model and question set; None: of all."""

    model: Words | None = None
    questions: Words | None = None


class CompareWish(msgspec.Struct, frozen=True, kw_only=True):
    """Which two sides: `RUN` or `RUN:ROLE`; the earlier one first."""

    a: Words | None = None
    b: Words | None = None


def wish_of(scope: Scope, shape: type[_Wish]) -> _Wish:
    """The query as a `shape`. An empty field, which forms send, is none; `sort=-NAME` is downwards.

    Raises:
        BadRequest: a word that nobody knows, twice the same, or a value that cannot be (400).
    """
    fields: dict[str, Any] = _fields(scope)
    known = [name for name in shape.__struct_fields__ if name != "descending"]
    for name in fields:
        if name not in known:
            raise _wrong(name, f"is no filter; there are {', '.join(known)}")
    if "sort" in fields and "sort" in known:
        fields["descending"] = fields["sort"].startswith("-")
        fields["sort"] = fields["sort"].removeprefix("-")
    try:
        return msgspec.convert(fields, shape, strict=False)
    except msgspec.ValidationError as error:
        why, _, where = str(error).partition(" - at `$.")
        name = where.rstrip("`")
        raise _wrong(name, f"cannot be {str(fields.get(name))[:_SHOWN]!r}: {why}") from None


def _fields(scope: Scope) -> dict[str, Any]:
    query = scope["query_string"].decode("latin-1")
    try:
        pairs = parse_qsl(query, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError as error:
        line = f"The query cannot be read: {error}."
        raise BadRequest(line, fix=f"At most {_MOST_FIELDS} fields, in UTF-8.") from None
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise _wrong(name, "comes twice")
    return dict(pairs)


def _wrong(name: str, why: str) -> BadRequest:
    name = name[:_SHOWN]
    return BadRequest(f"{name!r} in the query {why}.", param=name, code="invalid_query")
