"""Tries a provider on a model in a process of its own: native code that crashes ends only that.

python -m sprat.engines.onnx.trial OPTIONS

Prints one `Report` as JSON. Without a provider in the options it tells which ones are installed.
"""

import faulthandler
import os
import signal
import sys
from pathlib import Path

import msgspec

from sprat.engines.onnx.report import END_S, Options, Outcome, Report, keep, kept_at, recall
from sprat.engines.worker.serve import end_with_parent
from sprat.errors import SpratError, UnsupportedRequest, first_line

_IMITATED = "it finds no graphics card, only one that the processor imitates."
_FIX = "Use --provider cpu."


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
        file = _kept_at(options, (known.device, library_version(device)))
        return recall(file) or keep(file, _compared(options, known))
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


def _kept_at(options: Options, device: tuple[str, str]) -> Path:
    """A comparison depends on the runtime, the device and the rule too."""
    from sprat.engines.onnx import canary
    from sprat.engines.onnx.native import ort

    rule = (canary.TEXT, canary.STEPS, canary.MOST_KL, canary.MOST_REGRET)
    return kept_at(options, ort.__version__, device, rule)


def _main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us
    end_with_parent()
    ours = os.dup(1)
    os.dup2(2, 1)  # what native code prints is no part of the report
    options = msgspec.json.decode(sys.argv[1], type=Options)
    from sprat.engines.onnx.decoder import quiet

    quiet()
    # Ends it even where native code lets no other thread run and the parent was killed.
    faulthandler.dump_traceback_later(END_S, exit=True)
    report = attempt(options) if options.provider else tell()
    with os.fdopen(ours, "wb") as out:
        out.write(msgspec.json.encode(report))
    sys.stderr.flush()
    os._exit(0)  # some providers crash while they are taken down


if __name__ == "__main__":
    _main()
