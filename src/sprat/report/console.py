"""A report's page on a terminal: as wide as it may be, in characters that the terminal has."""

import re
from typing import TYPE_CHECKING

from sprat.report import numbers

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

WIDTH = 100
STEERING = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters but the line break, and those that turn the writing direction."""
ASCII = str.maketrans({
    "−": "-",  # noqa: RUF001 - what is being replaced
    "–": "-",  # noqa: RUF001 - what is being replaced
    "×": "x",  # noqa: RUF001 - what is being replaced
    "÷": "/", "·": ",", "“": '"', "”": '"', "’": "'", "…": "...",  # noqa: RUF001 - what is being replaced
})  # fmt: skip


class Page:
    """A console at most `WIDTH` wide, and plain ASCII where the terminal knows no more."""

    def __init__(self, console: "Console") -> None:
        self.console = console
        self.width = min(WIDTH, console.width)
        self.ascii = console.options.ascii_only

    def words(self, text: str) -> str:
        """The text in characters that this terminal has, and none that would steer it."""
        text = STEERING.sub(" ", text)
        if not self.ascii:
            return text
        return text.translate(ASCII).encode("ascii", "replace").decode("ascii")

    def say(self, text: str = "", style: str = "") -> None:
        """One wrapped paragraph; never read as markup."""
        from rich.text import Text

        self.console.print(Text(self.words(text), style), width=self.width, soft_wrap=False)

    def show(self, thing: "RenderableType") -> None:
        """A table."""
        self.console.print(thing, width=self.width)


def table(page: Page, *names: tuple[str, str]) -> "Table":
    """An empty table whose columns are (name, `left` or `right`)."""
    from rich import box
    from rich.table import Table

    shape = box.ASCII2 if page.ascii else box.SIMPLE_HEAD
    made = Table(box=shape, pad_edge=False, show_edge=False, header_style="bold", padding=(0, 1))
    for name, side in names:
        right = side == "right"
        made.add_column(page.words(name), justify="right" if right else "left", overflow="fold")
    return made


def cells(page: Page, *words: str) -> list["RenderableType"]:
    """One row: each word in characters that the terminal has, what is missing dimmed."""
    from rich.text import Text

    dim = numbers.NOT_MEASURED
    return [Text(page.words(word), "dim" if word == dim else "") for word in words]
