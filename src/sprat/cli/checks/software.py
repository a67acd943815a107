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
        try:
            found = version(package)
        except PackageNotFoundError:
            yield fault(package, "not installed", fix=f"pip install {package}")
            continue
        if missing := _lost_modules(distribution(package)):
            yield fault(
                package,
                f"{found}, but {missing[0]} cannot be imported",
                fix=f"pip install --force-reinstall --no-deps {package}=={found}",
            )
        else:
            yield ok(package, found)


def check_extras(_: Settings) -> Iterable[Check]:
    """Which optional parts are there, and what to type for the others."""
    for extra, packages in extras().items():
        lacking = [problem for name in packages if (problem := _lacks(name))]
        label = f"Extra {extra}"
        if lacking:
            yield note(label, "; ".join(lacking), fix=f"pip install '{_OURS}[{extra}]'")
        else:
            yield ok(label, ", ".join(f"{name} {version(name)}" for name in packages))


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


def _lacks(package: str) -> str | None:
    try:
        missing = _lost_modules(distribution(package))
    except PackageNotFoundError:
        return f"{package} is not installed"
    return f"{package} is installed, but {missing[0]} cannot be imported" if missing else None


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
