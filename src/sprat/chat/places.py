"""The addresses that the chat adds to Chainlit's own."""

from urllib.parse import quote
from uuid import UUID

DOCUMENTS = "/sprat/documents"
SOURCES = "/public/elements"


def document_address(file: str) -> str:
    """Where the browser finds a PDF that the chat was started with."""
    return f"{DOCUMENTS}?file={quote(file, safe='')}"


def is_id(text: str) -> bool:
    """Whether a chat, or a part of one, may be called so: such a name is no path."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
