"""Whether to send once more, and how long to wait before."""

import math
import random
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp

from sprat.engines.openai.limits import Limits
from sprat.errors import EngineError, EngineRefused

RETRIED = frozenset({429, 502, 503, 504})


def pause_s(attempt: int, error: EngineError, limits: Limits) -> float | None:
    """Seconds to wait after this attempt; None when there shall be no other."""
    if attempt >= limits.attempts:
        return None
    if isinstance(error, EngineRefused):
        if error.status not in RETRIED:
            return None
        if error.retry_after_s is not None:
            return error.retry_after_s if error.retry_after_s <= limits.longest_wait_s else None
    if attempt == 1 and isinstance(error.__cause__, aiohttp.ServerDisconnectedError):
        return 0.0  # most likely a kept connection that the server closed just now
    longest = limits.backoff_s * 2 ** (attempt - 1)
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 -- spreads retries, hides nothing


def retry_after_s(value: str | None) -> float | None:
    """Seconds to wait, from a number or a date; None when the server did not say."""
    if not value:
        return None
    with suppress(ValueError):
        seconds = float(value)
        return max(0.0, seconds) if math.isfinite(seconds) else None
    with suppress(ValueError, TypeError):
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    return None
