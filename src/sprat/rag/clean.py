"""An answer made of other people's text, made safe to show: no remote images, no hidden links.

A passage may hold `![](https://elsewhere/?what-you-asked)`; a page that renders an answer's
Markdown would fetch it. Piece by piece, so that an answer can stream.
"""

import re
from collections.abc import Callable

_HELD = 600
"""So many characters are held back at most while a bracket is open."""
_IMAGE = re.compile(r"!\[([^\]]{0,600}+)\](?:\([^)]{0,600}+\)|\[[^\]]{0,600}+\])?")
_LINK = re.compile(r"\[([^\]]{0,600}+)\]\(\s{0,9}+<?([^)\s>]{0,600}+)>?[^)]{0,600}+\)")
_DEFINED = re.compile(r"^[ ]{0,3}\[[^\]\n]+\]:\s*\S+.*$", re.MULTILINE)
_TAG = re.compile(r"</?[a-zA-Z!?][^<>]{0,600}+>")
_URL = re.compile(
    r"(?:(?<![`\w])(?:https?|ftp|data|javascript|file)://?|\bwww\.|(?<![`\w:/])//[\w-]+\.)"
    r"[^\s<>`\"')\]]+",
    re.IGNORECASE,
)
_CITED = re.compile(r"[ \t]*\[\s*(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\s*\]")
_OPEN = re.compile(r"!?\[[^\]]*$|\]$|\]\([^)]*$|<(?:[a-zA-Z/!?][^<>]*)?$|!$")
_BEGINS = re.compile(r"!(?=\[)|\](?=[(:])|<(?=[a-zA-Z/!?])")
"""Where an image, a link, a hidden address or a tag would begin or go on."""
_LAST = re.compile(r"\s+\S*$")


class Cleaner:
    """Takes an answer in pieces and gives it back clean, in pieces."""

    def __init__(self, question: str, most: int, seen: Callable[[int], None] | None = None) -> None:
        """`most`: the largest number that may be cited; `seen` is told of every one that is."""
        self._question = question
        self._most = most
        self._seen = seen
        self._held = ""
        self._last = ""
        """The last character that was shown: with the next one it may begin something."""
        self.wrong = 0
        """Citations of passages that there are not."""

    def feed(self, text: str) -> str:
        """What can be shown by now."""
        self._held += text
        cut = self._safe()
        ready, self._held = self._held[:cut], self._held[cut:]
        return self._cleaned(ready)

    def rest(self) -> str:
        """What was held back; the answer is over."""
        ready, self._held = self._held, ""
        return self._cleaned(ready)

    def _safe(self) -> int:
        """Up to where nothing is open: before the last word, and before a bracket."""
        if len(self._held) > _HELD:
            return len(self._held)
        word = _LAST.search(self._held)
        cut = word.start() if word else 0
        while cut and (opened := _OPEN.search(self._held, 0, cut)):
            cut = opened.start()
        while cut and self._held[cut - 1].isspace():
            cut -= 1
        return cut

    def _cleaned(self, text: str) -> str:
        text = _TAG.sub("", text)
        text = _DEFINED.sub("", text)
        text = _IMAGE.sub(r"\1", text)
        text = _LINK.sub(self._link, text)
        text = _URL.sub(self._url, text)
        return self._broken(_CITED.sub(self._cited, text))

    def _broken(self, text: str) -> str:
        """Whatever is left that a page could take for Markdown or HTML, taken apart by a space."""
        shown = _BEGINS.sub(r"\g<0> ", self._last + text)[len(self._last) :]
        self._last = shown[-1:] or self._last
        return shown

    def _link(self, found: re.Match[str]) -> str:
        label, url = found[1], found[2]
        if re.fullmatch(r"[\d,; ]+", label):
            return f"[{label}]"
        return label if not url or label == url else f"{label} ({url})"

    def _url(self, found: re.Match[str]) -> str:
        """As code, which no page makes a link of; those of the question are the user's own."""
        url = found[0].rstrip(".,;:!?")
        if url in self._question:
            return found[0]
        return f"`{url}`{found[0][len(url) :]}"

    def _cited(self, found: re.Match[str]) -> str:
        numbers = [int(number) for number in re.findall(r"\d+", found[1])]
        if not any(numbers):  # `x[0]` cites nothing
            return found[0]
        good = [number for number in dict.fromkeys(numbers) if 1 <= number <= self._most]
        self.wrong += len(set(numbers)) - len(good)
        if self._seen is not None:
            for number in good:
                self._seen(number)
        return "".join(f" [{number}]" for number in good)
