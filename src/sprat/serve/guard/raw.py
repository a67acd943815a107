"""An answer to what is no request yet: whole, as bytes."""

from http import HTTPStatus

from sprat.serve.guard.security import ALWAYS, UNLESS_SET
from sprat.serve.problem import BadRequest, problem_of
from sprat.serve.wire.form import encode


def answer_of(refusal: BadRequest) -> bytes:
    """The refusal as an HTTP answer, after which the connection ends."""
    body = encode(problem_of(refusal).as_object())
    headers = (
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
        *ALWAYS,
        *UNLESS_SET,
    )
    status = HTTPStatus(refusal.status)
    first = f"HTTP/1.1 {status.value} {status.phrase}".encode()
    lines = [first, *(name + b": " + value for name, value in headers)]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body
