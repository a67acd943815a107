"""The parent's end of one worker process of Foundry Local."""

from sprat.engines.foundry.wire import Done, Piece, decode_from_worker
from sprat.engines.worker.process import WorkerProcess
from sprat.engines.worker.wire import Fault, Ready, Taken


class Process(WorkerProcess[Piece | Done]):
    """A worker that answers: pieces, then `Done`."""

    module = "sprat.engines.foundry.worker"

    def _decode(self, body: bytes) -> Ready | Taken | Fault | Piece | Done:
        return decode_from_worker(body)

    def _is_last(self, message: Piece | Done) -> bool:
        return isinstance(message, Done)
