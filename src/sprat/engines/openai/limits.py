"""How patient the endpoint engine is."""

import msgspec

from sprat.settings import Endpoint


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How long to wait, how often to try."""

    connect_s: float = 10.0
    silence_s: float = 120.0
    """To the first byte, and from one piece to the next."""
    total_s: float = 1200.0
    attempts: int = 3
    backoff_s: float = 0.25
    """Before the second attempt; doubled for each further one, with jitter."""
    longest_wait_s: float = 30.0
    """A server that asks for a longer pause than this is refused at once."""
    answer_bytes: int = 64 * 1024 * 1024

    @classmethod
    def of(cls, endpoint: Endpoint) -> "Limits":
        """An endpoint's `timeout_s` is the longest silence; ten of them are the longest answer."""
        silence = endpoint.timeout_s
        return cls(connect_s=min(10.0, silence), silence_s=silence, total_s=10 * silence)
