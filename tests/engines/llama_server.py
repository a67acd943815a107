"""llama.cpp's own server, from the `xllamacpp` wheel, in a process of its own.

Run as a script it prints its address and serves until its standard input is closed, so that it
cannot outlive the test that started it.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def llama_server(weights: Path, *, threads: int = 2, places: int = 2) -> Iterator[str]:
    """Serve one GGUF file; gives the base address, up to and with `/v1`."""
    arguments = [str(weights), str(threads), str(places)]
    with subprocess.Popen(
        [sys.executable, str(Path(__file__)), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        address = _announced(process.stdout)
        try:
            yield f"{address}/v1"
        finally:
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def _announced(lines: Iterator[str]) -> str:
    for line in lines:
        if line.startswith("serving at "):
            return line.removeprefix("serving at ").strip()
    raise RuntimeError("llama.cpp's server did not start")


def serve(weights: str, threads: int, places: int) -> None:
    import xllamacpp

    options = xllamacpp.CommonParams()
    options.model.path = weights
    options.model_alias = {"tiny"}
    options.n_ctx = 2048 * places
    options.n_parallel = places
    options.cpuparams.n_threads = threads
    options.cpuparams_batch.n_threads = threads
    options.port = 0
    options.n_gpu_layers = 0
    options.warmup = True
    server = xllamacpp.Server(options)
    print(f"serving at {server.listening_address}", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
