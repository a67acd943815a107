"""A study asked in sight of the user: the same for every command that asks both models."""

import asyncio

import click

from sprat.errors import RunError
from sprat.runs.store import Store
from sprat.settings import Settings
from sprat.studies.opened import ask_both, open_both
from sprat.studies.plan import ComparePlan
from sprat.studies.resume import is_finished, unfinished


def study_to_resume(store: Store, wanted: str) -> str:
    """The study that `--resume` names: an id, or `latest`.

    Raises:
        RunError: nothing is unfinished, or there is no such study.
    """
    study = unfinished(store) if wanted == "latest" else store.find(wanted)
    if study is None:
        raise RunError("No comparison is unfinished.", fix="See: sprat runs list")
    return study


def ask_in_sight(
    plan: ComparePlan, settings: Settings, store: Store, resume: str | None, command: str
) -> str:
    """Ask what is to be asked, and return the study's id; `command` is how one goes on.

    Raises:
        SystemExit: Ctrl-C (130), after saying how to go on.
    """
    from sprat.cli.live import Live
    from sprat.cli.progress import progress_bar

    if resume is not None and is_finished(store, resume):
        return resume
    live = Live()
    try:
        with progress_bar() as fetching:
            opened = open_both(plan, settings, fetching)
        with live:
            return asyncio.run(ask_both(plan, opened, store, resume=resume, progress=live.show))
    except KeyboardInterrupt as stop:
        study = live.study or resume
        hint = f"Go on with: {command} --resume {study}" if study else "Nothing was asked yet."
        click.echo(f"Stopped. What was done is kept. {hint}", err=True)
        raise SystemExit(130) from stop
