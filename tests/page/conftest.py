"""What tests of the page share: a build, a gateway that serves it, a Chromium to open it in.

`bundled` builds a bare page around one script of `web/test/page/`; `page_gateway` serves that, or
the whole page, beside models of a test's own; `fresh_page` opens it and minds what it says.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from tests.browser import chromium
from tests.page.engines import NAME, Opened
from tests.page.little import little
from tests.page.moody import Moods, moody
from tests.page.node import node
from tests.serve.beside import beside
from tests.serve.running import At, serving

from sprat.models.web_ready import WebModel
from sprat.serve.page import shelf

SWIFTSHADER = ("--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader")
"""WebGPU computed by the processor: slow, without `shader-f16`, and exact."""

Bundled = Callable[[str], Path]
Serve = Callable[..., AbstractContextManager[At]]


@pytest.fixture(scope="session")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Bundled:
    """A function: the name of a script in `web/test/page/` → the folder of the page around it."""
    made: dict[str, Path] = {}

    def build(name: str) -> Path:
        if name not in made:
            out = tmp_path_factory.mktemp("bundled")
            node("build.mjs", "--entry", f"test/page/{name}", "--out", str(out))
            made[name] = out
        return made[name]

    return build


@pytest.fixture
def page_gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Serve:
    """A function that gives a gateway for a `with` block.

    `page`: a build of another page than the package's. `models`: name → the folder of a model for
    the page, as `sprat models export --target web` makes it; without it the gateway's own list.
    `served`: names of `[serve.models]`. Further words are fields of `[serve]`, and those of
    `tests.serve.running.serving`: `scripts`, `endpoints`, `base`.
    """

    @contextmanager
    def serve(
        page: Path | None = None,
        models: dict[str, Path] | None = None,
        served: dict[str, str] | None = None,
        **words: Any,
    ) -> Iterator[At]:
        if models is not None:
            offer(models, monkeypatch)
        folder = tmp_path / "gateway"
        folder.mkdir(exist_ok=True)
        with beside(serving(folder, models=served, **words)) as at:
            at.gateway.page_folder = page
            yield at

    return serve


def offer(models: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the gateway's list of models for the page be these folders."""
    offered = [
        WebModel(
            name=name,
            title=name,
            task="chat",
            manifest=f"api/web/models/{name}/manifest.json",
            bytes=sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()),
        )
        for name, folder in models.items()
    ]
    monkeypatch.setattr(shelf, "web_models", lambda settings: offered)
    monkeypatch.setattr(shelf, "kept_folder", lambda name, settings: models.get(name))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium without WebGPU."""
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def webgpu_browser() -> Iterator[Browser]:
    """A Chromium with SwiftShader's WebGPU. Not in a module that uses `browser` too."""
    with chromium(*SWIFTSHADER) as found:
        yield found


@pytest.fixture
def fresh_page() -> Iterator[Callable[..., Page]]:
    """A function: a browser and an address → a page that nobody has visited before.

    Afterwards it may have asked nobody but its own gateway, nor complained of a fault of its own
    or of what the Content-Security-Policy forbids. `allow`: complaints that belong to the test.
    """
    faults: list[str] = []
    allowed: list[str] = []
    with ExitStack() as opened:

        def open_(browser: Browser, url: str, allow: tuple[str, ...] = (), **options: Any) -> Page:
            context = opened.enter_context(closing(browser.new_context(**options)))
            page = context.new_page()
            allowed.extend(allow)
            listen(page, url, faults)
            page.goto(url)
            return page

        yield open_
    assert [one for one in faults if not any(known in one for known in allowed)] == []


@pytest.fixture
def moods(bundled: Bundled) -> Iterator[Moods]:
    """A server with moods, of the bare page around what keeps files."""
    with moody(bundled("kept.ts")) as found:
        yield found


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Somebody who has never been here; closed after the test."""
    with closing(browser.new_context()) as found:
        yield found


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the little model."""
    return little(tmp_path_factory.mktemp("models") / "little")


@pytest.fixture
def opened(
    bundled: Bundled, page_gateway: Serve, webgpu_browser: Browser, fresh_page: Callable[..., Page],
    model: Path,
) -> Iterator[Opened]:  # fmt: skip
    """A function: a folder of a model, else the little one → a page with the engine."""

    @contextmanager
    def serve(folder: Path) -> Iterator[Page]:
        with page_gateway(page=bundled("engine.ts"), models={NAME: folder}, pull=True) as at:
            yield fresh_page(webgpu_browser, at.url, allow=("favicon", "A valid external Instance"))

    with_blocks: list[Any] = []

    def open_(folder: Path = model) -> Page:
        with_blocks.append(serve(folder))
        return with_blocks[-1].__enter__()

    yield open_
    for block in with_blocks:
        block.__exit__(None, None, None)


@contextmanager
def closing(context: BrowserContext) -> Iterator[BrowserContext]:
    try:
        yield context
    finally:
        context.close()


def listen(page: Page, url: str, faults: list[str]) -> None:
    """Enter into `faults` what the page complains of, and whom else it asks."""
    base = url.split("/", 3)
    own = ("/".join(base[:3]), "data:", "blob:")
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.on(
        "request", lambda asked: None if asked.url.startswith(own) else faults.append(asked.url)
    )
