"""Lets these tests import their support modules by name, and lends them the fixtures of `toy`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from toy import model, parts, server

__all__ = ["model", "parts", "server"]
