"""Self-contained pages: nothing is fetched, and only our own style and script run."""

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment

HTML = b"text/html; charset=utf-8"


def rendered(template: str, **words: object) -> bytes:
    """A page of `pages/`, its words escaped."""
    from markupsafe import Markup

    style, script = Markup(_read("style.css")), Markup(_read("copy.js"))  # noqa: S704 - our own
    return _house().get_template(template).render(style=style, script=script, **words).encode()


@cache
def headers() -> list[tuple[bytes, bytes]]:
    """Nothing may load or be sent; our own style and script, by their hashes, may run.

    Source: https://www.w3.org/TR/CSP3/
    """
    policy = (
        f"default-src 'none'; style-src '{_hash('style.css')}'; script-src '{_hash('copy.js')}'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return [(b"content-security-policy", policy.encode())]


@cache
def _house() -> "Environment":
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    return Environment(
        loader=FunctionLoader(_read), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip


@cache
def _read(name: str) -> str:
    return (files("sprat.serve.reference") / "pages" / name).read_text("utf-8")


def _hash(name: str) -> str:
    digest = hashlib.sha256(_read(name).encode()).digest()
    return "sha256-" + base64.b64encode(digest).decode()
