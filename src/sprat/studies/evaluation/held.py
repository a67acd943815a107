"""What an evaluation was held against, kept with it: its report says the same when made again."""

from typing import NamedTuple

import msgspec

from sprat.errors import RunError
from sprat.runs.store import Store
from sprat.runs.study import Study
from sprat.studies.asked import Asked, one_of

SETTING = "held_against"


class Held(NamedTuple):
    """A baseline, and how rarely chance alone may call a change."""

    baseline: Asked
    significance: float


class _Kept(msgspec.Struct, frozen=True):
    baseline: str
    """RUN:ROLE"""
    significance: float


def hold_against(store: Store, study_id: str, held: Held) -> None:
    """Keep it with the study, in place of an earlier one."""
    before = held.baseline
    kept = _Kept(f"{before.study.id}:{before.model.role}", held.significance)
    settings = store.study(study_id).settings
    store.put_settings(study_id, {**settings, SETTING: msgspec.to_builtins(kept)})


def held_against(store: Store, study: Study) -> Held | None:
    """None: against nothing, or its baseline is not in this store any more."""
    if (setting := study.settings.get(SETTING)) is None:
        return None
    kept = msgspec.convert(setting, _Kept)
    try:
        return Held(one_of(store, kept.baseline), kept.significance)
    except RunError:
        return None
