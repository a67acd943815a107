"""Node, as `make test` brings it: from the wheel beside this Python."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
WEB = ROOT / "web"
MODULES = WEB / "node_modules"


def node(*arguments: str, timeout_s: float = 120.0) -> str:
    """What a script, run in `web/`, prints.

    Raises:
        AssertionError: it failed; with all that it said.
    """
    if not MODULES.is_dir():
        raise AssertionError("web/node_modules is not there: run `make page-packages`.")
    done = subprocess.run(
        [str(executable()), *arguments],
        cwd=WEB,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, f"node {' '.join(arguments)}\n{said}"
    return done.stdout


def executable() -> Path:
    """`node` of this environment."""
    beside = Path(sys.executable).parent
    found = next((beside / name for name in ("node", "node.exe") if (beside / name).exists()), None)
    if found is None:
        raise AssertionError(f"There is no node in {beside}: run `make install`.")
    return found
