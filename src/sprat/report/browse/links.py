"""Addresses of the pages, and what a list needs around it: columns to sort by, pages to turn."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from sprat.runs.browse import PAGE, AnswerWish, StudyWish

HOME = "/runs"


def to_study(study: str) -> str:
    """A study's report."""
    return f"{HOME}/{quote(study, safe='')}"


def to_answers(study: str) -> str:
    """All answers of a study."""
    return f"{to_study(study)}/answers"


def to_answer(study: str, question: str) -> str:
    """Everybody's answer to one question."""
    return f"{to_answers(study)}/{quote(question, safe='')}"


def to_compare(a: str, b: str) -> str:
    """Two sides beside each other."""
    return f"{HOME}/compare?{urlencode({'a': a, 'b': b})}"


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """A column's head; what it leads to sorts the list by it."""

    label: str
    href: str | None = None
    sorted: str = "none"
    """`ascending`, `descending` or `none`, as ARIA has it."""
    number: bool = False


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """Where in a list a page stands."""

    first: int
    last: int
    total: int
    previous: str | None
    following: str | None


def query_of(wish: StudyWish | AnswerWish) -> dict[str, Any]:
    """A wish as the query that stands for it, without what is wanted anyway."""
    usual = type(wish)()
    fields = {
        name: getattr(wish, name)
        for name in wish.__struct_fields__
        if name not in {"sort", "descending"} and getattr(wish, name) != getattr(usual, name)
    }
    if (wish.sort, wish.descending) != (usual.sort, usual.descending):
        fields["sort"] = f"{'-' if wish.descending else ''}{wish.sort}"
    return fields


def href_of(path: str, wish: StudyWish | AnswerWish, **changes: object) -> str:
    """The address of a list with something changed; a changed list begins at its first page."""
    changed = msgspec.structs.replace(wish, **{"page": 1, **changes})
    query = urlencode(query_of(changed))
    return f"{path}?{query}" if query else path


def columns_of(
    path: str, wish: StudyWish | AnswerWish, columns: Sequence[tuple[str, str, bool]]
) -> list[Column]:
    """(label, what it sorts by or nothing, whether it holds numbers) → the heads of a table."""
    return [_column(path, wish, *column) for column in columns]


def _column(
    path: str, wish: StudyWish | AnswerWish, label: str, order: str, number: bool
) -> Column:
    if not order:
        return Column(label=label, number=number)
    here = wish.sort == order
    downwards = not wish.descending if here else order == "created"
    return Column(
        label=label,
        href=href_of(path, wish, sort=order, descending=downwards),
        sorted=("descending" if wish.descending else "ascending") if here else "none",
        number=number,
    )


def turn_of(path: str, wish: StudyWish | AnswerWish, shown: int, total: int) -> Turn:
    """Which part of the list this is, and how to get on."""
    before = PAGE * (wish.page - 1)
    last_page = max(1, -(-total // PAGE))
    back = min(wish.page - 1, last_page)
    return Turn(
        first=before + 1 if shown else 0,
        last=before + shown,
        total=total,
        previous=href_of(path, wish, page=back) if back else None,
        following=href_of(path, wish, page=wish.page + 1) if wish.page < last_page else None,
    )
