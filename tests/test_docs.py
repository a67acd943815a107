"""Whatever README.md and docs/ show in a `console` block is run here, and prints what they show.

In the shown output `…` stands for anything, and a line that is only `…` for any number of lines.
A block right after an HTML comment `<!-- not run: reason -->` is left out, for that reason.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"(<!-- not run: .+? -->\n+)?```console\n(.*?)```", re.DOTALL)


def shown_commands(page: Path) -> list[tuple[str, str]]:
    """The commands of a page, each with the output shown under it."""
    commands: list[tuple[str, str]] = []
    for skipped, block in BLOCK.findall(page.read_text("utf-8")):
        if skipped:
            continue
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            commands.append((command, output))
    return commands


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
    for command, output in shown_commands(page):
        done = subprocess.run(
            shlex.split(command) if not re.search(r"[|>&=]", command) else ["sh", "-c", command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        printed = done.stdout + done.stderr
        assert done.returncode == 0, f"$ {command}\n{printed}"
        if output.strip():
            assert re.search(as_pattern(output), printed), (
                f"$ {command}\nprinted:\n{printed}\nthe page shows:\n{output}"
            )


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
