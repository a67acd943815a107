"""The addresses that the chat adds to Chainlit's own."""

from urllib.parse import quote

DOCUMENTS = "/sprat/documents"
SOURCES = "/public/elements"


def document_address(file: str) -> str:
    """Where the browser finds a PDF that the chat was started with."""
    return f"{DOCUMENTS}?file={quote(file, safe='')}"
