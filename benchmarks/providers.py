"""Every execution provider that is installed, held against the processor on one model.

Both multiply in floats. The prompt's places and the tokens written after it are compared: how many
of the tokens are the processor's own, and how far the distributions diverge. Nothing is timed.

Run: python benchmarks/providers.py [MODEL] [--json FILE]
"""

import argparse
import sys
from pathlib import Path

import msgspec

from sprat.engines.onnx.choice import installed_providers, try_on
from sprat.measure.environment import describe_environment
from sprat.models.names import CatalogModel, GgufFile, HubFile, OnnxFolder, resolve_answering
from sprat.models.ready import ensure
from sprat.settings import load_settings


def main() -> int:
    """Try each and print a table; the exit code is 1 where one differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", default="smollm2-135m")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    settings = load_settings()
    source = resolve_answering(options.model, settings)
    if not isinstance(source, CatalogModel | HubFile | GgufFile | OnnxFolder):
        print(f"{options.model} does not run here: name a local model.", file=sys.stderr)
        return 2
    folder = ensure(source, settings).folder
    reports = [try_on(folder, name, settings) for name in installed_providers() if name != "cpu"]
    for report in reports:
        share = "" if report.share is None else f"{report.share:.1%} of the operators"
        print(f"{report.provider:14}{report.outcome:10}{report.device:20}{share:24}{report.why}")
    if not reports:
        print("Only the processor's own provider is installed.")
    if options.json:
        found = {"model": options.model, "environment": describe_environment(), "found": reports}
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(found)))
    return int(any(report.outcome in {"differs", "died", "slow"} for report in reports))


if __name__ == "__main__":
    sys.exit(main())
