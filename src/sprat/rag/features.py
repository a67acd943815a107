"""What an answer from documents tells about whether it is right. Plain numbers, all local.

Definitions: docs/rag.md.
"""

import math
from collections.abc import Sequence

from sprat.rag.document import Retrieved
from sprat.rag.prompt import Shown
from sprat.rag.quote import Located
from sprat.rag.support import own_share
from sprat.rag.terms import share, terms
from sprat.types import Reply, TokenLogprob

AT_ANSWER = (
    "near", "mean", "quote_mean", "score", "dense", "own_support", "not_there", "support", "place",
    "answer_words", "lexical", "gap", "asked_found", "min", "quote_min", "quote_first",
    "quote_words", "cut_off",
)  # fmt: skip
"""All of them, those first that told most where they were compared: docs/rag.md."""
OF_SILENCE = (
    "near", "mean", "quote_mean", "gave_up", "score", "dense", "not_there", "support", "lexical",
    "gap", "asked_found",
)  # fmt: skip
"""What may speak for the documents' silence, whatever was answered; in the same order."""
LEAST_NATS = -20.0


def of_retrieval(retrieved: Retrieved, question: str) -> dict[str, float]:
    """How well the best passage fits.

    `score` (fused), `gap` to the second one's, `lexical` (BM25, ln(1 + x)), `dense` (cosine), and
    `asked_found`: the share of the question's content words that stand in it.
    """
    if not retrieved.found:
        return {"score": 0.0}
    best = retrieved.found[0]
    second = retrieved.found[1].score if len(retrieved.found) > 1 else 0.0
    found = {
        "score": best.score,
        "gap": best.score - second,
        "asked_found": share(terms(question), set(terms(best.passage.text))),
    }
    if best.lexical is not None:
        found["lexical"] = math.log1p(max(0.0, best.lexical))
    if best.dense is not None:
        found["dense"] = best.dense
    return found


def of_reading(read: Sequence[TokenLogprob]) -> dict[str, float]:
    """`not_there`: the log-probability, in nats, of "not in the documents" as the whole answer."""
    return {"not_there": max(LEAST_NATS, math.fsum(token.logprob for token in read))}


def of_quote(
    located: Located, question: str, words: str, tokens: Sequence[TokenLogprob]
) -> dict[str, float]:
    """The quote: where it stands, how well, and how sure the model was of it.

    `support` (`rag.quote`), `near`: the share of the question's content words within 200 characters
    of it, `quote_words` (ln(1 + n)), `place`: of its passage among those found, from 0.
    """
    return {
        "support": located.support,
        "near": near(located.shown, located.start, located.end, question),
        "quote_words": math.log1p(len(words.split())),
        "place": located.shown.number - 1.0,
        **_of_tokens("quote_", tokens),
    }


def near(shown: Shown, start: int, end: int, question: str, reach: int = 200) -> float:
    """The share of the question's content words that stand around a place of the document."""
    passage = shown.found.passage
    low = max(0, start - passage.start - reach)
    around = passage.text[low : end - passage.start + reach]
    return share(terms(question), set(terms(around)))


def of_answer(
    reply: Reply, answer: str, question: str, text: str, tokens: Sequence[TokenLogprob]
) -> dict[str, float]:
    """The answer itself: `own_support` (`rag.support.own_share`) is in `text`, of passages."""
    return {
        "own_support": own_share(answer, question, text),
        "answer_words": math.log1p(len(answer.split())),
        "cut_off": float(reply.finish == "length"),
        **_of_tokens("", tokens),
    }


def _of_tokens(prefix: str, tokens: Sequence[TokenLogprob]) -> dict[str, float]:
    """Mean, least and first log-probability; nothing where the engine tells none."""
    values = [max(LEAST_NATS, token.logprob) for token in tokens]
    if not values:
        return {}
    found = {f"{prefix}mean": math.fsum(values) / len(values), f"{prefix}min": min(values)}
    return found | ({f"{prefix}first": values[0]} if prefix else {})


def line_tokens(
    tokens: Sequence[TokenLogprob], first_line: str
) -> tuple[tuple[TokenLogprob, ...], tuple[TokenLogprob, ...]]:
    """Tokens of the first line, its end with them, and those after it."""
    length, place = 0, 0
    while place < len(tokens) and length < len(first_line) + 1:
        length += len(tokens[place].token)
        place += 1
    return tuple(tokens[:place]), tuple(tokens[place:])
