"""Run every benchmark of this folder, one after the other: `make bench`.

Each prints its own table; docs/benchmarks.md says what each measures. One that cannot run here
says why and the next one goes on; the exit code is 1 then.
"""

import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
BENCHMARKS = (
    "export.py",
    "decode.py",
    "verify.py",
    "runtimes.py",
    "providers.py",
    "embeddings.py",
    "gateway.py",
    "overhead.py",
    "agreement.py",
    "soak.py",
    "watch.py",
    "kills.py",
)


def main() -> int:
    """Run them all; return the exit code."""
    failed: list[str] = []
    for name in BENCHMARKS:
        print(f"\n=== benchmarks/{name}", flush=True)
        began = time.monotonic()
        if subprocess.run([sys.executable, str(HERE / name)], check=False).returncode:
            failed.append(name)
        print(f"--- {name}: {time.monotonic() - began:.0f} s", flush=True)
    if failed:
        print(f"\nFailed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
