"""From names to studies: models and judge opened, asked, measured, closed."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from sprat.questions.rubric import Rubric
from sprat.runs.store import Store
from sprat.runs.study import JUDGE, Study, StudyModel
from sprat.settings import Settings
from sprat.studies.evaluation.judged import have_judged
from sprat.studies.evaluation.plan import EvaluatePlan, Judging
from sprat.studies.evaluation.study import Event, Judge, Opened, Progress
from sprat.studies.judging.family import refuse_same_family
from sprat.studies.judging.opened import Choice, choice_of, measured, open_judge
from sprat.studies.judging.plan import JudgePlan
from sprat.studies.judging.standing import standing_of
from sprat.studies.judging.study import Event as JudgeEvent
from sprat.studies.judging.study import measure_judge

if TYPE_CHECKING:
    from sprat.models.progress import Progress as Fetching


def open_model(name: str, settings: Settings, fetching: "Fetching | None" = None) -> Opened:
    """Find, fetch and export the model; blocks.

    Raises:
        UnknownModel: no model of that name.
        UsageError: a model that does not answer.
        ModelError: weights could not be fetched, verified, read or exported.
    """
    from sprat.cost import Prices
    from sprat.door import open_engine
    from sprat.door.identity import identity
    from sprat.measure.environment import describe_environment
    from sprat.models.names import resolve_answering

    resolve_answering(name, settings)
    machine = describe_environment(providers=False)
    engine = open_engine(name, settings, progress=fetching)
    prices = Prices(settings)
    machine["prices"] = {name: prices.basis(name)}
    return Opened(engine, identity(name, settings), machine, prices)


class OpenJudge(NamedTuple):
    """A judge that may grade, and how it is opened: anew for each model, which needs its memory."""

    judging: Judging
    rubric: Rubric
    rubric_file: str | None
    settings: Settings

    def refuse(self, model: str, its: Mapping[str, Any]) -> None:
        """Before anything is asked.

        Raises:
            UsageError: judge and judged are of one family, and that was not allowed.
        """
        from sprat.door.identity import identity

        name = self.judging.model
        own = identity(name, self.settings)
        allowed = self.judging.same_family
        refuse_same_family((name, own), [(model, its)], allowed=allowed)

    async def measure(self, store: Store, show: Callable[[JudgeEvent], None]) -> None:
        """Measure it against graded answers, if that was never done with this very one."""
        name = self.judging.model
        opened = open_judge(name, self.settings)
        if standing_of(store, opened.identity, self.rubric) is not None:
            await opened.engine.aclose()
            return
        begun = _begun(store, opened.identity, self.rubric)
        choice = Choice(judge=name, rubric_file=self.rubric_file)
        if begun is not None:  # with its own answers and seed, whatever is built in today
            choice = msgspec.structs.replace(choice_of(begun), rubric_file=self.rubric_file)
        await measure_judge(
            measured(choice, begun), opened.engine, store, identity=opened.identity,
            environment=opened.environment, progress=show, resume=begun.id if begun else None,
        )  # fmt: skip

    def grading(self, plan: EvaluatePlan) -> Judge:
        """What grades the answers of a study."""

        async def grade(store: Store, study: str, show: Progress) -> None:
            def told(done: int, total: int, error: str | None) -> None:
                show(
                    Event(
                        what="judged", model=self.judging.model, study=study, done=done,
                        total=total, error=error,
                    )
                )  # fmt: skip

            opened = open_judge(self.judging.model, self.settings)
            who = StudyModel(role=JUDGE, name=self.judging.model, identity=opened.identity)
            how = JudgePlan(rubric=self.rubric, seed=plan.seed, command="sprat evaluate")
            try:
                await have_judged(store, study, who, opened.engine, how, self.judging.against, told)
            finally:
                await opened.engine.aclose()

        return grade


def _begun(store: Store, identity: dict[str, object], rubric: Rubric) -> Study | None:
    """A measurement of this very judge that was stopped: it goes on."""
    for line in store.studies():
        if line.kind != "judge" or line.status == "done":
            continue
        study = store.study(line.id)
        same = any(m.role == JUDGE and m.identity == identity for m in study.models)
        chosen = any(name in study.settings for name in ("answers_file", "limit"))
        if same and not chosen and study.settings.get("rubric_sha256") == rubric.sha256:
            return study
    return None
