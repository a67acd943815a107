"""Does an answer say that it does not know?"""

import re

from sprat.questions.scorers.base import Json, Scorer
from sprat.questions.scorers.words import bare, fold
from sprat.types import Question, Verdict

WITHIN_WORDS = 30
"""An answer that gives up does so at once; later it is an aside, or the instruction recited."""

_SAID = "stated|mentioned|specified|given|provided|said|known|disclosed|indicated|listed|included"
_SAYS = "say|state|mention|specify|provide|give|tell|contain|include|indicate|list|disclose"
_SOURCE = "passage|text|notice|message|document|context|e?mail|note|information|article"
_PATTERNS = (
    # English
    (
        rf"(?:\A\W*|[.:;!?\"'(]\W*|\b(?:is|are|was|were|been) )not (?:\w+ly )?(?:{_SAID})\b"
        r"(?! (?:until|before|to exceed))"
    ),
    r"\bit (?:does not|doesn't|did not) (?:\w+ly )?(?:say|state|mention|specify)\b",
    (
        rf"(?<!\bif )(?<!\bif the )\b(?:{_SOURCE}) (?:does not|doesn't|did not)"
        rf" (?:\w+ly )?(?:{_SAYS})\b"
    ),
    (
        r"\b(?:do not|don't|did not|cannot|can't|can not|couldn't)"
        r" (?:know|tell|say|determine|answer)\b"
    ),
    r"\b(?:cannot|can't|can not) be (?:determined|answered|known|found|inferred)\b",
    r"\bno (?:answer|information|mention)\b",
    r"\bnot enough information\b",
    r"\bunanswerable\b",
    r"\A\W*(?:unknown|n/a|not sure|not available|none)\W*\Z",
    # Malay
    r"\btidak (?:ada )?(?:dinyatakan|disebut(?:kan)?|diberi(?:kan)?|diketahui)\b",
    r"\btidak (?:menyatakan|menyebut|tahu|pasti)\b",
    r"\btiada (?:maklumat|jawapan)\b",
    # Swahili: the negative is inside the verb, so whole words are listed
    r"\b(?:haijatajwa|haikutajwa|haijaelezwa|haikuelezwa|haijasemwa|haikusemwa|haijulikani)\b",
    r"\b(?:hakijatajwa|hayajatajwa|halijatajwa|haitajwi|haisemi|haielezi|haitaji|sijui)\b",
    r"\b(?:hakitaji|hakisemi|hakielezi)\b",
    r"\bhakuna (?:jibu|taarifa|maelezo|habari)\b",
)
_ABSTAINS = re.compile("|".join(_PATTERNS))


def abstains(text: str) -> bool:
    """Say whether `text` gives up on the question within its first `WITHIN_WORDS` words.

    Patterns are whole words in English, Malay and Swahili: the `cant` inside "mercantilism" is
    none. "Bought on the second floor, not stated" claims something first, so it is none either;
    "if the passage does not say, …" is the instruction recited.
    """
    start = " ".join(fold(bare(text)).replace("\u2019", "'").split()[:WITHIN_WORDS])
    return bool(_ABSTAINS.search(start))


def abstain(_question: Question, text: str, _finish: str | None = None) -> Verdict:
    """1 if the answer says that it does not know, which is right here; 0 for anything else.

    `expected` is not read. An empty answer is not an abstention: the reader cannot know whether
    the machine found nothing or broke.
    """
    gave_up = abstains(text)
    why = "says that it does not know" if gave_up else "answers what cannot be answered"
    return Verdict(scorer="abstain", value=float(gave_up), answer=bare(text)[:200], why=why)


def _check(_expected: Json) -> str | None:
    return None


ABSTAIN = Scorer(
    name="abstain",
    grade=abstain,
    check=_check,
    summary="the answer says that it does not know (English, Malay, Swahili)",
)
