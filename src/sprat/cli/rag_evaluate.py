"""`sprat rag evaluate`: how good the answers from documents are."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from sprat.cli.context import settings_of
from sprat.cli.provider import provider_option, with_provider
from sprat.cli.reports import Targets, emit, report_options
from sprat.errors import RunError, UsageError
from sprat.report.forms import form_of
from sprat.runs.store import Store

if TYPE_CHECKING:
    from sprat.settings import Settings
    from sprat.studies.grounded.plan import GroundedPlan
    from sprat.studies.grounded.question import GroundedSet

DEFAULT_PASSAGES = 6
EMBEDDER = "all-minilm-l6-v2"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """The options as typed; None: not typed."""

    questions: str | None
    store: str | None
    small: str | None
    large: str | None
    no_large: bool
    gate: str | None
    passages: int | None
    limit: int | None
    reviewed_only: bool
    judge: str | None
    no_vectors: bool
    max_tokens: int | None
    seed: int | None


@click.command(epilog="Example: sprat rag evaluate --questions questions.jsonl --html answers.html")
@click.option("--questions", metavar="FILE", help="Own JSONL, SQuAD 2.0 JSON, or Ragas' JSONL.")
@click.option("--store", metavar="DIR", help="What `sprat index` wrote [its own place].")
@click.option("--small", metavar="MODEL", help="Answers first [SLM_ALIAS, smollm2-135m].")
@click.option("--large", metavar="MODEL", help="Answers what that one cannot [LLM_ALIAS, qwen…].")
@click.option("--no-large", is_flag=True, help="What the small model cannot answer has no answer.")
@click.option("--gate", metavar="FILE", help="When an answer is good enough [built-in rules].")
@click.option(
    "--passages", type=click.IntRange(1, 50), help=f"Found for a question [{DEFAULT_PASSAGES}]."
)
@click.option("--limit", type=click.IntRange(1), help="Ask only N questions, of both kinds.")
@click.option("--reviewed-only", is_flag=True, help="Leave out what nobody has reviewed.")
@click.option("--judge", metavar="MODEL", help="Have the answers judged by this model, too.")
@click.option("--no-vectors", is_flag=True, help="Find SQuAD's paragraphs by words alone.")
@click.option("--max-tokens", type=click.IntRange(1, 32_768), help="Of an answer [256].")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), help="Order and sampling [0].")
@click.option(
    "--resume",
    metavar="[ID]",
    is_flag=False,
    flag_value="latest",
    help="Go on with an interrupted evaluation: the latest one, or ID.",
)
@provider_option
@report_options
@click.pass_context
def evaluate(
    ctx: click.Context,
    resume: str | None,
    provider: str | None,
    html_file: str | None,
    markdown_file: str | None,
    json_file: str | None,
    **options: Any,  # noqa: ANN401 (click's own, named and typed by `Wanted`)
) -> None:
    """Ask questions whose answers are known, and measure answers, silence, sources and retrieval.

    No judge is needed. Every answer is kept as it comes, so a study that was stopped goes on with
    --resume. Formats and measures: docs/rag-evaluation.md.
    """
    wanted, targets = Wanted(**options), Targets(html_file, markdown_file, json_file)
    targets.check()
    settings = with_provider(settings_of(ctx), provider)
    if wanted.large and wanted.no_large:
        raise UsageError("--large and --no-large exclude each other.", fix="Leave one out.")
    with Store(settings.runs_file, create=resume is None) as store:
        resume = _to_resume(store, resume) if resume else None
        found = _questions(wanted, store, resume)
        plan = _plan(wanted, found, settings, store, resume)
        study = _ask(plan, found, settings, store, resume)
        try:
            form = form_of("grounded")
            emit(form.read(store, study), form, targets)
        finally:  # a full disk or a closed pipe takes the report, not the study
            click.echo(f"Recorded. See it again with: sprat runs report {study}", err=True)


def _to_resume(store: Store, wanted: str) -> str:
    from sprat.studies.grounded.plan import KIND

    if wanted != "latest":
        return store.find(wanted)
    lines = (line for line in store.studies() if line.kind == KIND and line.status != "done")
    found = next((line.id for line in lines), None)
    if found is None:
        raise RunError("No evaluation of documents is unfinished.", fix="See: sprat runs list")
    return found


def _questions(wanted: Wanted, store: Store, resume: str | None) -> "GroundedSet":
    """The file's; of a study to resume the very ones that it was begun with."""
    from sprat.studies.grounded.plan import plan_of
    from sprat.studies.grounded.reading import read_grounded

    if resume is None:
        if wanted.questions is None:
            raise UsageError(
                "There are no questions.",
                fix="Give --questions FILE, or draft some: sprat rag draft --out questions.jsonl",
            )
        return read_grounded(
            _existing(wanted.questions),
            limit=wanted.limit,
            seed=wanted.seed or 0,
            reviewed_only=wanted.reviewed_only,
        )
    before = plan_of(store.study(resume)).options
    return read_grounded(
        _existing(wanted.questions or before["questions_file"]),
        limit=before["limit"] if wanted.limit is None else wanted.limit,
        seed=store.study(resume).settings["seed"],
        reviewed_only=wanted.reviewed_only or before["reviewed_only"],
    )


