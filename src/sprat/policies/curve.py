"""Quality against cost over all thresholds of a policy, beside what it must be held against.

Definitions and sources: docs/confidence.md.
"""

from typing import TYPE_CHECKING

import msgspec

from sprat.policies.sweep import Sweep, area

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

POINT = 0.01
"""One point of a score of 0 to 1."""
_NOTHING = 1e-12


class Spot(msgspec.Struct, frozen=True, kw_only=True):
    """Where one threshold leads: means over the questions."""

    cost: float
    quality: float
    low: float | None = None
    """The 95% interval of the quality; None: not resampled."""
    high: float | None = None
    threshold: float | None = None
    """Accepted from this confidence on; None: nothing is accepted, or no threshold is meant."""
    escalated: float | None = None
    """The share of questions; None: no threshold is meant."""


def recovered(found: Sweep) -> "Floats":
    """The APGR of each resample; minus infinity where the large model is no better, or no dearer.

    Nothing can be recovered there, so such a resample speaks against the policy. Random escalation
    without drafts has 0.5.

    Source: Ong et al. (2024), RouteLLM, arXiv:2406.18665 (APGR), with the cost of everything that
    was paid in the place of the share of calls.
    """
    import numpy as np

    dearer, better = _gaps(found)
    known = (dearer > _NOTHING) & (better > _NOTHING)
    x, y = _shares(found)
    found_area = area(x, y / np.where(known, better, 1.0)[:, None])
    return np.where(known, found_area, -np.inf)


def _gaps(found: Sweep) -> tuple["Floats", "Floats"]:
    return found.large_cost - found.small_cost, found.large_quality - found.small_quality


def _shares(found: Sweep) -> tuple["Floats", "Floats"]:
    """Costs as shares of the difference between the models; quality above the small one's."""
    import numpy as np

    dearer, _ = _gaps(found)
    scale = np.where(dearer > _NOTHING, dearer, 1.0)[:, None]
    x = (found.cost - found.small_cost[:, None]) / scale
    return x, found.quality - found.small_quality[:, None]
