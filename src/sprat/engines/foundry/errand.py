"""One thing done with Foundry Local's catalogue, in a process that ends with it.

python -m sprat.engines.foundry.errand ERRAND

So whoever asks (the gateway, the command line) never loads the native runtime. Lines of JSON go
back: how far it is, then what came of it. It ends when its standard input does.
"""

import os
import signal
import sys
from pathlib import Path
from typing import BinaryIO

import msgspec

from sprat.engines.foundry.native import FoundryError, open_manager, register, sdk
from sprat.engines.foundry.public import fetch
from sprat.engines.foundry.said import plain
from sprat.engines.foundry.wire import Errand, Fetch, Held, Register, Working
from sprat.engines.worker.serve import end_with_parent, fault, take_stdout
from sprat.errors import DownloadFailed, EngineError


def run(errand: Errand, out: BinaryIO) -> Held:
    """Do it.

    Raises:
        SpratError: it could not be done.
    """
    manager = open_manager(Path(errand.home))
    try:
        if isinstance(errand, Register):
            model = register(manager, errand.id, Path(errand.folder))
            return Held(str(model.id), errand.folder)
        if isinstance(errand, Fetch):

            def told(stage: str, done: int, total: int | None) -> None:
                _say(out, Working(stage, done, total))

            return fetch(manager.get_catalog(), errand.alias, Path(errand.home), told)
        catalogue = manager.get_catalog(sdk.CatalogType.LOCAL)
        held = catalogue.get_model_variant(errand.id)
        if held is not None:
            catalogue.unregister_model(errand.id)
        return Held(errand.id, "")
    except FoundryError as error:
        kind = DownloadFailed if isinstance(errand, Fetch) else EngineError
        raise kind(f"Foundry Local failed: {plain(error)}") from error
    finally:
        manager.close()


def _say(out: BinaryIO, message: object) -> None:
    out.write(msgspec.json.encode(message) + b"\n")


def main() -> None:
    """Read the errand, do it, say what came of it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us
    out = take_stdout()
    end_with_parent()
    try:
        done: object = run(msgspec.json.decode(sys.argv[1], type=Errand), out)
    except Exception as error:  # noqa: BLE001 - whatever it was, the parent must hear of it
        done = fault(None, error)
    _say(out, done)
    os._exit(0)  # not by way of a thread that reads


if __name__ == "__main__":
    main()
