"""Server-sent events from bytes that may be cut anywhere."""

from typing import NamedTuple

from sprat.errors import EngineRefused

MAX_EVENT_BYTES = 8 * 1024 * 1024


class Event(NamedTuple):
    """One event: its name (`message` when the server gave none) and its data."""

    name: str
    data: str


class EventReader:
    r"""Turns chunks of bytes into events.

    Lines end in LF, CR or CRLF, and a CRLF may be cut between two chunks; several `data:` lines
    make one event, joined by LF; a line that begins with a colon is a comment.

    Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
    """

    def __init__(self) -> None:
        self._tail: list[bytes] = []
        self._size = 0
        self._after_cr = False
        self._first_line = True
        self._name = ""
        self._data: list[str] = []

    def feed(self, chunk: bytes) -> list[Event]:
        """Take the next bytes and return the events that they complete.

        Raises:
            EngineRefused: one event is larger than `MAX_EVENT_BYTES`.
        """
        if self._after_cr and chunk.startswith(b"\n"):
            chunk = chunk[1:]
            self._after_cr = False
        if not chunk:
            return []
        if (plain := self._plain(chunk)) is not None:
            return plain
        self._after_cr = chunk.endswith(b"\r")
        self._size += len(chunk)
        if self._size > MAX_EVENT_BYTES:
            raise EngineRefused(f"One event of the answer is over {MAX_EVENT_BYTES} bytes.")
        return self._events(self._lines(chunk))

    def _plain(self, chunk: bytes) -> list[Event] | None:
        r"""Whole events of one `data: …\n\n` each, as nearly all are; None when they are not."""
        if self._tail or self._data or self._name or len(chunk) > MAX_EVENT_BYTES:
            return None
        if not (chunk.startswith(b"data: ") and chunk.endswith(b"\n\n")) or b"\r" in chunk:
            return None
        found = chunk[6:-2].split(b"\n\ndata: ")
        if chunk.count(b"\n") != 2 * len(found):
            return None
        self._after_cr = self._first_line = False
        return [Event("message", data.decode("utf-8", "replace")) for data in found]

    def close(self) -> list[Event]:
        """No more bytes will come: the last event, when its empty line was left out."""
        rest = [b"".join(self._tail), b""] if self._tail else [b""]
        self._tail = []
        return self._events(rest)

    def _lines(self, chunk: bytes) -> list[bytes]:
        lines = chunk.splitlines(keepends=True)
        if len(lines) == 1 and not _is_whole(lines[0]):
            self._tail.append(chunk)
            return []
        lines[0] = b"".join((*self._tail, lines[0]))
        self._tail = [] if _is_whole(lines[-1]) else [lines.pop()]
        return [line.rstrip(b"\r\n") for line in lines]

    def _events(self, lines: list[bytes]) -> list[Event]:
        events: list[Event] = []
        for line in lines:
            if line:
                self._field(line)
            else:
                events.extend(self._dispatch())
        return events

    def _field(self, line: bytes) -> None:
        if self._first_line:
            line = line.removeprefix(b"\xef\xbb\xbf")
            self._first_line = False
        name, _, value = line.partition(b":")
        text = value.removeprefix(b" ").decode("utf-8", "replace")
        if name == b"data":
            self._data.append(text)
        elif name == b"event":
            self._name = text
        elif name == b"error":  # llama.cpp once sent its errors as a field of this name
            self._name = "error"
            self._data.append(text)

    def _dispatch(self) -> list[Event]:
        event = Event(self._name or "message", "\n".join(self._data))
        had_data = bool(self._data)
        self._name, self._data = "", []
        self._size = sum(map(len, self._tail))
        return [event] if had_data else []


def _is_whole(line: bytes) -> bool:
    return line.endswith((b"\n", b"\r"))
