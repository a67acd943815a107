"""What a chat's settings say. They come from a browser: whatever is not understood is left out."""

from collections.abc import Mapping
from typing import Any

import msgspec

MOST_PASSAGES = 12
MOST_TOKENS = 4096
HYBRID, SMALL, LARGE = "Hybrid", "Small", "Large"


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    """How the next question is to be answered."""

    temperature: float = 0.0
    """0 to 1; 0 gives the same answer every time."""
    passages: int = 6
    """How many passages the model reads, at most."""
    max_tokens: int = 512
    policy: str = ""
    """What decides: over documents a gate, without them a policy; empty: the first offered."""
    uploads_only: bool = False
    """Whether only what was uploaded into this chat is searched."""


def wishes_of(settings: Mapping[str, Any], otherwise: Wishes) -> Wishes:
    """The wishes in a chat's settings, each within bounds; `otherwise` where they are silent."""
    return Wishes(
        temperature=_number(settings.get("temperature"), 0.0, 1.0, otherwise.temperature),
        passages=round(_number(settings.get("passages"), 1, MOST_PASSAGES, otherwise.passages)),
        max_tokens=round(
            _number(settings.get("max_tokens"), 16, MOST_TOKENS, otherwise.max_tokens)
        ),
        policy=str(settings.get("policy") or otherwise.policy)[:100],
        uploads_only=settings.get("uploads_only") is True,
    )


def _number(value: object, least: float, most: float, otherwise: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:  # noqa: PLR0124
        return otherwise
    return min(max(float(value), least), most)
