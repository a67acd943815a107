"""What `sprat calibrate` was told, and what of it is refused before anybody is asked."""

import asyncio
from pathlib import Path
from typing import Literal

import msgspec

from sprat.cli.compare import Wanted, resumed_plan
from sprat.errors import RunError, UsageError
from sprat.runs.study import Study
from sprat.settings import Settings
from sprat.studies.plan import ComparePlan, plan_of, refuse_difference


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """The options as typed; None: not typed."""

    small: str | None
    large: str | None
    questions: str | None
    limit: int | None
    kind: Literal["cascade", "verify"]
    mode: Literal["buffer", "pre", "probe"]
    probe_tokens: int
    target_error: float | None
    budget: float | None
    delta: float | None
    seed: int | None
    name: str | None
    out: str | None
    sources: tuple[str, ...]
    self_check: bool
    sample: bool
    force: bool
    replace: bool
    resume: str | None


def name_for(typed: Typed, small: str, large: str) -> str:
    """What the policy is called."""
    from sprat.studies.hybrid.wish import name_of

    return typed.name or (Path(typed.out).stem if typed.out else name_of(small, large))


def path_for(typed: Typed, name: str, settings: Settings) -> Path:
    """Where it is written."""
    return Path(typed.out) if typed.out else settings.policies_dir / f"{name}.json"


def refuse_name(typed: Typed, small: str, large: str, settings: Settings) -> None:
    """Refuse a name that no policy can have, and one that another policy has.

    Raises:
        PolicyError: it is no name.
        UsageError: there is a file already.
    """
    from sprat.policies.file import check_name

    name = name_for(typed, small, large)
    check_name(name)
    path = path_for(typed, name, settings)
    if path.exists() and not typed.replace:
        raise UsageError(
            f"There is a policy at {path} already.", fix="Give another --name, or --replace."
        )


def refuse_beforehand(typed: Typed, plan: ComparePlan, settings: Settings) -> None:
    """Refuse what cannot end well before hours are spent on answers.

    Raises:
        SpratError: the name, too few questions, or a large model that reads no drafts.
    """
    from sprat.studies.hybrid.beside import refuse_unreading
    from sprat.studies.hybrid.parts import refuse_too_few

    refuse_name(typed, plan.small, plan.large, settings)
    refuse_too_few(plan.questions, plan.seed)
    if typed.kind == "verify":
        asyncio.run(refuse_unreading(plan.large, plan.questions[0], settings))


def gone_on(typed: Typed, study: Study) -> ComparePlan:
    """The plan as it began, with what was typed laid over it.

    Raises:
        RunError: it differs, or the study keeps no log-probabilities.
    """
    before = plan_of(study)
    if before.logprobs is None:
        raise RunError(
            f"{study.id} keeps no log-probabilities.", fix="Start anew without --resume."
        )
    wanted = Wanted(
        small=typed.small,
        large=typed.large,
        questions=typed.questions,
        limit=typed.limit,
        seed=typed.seed,
        prompt=None,
        margin=None,
        kinds=None,
        languages=None,
    )
    plan = resumed_plan(wanted, before)
    refuse_difference(study, plan)
    return plan


def again(typed: Typed, study: str) -> str:
    """How to calibrate again. What is asked besides is not recorded, so it takes the models."""
    asked = [
        f"--kind {typed.kind}" if typed.kind != "cascade" else "",
        "--self-check" if typed.self_check else "",
        "--sample" if typed.sample else "",
    ]
    more = " ".join(option for option in asked if option)
    return f"sprat calibrate --resume {study} {more}" if more else f"sprat calibrate --from {study}"
