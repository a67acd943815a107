"""Numbers that are written in words, as figures: "twenty-seven" is 27, "2.5 million" 2500000."""

import re
from decimal import Decimal

_UNITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = (
    *("ten", "eleven", "twelve", "thirteen", "fourteen"),
    *("fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SMALL = (
    {word: number for number, word in enumerate([*_UNITS, *_TEENS])}
    | {word: 10 * number for number, word in enumerate(_TENS, 2)}
)  # fmt: skip
_LARGE = {"thousand": 10**3, "million": 10**6, "billion": 10**9}
_WORD = "|".join([*_SMALL, "hundred", *_LARGE])
_RUN = re.compile(rf"\b(?:{_WORD})(?:(?:\s?-\s?|\s+(?:and\s+)?)(?:{_WORD}))*\b", re.IGNORECASE)
_COUNTED = re.compile(
    r"(?<![\w.,])(\d{1,15}(?:\.\d{1,9})?|\d{1,3}(?:,\d{3}){1,4})\s+"
    r"(hundred|thousand|million|billion)\b",
    re.IGNORECASE,
)
"""What has more digits nobody counts in millions, and is left as it stands."""
_PART = re.compile(r"\w+")


def in_figures(text: str) -> str:
    """The text with its spelled numbers in figures; a lone "one" stays, for it means persons too.

    Words that make no number together are several: "nineteen ninety-two" becomes "19 92".
    """
    return _RUN.sub(lambda run: _figures(run[0].lower()), _COUNTED.sub(_counted, text))


def _counted(found: re.Match[str]) -> str:
    value = Decimal(found[1].replace(",", "")) * _LARGE.get(found[2].lower(), 100)
    return f"{value:f}".rstrip("0").rstrip(".") if value % 1 else str(int(value))


def _figures(run: str) -> str:
    if run == "one":
        return run
    sums, joined = [_Sum()], False
    for word in _PART.findall(run):
        if word == "and":
            joined = True
            continue
        if (joined and not sums[-1].takes_and) or not sums[-1].take(word):
            sums.append(_Sum())
            sums[-1].take(word)
        joined = False
    return " ".join(str(one.value) for one in sums)


class _Sum:
    """A number under way: `whole` is done, `part` may still be counted in thousands."""

    def __init__(self) -> None:
        self.whole, self.part, self.below, self.last = 0, 0, 10**12, ""

    @property
    def value(self) -> int:
        return self.whole + self.part

    @property
    def takes_and(self) -> bool:
        return self.last == "hundred" or self.last in _LARGE

    def take(self, word: str) -> bool:
        """Whether the word goes on with the number; else it begins another one."""
        if not self._fits(word):
            return False
        if word in _LARGE:
            self.whole += max(self.part, 1) * _LARGE[word]
            self.part, self.below = 0, _LARGE[word]
        elif word == "hundred":
            self.part = max(self.part, 1) * 100
        else:
            self.part += _SMALL[word]
        self.last = word
        return True

    def _fits(self, word: str) -> bool:
        if not self.last:
            return True
        if word == "zero" or self.last == "zero":
            return False
        if word in _LARGE:
            return _LARGE[word] < self.below and self.last not in _LARGE
        if word == "hundred":
            return self.last in _SMALL and self.part < 100
        if self.takes_and:
            return True
        return self.last in _TENS and _SMALL[word] < 10
