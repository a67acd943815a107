"""What a request brings along: JSON, of a size that was announced or is counted, and as it is."""

from sprat.serve.body import too_large
from sprat.serve.guard.head import Head
from sprat.serve.problem import BadRequest

_JSON = frozenset({b"application/json", b"application/json; charset=utf-8"})
_MOST_DIGITS = 15


def check_content(method: str, head: Head, most_bytes: int) -> None:
    """Let only plain JSON within bounds pass, unless the method changes nothing.

    Raises:
        BadRequest: it is of another type or compressed (415), too large (413), or the headers
            contradict each other (400).
    """
    _check_framing(head, most_bytes)
    if method in {"GET", "HEAD", "OPTIONS"}:
        return
    kind = head.get(b"content-type")
    if kind not in _JSON and not _is_json(kind):
        fix = "Send the header Content-Type: application/json."
        raise BadRequest("The body is not marked as JSON.", status=415, code="not_json", fix=fix)


def _is_json(kind: bytes | None) -> bool:
    """The same, in any other spelling."""
    name, *parameters = (kind or b"").lower().split(b";")
    if name.strip() != b"application/json":
        return False
    return all(p.strip() in {b"", b"charset=utf-8", b'charset="utf-8"'} for p in parameters)


def _check_framing(head: Head, most_bytes: int) -> None:
    encoding = head.get(b"content-encoding")
    if encoding is not None and encoding.lower() != b"identity":
        fix = "Send it as it is."
        raise BadRequest("The body is compressed.", status=415, code="compressed", fix=fix)
    length, transfer = head.get(b"content-length"), head.get(b"transfer-encoding")
    if transfer is not None and (length is not None or transfer.lower() != b"chunked"):
        raise BadRequest("The body's length cannot be told.", code="invalid_header")
    if length is None:
        return
    if not length.isdigit() or len(length) > _MOST_DIGITS:
        raise BadRequest("Content-Length is no number of bytes.", code="invalid_header")
    if int(length) > most_bytes:
        raise too_large(most_bytes)
