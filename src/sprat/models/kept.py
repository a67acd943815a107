"""Where `policy:` looks: a file's path, or the name of one that is kept."""

import os
import re
from pathlib import Path

from sprat.errors import UnknownModel
from sprat.settings import Settings

POLICY_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def policy_file(text: str, settings: Settings) -> Path:
    """The file that is meant: one of that path, or `NAME.json` in `settings.policies_dir`.

    Raises:
        UnknownModel: there is none; says which ones are near.
    """
    path = Path(text).expanduser()
    if text.endswith(".json") or {os.sep, "/"} & set(text):
        if path.is_file():
            return path
        raise UnknownModel(f"There is no file {text!r}.", fix="See: sprat policy list")
    if kept := kept_policies(settings).get(text):
        return kept
    if text and path.is_file():
        return path
    near = _near(text, settings)
    raise UnknownModel(
        f"There is no policy {text!r}.",
        fix=f"Did you mean policy:{' or policy:'.join(near)}?"
        if near
        else "See: sprat policy list",
    )


def kept_policies(settings: Settings) -> dict[str, Path]:
    """Name → file of all policies that are kept, by name."""
    folder = settings.policies_dir
    files = sorted(folder.glob("*.json")) if folder.is_dir() else []
    return {f.stem: f for f in files if POLICY_NAME.fullmatch(f.stem) and f.is_file()}


def _near(text: str, settings: Settings) -> list[str]:
    from sprat.models.names import nearest

    return nearest(text, kept_policies(settings))
