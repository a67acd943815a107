"""The bytes of uploads, on the local disk: one folder per thread, one file per element."""

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from sprat.chat.places import is_id

if TYPE_CHECKING:
    from chainlit.element import Element

PREFIX = "/sprat/attachments"
MOST = 40
MOST_BYTES = 128 * 2**20
"""Of one thread: twice what it may search, for a file may take the place of one of its name."""
_SHOWN = re.compile(r"application/pdf|image/(?:png|jpeg|gif|webp)|text/plain").fullmatch


class Attachments:
    """Keeps and finds them. Identifiers that are no UUIDs name nothing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, element: "Element") -> Path:
        """Copy an element's bytes: its `content`, or the file at its `path`."""
        file = self._file(element.thread_id, element.id)
        if file is None:
            raise ValueError(f"{element.id!r} in {element.thread_id!r} is no element.")
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if element.content is not None:
            content: str | bytes = element.content
            file.write_bytes(content.encode() if isinstance(content, str) else content)
        elif element.path is not None:
            shutil.copyfile(element.path, file)
        return file

    def has_room(self, element: "Element") -> bool:
        """Whether a thread may have one more: else nothing is kept."""
        folder = self._folder / element.thread_id
        if not is_id(element.thread_id) or not folder.is_dir():
            return True
        held = [file.stat().st_size for file in folder.iterdir()]
        return len(held) < MOST and sum(held) + _size(element) <= MOST_BYTES

    def find(self, thread: str, element: str) -> Path | None:
        """Where they are; None: there are none."""
        file = self._file(thread, element)
        return file if file is not None and file.is_file() else None

    def remove(self, thread: str, element: str) -> None:
        """Forget one."""
        if file := self._file(thread, element):
            file.unlink(missing_ok=True)

    def remove_all(self, thread: str) -> None:
        """Forget a thread's."""
        if is_id(thread):
            shutil.rmtree(self._folder / thread, ignore_errors=True)

    def _file(self, thread: str, element: str) -> Path | None:
        return self._folder / thread / element if is_id(thread) and is_id(element) else None


def _size(element: "Element") -> int:
    if element.content is not None:
        return len(element.content)
    return Path(element.path).stat().st_size if element.path is not None else 0


def address_of(thread: str, element: str) -> str:
    """Where the page finds an attachment."""
    return f"{PREFIX}/{thread}/{element}"


def is_shown(media: str | None) -> bool:
    """Whether a browser may show it; anything else is only saved, so that no page is made of it."""
    return bool(media and _SHOWN(media))
