"""How well a policy's confidence tells right drafts from wrong ones."""

from collections.abc import Sequence

from sprat.policies.measures import (
    auroc_estimate,
    calibration_error,
    reliability,
    risk_coverage,
)
from sprat.policies.resample import Estimate
from sprat.studies.hybrid.forks import Fork
from sprat.studies.hybrid.result import Judgement, RiskSpot
from sprat.studies.hybrid.wish import Aim

PER_BIN = 8
"""So many answers at least in a bin of the reliability diagram, where there are so many."""
MOST_BINS = 10


def judgement_of(forks: Sequence[Fork], seed: int = 0, *, aim: Aim = "right") -> Judgement:
    """AUROC, calibration error, reliability and risk of the questions that were judged.

    What is no probability of being right (`aim`) is no worse or better calibrated.
    """
    judged = [fork for fork in forks if fork.confidence is not None]
    calibrated = any(fork.calibrated for fork in judged)
    if not judged:
        return Judgement(calibrated=False, auroc=Estimate(None), error=None, bins=(), risk=())
    sure = [fork.confidence or 0.0 for fork in judged]
    right = [fork.small.right for fork in judged]
    bins = max(1, min(MOST_BINS, len(judged) // PER_BIN))
    means_right = calibrated and aim == "right"
    return Judgement(
        calibrated=calibrated,
        auroc=auroc_estimate(sure, right, groups=[fork.group for fork in judged], seed=seed),
        error=calibration_error(sure, right, bins) if means_right else None,
        bins=tuple(reliability(sure, right, bins)) if means_right else (),
        risk=tuple(RiskSpot(*spot) for spot in risk_coverage(sure, right)),
    )
