"""Notebooks of Jupyter: the words and the code of their cells, without what was printed."""

from typing import Any

import msgspec

from sprat.errors import DocumentError
from sprat.rag.read.content import Content
from sprat.rag.read.encoding import text_of
from sprat.rag.read.markdown import headings_of, title_of


class _Cell(msgspec.Struct):
    cell_type: str = ""
    source: str | list[str] = ""


class _Notebook(msgspec.Struct):
    cells: list[_Cell]
    metadata: dict[str, Any] = {}

    @property
    def language(self) -> str:
        """As its metadata says it, which may be anything; else Python."""
        match self.metadata.get("language_info"):
            case {"name": str(name)}:
                return name
            case _:
                return "python"


def read_notebook(name: str, data: bytes) -> Content:
    """Read a notebook as Markdown.

    Raises:
        DocumentError: it is none.
    """
    try:
        notebook = msgspec.json.decode(text_of(name, data), type=_Notebook)
    except msgspec.DecodeError as error:
        raise DocumentError(f"{name} is damaged: {error}.", fix="Open it and save it.") from error
    text = "\n\n".join(_cell_text(cell, notebook.language) for cell in notebook.cells)
    headings = headings_of(text)
    return Content(media="markdown", text=text, title=title_of(text, headings), headings=headings)


def _cell_text(cell: _Cell, language: str) -> str:
    text = cell.source if isinstance(cell.source, str) else "".join(cell.source)
    return f"```{language}\n{text}\n```" if cell.cell_type == "code" and text.strip() else text
