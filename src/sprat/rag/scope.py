"""What a run is about: which files of a store its paths speak for."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from sprat.errors import UsageError
from sprat.rag.read import file_name, is_there
from sprat.rag.read.walk import Entry, Walked
from sprat.rag.store.base import StoreInfo
from sprat.rag.store.own import own_files


def check(paths: Sequence[Path], known: Iterable[str]) -> None:
    """See that each path is there, or something of it is known.

    Raises:
        UsageError: it is neither.
    """
    for path in paths:
        if not is_there(path) and not _any_below(known, file_name(path)):
            raise UsageError(f"There is no {path}.", fix="Name a file or a folder.")


def without_the_store(entries: Sequence[Entry], info: StoreInfo) -> list[Entry]:
    """A store that lies among what it indexes is no document of its own; what lies beside it is."""
    own = own_files(info)
    return [entry for entry in entries if not any(_is_below(entry.file, one) for one in own)]


def left_alone(walked: Walked, known: Iterable[str], *, forget: bool) -> list[tuple[str, str]]:
    """Below which folders and files nothing goes, as nobody could look there, and why not.

    With `forget` what is not there, or empty, is taken to be gone.
    """
    closed = [
        (path.as_posix(), f"{path.name} cannot be listed: {why}. See who may read it.")
        for path, why in walked.closed
    ]
    vacant = [path for path in walked.vacant if not forget and _any_below(known, path.as_posix())]
    return closed + [(path.as_posix(), _VACANT.format(path.name)) for path in vacant]


_VACANT = (
    "{} is not there, or is empty; what the index has of it is kept. Is it gone for good: --forget"
)


def gone(
    paths: Sequence[Path], known: Iterable[str], there: Iterable[Entry], alone: Sequence[str]
) -> list[str]:
    """What the store has of these paths that is no longer there, or no longer to be read."""
    roots = [file_name(path) for path in paths]
    found = {entry.file for entry in there}
    return [
        file
        for file in known
        if file not in found
        and any(_is_below(file, root) for root in roots)
        and not any(_is_below(file, root) for root in alone)
    ]


def _any_below(files: Iterable[str], root: str) -> bool:
    return any(_is_below(file, root) for file in files)


def _is_below(file: str, root: str) -> bool:
    return file == root or file.startswith(f"{root.rstrip('/')}/")
