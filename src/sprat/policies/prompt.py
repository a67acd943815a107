"""What a question tells before anybody has answered it."""

import math
import re
from collections.abc import Callable

from sprat.policies.shape import asks_json
from sprat.types import ChatRequest

PROMPT_FEATURES: tuple[str, ...] = (
    "prompt_log_chars",
    "prompt_log_words",
    "prompt_word_chars",
    "prompt_log_lines",
    "prompt_log_turns",
    "prompt_log_numbers",
    "prompt_digit_share",
    "prompt_capital_share",
    "prompt_foreign_share",
    "prompt_questions",
    "prompt_asks_fact",
    "prompt_asks_why",
    "prompt_code",
    "prompt_json",
)

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_FACT = re.compile(r"\b(?:who|whom|whose|what|when|where|which)\b", re.IGNORECASE)
_WHY = re.compile(r"\b(?:why|how|explain|compare|prove|step by step)\b", re.IGNORECASE)


def prompt_features_of(request: ChatRequest) -> dict[str, float]:
    """Cheap features of a request alone, for a policy that decides before anybody has drafted.

    Lengths (`log_` is ln(1 + count)) of all that is said, shares of its characters (`foreign`:
    beyond ASCII), how many question marks and which question words the last question has, and
    whether it holds code or asks for JSON. Not how long the answer may be: that is the caller's
    habit, and another caller's is another.
    """
    said = "\n".join([request.prompt or "", *(message.content for message in request.messages)])
    words = said.split()
    return {
        "prompt_log_chars": math.log1p(len(said)),
        "prompt_log_words": math.log1p(len(words)),
        "prompt_word_chars": sum(map(len, words)) / len(words) if words else 0.0,
        "prompt_log_lines": math.log1p(said.strip().count("\n")),
        "prompt_log_turns": math.log1p(len(request.messages)),
        "prompt_log_numbers": math.log1p(len(_NUMBER.findall(said))),
        "prompt_digit_share": _share(said, str.isdigit),
        "prompt_capital_share": _share(said, str.isupper),
        "prompt_foreign_share": _share(said, lambda char: not char.isascii()),
        "prompt_code": float("```" in said),
        "prompt_json": float(asks_json(request.response_format) or "JSON" in said),
        **_of_question(_question(request)),
    }


def _of_question(asked: str) -> dict[str, float]:
    return {
        "prompt_questions": math.log1p(asked.count("?")),
        "prompt_asks_fact": float(bool(_FACT.search(asked))),
        "prompt_asks_why": float(bool(_WHY.search(asked))),
    }


def _question(request: ChatRequest) -> str:
    """The last line that the user said with a question mark in it; else all that was said last."""
    said = [message.content for message in request.messages if message.role == "user"]
    last = said[-1] if said else request.prompt or ""
    asking = [line for line in last.splitlines() if "?" in line]
    return asking[-1] if asking else last


def _share(text: str, holds: Callable[[str], bool]) -> float:
    return sum(map(holds, text)) / len(text) if text else 0.0
