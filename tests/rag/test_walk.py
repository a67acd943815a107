"""Which files of a folder are read."""

import shutil
import subprocess
from pathlib import Path

import pytest

from sprat.rag.read.ignore import is_ignored, read_ignore
from sprat.rag.read.walk import walk


def tree(root: Path, *files: str) -> None:
    for file in files:
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("text", encoding="utf-8")


def names(root: Path, *paths: Path) -> list[str]:
    return [
        entry.path.relative_to(root.resolve()).as_posix() for entry in walk(paths or [root]).entries
    ]


def test_hidden_files_and_what_others_or_machines_made_are_left_out(tmp_path: Path) -> None:
    tree(tmp_path, "b.md", "a/c.md", ".hidden.md", ".git/x.md", "node_modules/y.md", "uv.lock")
    tree(tmp_path, "app.min.js", "a/__pycache__/z.py", ".venv/q.py")
    assert names(tmp_path) == ["b.md", "a/c.md"]


def test_a_file_that_is_named_is_taken_whatever_it_is_and_once(tmp_path: Path) -> None:
    tree(tmp_path, ".hidden.md", "uv.lock")
    hidden = tmp_path / ".hidden.md"
    assert names(tmp_path, hidden, hidden, tmp_path / "uv.lock") == [".hidden.md", "uv.lock"]


def test_links_lead_neither_out_nor_in_circles(tmp_path: Path) -> None:
    tree(tmp_path, "in/a.md", "out/secret.md")
    inside = tmp_path / "in"
    try:
        (inside / "circle").symlink_to(inside, target_is_directory=True)
        (inside / "away").symlink_to(tmp_path / "out", target_is_directory=True)
        (inside / "leak.md").symlink_to(tmp_path / "out" / "secret.md")
    except OSError:
        pytest.skip("this system lets nobody make links")
    assert names(tmp_path, inside) == ["in/a.md"]


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("*a" * 30 + "b", "a" * 255),
        ("**/a/" * 50 + "b", "a/" * 400 + "c"),
        ("**/*a*a*a*b/" * 20 + "c", ("a" * 60 + "/") * 30 + "d"),
        ("*" * 4_000 + "b", "a" * 255),
        ("x" + " " * 400_000 + "x", "x"),
    ],
    ids=["stars", "folders", "both", "one long star", "spaces"],
)
@pytest.mark.timeout(20)
def test_no_line_of_a_gitignore_takes_for_ever(tmp_path: Path, line: str, path: str) -> None:
    (tmp_path / ".gitignore").write_text(f"{line}\n*.log\n", encoding="utf-8")
    rules = (read_ignore(tmp_path),)
    assert not is_ignored(rules, tmp_path / path, is_folder=False)
    assert is_ignored(rules, tmp_path / "a.log", is_folder=False)


IGNORE = """# a comment
*.log
!keep.log
*a*m*a*.md
/t*/**/u*d*/*v*w*.md
long**name***.md
/top.md
build/
docs/**/draft.md
**/deep/*.txt
a/**
temp?.md
[xy].md
[!a-c]z.md
space\\ \n\\#hash.md
sub/only.md
"""
IGNORE += "trailing.md   \ntab.md\t\n"
FILES = """
a.log keep.log top.md in/top.md build/x.md in/build/y.md build.md docs/draft.md
docs/a/b/draft.md docs/draft.txt deep/a.txt in/deep/b.txt in/deep/c/d.txt a/b.md a/c/d.md temp1.md
temp12.md x.md y.md z.md az.md dz.md #hash.md sub/only.md in/sub/only.md in/keep.log in/a.log
in/sub/kept.log
xaxmxax.md amma.md ama.md axm.md t1/u2d/vw.md t1/x/y/ud1/avbwc.md t1/x/u2d/wv.md t1/u2d/x/vw.md
long-name.md long/name.md longnam.md trailing.md tab.md
"""


@pytest.mark.skipif(shutil.which("git") is None, reason="git is the oracle here")
def test_what_git_ignores_is_left_out_and_nothing_else(tmp_path: Path) -> None:
    files = FILES.split()
    tree(tmp_path, *files)
    (tmp_path / ".gitignore").write_text(IGNORE, encoding="utf-8")
    (tmp_path / "in" / ".gitignore").write_text("!a.log\nsub/*\n", encoding="utf-8")
    git = ["git", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "-q"], check=True)
    listed = subprocess.run(
        [*git, "ls-files", "-coz", "--exclude-standard"], check=True, capture_output=True, text=True
    ).stdout.split("\0")
    expected = {file for file in listed if file and not file.endswith(".gitignore")}
    assert set(names(tmp_path)) == expected
    assert 5 < len(expected) < len(files)
    below = {file for file in expected if file.startswith("in/")}
    assert set(names(tmp_path, tmp_path / "in")) == below
