"""Which files a `.gitignore` leaves out. Source: https://git-scm.com/docs/gitignore."""

import re
from pathlib import Path

import msgspec

from sprat.rag.read.file import is_there

MOST_BYTES = 1_000_000
MOST_CHARS = 4_096
"""Of a line: no path is longer."""
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
    roots = [place for place, parent in enumerate(parents) if is_there(parent / ".git")]
    inside = parents[1 : roots[0] + 1] if roots else []
    return tuple(found for parent in reversed(inside) if (found := read_ignore(parent)))


def is_ignored(rules: tuple[Ignore, ...], path: Path, *, is_folder: bool) -> bool:
    """Whether the innermost of these rules that says something about `path` leaves it out."""
    for rule in reversed(rules):
        if (said := rule.says(path, is_folder=is_folder)) is not None:
            return said
    return False


def _pattern(line: str) -> Pattern | None:
    line = _without_end_spaces(line)
    takes_back = line.startswith("!")
    line = line[1:] if takes_back else line
    folders_only = line.endswith("/")
    line = line.rstrip("/") if folders_only else line
    if not line or line.startswith("#") or len(line) > MOST_CHARS:
        return None
    anchored = "/" in line
    try:
        matches = re.compile(("" if anchored else "(?:.*/)?") + _expression(line.lstrip("/")))
    except re.error:
        return None
    return Pattern(matches, takes_back, folders_only)


def _without_end_spaces(line: str) -> str:
    """One that stands after a backslash stays."""
    bare = line.rstrip(" ")
    return line[: len(bare) + 1] if bare.endswith("\\") else bare


def _expression(glob: str) -> str:
    """A regular expression for a pattern: `*` and `?` stay within a folder, `**` does not.

    What stands between two stars is taken where it first fits, for good: if the rest fits later, it
    fits from there too, as the second star takes all between. So a match takes no longer for more
    stars, where a plain translation tries all ways to share a name among them.
    """
    made, at = "", 0
    star = deep = -1  # where in `made` the last `*`, the last `**/` begins; -1: there is none
    while at < len(glob):
        if glob.startswith("**/", at) and (at == 0 or glob[at - 1] == "/"):
            made, star = _settled(made, deep), -1
            made, deep, at = made + "(?:.*?/)??", len(made), at + 3
        elif glob.startswith("/**", at) and at + 3 == len(glob):
            made, at = made + "/.+", at + 3
        elif glob[at] == "*":
            made = _settled(made, star)
            made, star = made + "[^/]*?", len(made)
            at = len(glob) - len(glob[at:].lstrip("*"))
        elif found := _CLASS.match(glob, at):
            within = found[2].replace("\\", "\\\\").replace("[", "\\[")
            made += f"(?!/)[{'^' if found[1] else ''}{_escaped_end(within)}]"
            at = found.end()
        elif glob[at] == "\\" and at + 1 < len(glob):
            made, at = made + re.escape(glob[at + 1]), at + 2
        else:
            made, at = made + ("[^/]" if glob[at] == "?" else re.escape(glob[at])), at + 1
    return made


def _settled(made: str, first: int) -> str:
    """What was made from there on, never to be tried another way; -1: nothing is."""
    return f"{made[:first]}(?>{made[first:]})" if first >= 0 else made


def _escaped_end(within: str) -> str:
    """A `]` that is first in its class stands for itself."""
    return f"\\{within}" if within.startswith("]") else within
