"""From stored studies to a `Brief`. No model is asked, loaded or measured here."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from sprat.cost.assumptions import Assumptions
from sprat.runs.store import Store
from sprat.runs.study import Study
from sprat.settings import Settings
from sprat.studies.asked import Asked
from sprat.studies.brief.advice import advise
from sprat.studies.brief.also import also_of
from sprat.studies.brief.contest import Field, field_of
from sprat.studies.brief.figures import bench_line, line_of
from sprat.studies.brief.footnotes import Footnotes
from sprat.studies.brief.headline import headline_of, question_of
from sprat.studies.brief.kinds import kind_lines
from sprat.studies.brief.material import Material, gather
from sprat.studies.brief.money import money_of
from sprat.studies.brief.result import Brief, ModelLine, Source
from sprat.studies.brief.risks import risks_of
from sprat.studies.brief.risks_of_studies import machine_of
from sprat.studies.brief.seen import Seen
from sprat.studies.brief.steps import steps_of

DEFAULT_MARGIN = 0.05


class BriefWish(msgspec.Struct, frozen=True, kw_only=True):
    """What a brief is to be about."""

    runs: tuple[str, ...]
    """Studies, as anywhere: an id, the beginning of one, `latest`; `ID:ROLE` for one side."""
    title: str = ""
    margin: float = DEFAULT_MARGIN
    """How much worse is still good enough, where the studies declared nothing."""
    assumptions: Assumptions | None = None
    """Of the cost; None: what `[cost]` of sprat.toml declares."""
    cost_options: tuple[str, ...] = ()
    """Options of `sprat cost` that make these assumptions again: its command is evidence."""


async def brief_of(store: Store, settings: Settings, wish: BriefWish) -> Brief:
    """The page, from the store alone.

    Raises:
        RunError: no such study or side; nothing can be read from any of them.
        SettingsError: assumptions that make no sense.
    """
    material = gather(store, wish.runs)
    notes = Footnotes()
    field = field_of(material, wish.margin)
    headline = headline_of(field, material, notes)
    lines = _lines(field, material, notes)
    kinds, kinds_mark = kind_lines(field.contest, notes)
    advice = await advise(field, store, settings, notes)
    also = also_of(material, notes)
    money = await money_of(material, field, settings, wish, advice, notes)
    seen = Seen(material, field, advice, lines, money, notes)
    risks, more = risks_of(seen)
    question = question_of(field, material)
    return Brief(
        title=wish.title or question,
        question=question,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        headline=headline,
        advice=advice,
        models=lines,
        kinds=kinds,
        kinds_mark=kinds_mark,
        also=also,
        risks=risks,
        more_risks=more,
        money=money,
        steps=steps_of(seen),
        evidence=notes.all,
        sources=tuple(_source(study, material) for study in material.studies),
        ignored=material.ignored,
    )


def _lines(field: Field, material: Material, notes: Footnotes) -> tuple[ModelLine, ...]:
    """The models that answered; if none did, those of the benchmarks."""
    if field.models:
        return tuple(
            line_of(_studies_of(one.key, one.study.id, material), material.benches, notes)
            for one in field.models
        )
    return tuple(
        bench_line(bench, side, notes) for bench in material.benches for side in bench.sides
    )


def _studies_of(key: str, first: str, material: Material) -> Sequence[Asked]:
    """All studies of one model, the one that the verdict is from first."""
    mine = [one for one in material.asked if one.key == key]
    return sorted(mine, key=lambda one: (one.study.id != first, -len(one.runs)))


def _source(study: Study, material: Material) -> Source:
    return Source(
        run=study.id,
        kind=study.kind,
        created=study.created,
        models=tuple(dict.fromkeys(model.name for model in study.models)),
        questions=study.questions_name,
        n=len(study.questions),
        machine=machine_of(study),
        warnings=material.warnings_of(study),
        command=f"sprat runs report {study.id}",
    )
