"""Every table of docs/hybrid.md, from the outcome logs in benchmarks/data: no model is needed.

    .venv/bin/python benchmarks/hybrid.py            # print the tables
    .venv/bin/python benchmarks/hybrid.py --write    # into docs/hybrid.md, with the pictures

Each policy is the real one, replayed over the log (`sprat.studies.hybrid`). The confidence that a
question is judged by was learned without it, and without its group: five folds.
"""

import argparse
import asyncio
import gzip
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
from hybrid_policies import LARGE, PAIRS, WAYS, Logged, Tried, tried
from hybrid_tables import certify_table, models_table, policies_table

from sprat.policies.outcomes import read_log
from sprat.report.policy.pictures import HEIGHT
from sprat.report.policy.standalone import standalone, together_picture
from sprat.studies.hybrid.recorded import of_log

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "benchmarks" / "data"
PAGE = ROOT / "docs" / "hybrid.md"
IMAGES = ROOT / "docs" / "images"
SETS = ("squad2", "gsm8k", "everyday")
HOW_TO = (
    "There are no outcome logs in benchmarks/data. Record them (hours), then pack them:\n"
    "  .venv/bin/python benchmarks/outcomes.py --data FOLDER\n"
    "  .venv/bin/python benchmarks/outcomes.py --data FOLDER --pack benchmarks/data"
)


def logs(data: Path) -> dict[str, Logged]:
    """The sets that have been recorded."""
    found: dict[str, Logged] = {}
    for name in SETS:
        file, prompts = data / f"{name}.jsonl.gz", data / f"{name}.prompts.json.gz"
        if file.exists():
            told = json.loads(gzip.decompress(prompts.read_bytes())) if prompts.exists() else {}
            found[name] = Logged(name, of_log(read_log(file)), told)
    return found


DRAWN = ("cascade", "cascade, worth", "pre, worth", "verify, worth")
"""Policies in a picture: more than four are not told apart."""


class Made(NamedTuple):
    """The text of every block, and the pictures."""

    blocks: dict[str, str]
    pictures: dict[str, str]


class Drawing(NamedTuple):
    """One picture."""

    file: str
    title: str
    text: str


def drawing(name: str, pair: tuple[str, str], every: Sequence[Tried]) -> Drawing | None:
    """The curves of some policies of a pair that were learned; None: none was."""
    known = {one.way.name: one.found for one in every if one.found}
    found = {name: known[name] for name in DRAWN if name in known}
    if not found:
        return None
    title = f"{name}: {pair[0]} → {pair[1]}"
    curves = {way: one.curves.policy for way, one in found.items()}
    without_band = {
        way: [msgspec.structs.replace(spot, low=None, high=None) for spot in spots]
        for way, spots in curves.items()
    }
    picture = together_picture(next(iter(found.values())).curves, without_band)
    return Drawing(f"hybrid-{name}-{pair[0]}.svg", title, standalone(picture, HEIGHT, title))


async def made(data: Path = DATA) -> Made:
    """All blocks of all sets that were recorded."""
    blocks: dict[str, str] = {}
    pictures: dict[str, str] = {}
    for name, logged in logs(data).items():
        pairs = {pair: [await tried(logged, pair, way) for way in WAYS] for pair in PAIRS}
        smalls = {pair[0]: every[0] for pair, every in pairs.items()}
        own = await tried(logged, (LARGE, PAIRS[0][0]), WAYS[0])
        parts = [models_table(logged, {**smalls, LARGE: own})]
        for pair, every in pairs.items():
            parts += [f"**{pair[0]} → {pair[1]}**", policies_table(every)]
            if drawn := drawing(name, pair, every):
                pictures[drawn.file] = drawn.text
                parts.append(f"![{drawn.title}: score against seconds](images/{drawn.file})")
        parts += ["**What can be certified** (cascade, 95%)", certify_table(smalls)]
        blocks[name] = "\n\n".join(parts)
    return Made(blocks, pictures)


def filled(page: str, blocks: dict[str, str]) -> str:
    """The page with each marked block as it is now; blocks without data stay as they are."""
    for name, text in blocks.items():
        mark = re.compile(rf"(<!-- begin: {name} -->\n).*?(<!-- end: {name} -->)", re.DOTALL)
        page = mark.sub(lambda found, text=text: f"{found[1]}\n{text}\n\n{found[2]}", page)
    return page


def main() -> int:
    """Print the tables, or write them into the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA, metavar="FOLDER", help="of the logs")
    parser.add_argument("--write", action="store_true", help="into docs/hybrid.md")
    options = parser.parse_args()
    result = asyncio.run(made(options.data))
    if not result.blocks:
        print(HOW_TO)
        return 1
    for name, text in result.blocks.items():
        print(f"## {name}\n\n{text}\n")
    if options.write:
        PAGE.write_text(filled(PAGE.read_text("utf-8"), result.blocks), encoding="utf-8")
        for file, drawn in result.pictures.items():
            (IMAGES / file).write_text(drawn, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
