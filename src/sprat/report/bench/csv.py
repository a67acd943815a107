"""One row per request, for a spreadsheet or a notebook; what is not measured is empty."""

import csv
import io

import msgspec

from sprat.studies.bench.result import BenchResult, Request


def render(result: BenchResult) -> str:
    """A header of the fields of `Request`, then the requests in the order asked."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(Request.__struct_fields__)
    for request in result.requests:
        writer.writerow(msgspec.structs.astuple(request))
    return out.getvalue()
