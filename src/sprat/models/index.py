"""Where a wheel is: the package indexes and link pages of the user's pip configuration.

Source: PEP 503 (HTML), PEP 691 (JSON), PEP 427 (wheel names).
"""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit
from urllib.request import url2pathname

import msgspec

from sprat.errors import DownloadFailed
from sprat.models.download import Remote
from sprat.models.web import NotThere, Web, shown

_ACCEPT = (
    "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, "
    "text/html;q=0.01"
)
_PAGE_BYTES = 64 << 20
"""No page of links is larger."""


class _Link(msgspec.Struct, frozen=True):
    url: str
    hashes: dict[str, str] = {}
    size: int | None = None


class _Page(msgspec.Struct, frozen=True):
    """A project's page as JSON. Source: PEP 691, PEP 700."""

    files: list[_Link]


def canonical(name: str) -> str:
    """A project's name as indexes spell it. Source: PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def find_wheel(web: Web, package: str, version: str) -> Remote:
    """The first pure-Python wheel of exactly this version, in the order in which pip would look.

    Raises:
        DownloadFailed: no place has it; says what each answered.
    """
    reasons: list[DownloadFailed] = []
    for place in _places(web, package):
        try:
            if wheel := _pick(_links(web, place), package, version):
                return wheel
            reasons.append(NotThere(f"{shown(place)} lists no such wheel"))
        except DownloadFailed as error:
            reasons.append(error)
    worst = next((r for r in reasons if not isinstance(r, NotThere)), None)
    why = "; ".join(dict.fromkeys(r.message for r in reasons)) or "pip is set to use no index"
    kind = type(worst) if worst else NotThere
    raise kind(f"{package} {version}: {why}")


def _places(web: Web, package: str) -> list[str]:
    project = f"{canonical(package)}/"
    indexes = [f"{url.rstrip('/')}/{project}" for url in web.config.indexes]
    return [*web.config.find_links, *indexes]


def _pick(links: list[Remote], package: str, version: str) -> Remote | None:
    for link in links:
        name = unquote(urlsplit(link.url).path).rpartition("/")[2]
        fields = name.removesuffix(".whl").split("-")
        if not name.endswith(".whl") or len(fields) not in (5, 6):
            continue
        project, number, *_, abi, system = fields
        wanted = canonical(project) == canonical(package) and number == version
        if wanted and (abi, system) == ("none", "any"):
            return link
    return None


def _links(web: Web, place: str) -> list[Remote]:
    if local := local_path(place):
        return _local_links(local, place)
    with web.open(place, {"Accept": _ACCEPT}) as response:
        page, kind = response.read(_PAGE_BYTES), response.headers.get_content_type()
        base = response.url
    return _from_json(page, base) if kind.endswith("json") else _from_html(page, base)


def local_path(place: str) -> Path | None:
    """The path that a `file:` address or a plain path names; None for anything on a network."""
    parts = urlsplit(place)
    if parts.scheme == "file":
        return Path(url2pathname(parts.path))
    return None if parts.scheme in ("http", "https") else Path(place).expanduser()


def _local_links(path: Path, place: str) -> list[Remote]:
    page = path / "index.html" if path.is_dir() else path
    if page.is_file():
        return _from_html(page.read_bytes(), page.absolute().as_uri())
    if not path.is_dir():
        raise NotThere(f"{place} is not there")
    return [Remote(url=p.absolute().as_uri()) for p in sorted(path.glob("*.whl"))]


def _from_json(page: bytes, base: str) -> list[Remote]:
    try:
        files = msgspec.json.decode(page, type=_Page).files
    except msgspec.DecodeError as e:
        raise DownloadFailed(f"{shown(base)} answers with JSON that is no index page") from e
    return [
        Remote(url=urljoin(base, f.url), bytes=f.size, sha256=f.hashes.get("sha256")) for f in files
    ]


def _from_html(page: bytes, base: str) -> list[Remote]:
    reader = _Anchors()
    reader.feed(page.decode("utf-8", "replace"))
    found: list[Remote] = []
    for href in reader.hrefs:
        url, fragment = urldefrag(urljoin(reader.base or base, href))
        kind, _, value = fragment.partition("=")
        found.append(Remote(url=url, sha256=value.lower() if kind == "sha256" else None))
    return found


class _Anchors(HTMLParser):
    """The addresses of a page's links, and its base address if it names one."""

    def __init__(self) -> None:
        super().__init__()
        self.hrefs: list[str] = []
        self.base: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        href = dict(attrs).get("href")
        if href and tag == "a":
            self.hrefs.append(href)
        if href and tag == "base":
            self.base = href
