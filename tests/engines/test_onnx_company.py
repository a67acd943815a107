"""Whatever else goes on, who stays gets the answer that he would have got alone."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.engines.test_onnx_loop import PROMPTS, Loop

from sprat.engines.onnx import scheduler
from sprat.engines.onnx.drafts import Drafts
from sprat.engines.onnx.pace import Pace
from sprat.engines.onnx.predicted import Predicted
from sprat.engines.onnx.reader import Reader

if TYPE_CHECKING:
    from sprat.engines.onnx.job import Job

TEXTS = [*PROMPTS, PROMPTS[1] + " and more", PROMPTS[1] + " and then"]
KINDS = ["plain", "looks back", "right", "edited", "tolerant", "read", "read before"]


class Company:
    """Requests of every kind that come, are interrupted and leave at any moment."""

    def __init__(self, loop: Loop, lone: Loop, seed: int) -> None:
        self.loop, self.lone = loop, lone
        self.random = np.random.default_rng(seed)
        self.plain = [lone.lone(text, max_tokens=80) for text in TEXTS]
        self.jobs: list[tuple[Job, Job]] = []
        """Each with the one that is asked the same, alone."""
        self.read: tuple[int, list[int]] = (0, [9])

    def likely(self, chance: float) -> bool:
        return bool(self.random.random() < chance)

    def draft(self, plain: list[int], edits: int) -> list[int]:
        draft = plain[: int(self.random.integers(1, 80))]
        for _ in range(edits):
            at = int(self.random.integers(len(draft) + 1))
            draft[at : at + int(self.random.integers(3))] = self.random.integers(3, 300, 2).tolist()
        return draft

    def come(self) -> None:
        kind, at = str(self.random.choice(KINDS)), int(self.random.integers(len(TEXTS)))
        draft = self.draft(self.plain[at], 0 if kind == "right" else int(self.random.integers(4)))
        if kind == "read before":
            at, draft = self.read
        if kind == "read":
            self.read = at, draft
        fields = {"max_tokens": int(self.random.integers(1, 120)), "logprobs": None}
        if self.likely(0.2):
            fields["logprobs"] = 1
        if self.likely(0.1):
            fields["stop"] = ("e",)
        pair = [loop.job(TEXTS[at], **fields) for loop in (self.loop, self.lone)]
        for job in pair:
            if kind == "read":
                job.reader = Reader(draft, 2, self.loop.vocabulary.text)
            if kind == "tolerant":
                job.predicted = Predicted(draft, tolerance=2.0)
        if kind in {"right", "edited", "read before"}:
            pair[0].predicted = Predicted(draft)
        if kind not in {"plain", "read"}:
            pair[0].drafts = Drafts(pair[0].prompt)
        self.loop.scheduler.add(pair[0])
        self.jobs.append((pair[0], pair[1]))

    def leave(self) -> None:
        at = int(self.random.integers(len(self.jobs)))
        self.go(self.jobs[at][0].id)

    def go(self, number: int) -> None:
        """Leave, unless there is an answer already."""
        if self.loop.scheduler.cancel(number):
            self.jobs = [(job, lone) for job, lone in self.jobs if job.id != number]

    def interrupted(self) -> None:
        """A step, and somebody leaves while his prompt is computed."""
        run, whose = self.loop.decoder.run, list[int]()

        def stopping(*args, **more):
            if "stop" in more:
                for job, _ in self.jobs:
                    self.loop.scheduler.interrupt(job.id)
                    if more["stop"].wanted and not whose:
                        whose.append(job.id)
            return run(*args, **more)

        self.loop.decoder.run = stopping
        self.loop.step()
        self.loop.decoder.run = run
        for number in whose:
            self.go(number)

    def some_time(self) -> None:
        for _ in range(60):
            if self.likely(0.3):
                self.come()
            if self.jobs and self.likely(0.05):
                self.leave()
            if self.likely(0.05):
                self.interrupted()
            self.loop.step()
        while not self.loop.scheduler.idle:
            self.loop.step()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("batching", [True, False])
@pytest.mark.parametrize("reuse_prefix", [True, False])
def test_in_any_company_everybody_gets_his_own_answer(
    tiny: Path, monkeypatch, seed: int, batching: bool, reuse_prefix: bool
):
    """A cache that starts small grows and moves meanwhile; small pieces of prompts mix."""
    monkeypatch.setattr(scheduler, "GROW_TOKENS", 8)
    loop, lone = Loop(tiny, batching=batching, reuse_prefix=reuse_prefix), Loop(tiny)
    loop.scheduler.pace = Pace(16, 16)
    company = Company(loop, lone, seed)
    company.some_time()
    assert len(company.jobs) > 8
    for job, alone in company.jobs:
        lone.scheduler.clear()
        lone.finish(alone)
        assert (job.output, job.finish) == (alone.output, alone.finish)
        assert loop.texts[job.id] == lone.texts[alone.id]
        if job.reader and alone.reader:
            assert job.reader.choices == alone.reader.choices
