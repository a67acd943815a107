"""One file, or the bytes of an upload → a `Document`."""

import hashlib
import stat
from collections.abc import Callable
from pathlib import Path, PurePath

from sprat.errors import DocumentError, SpratError
from sprat.models.progress import megabytes
from sprat.rag.document import Document
from sprat.rag.read.content import Content, check_chars
from sprat.rag.read.medium import Medium, medium_of

MOST_BYTES = 64 * 2**20
"""Of a file: what is larger is no document that a person wrote."""


def read_file(path: Path) -> Document:
    """Read one file, whatever it holds.

    Raises:
        DocumentError: it cannot be opened, holds no text, is damaged, locked or too large.
    """
    return document_of(file_name(path), bytes_of(path))


def read_bytes(name: str, data: bytes) -> Document:
    """Read an upload: `name` stands for its place, and its folders are left out.

    Raises:
        DocumentError: as `read_file`.
    """
    name = PurePath(name.replace("\\", "/")).name or "upload"
    _check_size(name, len(data))
    return document_of(name, data)


def file_name(path: Path) -> str:
    """What a file is called in a store: its absolute path, with forward slashes."""
    return path.resolve().as_posix()


def is_there(path: Path) -> bool:
    """Whether anybody can see it; `Path.exists` raises where a folder above it is closed."""
    try:
        path.stat()
    except OSError:
        return False
    return True


def bytes_of(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        DocumentError: it cannot be opened, or is too large.
    """
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            raise DocumentError(f"{path.name} is no file.", fix="Name a file or a folder.")
        _check_size(path.name, about.st_size)
        with path.open("rb") as opened:
            data = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise DocumentError(
            f"{path.name} cannot be opened: {error.strerror or error}.", fix="See who may read it."
        ) from error
    _check_size(path.name, len(data))
    return data


def document_of(file: str, data: bytes) -> Document:
    """The document in these bytes; `file` is what a store will call it.

    Raises:
        DocumentError: there is no text in them, or they are damaged, locked or too large.
    """
    name = PurePath(file).name
    content = _content(name, data)
    check_chars(name, len(content.text))
    if not content.text.strip():
        raise DocumentError(f"{name} is empty: there is no text in it.", fix="Leave it out.")
    return Document(
        file=file,
        title=" ".join(content.title.split())[:300] or PurePath(name).stem,
        sha256=hashlib.sha256(data).hexdigest(),
        bytes=len(data),
        media=content.media,
        text=content.text,
        pages=content.pages,
        headings=content.headings,
    )


def _content(name: str, data: bytes) -> Content:
    try:
        return _reader(medium_of(name, data))(name, data)
    except SpratError:
        raise
    except Exception as error:  # a reader's own fault must not end what reads many
        raise DocumentError(
            f"{name} cannot be read: {type(error).__name__}.", fix="Save it as text."
        ) from error


def _check_size(name: str, size: int) -> None:
    if size > MOST_BYTES:
        raise DocumentError(
            f"{name} has {megabytes(size)}; at most {megabytes(MOST_BYTES)} are read.",
            fix="Cut it into several files.",
        )


def _reader(medium: Medium) -> Callable[[str, bytes], Content]:
    """What reads that medium, imported only now: some of it is heavy."""
    match medium:
        case "pdf":
            from sprat.rag.read.pdf import read_pdf as read
        case "docx" | "pptx" | "xlsx":
            from sprat.rag.read.office import reader_of

            return reader_of(medium)
        case "html":
            from sprat.rag.read.html import read_html as read
        case "markdown":
            from sprat.rag.read.markdown import read_markdown as read
        case "notebook":
            from sprat.rag.read.notebook import read_notebook as read
        case "code":
            from sprat.rag.read.code import read_code as read
        case "text":
            from sprat.rag.read.text import read_text as read
    return read