def _existing(name: str) -> Path:
    path = Path(name).expanduser()
    if not path.is_file():
        raise UsageError(f"There is no file {name!r}.", fix="Check --questions.")
    return path


def _plan(
    wanted: Wanted,
    found: "GroundedSet",
    settings: "Settings",
    store: Store,
    resume: str | None,
) -> "GroundedPlan":
    """Options over what the study was begun with, or over the defaults."""
    from sprat.studies.grounded.plan import GroundedPlan, plan_of
    from sprat.studies.grounded.question import as_question
    from sprat.studies.grounded.study import MAX_TOKENS

    if resume is None:
        options, seed, judge = _fresh_options(wanted, settings), wanted.seed or 0, wanted.judge
    else:
        before = plan_of(store.study(resume))
        options = {**before.options, **_typed(wanted)}
        seed = before.seed if wanted.seed is None else wanted.seed
        judge = wanted.judge or before.judge
    tokens = options["max_tokens"] or MAX_TOKENS
    large = options["large"]
    return GroundedPlan(
        name=f"{options['small']}, then {large}" if large else options["small"],
        questions_name=found.name,
        questions=tuple(as_question(one, tokens) for one in found.questions),
        seed=seed,
        judge=judge,
        options=options,
    )


def _fresh_options(wanted: Wanted, settings: "Settings") -> dict[str, Any]:
    return {
        "small": wanted.small or settings.small,
        "large": None if wanted.no_large else wanted.large or settings.large,
        "gate": _place(wanted.gate),
        "passages": wanted.passages or DEFAULT_PASSAGES,
        "max_tokens": wanted.max_tokens,
        "store": _place(wanted.store),
        "vectors": not wanted.no_vectors,
        "questions_file": str(Path(wanted.questions or "").expanduser().absolute()),
        "limit": wanted.limit,
        "reviewed_only": wanted.reviewed_only,
    }


def _place(name: str | None) -> str | None:
    """A file or folder from wherever the study is resumed; an address as it is."""
    if name is None or ":" in name.removeprefix(Path(name).drive):
        return name
    return str(Path(name).expanduser().absolute())


def _typed(wanted: Wanted) -> dict[str, Any]:
    """What was typed now, by the names of a study; it is refused where it differs."""
    names = ("small", "large", "gate", "passages", "max_tokens", "store", "limit")
    typed = {name: value for name in names if (value := getattr(wanted, name)) is not None}
    places = {name: _place(typed[name]) for name in ("gate", "store") if name in typed}
    return {
        **typed,
        **places,
        **({"large": None} if wanted.no_large else {}),
        **({"vectors": False} if wanted.no_vectors else {}),
        **({"reviewed_only": True} if wanted.reviewed_only else {}),
    }


def _ask(
    plan: "GroundedPlan",
    found: "GroundedSet",
    settings: "Settings",
    store: Store,
    resume: str | None,
) -> str:
    """Ask what is to be asked, in sight of the user, and return the study's id."""
    from sprat.cli.progress import progress_bar
    from sprat.cli.rag_live import RagLive, counting
    from sprat.studies.grounded.opened import open_all, prepare
    from sprat.studies.grounded.study import evaluate as ask_all

    live = RagLive()
    try:
        with counting("Indexing documents") as told:
            ready = asyncio.run(prepare(plan, found.documents, settings, EMBEDDER, told))
        with progress_bar() as fetching:
            opened = open_all(ready.plan, ready.where, settings, fetching)
        with live:
            return asyncio.run(
                ask_all(ready.plan, opened, store, resume=resume, progress=live.show)
            )
    except KeyboardInterrupt as stop:
        study = live.study or resume
        command = f"Go on with: sprat rag evaluate --resume {study}"
        hint = command if study else "Nothing was asked yet."
        click.echo(f"Stopped. What was done is kept. {hint}", err=True)
        raise SystemExit(130) from stop
