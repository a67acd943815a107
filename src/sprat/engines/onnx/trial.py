"""Tries a provider on a model in a process of its own: native code that crashes ends only that.

python -m sprat.engines.onnx.trial OPTIONS

Prints one `Report` as JSON. Without a provider in the options it tells which ones are installed.
"""

import faulthandler
import os
import sys
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import msgspec

from sprat.errors import SpratError, UnsupportedRequest, first_line

LIMIT_S = 600.0
"""A provider that needs longer for a page of text is of no use to anybody."""
_IMITATED = "it finds no graphics card, only one that the processor imitates."
_FIX = "Use --provider cpu."
Outcome = Literal["passed", "differs", "refused", "missing", "died", "slow"]


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be tried: JSON, the one argument."""

    folder: str = ""
    """The model; without one the provider is only started."""
    provider: str = ""
    threads: int = 1
    remembered: str = ""
    """The folder of reports that were made before."""
    hardware_only: bool = False
    """Refuse a graphics provider that would compute on the processor."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """How it went."""

    provider: str = ""
    outcome: Outcome = "passed"
    why: str = ""
    """One line."""
    fix: str | None = None
    device: str = ""
    nodes: dict[str, int] = {}
    """How many operators each provider got; empty where it cannot be told."""
    installed: tuple[str, ...] = ()
    """Names of the providers that could be tried, best first."""

    @property
    def share(self) -> float | None:
        """The part of the graph's operators that the provider itself computes; None: not known."""
        return self.nodes.get(self.provider, 0) / sum(self.nodes.values()) if self.nodes else None


def tell() -> Report:
    """Which providers could be tried; none is started."""
    from sprat.engines.onnx.session import installed

    return Report(installed=tuple(provider.name for provider in installed()))


def attempt(options: Options) -> Report:
    """Start the provider and hold it against the processor; a comparison is made once and kept."""
    from sprat.engines.onnx.providers import named
    from sprat.engines.onnx.session import describe, find_device, is_software, library_version

    provider = named(options.provider)
    try:
        device = find_device(provider)
        if options.hardware_only and is_software(provider, device):
            return Report(provider=provider.name, outcome="refused", why=_IMITATED)
        known = Report(provider=provider.name, device=describe(device))
        if not options.folder:
            return known
        parts = (known.device, library_version(device))
        file = Path(options.remembered) / f"{_key(options, parts)}.json"
        return _recall(file) or _keep(file, _compared(options, known))
    except SpratError as error:
        return _refused(provider.name, error)
    except Exception as error:  # noqa: BLE001 - a provider fails in ways of its own
        why = f"The execution provider {provider.name} fails while it computes: {first_line(error)}"
        return Report(provider=provider.name, outcome="refused", why=why, fix=_FIX)


def _refused(name: str, error: SpratError) -> Report:
    outcome: Outcome = "missing" if isinstance(error, UnsupportedRequest) else "refused"
    return Report(provider=name, outcome=outcome, why=error.message, fix=error.fix)


def _compared(options: Options, known: Report) -> Report:
    """The prompt on the processor, then on the provider: never both models in memory."""
    from sprat.engines.onnx.canary import STEPS, TEXT, Agreement, sing
    from sprat.engines.onnx.decoder import Decoder
    from sprat.engines.onnx.folder import read_folder
    from sprat.engines.onnx.providers import CPU
    from sprat.engines.onnx.tokens import Tokenizer

    folder = read_folder(Path(options.folder))
    prompt = Tokenizer(folder).encode(TEXT)[: folder.context_tokens - STEPS]
    right = sing(Decoder(folder, CPU.name, options.threads, exact=True), prompt)
    decoder = Decoder(folder, options.provider, options.threads)
    agreement = Agreement(right.logits, sing(decoder, prompt, right.tokens).logits)
    return msgspec.structs.replace(
        known,
        outcome="passed" if agreement.holds else "differs",
        why=str(agreement),
        nodes=decoder.opened.nodes,
    )


def _key(options: Options, device: tuple[str, str]) -> str:
    """What a comparison depends on: the model, the provider, the versions, the device, the rule."""
    import hashlib

    from sprat.engines.onnx import canary
    from sprat.engines.onnx.native import ort

    files = sorted(path for path in Path(options.folder).iterdir() if path.is_file())
    sizes = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    rule = (canary.TEXT, canary.STEPS, canary.MOST_KL, canary.MOST_REGRET)
    versions = (ort.__version__, version("sprat"))
    parts = (options.folder, options.provider, device, sizes, versions, rule)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def _recall(file: Path) -> Report | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=Report)
    except (OSError, msgspec.MsgspecError):
        return None


def _keep(file: Path, report: Report) -> Report:
    from sprat.models.disk import write_whole

    with suppress(OSError):  # it will be compared again
        write_whole(file, msgspec.json.encode(report))
    return report


def _main() -> None:
    ours = os.dup(1)
    os.dup2(2, 1)  # what native code prints is no part of the report
    options = msgspec.json.decode(sys.argv[1], type=Options)
    from sprat.engines.onnx.decoder import quiet

    quiet()
    # Ends it even where native code hangs and the parent, which would end it, was killed.
    faulthandler.dump_traceback_later(LIMIT_S, exit=True)
    report = attempt(options) if options.provider else tell()
    with os.fdopen(ours, "wb") as out:
        out.write(msgspec.json.encode(report))
    sys.stderr.flush()
    os._exit(0)  # some providers crash while they are taken down


if __name__ == "__main__":
    _main()
