"""What a file is: its bytes say it first, its name where they could be several things."""

import io
import re
import zipfile
from pathlib import PurePath
from typing import Literal

from sprat.errors import DocumentError

Medium = Literal["pdf", "docx", "pptx", "xlsx", "html", "markdown", "notebook", "code", "text"]

_OFFICE: dict[str, Medium] = {
    "word/document.xml": "docx",
    "ppt/presentation.xml": "pptx",
    "xl/workbook.xml": "xlsx",
}
_OTHERS = (
    (rb"\x89PNG|\xff\xd8\xff|GIF8[79]a|BM.{4}\0\0\0\0|II\*\0|MM\0\*|RIFF....WEBP", "a picture"),
    (rb"ID3[\2-\4]\0|OggS\0|fLaC\0|RIFF....WAVE|\0\0\0.ftyp|\x1aE\xdf\xa3", "sound or film"),
    (rb"\x1f\x8b|BZh[1-9]1AY|\xfd7zXZ|7z\xbc\xaf|Rar!\x1a|\x28\xb5\x2f\xfd", "an archive"),
    (rb"\x7fELF|MZ.\0|\xcf\xfa\xed\xfe|\xca\xfe\xba\xbe|\0asm", "a program"),
    (rb"SQLite format 3\0", "a database"),
)
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HTML = re.compile(
    rb"\s*+(?:(?:<\?xml[^>]*+>|<!--.*?-->)\s*+)*+<(?:!doctype\s+html|html)\b",
    re.IGNORECASE | re.DOTALL,
)
_MARKDOWN = {".md", ".markdown", ".mdx", ".mdown", ".qmd"}
_CODE = re.compile(
    r"\.(json|jsonl|ndjson|ya?ml|toml|ini|cfg|conf|xml|csv|tsv|log"
    r"|bash|c|cc|clj|cpp|cs|css|cxx|dart|el|exs?|f90|fish|fs|go|groovy|h|hh|hpp|hs|java|jl|js|jsx|kts?"
    r"|lua|m|mjs|mli?|mm|nim|php|pl|pm|proto|ps1|pyi?|r|rb|rs|scala|scss|sh|sql|svelte|swift|tf|tsx?"
    r"|vb|vue|zig|zsh)"
)


def medium_of(name: str, data: bytes) -> Medium:
    """What the file called `name` holds.

    Raises:
        DocumentError: something that is not read here; says what, as far as it can be told.
    """
    suffix = PurePath(name).suffix.lower()
    if data[:64].lstrip().startswith(b"%PDF-") or (suffix == ".pdf" and b"%PDF-" in data[:1024]):
        return "pdf"
    if data.startswith((b"PK\3\4", b"PK\5\6")):
        return _packed(name, data)
    _refuse_others(name, data)
    if _HTML.match(data[:4096].removeprefix(b"\xef\xbb\xbf")) or suffix in {".html", ".htm"}:
        return "html"
    if suffix in _MARKDOWN:
        return "markdown"
    if suffix == ".ipynb" and data.lstrip()[:1] == b"{":
        return "notebook"
    return "code" if _CODE.fullmatch(suffix) or data.startswith(b"#!") else "text"


def _packed(name: str, data: bytes) -> Medium:
    """Office files of today are zip archives."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            inside = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise DocumentError(f"{name} is damaged: {error}.", fix="Copy it again.") from error
    for part, medium in _OFFICE.items():
        if part in inside:
            return medium
    if "content.xml" in inside and "mimetype" in inside:
        raise DocumentError(
            f"{name} is an OpenDocument file.", fix="Save it as .docx, .pptx, .xlsx or PDF."
        )
    raise DocumentError(f"{name} is an archive.", fix="Unpack it, and index what is in it.")


def _refuse_others(name: str, data: bytes) -> None:
    if data.startswith(_OLD_OFFICE):
        raise DocumentError(
            f"{name} is an Office file of the old kind, or one with a password.",
            fix="Save it as .docx, .pptx, .xlsx or PDF, without a password.",
        )
    for pattern, kind in _OTHERS:
        if re.match(pattern, data[:64], re.DOTALL):
            raise DocumentError(f"{name} is {kind}: no document that is read here.")
