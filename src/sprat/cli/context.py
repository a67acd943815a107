"""What every command needs to know before it starts."""

from pathlib import Path
from typing import Any

import click

from sprat.settings import Settings, load_settings


def settings_of(ctx: click.Context) -> Settings:
    """The settings of this call: `--config` if given, else `sprat.toml`, under the environment.

    Raises:
        SettingsError: the file or a variable does not make sense.
    """
    given: dict[str, Any] = ctx.find_root().obj or {}
    config: str | None = given.get("config")
    return load_settings(Path(config) if config else None)
