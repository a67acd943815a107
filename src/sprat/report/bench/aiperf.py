"""The benchmark as AIPerf writes its own results, for the tools that read those.

One folder per row: `profile_export.jsonl` with a record per request, and
`profile_export_aiperf.json` with the summary. Dates count from when the study was created: the
differences between them are measured, the dates themselves are as good as that one. Of AIPerf's
`input_config` only what its readers look up is there: Sprat was not configured by one.

Source: https://github.com/ai-dynamo/aiperf (`MetricRecordInfo`, `JsonExportData` 1.4, v0.13.0).
"""

import json
import re
from collections.abc import Sequence
from datetime import datetime
from statistics import fmean, pstdev
from typing import Any

from sprat.runs.statistics import percentile
from sprat.studies.bench.result import BenchResult, Cell, Request

SCHEMA_VERSION = "1.4"
RECORDS, SUMMARY = "profile_export.jsonl", "profile_export_aiperf.json"
PERCENTS = (1, 5, 10, 25, 50, 75, 90, 95, 99)

FIGURES: tuple[tuple[str, str, str, float], ...] = (
    ("time_to_first_token", "ttft_s", "ms", 1000),
    ("inter_token_latency", "inter_token_s", "ms", 1000),
    ("request_latency", "answer_s", "ms", 1000),
    ("output_sequence_length", "output_tokens", "tokens", 1),
    ("input_sequence_length", "input_tokens", "tokens", 1),
)
"""AIPerf's name, the field of `Request`, the unit, and how many of it are one of ours."""


def render(result: BenchResult) -> dict[str, dict[str, str]]:
    """Folder name → file name → text, for every row of the result."""
    begin_ns = int(datetime.fromisoformat(result.created).timestamp() * 1e9)
    found: dict[str, dict[str, str]] = {}
    for cell in result.cells:
        rows = [r for r in result.requests if (r.cell, r.side) == (cell.id, cell.side)]
        records = [_record(row, begin_ns) for row in rows if row.at_s is not None]
        found[_folder(cell)] = {
            RECORDS: "".join(json.dumps(record) + "\n" for record in records),
            SUMMARY: json.dumps(_summary(result, cell, rows), indent=2) + "\n",
        }
    return found


def _folder(cell: Cell) -> str:
    return re.sub(r"[^\w.@-]+", "_", f"{cell.side}_{cell.id}")


def _record(row: Request, begin_ns: int) -> dict[str, Any]:
    sent_ns = begin_ns + round(((row.at_s or 0) + (row.send_s or 0)) * 1e9)
    metrics = {
        name: {"value": value * scale, "unit": unit}
        for name, field, unit, scale in FIGURES
        if (value := getattr(row, field)) is not None
    }
    return {
        "metadata": {
            "session_num": row.position,
            "credit_issued_ns": begin_ns + round((row.at_s or 0) * 1e9),
            "request_start_ns": sent_ns,
            "request_end_ns": sent_ns + round((row.answer_s or 0) * 1e9),
            "worker_id": "sprat",
            "record_processor_id": "sprat",
            "benchmark_phase": "profiling",
        },
        "metrics": metrics,
        "error": None,
    }


def _summary(result: BenchResult, cell: Cell, rows: Sequence[Request]) -> dict[str, Any]:
    failed = [row.error for row in rows if row.error is not None]
    answered = len(rows) - len(failed)
    summary: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "benchmark_id": result.run,
        "request_count": {"unit": "requests", "avg": answered},
        "error_request_count": {"unit": "requests", "avg": len(failed)},
        "is_complete": result.complete,
        "was_cancelled": not result.complete,
        "error_summary": [
            {"error_details": {"message": message}, "count": failed.count(message)}
            for message in dict.fromkeys(failed)
        ],
        "input_config": {
            "models": {"items": [{"name": cell.side}]},
            "phases": [_load(cell)],
        },
    }
    if cell.requests_per_s:
        rate = {"unit": "requests/sec", "avg": cell.requests_per_s.value}
        summary["request_throughput"] = rate
    if cell.tokens_per_s:
        rate = {"unit": "tokens/sec", "avg": cell.tokens_per_s.value}
        summary["output_token_throughput"] = rate
    for name, field, unit, scale in FIGURES:
        values = [v * scale for row in rows if (v := getattr(row, field)) is not None]
        if values:
            summary[name] = _spread(values, unit)
    return summary


def _load(cell: Cell) -> dict[str, Any]:
    phase = {"name": "profiling", "kind": "profiling", "requests": cell.requests}
    if cell.rate_per_s is not None:
        return {**phase, "type": "poisson", "rate": cell.rate_per_s}
    return {**phase, "type": "concurrency", "concurrency": cell.concurrency}


def _spread(values: Sequence[float], unit: str) -> dict[str, Any]:
    return {
        "unit": unit,
        "avg": fmean(values),
        **{f"p{percent}": percentile(values, percent) for percent in PERCENTS},
        "min": min(values),
        "max": max(values),
        "std": pstdev(values),
        "count": len(values),
        "sum": sum(values),
    }
