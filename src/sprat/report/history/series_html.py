"""Runs over time as one page: a picture and a table for each series."""

from typing import Any

from sprat.report.browse.links import to_compare, to_study
from sprat.report.history import series_rows as rows
from sprat.report.history.pages import made
from sprat.report.pictures.series import series_picture
from sprat.studies.history.series import History, Point, Series


def render(history: History, *, framed: bool = False) -> str:
    """One page; `framed`: the gateway shows it, so that links lead to the runs."""
    context = {
        "h": history,
        "opening": rows.opening(history),
        "method": rows.method(history),
        "columns": rows.COLUMNS,
        "series": [_series(one, framed=framed) for one in history.series],
    }
    return made("runs_history.html.j2", "History", context, framed=framed)


def _series(series: Series, *, framed: bool) -> dict[str, Any]:
    points = series.points
    before = [None, *points[:-1]]
    return {
        "title": rows.title_of(series),
        "sha256": series.sha256,
        "sentence": rows.latest_change(series),
        "picture": series_picture(series) if len(points) > 1 else "",
        "rows": [
            _row(point, last, framed=framed)
            for point, last in reversed(list(zip(points, before, strict=True)))
        ],
    }


def _row(point: Point, before: Point | None, *, framed: bool) -> dict[str, Any]:
    here = f"{point.run}:{point.role}"
    there = f"{before.run}:{before.role}" if before else ""
    return {
        "point": point,
        "when": point.created.replace("T", " ")[:16],
        "cells": rows.point_cells(point),
        "said": rows.said_of(point),
        "differs": point.step.differs if point.step else (),
        "href": to_study(point.run) if framed else None,
        "compare": to_compare(there, here) if framed and before else None,
        "command": f"sprat runs compare {there} {here}" if before else None,
    }
