"""One model made ready for the page, in a process that ends with it.

python -m sprat.serve.page.errand

Its order is a line of JSON on standard input. Lines of JSON go back: how far it is, then what came
of it. It ends when its standard input does.
"""

import os
import signal
import sys
from typing import BinaryIO

import msgspec

from sprat.engines.worker.serve import end_with_parent, fault, take_stdout
from sprat.models.web_ready import web_folder
from sprat.serve.page.making import Made, Order, Working

_BEHIND = 10
"""Of 19: those who wait for an answer of the gateway come first."""


def run(order: Order, out: BinaryIO) -> Made:
    """Do it.

    Raises:
        SpratError: it could not be done.
    """

    def told(stage: str, done: int, total: int | None) -> None:
        _say(out, Working(stage, done, total))

    return Made(str(web_folder(order.name, order.settings, told)))


def _say(out: BinaryIO, message: object) -> None:
    out.write(msgspec.json.encode(message) + b"\n")


def main() -> None:
    """Read the order, do it, say what came of it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us
    if sys.platform != "win32":
        os.nice(_BEHIND)
    out = take_stdout()
    order = msgspec.json.decode(sys.stdin.buffer.readline(), type=Order)
    end_with_parent()
    try:
        done: object = run(order, out)
    except Exception as error:  # noqa: BLE001 - whatever it was, the parent must hear of it
        done = fault(None, error)
    _say(out, done)
    os._exit(0)  # not by way of a thread that reads


if __name__ == "__main__":
    main()
