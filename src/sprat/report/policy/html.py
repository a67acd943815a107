"""A policy as one self-contained page."""

from typing import Any

from sprat.report.house import page
from sprat.report.policy import pictures, words
from sprat.studies.hybrid.result import Calibrated, Evaluation


def render(found: Evaluation) -> str:
    """An evaluation as one HTML page."""
    return _page(found, None)


def render_calibrated(found: Calibrated) -> str:
    """What a calibration found, as one HTML page."""
    return _page(found.evaluation, found)


def _page(found: Evaluation, calibrated: Calibrated | None) -> str:
    head, tone = words.headline(found)
    target = calibrated.target_error if calibrated else None
    context: dict[str, Any] = {
        "e": found,
        "c": calibrated,
        "head": head,
        "tone": tone,
        "sentence": words.sentence(found),
        "floor": words.floor_sentence(calibrated) if calibrated else "",
        "splits": words.split_sentence(calibrated) if calibrated else "",
        "sealed": words.certificate_sentence(calibrated) if calibrated else "",
        "certified": calibrated is not None and calibrated.certificate is not None,
        "path_heads": words.PATH_HEADS,
        "paths": words.path_rows(found),
        "lines": words.lines(found),
        "quality": pictures.quality_picture(found),
        "reliability": pictures.reliability_picture(found.judgement),
        "risk": pictures.risk_picture(found.judgement, target),
    }
    styles = ("style.css", "policy.css")
    return page("policy.html.j2", context, styles=styles, script="")
