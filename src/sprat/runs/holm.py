"""Many tests at once: p-values made honest about how many there were."""

from collections.abc import Sequence


def holm(values: Sequence[float | None]) -> list[float | None]:
    """Adjusted p-values, in the order given: each may be held against the level of all together.

    The smallest is multiplied by how many there are, the next by one less, and so on; none is
    smaller than one before it. None was not tested, stays None and does not count.

    Source: Holm (1979), Scandinavian Journal of Statistics 6:65.
    """
    known = sorted((value, place) for place, value in enumerate(values) if value is not None)
    adjusted: list[float | None] = [None] * len(values)
    least = 0.0
    for done, (value, place) in enumerate(known):
        least = max(least, min(1.0, (len(known) - done) * value))
        adjusted[place] = least
    return adjusted
