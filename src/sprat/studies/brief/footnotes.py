"""The footnotes of a brief, numbered in the order in which they are first needed."""

from sprat.studies.brief.result import Evidence


class Footnotes:
    """Collects evidence; the same evidence has one number."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, str], Evidence] = {}

    def cite(
        self, run: str, what: str, how: str, *, n: int | None = None, command: str = ""
    ) -> int:
        """The number of this evidence."""
        key = (run, what, how)
        if key not in self._found:
            self._found[key] = Evidence(
                number=len(self._found) + 1,
                run=run,
                what=what,
                how=how,
                n=n,
                command=command or (f"sprat runs report {run}" if run else ""),
            )
        return self._found[key].number

    @property
    def all(self) -> tuple[Evidence, ...]:
        """By number."""
        return tuple(self._found.values())
