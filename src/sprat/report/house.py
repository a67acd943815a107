"""What every page shares: its look, its templates, and what it may load (nothing)."""

import base64
import hashlib
import re
from importlib.resources import files
from typing import Any


def page(
    template: str,
    context: dict[str, Any],
    *,
    styles: tuple[str, ...],
    script: str,
    forms: bool = False,
) -> str:
    """One self-contained page from files in `report/page`; `script` may be empty: none.

    `forms`: whether it may send one to where it came from.
    """
    from jinja2 import Environment, FunctionLoader, StrictUndefined
    from markupsafe import Markup

    from sprat import __version__
    from sprat.report.numbers import counted

    house = Environment(
        loader=FunctionLoader(_read), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    house.filters["counted"] = counted  # pyright: ignore[reportUnknownMemberType]
    style = "".join(_read(name) for name in styles)
    code = _read(script) if script else ""
    return house.get_template(template).render(
        {
            **context,
            "version": __version__,
            "policy": _policy(style, code, forms=forms),
            "style": Markup(style),  # noqa: S704 - our own file
            "script": Markup(code),  # noqa: S704 - our own file
        }
    )


def _read(name: str) -> str:
    return (files("sprat.report") / "page" / name).read_text("utf-8")


def policy_of(html: str) -> str:
    """What a page of ours says that it may load, for the header that says so too."""
    from markupsafe import Markup

    found = _SAID(html)
    return Markup(found[1]).unescape() if found else "default-src 'none'"  # noqa: S704 - not shown


def within(html: str, trail: str) -> str:
    """A page of ours with a line of links, already escaped, above all that it shows."""
    return html.replace("<body>", f"<body>\n{trail}", 1)


_SAID = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">').search


def _policy(style: str, script: str, *, forms: bool) -> str:
    """Nothing may load; only our own style and script, by their hashes, may run."""
    sent = "'self'" if forms else "'none'"
    scripts = f"script-src '{_hash(script)}'; " if script else ""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; {scripts}"
        f"img-src data:; base-uri 'none'; form-action {sent}"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
