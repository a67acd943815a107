"""docs/serve.md, held against the types and the errors of the source."""

import re
from pathlib import Path

import msgspec
import pytest

from sprat.serve import problem
from sprat.serve.reference.openapi import STATUSES
from sprat.serve.routes import ROUTES
from sprat.settings import ServeSettings

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "serve.md").read_text("utf-8")
CODE = re.compile(r'code="([a-z_]+)"|"(rate_limit_exceeded|overloaded|refused_by_endpoint)"')


def row(start: str) -> str:
    """The line of a table that begins so."""
    return next(line for line in PAGE.splitlines() if line.startswith(f"| `{start}`"))


def rows_of(heading: str) -> list[str]:
    part = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    return [line for line in part.splitlines() if re.match(r"\| \d", line)]


@pytest.mark.parametrize(
    "path", ["/v1/chat/completions", "/v1/completions", "/v1/responses", "/v1/embeddings"]
)
def test_the_table_of_parameters_names_every_field_once(path: str):
    body = next(route.body for route in ROUTES if route.path == path)
    fields = {field.encode_name for field in msgspec.structs.fields(body)}
    told = set(re.findall(r"`([a-z_]+)`", row(path)))
    assert told == fields


def test_the_table_of_errors_names_every_code_and_status():
    sources = (ROOT / "src" / "sprat" / "serve").rglob("*.py")
    found = {a or b for file in sources for a, b in CODE.findall(file.read_text("utf-8"))}
    found |= {code for _, _, code, _ in problem._KNOWN} | {"unforeseen"}
    rows = rows_of("Errors")
    assert set(re.findall(r"`([a-z_]+)`", " ".join(line.split("|")[2] for line in rows))) == found
    statuses = {int(one) for line in rows for one in re.findall(r"\d+", line.split("|")[1])}
    of_files = {206, 304, 416}
    assert statuses == set(STATUSES) - {200} - of_files


def test_the_table_of_limits_has_the_defaults_that_are_set():
    part = PAGE.split("## Limits\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`.+?) \| (.+?) \|", part, re.MULTILINE)
    units = {"": 1, "s": 1, "MiB": 2**20}
    told = {
        name.strip("`"): float(number) * units[unit]
        for names, values in rows
        for name, (number, unit) in zip(
            names.split(", "), re.findall(r"(\d+) ?([A-Za-z]*)", values), strict=True
        )
    }
    ours = ServeSettings()
    assert told == {name: getattr(ours, name) for name in told}
    assert len(told) > 8
