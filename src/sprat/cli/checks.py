"""What `sprat doctor` looks at: one small function per question, each fault with its fix."""

import os
import socket
import sys
from collections.abc import Callable, Iterable
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from sprat.settings import Settings

GATEWAY_PORT = 5273
_GIB = 1 << 30
_ROOM_FOR_DEFAULTS_BYTES = 3 * _GIB
"""Both default models, their downloads and their exports, with some room to spare."""
_MEMORY_FOR_DEFAULTS_BYTES = 3 * _GIB


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One finding."""

    name: str
    state: Literal["ok", "note", "fault"]
    """`note` is worth knowing and stops nothing."""
    found: str
    fix: str | None = None


def _ok(name: str, found: str) -> Check:
    return Check(name=name, state="ok", found=found)


def _note(name: str, found: str, fix: str) -> Check:
    return Check(name=name, state="note", found=found, fix=fix)


def _fault(name: str, found: str, fix: str) -> Check:
    return Check(name=name, state="fault", found=found, fix=fix)


def check_all(settings: Settings) -> tuple[Check, ...]:
    """Every check, in the order in which a newcomer needs them."""
    checks: tuple[Callable[[Settings], Iterable[Check]], ...] = (
        check_python,
        check_packages,
        check_providers,
        check_processor,
        check_memory,
        check_disk,
        check_models,
        check_endpoints,
        check_port,
    )
    return tuple(finding for check in checks for finding in check(settings))


def check_python(_: Settings) -> Iterable[Check]:
    """3.11 or newer, in an environment of its own."""
    found = f"{sys.version.split()[0]} at {sys.executable}"
    if sys.prefix == sys.base_prefix:
        yield _note(
            "Python", f"{found}, outside a virtual environment", fix="Use one: make install"
        )
    else:
        yield _ok("Python", found)


def check_packages(_: Settings) -> Iterable[Check]:
    """The packages that compute are there; extras are said to be there or not."""
    for package in ("onnxruntime", "onnxruntime-genai", "numpy", "onnx"):
        try:
            yield _ok(package, version(package))
        except PackageNotFoundError:
            yield _fault(package, "not installed", fix=f"pip install {package}")


def check_providers(settings: Settings) -> Iterable[Check]:
    """The execution provider that the settings ask for is one that is installed."""
    try:
        runtime: Any = import_module("onnxruntime")
    except ImportError:
        return
    names: list[str] = runtime.get_available_providers()
    # Azure's computes in a cloud, not here, and the engine does not take it.
    short = [n.removesuffix("ExecutionProvider") for n in names if not n.startswith("Azure")]
    wanted = settings.onnx.provider
    if wanted.lower().removesuffix("executionprovider") in [name.lower() for name in short]:
        yield _ok("Execution providers", ", ".join(short))
    else:
        yield _fault(
            "Execution providers",
            f"{', '.join(short)}; but [onnx] provider is {wanted!r}",
            fix='Set [onnx] provider = "cpu" in sprat.toml, or install the package that brings it.',
        )


def check_processor(_: Settings) -> Iterable[Check]:
    """How many cores there are to compute with."""
    import psutil

    physical = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    yield _ok("Processor", f"{physical} physical cores")


def check_memory(_: Settings) -> Iterable[Check]:
    """Free memory against what the two default models need."""
    import psutil

    free = psutil.virtual_memory().available
    found = f"{free / _GIB:.1f} GiB free"
    if free < _MEMORY_FOR_DEFAULTS_BYTES:
        yield _note(
            "Memory",
            found,
            fix="The two default models want about 3 GiB: close something or use smaller ones.",
        )
    else:
        yield _ok("Memory", found)


def check_disk(settings: Settings) -> Iterable[Check]:
    """Free disk where the models are kept."""
    from sprat.models.disk import free_bytes

    free = free_bytes(settings.models_dir)
    found = f"{free / _GIB:.1f} GiB free for {settings.models_dir}"
    if free < _ROOM_FOR_DEFAULTS_BYTES:
        yield _note(
            "Disk",
            found,
            fix="Free some, or keep models elsewhere: set SPRAT_HOME to a roomier folder.",
        )
    else:
        yield _ok("Disk", found)


def check_models(settings: Settings) -> Iterable[Check]:
    """The two models of `sprat compare` are on disk, or how to get them."""
    from sprat.models.ready import known

    on_disk = {model.name for model in known(settings) if model.on_disk}
    for role, name in (("Small model", settings.small), ("Large model", settings.large)):
        if name in on_disk:
            yield _ok(role, f"{name}, on disk")
        elif name in {model.name for model in known(settings)}:
            yield _note(role, f"{name}, not on disk yet", fix=f"sprat models pull {name}")
        else:
            yield _ok(role, f"{name}, not a model of the catalogue")


def check_endpoints(settings: Settings) -> Iterable[Check]:
    """Each configured endpoint takes connections."""
    for name, endpoint in settings.endpoints.items():
        parts = urlsplit(endpoint.url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        if _listens(parts.hostname or "", port):
            yield _ok(f"Endpoint {name}", f"{endpoint.url} answers")
        else:
            yield Check(
                name=f"Endpoint {name}", state="fault",
                found=f"nothing takes connections at {endpoint.url}",
                fix="Start that server, or correct its address in sprat.toml or the environment.",
            )  # fmt: skip


def check_port(settings: Settings) -> Iterable[Check]:
    """Who has the gateway's port, which is also Foundry Local's usual one."""
    from sprat.serve.port import is_sprat, owner_of

    host, port = settings.serve.host, settings.serve.port or GATEWAY_PORT
    where = f"{host}:{port}"
    if not _listens({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port):  # noqa: S104
        yield _ok("Port", f"{where} is free for sprat serve")
    elif is_sprat(host, port):
        yield _ok("Port", f"a Sprat gateway answers at http://{where}/v1")
    elif f":{port}" in os.environ.get("FOUNDRY_LOCAL_ENDPOINT", ""):
        yield _ok("Port", f"{where} is in use, by the FOUNDRY_LOCAL_ENDPOINT that is set")
    else:
        owner = owner_of(host, port)
        who = f"process {owner.pid}, {owner.name}" if owner else "a process of another user"
        yield _note(
            "Port",
            f"{where} is taken by {who}",
            fix=f"Choose another one: sprat serve --port {port + 1 if port < 65_535 else 5273}. "
            f"If that is Foundry Local: export FOUNDRY_LOCAL_ENDPOINT=http://{where}/v1",
        )


def _listens(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=1.0):
            return True
    except OSError:
        return False
