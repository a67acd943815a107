"""Packages that only some stores need."""

from importlib import import_module
from typing import Any

from sprat.errors import UsageError


def required(module: str) -> Any:  # noqa: ANN401 - a native package without types of its own
    """The package behind a kind of store.

    Raises:
        UsageError: it is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise UsageError(
            f"This kind of store needs {module.replace('_', '-')}, which is not installed.",
            fix="pip install 'sprat[qdrant]'",
        ) from error
