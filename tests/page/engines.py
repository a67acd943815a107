"""The engine in a bare page, as tests ask it: `web/test/page/engine.ts`."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page

NAME = "smollm2-135m"
"""A name that the gateway knows; what is served under it is the little model."""
MANIFEST = f"api/web/models/{NAME}/manifest.json"
QUESTION = "the quick brown fox jumps over the lazy dog"
Opened = Callable[..., Page]


def begin(page: Page, backend: str, **options: Any) -> None:
    page.evaluate(
        "(options) => open_(options)", {"manifestUrl": MANIFEST, "backend": backend, **options}
    )


def ask(page: Page, text: str, stop_after: float | None = None, **more: Any) -> dict[str, Any]:
    question = {"messages": [{"role": "user", "content": text}], **more}
    call = "([question, after]) => ask(question, after ?? undefined)"
    return page.evaluate(call, [question, stop_after])
