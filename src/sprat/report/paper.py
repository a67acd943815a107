"""A self-contained page: nothing is fetched, nothing is sent, and it works without JavaScript."""

import base64
import hashlib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

BENCH, COMPARE = "sprat.report.bench", "sprat.report"


def filled(
    template: str, words: Mapping[str, Any], *, style: str, script: str = "", room: str = COMPARE
) -> str:
    """A template of `room`'s `page/` with these words, this style and perhaps a script."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined
    from markupsafe import Markup

    house = Environment(
        loader=FunctionLoader(lambda name: read(name, room)), autoescape=True,
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    context = {
        **words,
        "policy": _policy(style, script),
        "style": Markup(style),  # noqa: S704 - our own file
        "script": Markup(script),  # noqa: S704 - our own file
    }
    return house.get_template(template).render(context)


def read(name: str, room: str = COMPARE) -> str:
    """A file of `room`'s `page/`."""
    return (files(room) / "page" / name).read_text("utf-8")


def _policy(style: str, script: str) -> str:
    """Nothing may load; only our own style and script, by their hashes, may run."""
    scripts = f"'{_hash(script)}'" if script else "'none'"
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src {scripts}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
