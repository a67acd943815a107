"""The comparison as GitHub-flavoured Markdown: pastes well into a pull request."""

from sprat.report import facts
from sprat.report.rows import PATH_COLUMNS, key_rows, kind_cells, path_cells, policies
from sprat.studies.comparison import Comparison

MAX_PROMPT_TEXTS = 20
"""Without a verdict the texts are the result; more than this is for the page."""
MAX_TEXT_CHARS = 2000


def render(comparison: Comparison) -> str:
    """Verdict, key numbers, kinds and warnings; the texts only where nothing was scored."""
    parts = [
        *_opening(comparison),
        _numbers(comparison),
        *_paths(comparison),
        _kinds(comparison),
        _texts(comparison) if comparison.verdict is None else "",
        "\n".join(f"> **Note:** {_line(warning)}" for warning in comparison.warnings),
        _signature(comparison),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _signature(comparison: Comparison) -> str:
    questions = comparison.questions
    return (
        f"<sub>Sprat run `{comparison.run}`, {comparison.created}, {questions.n} questions "
        f"from `{questions.name}`.</sub>"
    )


def _opening(comparison: Comparison) -> list[str]:
    small, large = (side.summary.name for side in facts.sides(comparison))
    head, _ = facts.headline(comparison)
    step = facts.next_step(comparison.verdict)
    unfinished = (
        "" if comparison.complete else "**Not complete:** some questions are still unasked."
    )
    return [
        f"## {head}: {cell(small)} beside {cell(large)}",
        _line(" ".join(part for part in (facts.sentence(comparison), step) if part)),
        unfinished,
    ]


def _numbers(comparison: Comparison) -> str:
    small, large = (side.summary.name for side in facts.sides(comparison))
    rows = [
        (row.label, row.small, row.large, row.compare or "") for row in key_rows(comparison)
    ]  # fmt: skip
    return table_of(("", f"{small} (small)", f"{large} (large)", "small is"), rows, "lrrl")


def _paths(comparison: Comparison) -> list[str]:
    align = "l" + "r" * (len(PATH_COLUMNS) - 1)
    return [
        f"### {cell(model.name)}, by path\n\n"
        + table_of(PATH_COLUMNS, [path_cells(path) for path in model.paths], align)
        for model in policies(comparison)
    ]


def _kinds(comparison: Comparison) -> str:
    if not comparison.kinds or comparison.verdict is None:
        return ""
    rows = [kind_cells(kind) for kind in comparison.kinds]
    names = ("kind", "n", "small", "large", "difference, points", "interval")
    return "### By kind of question\n\n" + table_of(names, rows, "lrrrrr")


def _texts(comparison: Comparison) -> str:
    blocks = ["### The texts"]
    for pair in facts.pairs(comparison)[:MAX_PROMPT_TEXTS]:
        blocks += [f"**{cell(pair.id)}**", _quote(pair.prompt)]
        for side, answer in zip(facts.sides(comparison), (pair.small, pair.large), strict=True):
            said = "" if answer is None else answer.error or answer.text or "(empty)"
            blocks += [f"*{cell(side.summary.name)}*", _fence(said)]
    return "\n\n".join(blocks)


def table_of(names: tuple[str, ...], rows: list[tuple[str, ...]], align: str) -> str:
    """A table; `align` has an l or an r per column."""
    rule = "|".join("---:" if side == "r" else "---" for side in align)
    lines = [" | ".join(map(cell, names)), rule, *(" | ".join(map(cell, row)) for row in rows)]
    return "\n".join(f"| {line} |" if line != rule else f"|{line}|" for line in lines)


def cell(text: str) -> str:
    """Text that cannot break out of a cell, nor become markup."""
    escaped = text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
    return _line(escaped).replace("*", "\\*").replace("_", "\\_").replace("`", "\\`")


def _line(text: str) -> str:
    return " ".join(text.split())


def _quote(text: str) -> str:
    return "\n".join(
        f"> {line}" for line in text[:MAX_TEXT_CHARS].replace("<", "&lt;").splitlines()
    )


def _fence(text: str) -> str:
    """A code block whose fence is longer than any run of backticks inside."""
    cut = text[:MAX_TEXT_CHARS]
    fence = "```"
    while fence in cut:
        fence += "`"
    return f"{fence}text\n{cut}\n{fence}"
