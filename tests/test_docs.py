"""Whatever README.md and docs/ show in a `console` block is run here, and prints what they show.

In the shown output `…` stands for anything, and a line that is only `…` for any number of lines.
A block right after an HTML comment `<!-- not run: reason -->` is left out, for that reason; a
`python` block right after `<!-- run -->` is run too. A command `sprat serve` runs until its page's
last one, at a free port that stands in for 5273 in whatever follows.
"""

import os
import re
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"(<!-- not run: .+? -->\n+)?```console\n(.*?)```", re.DOTALL)
PYTHON = re.compile(r"<!-- run -->\n+```python\n(.*?)```", re.DOTALL)
ADDRESS = "127.0.0.1:5273"


def shown_commands(page: Path) -> list[tuple[str, str]]:
    """The commands of a page, each with the output shown under it."""
    found: dict[int, list[tuple[str, str]]] = {}
    text = page.read_text("utf-8")
    for block in BLOCK.finditer(text):
        parts = re.split(r"^\$ ", block[2], flags=re.MULTILINE)[1:]
        found[block.start()] = [] if block[1] else [as_command(part) for part in parts]
    for block in PYTHON.finditer(text):
        found[block.start()] = [(shlex.join(["python", "-c", block[1]]), "")]
    return [command for place in sorted(found) for command in found[place]]


def as_command(part: str) -> tuple[str, str]:
    """A command, which goes on while a quotation is open or a backslash asks for it; its output."""
    lines = part.split("\n")
    for count in range(1, len(lines) + 1):
        command = "\n".join(lines[:count])
        with suppress(ValueError):
            shlex.split(command)
            return command, "\n".join(lines[count:])
    raise AssertionError(f"$ {part}\nis no whole command.")


def as_pattern(output: str) -> str:
    lines = [
        r"(?:.*\n)*?" if line.strip() == "…" else re.escape(line).replace("…", ".*?") + r"[ \t]*\n"
        for line in output.rstrip("\n").split("\n")
    ]
    return "".join(lines)


@pytest.mark.real
@pytest.mark.timeout(900)
@pytest.mark.parametrize("page", [p for p in PAGES if shown_commands(p)], ids=lambda p: p.name)
def test_a_page_shows_what_the_commands_print(page: Path, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "COLUMNS": "100",
    }
    address = ADDRESS
    with ExitStack() as behind:
        for shown, output in shown_commands(page):
            if shown.startswith("sprat serve") and "--help" not in shown:
                port, printed = behind.enter_context(served(shown, tmp_path, environment))
                address = f"127.0.0.1:{port}"
            else:
                printed = run(shown.replace(ADDRESS, address), tmp_path, environment)
            if output.strip():
                assert re.search(as_pattern(output.replace(ADDRESS, address)), printed), (
                    f"$ {shown}\nprinted:\n{printed}\nthe page shows:\n{output}"
                )


def run(command: str, folder: Path, environment: dict[str, str]) -> str:
    """What a command prints."""
    done = subprocess.run(
        shlex.split(command) if not re.search(r"[|>&=\n]", command) else ["sh", "-c", command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    printed = done.stdout + done.stderr
    assert done.returncode == 0, f"$ {command}\n{printed}"
    return printed + "\n"  # not everything that is printed ends its line


@contextmanager
def served(command: str, folder: Path, environment: dict[str, str]) -> Iterator[tuple[str, str]]:
    """A gateway at a free port: its port, and how it greets. It stops with the block."""
    with subprocess.Popen(
        [*shlex.split(command), "--port", "0"],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        impatient = threading.Timer(120, process.kill)
        impatient.start()
        try:
            lines: list[str] = []
            while not lines or not lines[-1].startswith("  curl"):
                lines.append(process.stdout.readline())  # pyright: ignore[reportOptionalMemberAccess]
                assert lines[-1], f"$ {command} ended:\n{''.join(lines)}"
            impatient.cancel()
            port = re.search(r"127\.0\.0\.1:(\d+)", lines[0])
            assert port, lines
            yield port[1], "".join(lines)
        finally:
            impatient.cancel()
            process.terminate()
            process.wait(60)


def test_every_block_left_out_says_why() -> None:
    for page in PAGES:
        for skipped, _ in BLOCK.findall(page.read_text("utf-8")):
            assert not skipped or len(skipped.split("not run:")[1].strip(" ->\n")) > 10


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text("utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_command_reference_is_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "reference.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
