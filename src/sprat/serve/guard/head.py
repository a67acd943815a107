"""What the guard looks at in a request's headers, read in one pass."""

from collections.abc import Iterable

from sprat.serve.problem import BadRequest

Head = dict[bytes, bytes]
"""Name in lower case → value; only of the names below."""

_WANTED = frozenset(
    {
        b"host", b"origin", b"authorization", b"content-type", b"content-length",
        b"content-encoding", b"transfer-encoding", b"upgrade", b"sec-fetch-site",
        b"sec-fetch-mode", b"sec-fetch-dest", b"access-control-request-method",
        b"access-control-request-headers", b"access-control-request-private-network",
    }
)  # fmt: skip


def head_of(headers: Iterable[tuple[bytes, bytes]]) -> Head:
    """The headers that decide, each at most once.

    Raises:
        BadRequest: one of them comes twice: two readers could believe two different things.
    """
    head: Head = {}
    for name, value in headers:
        if name in _WANTED:
            if name in head:
                raise BadRequest(f"The header {name.decode()} comes twice.", code="invalid_header")
            head[name] = value
    return head
