"""From stored studies and assumptions to a `CostForecast`. Nothing is asked or loaded here."""

from collections import Counter
from collections.abc import Sequence

from sprat.cost.assumptions import Assumptions
from sprat.cost.draws import DRAWS, mean_columns, resampled_columns
from sprat.cost.listed import list_date
from sprat.cost.options import Leg, Option, terms_used
from sprat.cost.prices import Prices
from sprat.cost.result import CostForecast, Evidence, Kind
from sprat.errors import RunError
from sprat.runs.store import Store
from sprat.runs.study import Study
from sprat.settings import Settings
from sprat.studies.asked import Asked, asked_of
from sprat.studies.costs.clouds import cloud_option, clouds_of, reference_of
from sprat.studies.costs.hybrids import CloudRate, hybrids_of
from sprat.studies.costs.lines import asked_of_all, lines_of, price_lines, side_lines
from sprat.studies.costs.measured import Side, side_of
from sprat.studies.costs.notes import notes_of, roles_of
from sprat.studies.costs.passed import Passed
from sprat.studies.costs.reckoned import (
    Reckoned,
    Seen,
    cost_of,
    meeting,
    reckon,
)
from sprat.studies.costs.varied import swings_of, utilised, volume_of

_ORDER: dict[Kind, int] = {"small": 0, "model": 1, "large": 2, "hybrid": 3, "cloud": 4}


def costing(
    store: Store,
    ids: Sequence[str],
    settings: Settings,
    assumptions: Assumptions,
    *,
    passed: Passed | None = None,
    seed: int = 0,
    draws: int = DRAWS,
) -> CostForecast:
    """What each way to answer would cost, made of measured answers; `ids` as in `asked_of`.

    `passed`: what a policy passes on to the large model; None: the share that is assumed.

    Raises:
        RunError: no such study, or none of its answers is recorded.
        SettingsError: a cloud that somebody named has no price.
    """
    prices = Prices(settings)
    asked = _asked(store, ids)
    sides = [side_of(one, key, prices) for one, key in zip(asked, _keys(asked), strict=True)]
    reference = reference_of(sides)
    clouds = clouds_of(assumptions, reference)
    hybrids, parts = hybrids_of(sides, clouds, passed, prices)
    options = [*map(_option, sides), *hybrids, *(cloud_option(one, reference) for one in clouds)]
    options.sort(key=lambda option: _ORDER[option.kind])
    every = [*sides, *parts]
    seen = _seen(every, draws, seed)
    reckoned = [reckon(option, assumptions, seen) for option in options]
    return _forecast(
        assumptions,
        reckoned,
        seen,
        studies=tuple(dict.fromkeys(one.study.id for one in asked)),
        store=store,
        sides=[side for side in every if "|" not in side.key],
        clouds=clouds,
    )


def _asked(store: Store, ids: Sequence[str]) -> list[Asked]:
    found = [one for wanted in ids for one in asked_of(store, wanted)]
    unique = {(one.study.id, one.model.role): one for one in found if one.runs}
    if not unique:
        raise RunError(
            f"No answer is recorded in {', '.join(ids)}.", fix="Name a study that was asked."
        )
    return list(unique.values())


def _keys(asked: Sequence[Asked]) -> list[str]:
    """A side's role; with its study where another one has the same."""
    count = Counter(one.model.role for one in asked)
    return [
        one.model.role if count[one.model.role] == 1 else f"{one.study.id}:{one.model.role}"
        for one in asked
    ]


def _option(side: Side) -> Option:
    one = side.measured
    where = "measured here" if one.here else "measured, paid by the token"
    return Option(
        id=side.key,
        name=f"{one.kind}: {one.model}" if one.kind != "model" else one.model,
        kind=one.kind,
        role=one.role,
        legs=(Leg(side=side.key),),
        basis=f"{where}, {one.asked} answer{'' if one.asked == 1 else 's'} of {one.run}",
        right=one.right,
        unpriced=side.unpriced,
    )


def _seen(sides: Sequence[Side], draws: int, seed: int) -> Seen:
    columns = {side.key: side.columns for side in sides}
    groups = {side.key: side.groups for side in sides}
    return Seen(
        base=mean_columns(columns),
        drawn=resampled_columns(columns, groups, draws, seed),
        draws=draws,
        seed=seed,
    )


def _forecast(
    assumed: Assumptions,
    reckoned: Sequence[Reckoned],
    seen: Seen,
    *,
    studies: tuple[str, ...],
    store: Store,
    sides: Sequence[Side],
    clouds: Sequence[CloudRate],
) -> CostForecast:
    rival = min((one for one in reckoned if not one.local), key=_total, default=None)
    rival = rival if rival is not None and rival.base is not None else None
    machines = [one for one in reckoned if one.local]
    swings = [s for one in machines for s in swings_of(one, rival, assumed, seen)]
    options = tuple(map(cost_of, reckoned))
    pairs = [(ours, theirs) for ours in machines for theirs in reckoned if not theirs.local]
    met = (meeting(*pair) for pair in pairs)
    volumes = (volume_of(*pair, assumed, seen) for pair in pairs)
    used = {name for one in reckoned for name in terms_used(one.option, seen.base)}
    recorded = [store.study(study) for study in studies]
    return CostForecast(
        months=assumed.months,
        seed=seen.seed,
        draws=seen.draws,
        prices=list_date() if any(one.origin == "listed" for one in clouds) else "",
        rival=rival.option.id if rival else None,
        runs=tuple(map(_evidence, recorded)),
        measured=tuple(side.measured for side in sides),
        options=options,
        break_evens=tuple(one for one in met if one is not None),
        volumes=tuple(one for one in volumes if one is not None),
        sensitivity=tuple(swings),
        utilisation=tuple(u for one in machines for u in utilised(one, assumed, seen)),
        assumptions=(
            *lines_of(assumed, swings, used, roles_of(sides)),
            *price_lines(clouds),
            *side_lines(sides),
        ),
        asked=asked_of_all(assumed, options),
        clouds_declared=assumed.clouds_declared,
        warnings=notes_of(recorded, sides, assumed, options),
    )


def _total(one: Reckoned) -> float:
    return one.total_usd


def _evidence(study: Study) -> Evidence:
    parts = (study.environment.get("cpu"), study.environment.get("os"))
    return Evidence(
        run=study.id,
        kind=study.kind,
        created=study.created,
        questions=study.questions_name,
        n=len(study.questions),
        models=tuple(model.name for model in study.models),
        machine=", ".join(str(part) for part in parts if part) or "not known",
    )
