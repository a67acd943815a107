"""Which files a `.gitignore` leaves out. Source: https://git-scm.com/docs/gitignore."""

import re
from pathlib import Path

import msgspec

MOST_BYTES = 1_000_000
_CLASS = re.compile(r"\[([!^]?)(\]?[^\]]*)\]")


class Pattern(msgspec.Struct, frozen=True):
    """One line of a `.gitignore`."""

    matches: re.Pattern[str]
    """A path below the file's own folder, with forward slashes."""
    takes_back: bool
    """`!`: what fits is read after all."""
    folders_only: bool


class Ignore(msgspec.Struct, frozen=True):
    """The lines of one `.gitignore`, and the folder that it is about."""

    folder: Path
    patterns: tuple[Pattern, ...]

    def says(self, path: Path, *, is_folder: bool) -> bool | None:
        """Whether `path` is left out; None: no line is about it. The last line that fits wins."""
        below = path.relative_to(self.folder).as_posix()
        for pattern in reversed(self.patterns):
            if (is_folder or not pattern.folders_only) and pattern.matches.fullmatch(below):
                return not pattern.takes_back
        return None


def read_ignore(folder: Path) -> Ignore | None:
    """The `.gitignore` of a folder; None: it has none that can be read."""
    try:
        with (folder / ".gitignore").open("rb") as file:
            text = file.read(MOST_BYTES).decode("utf-8", errors="replace")
    except OSError:
        return None
    return Ignore(folder, tuple(p for line in text.splitlines() if (p := _pattern(line))))


def above(folder: Path) -> tuple[Ignore, ...]:
    """What the folders above `folder` say, up to the root of its repository, outermost first."""
    parents = [folder, *folder.parents]
    roots = [place for place, parent in enumerate(parents) if (parent / ".git").exists()]
    inside = parents[1 : roots[0] + 1] if roots else []
    return tuple(found for parent in reversed(inside) if (found := read_ignore(parent)))


def is_ignored(rules: tuple[Ignore, ...], path: Path, *, is_folder: bool) -> bool:
    """Whether the innermost of these rules that says something about `path` leaves it out."""
    for rule in reversed(rules):
        if (said := rule.says(path, is_folder=is_folder)) is not None:
            return said
    return False


def _pattern(line: str) -> Pattern | None:
    line = re.sub(r"(?<!\\)[ \t]+$", "", line)
    takes_back = line.startswith("!")
    line = line[1:] if takes_back else line
    folders_only = line.endswith("/")
    line = line.rstrip("/") if folders_only else line
    if not line or line.startswith("#"):
        return None
    anchored = "/" in line
    try:
        matches = re.compile(("" if anchored else "(?:.*/)?") + _expression(line.lstrip("/")))
    except re.error:
        return None
    return Pattern(matches, takes_back, folders_only)


def _expression(glob: str) -> str:
    """A regular expression for a pattern: `*` and `?` stay within a folder, `**` does not."""
    made, at = "", 0
    while at < len(glob):
        if glob.startswith("**/", at) and (at == 0 or glob[at - 1] == "/"):
            made, at = made + "(?:.*/)?", at + 3
        elif glob.startswith("/**", at) and at + 3 == len(glob):
            made, at = made + "/.+", at + 3
        elif found := _CLASS.match(glob, at):
            within = found[2].replace("\\", "\\\\").replace("[", "\\[")
            made += f"(?!/)[{'^' if found[1] else ''}{_escaped_end(within)}]"
            at = found.end()
        elif glob[at] == "\\" and at + 1 < len(glob):
            made, at = made + re.escape(glob[at + 1]), at + 2
        else:
            made += {"*": "[^/]*", "?": "[^/]"}.get(glob[at]) or re.escape(glob[at])
            at += 1
    return made


def _escaped_end(within: str) -> str:
    """A `]` that is first in its class stands for itself."""
    return f"\\{within}" if within.startswith("]") else within
