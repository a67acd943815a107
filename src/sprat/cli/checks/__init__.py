"""What `sprat doctor` looks at: one function per question, each fault with its fix."""

from sprat.cli.checks.every import check_all
from sprat.cli.checks.finding import Check

__all__ = ["Check", "check_all"]
