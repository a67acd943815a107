"""The brief as GitHub-flavoured Markdown, its evidence as footnotes."""

import re

from sprat.report.brief import money, words
from sprat.report.markdown import cell, table_of
from sprat.studies.brief.result import Brief, Evidence, Said


def render(brief: Brief) -> str:
    """The same sentences and figures as on the page."""
    parts = [
        *_opening(brief),
        "### The figures",
        _figures(brief),
        "\n".join(f"- {_said(said)}" for said in brief.also),
        *_kinds(brief),
        "### The risks, the heaviest first",
        _risks(brief),
        "### The cost",
        _options(brief),
        "\n".join(f"- {_said(said)}" for said in money.sentences(brief))
        or "Nothing in these studies can be priced.",
        "### What to do next",
        "\n".join(f"{n}. {cell(s.why)}: {_code(s.command)}" for n, s in enumerate(brief.steps, 1)),
        "### Evidence",
        *_rest(brief),
        "\n".join(_note(one) for one in brief.evidence),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _opening(brief: Brief) -> list[str]:
    head, _ = words.decision(brief)
    asks = brief.question if brief.question != brief.title else ""
    return [
        f"## {cell(brief.title)}",
        cell(asks),
        f"**{head}.** {_said(brief.headline.said)}",
        f"**Recommended: {cell(brief.advice.head)}.** "
        + " ".join(_said(said) for said in brief.advice.why),
        f"<sub>{cell(words.when(brief))} · {cell(words.about(brief))}</sub>",
    ]


def _figures(brief: Brief) -> str:
    head = ("", *(line.name for line in brief.models))
    found = words.rows(brief, brief.models)
    rows = [(row.label, *(_joined(one) for one in row.cells)) for row in found]
    # Cells are escaped by the table; its footnotes must not be, so they are put in after.
    table = table_of(head, rows, "l" * len(head))
    return _with_marks(table, brief)


def _joined(one: words.Cell) -> str:
    marks = "".join(f"\x00{mark}\x00" for mark in one.marks)
    return f"{one.main} {one.more}".strip() + marks


def _with_marks(table: str, brief: Brief) -> str:
    for one in brief.evidence:
        table = table.replace(f"\x00{one.number}\x00", f"[^{one.number}]")
    return table


def _kinds(brief: Brief) -> list[str]:
    if not brief.kinds:
        return []
    names = ("kind", "n", brief.headline.small, brief.headline.large, "")
    mark = "" if brief.kinds_mark is None else f"[^{brief.kinds_mark}]"
    return [
        f"### By kind of question{mark}",
        table_of(names, list(words.kind_rows(brief)), "lrrrl"),
        words.kinds_note(brief),
    ]


def _options(brief: Brief) -> str:
    found = money.option_rows(brief)
    return table_of(money.option_columns(brief), list(found), "lrr") if found else ""


def _risks(brief: Brief) -> str:
    lines = [f"{n}. {_said(Said(risk.text, risk.marks))}" for n, risk in enumerate(brief.risks, 1)]
    return "\n".join(lines) or words.NO_RISK


def _rest(brief: Brief) -> list[str]:
    less = [f"- {_said(Said(risk.text, risk.marks))}" for risk in brief.more_risks]
    warned = [
        f"- `{source.run}` ({source.kind}, {cell(source.machine)}): "
        + cell(" ".join(source.warnings))
        for source in brief.sources
        if source.warnings
    ]
    ignored = [f"- {cell(line)}" for line in brief.ignored]
    return [
        "Risks that weigh less:\n\n" + "\n".join(less) if less else "",
        "The studies' own warnings:\n\n" + "\n".join(warned) if warned else "",
        "\n".join(ignored),
    ]


def _said(said: Said) -> str:
    return cell(said.text) + "".join(f"[^{mark}]" for mark in said.marks)


def _note(one: Evidence) -> str:
    n = "" if one.n is None else f" n {one.n:,}."
    where = f"run `{one.run}`: " if one.run else ""
    command = f" {_code(one.command)}" if one.command else ""
    return f"[^{one.number}]: {cell(one.what)}, {where}{cell(one.how)}.{n}{command}"


def _code(text: str) -> str:
    """A code span that the text cannot close."""
    longest = max((len(ticks) for ticks in re.findall("`+", text)), default=0)
    fence, room = "`" * (longest + 1), " " if longest else ""
    return f"{fence}{room}{' '.join(text.split())}{room}{fence}"
