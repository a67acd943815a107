"""The user's own pip configuration, read the way pip reads it.

Reading it here, rather than asking pip, works in environments that have no pip (uv makes such
ones), and lets downloads resume, which pip's own cannot.
Source: https://pip.pypa.io/en/stable/topics/configuration/
"""

import configparser
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

DEFAULT_INDEX = "https://pypi.org/simple"
_SECTIONS = ("global", "download", "install")
_ALIASES = {"default-timeout": "timeout", "pypi-url": "index-url"}


class PipConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Where packages come from, and how to reach that place. None is pip's default."""

    index_url: str = DEFAULT_INDEX
    extra_index_urls: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    no_index: bool = False
    cert: str | None = None
    client_cert: str | None = None
    proxy: str | None = None
    trusted_hosts: tuple[str, ...] = ()
    timeout_s: float = 30.0

    @property
    def indexes(self) -> tuple[str, ...]:
        """The package indexes, in the order in which they are asked."""
        return () if self.no_index else (self.index_url, *self.extra_index_urls)


def read_pip_config(environ: Mapping[str, str] | None = None) -> PipConfig:
    """What pip would use: its files, later ones over earlier ones, under `PIP_…` variables."""
    env = os.environ if environ is None else environ
    values: dict[str, str] = {}
    sections = [_sections_of(file) for file in config_files(env)]
    for name in _SECTIONS:
        for section in sections:
            values.update(section.get(name, {}))
    values.update(_from_environment(env))
    return _config(values)


def config_files(env: Mapping[str, str]) -> list[Path]:
    """The files that pip reads, weakest first: everyone's, the user's, the environment's, named."""
    named = env.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return []
    file = "pip.ini" if sys.platform == "win32" else "pip.conf"
    here = [Path(sys.prefix) / file]
    if named and Path(named).exists():  # pip then leaves the user's own file out
        return [*_for_all(env, file), *here, Path(named)]
    return [*_for_all(env, file), *_for_user(env, file), *here]


def _for_all(env: Mapping[str, str], file: str) -> list[Path]:
    if sys.platform == "win32":
        return [Path(env.get("PROGRAMDATA", r"C:\ProgramData")) / "pip" / file]
    if sys.platform == "darwin":
        return [Path("/Library/Application Support/pip") / file]
    folders = (env.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep)
    return [*(Path(folder) / "pip" / file for folder in folders if folder), Path("/etc") / file]


def _for_user(env: Mapping[str, str], file: str) -> list[Path]:
    home = Path.home()
    if sys.platform == "win32":
        roaming = Path(env.get("APPDATA", str(home / "AppData" / "Roaming")))
        return [home / "pip" / file, roaming / "pip" / file]
    folder = Path(env.get("XDG_CONFIG_HOME") or home / ".config") / "pip"
    if sys.platform == "darwin" and (mac := home / "Library/Application Support/pip").is_dir():
        folder = mac
    return [home / ".pip" / file, folder / file]


def _sections_of(file: Path) -> dict[str, dict[str, str]]:
    parser = configparser.RawConfigParser()
    try:
        parser.read(file, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError, OSError):
        return {}  # pip itself will complain about it; another source may still do
    return {name: {_key(k): v for k, v in parser.items(name)} for name in parser.sections()}


def _from_environment(env: Mapping[str, str]) -> dict[str, str]:
    return {_key(k[4:]): v for k, v in env.items() if k.upper().startswith("PIP_") and v.strip()}


def _key(name: str) -> str:
    key = name.lower().replace("_", "-").removeprefix("--")
    return _ALIASES.get(key, key)


def _config(values: Mapping[str, str]) -> PipConfig:
    return PipConfig(
        index_url=values.get("index-url", DEFAULT_INDEX).strip(),
        extra_index_urls=tuple(values.get("extra-index-url", "").split()),
        find_links=tuple(values.get("find-links", "").split()),
        no_index=values.get("no-index", "").strip().lower() in ("1", "true", "yes", "on"),
        cert=_path(values.get("cert")),
        client_cert=_path(values.get("client-cert")),
        proxy=values.get("proxy", "").strip() or None,
        trusted_hosts=tuple(values.get("trusted-host", "").split()),
        timeout_s=_seconds(values.get("timeout")),
    )


def _path(text: str | None) -> str | None:
    return str(Path(text.strip()).expanduser()) if text and text.strip() else None


def _seconds(text: str | None) -> float:
    try:
        return max(1.0, float(text)) if text else PipConfig().timeout_s
    except ValueError:
        return PipConfig().timeout_s
