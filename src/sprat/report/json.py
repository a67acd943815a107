"""The comparison as JSON, exactly as `--json` prints it."""

import msgspec

from sprat.studies.comparison import Comparison


def render(comparison: Comparison) -> str:
    """Indented JSON with the fields in their declared order; ends with a line break."""
    return msgspec.json.format(msgspec.json.encode(comparison), indent=2).decode() + "\n"
