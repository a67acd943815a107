"""Python, its environment, and what is installed in it."""

import os
import sys
from collections.abc import Iterable
from importlib.metadata import Distribution, PackageNotFoundError, distribution, requires, version
from importlib.util import find_spec
from pathlib import Path

from sprat.cli.checks.finding import Check, fault, note, ok
from sprat.settings import Settings

_OURS = "sprat"


def check_python(_: Settings) -> Iterable[Check]:
    """3.11 or newer, in an environment of its own."""
    found = f"{sys.version.split()[0]} at {sys.executable}"
    if sys.prefix == sys.base_prefix:
        yield note("Python", f"{found}, outside a virtual environment", fix="Use one: make install")
    else:
        yield ok("Python", found)


def check_environment(_: Settings) -> Iterable[Check]:
    """The environment that the shell has switched on is the one that this program runs in.

    Otherwise what is installed by pip goes to another place, and what needs it stays empty.
    """
    active = os.environ.get("VIRTUAL_ENV", "").strip()
    if not active or _same(active, sys.prefix):
        return
    bin_folder = "Scripts" if sys.platform == "win32" else "bin"
    yield note(
        "Environment",
        f"the shell's is {active}, and sprat runs in {sys.prefix}: pip installs elsewhere",
        fix=f"Switch on the right one: {Path(sys.prefix, bin_folder, 'activate')}",
    )


def _same(one: str, other: str) -> bool:
    return Path(one).resolve() == Path(other).resolve()


def check_packages(_: Settings) -> Iterable[Check]:
    """The packages that compute are there."""
    for package in ("onnxruntime", "onnxruntime-genai", "numpy", "onnx"):
        if (lack := _lack(package)) is None:
            yield ok(package, version(package))
        else:
            yield fault(package, lack, fix=_remedy(package) or f"pip install {package}")


def check_extras(_: Settings) -> Iterable[Check]:
    """Which optional parts are there, and what to type for the others."""
    for extra, packages in extras().items():
        lacks = [f"{name} {lack}" for name in packages if (lack := _lack(name))]
        if lacks:
            remedies = [remedy for name in packages if (remedy := _remedy(name))]
            fix = "; ".join(remedies) or f"pip install '{_OURS}[{extra}]'"
            yield note(f"Extra {extra}", "; ".join(lacks), fix=fix)
        else:
            found = ", ".join(f"{name} {version(name)}" for name in packages)
            yield ok(f"Extra {extra}", found)


def extras() -> dict[str, list[str]]:
    """The optional parts of this program, and the packages that each needs.

    Source: https://packaging.python.org/specifications/core-metadata/#requires-dist-multiple-use
    """
    found: dict[str, list[str]] = {}
    for line in requires(_OURS) or []:
        need, _, condition = line.partition(";")
        _, _, extra = condition.partition("extra ==")
        if extra:
            package = need.strip().split(">")[0].split("=")[0].split("[")[0].strip()
            found.setdefault(extra.strip(" '\""), []).append(package)
    return found


def _lack(package: str) -> str | None:
    """What a package lacks; None when it is there and importable."""
    try:
        missing = _lost_modules(distribution(package))
    except PackageNotFoundError:
        return "is not installed"
    return f"is installed, but {missing[0]} cannot be imported" if missing else None


def _remedy(package: str) -> str | None:
    """For a package that is there but broken: pip would think that nothing is to be done."""
    try:
        broken = _lost_modules(distribution(package))
    except PackageNotFoundError:
        return None
    again = f"pip install --force-reinstall --no-deps {package}=={version(package)}"
    return again if broken else None


def _lost_modules(installed: Distribution) -> list[str]:
    """The modules that a package has by its own list, and that Python does not find."""
    files = [f.parts for f in installed.files or () if f.suffix == ".py"]
    names = {parts[0].removesuffix(".py") for parts in files if parts[0].isidentifier()}
    return [name for name in sorted(names) if not _is_found(name)]


def _is_found(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False
