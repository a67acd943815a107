"""`--provider`, the same on every command that runs local models."""

from collections.abc import Callable
from typing import Any, TypeVar

import click
import msgspec

from sprat.settings import Settings

C = TypeVar("C", bound=Callable[..., Any])


def provider_option(command: C) -> C:
    """Add the option; `with_provider` lays it over the settings."""
    return click.option(
        "--provider",
        metavar="NAME",
        callback=_checked,
        help="What computes local models [cpu]: cuda, webgpu, … or auto; see docs/providers.md.",
    )(command)


def with_provider(settings: Settings, provider: str | None) -> Settings:
    """The settings with this provider; as they are where none was typed."""
    if provider is None:
        return settings
    onnx = msgspec.structs.replace(settings.onnx, provider=provider)
    return msgspec.structs.replace(settings, onnx=onnx)


def _checked(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    from sprat.engines.onnx.providers import checked

    return None if value is None else checked(value)
