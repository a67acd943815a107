"""Text made comparable: what every scorer does to both sides before it compares.

Small differences that no reader would call a mistake (case, punctuation, full-width digits, the
thousands separator) must not count; anything that changes a number must.
"""

import re
import string
import unicodedata
from collections.abc import Sequence

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_TOKEN = re.compile(r"\d+(?:[.,:/]\d+)*|[^\W\d_]+|[^\W_]+")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_DECIMAL = re.compile(r"\d+\.\d+")
_FENCE = re.compile(r"\A\s*```[\w-]*[ \t]*\n(.*?)\n?\s*```\s*\Z", re.DOTALL)
_LABELLED = re.compile(
    r"\A\s*\**(?:final answer|answer|jawapan|jibu)\**\s*:\s*\**\s*", re.IGNORECASE
)
_QUOTES = {'"': '"', "'": "'", "\u201c": "\u201d", "\u2018": "\u2019", "\u00ab": "\u00bb", "`": "`"}


def fold(text: str) -> str:
    """Return `text` with Unicode compatibility forms (NFKC) and case made equal."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def normalize(text: str, language: str = "en") -> str:
    """Return `text` as SQuAD's official metric compares it: no case, punctuation or articles.

    The official one knows ASCII punctuation; this one drops every Unicode punctuation mark, and
    equals it on ASCII. Articles go in English only: "a" is no article in Malay or Swahili. It
    repeats until nothing changes, since dropping a mark can bring two characters together that
    Unicode composes into one.

    Source: https://rajpurkar.github.io/SQuAD-explorer/ (evaluate-v2.0.py, `normalize_answer`)
    """
    for _ in range(8):
        changed = _normalize_once(text, language)
        if changed == text:
            break
        text = changed
    return text


def _normalize_once(text: str, language: str) -> str:
    kept = "".join(char for char in fold(text) if not _is_punctuation(char))
    if language == "en":
        kept = _ARTICLES.sub(" ", kept)
    return " ".join(kept.split())


def _is_punctuation(char: str) -> bool:
    return char in string.punctuation or unicodedata.category(char).startswith("P")


def tokens(text: str) -> list[str]:
    """Return the words and numbers of `text`, folded; a number is one token in one spelling.

    "1,250" and "1250" are the same token, as are "3.50" and "3.5"; "12" is not part of "120".
    "4pm" and "4 pm" are the same two tokens. Punctuation, currency signs and Markdown are gone.
    """
    return [_canonical(token) for token in _TOKEN.findall(fold(text))]


def _canonical(token: str) -> str:
    if _THOUSANDS.fullmatch(token):
        token = token.replace(",", "")
    if _DECIMAL.fullmatch(token):
        token = token.rstrip("0").rstrip(".")
    return token


def names(words: Sequence[str], phrase: str) -> bool:
    """Say whether the tokens of `phrase` stand in `words`, whole and in a row.

    A word of the phrase that ends in `*` matches any word that begins so: `refund*`.
    """
    wanted = [part for chunk in phrase.split() for part in _pattern(chunk)]
    if not wanted:
        return False
    last = len(words) - len(wanted)
    return any(
        all(_fits(words[start + at], want) for at, want in enumerate(wanted))
        for start in range(last + 1)
    )


def _pattern(chunk: str) -> list[str]:
    parts = tokens(chunk)
    if parts and chunk.endswith("*"):
        parts[-1] += "*"
    return parts


def _fits(word: str, want: str) -> bool:
    return word.startswith(want[:-1]) if want.endswith("*") else word == want


def bare(text: str) -> str:
    """Return `text` without the wrapping that a reader looks through.

    That is: a code fence around all of it, "Answer:" in front of it, quotation marks or Markdown
    emphasis around it. What is inside is not touched.
    """
    if fenced := _FENCE.match(text):
        text = fenced.group(1)
    text = _LABELLED.sub("", text).strip()
    while len(text) > 1 and _is_wrapped(text):
        text = text[1:-1].strip()
    return text


def _is_wrapped(text: str) -> bool:
    if text[0] == text[-1] == "*":
        return not re.match(r"\*\s", text)  # "* item" is a bullet
    closing = _QUOTES.get(text[0], "")
    return closing == text[-1] and text[0] not in text[1:-1] and closing not in text[1:-1]
