"""One answer, with a session that only writes down what a page would be told."""

import asyncio
from uuid import uuid4

import pytest
from chainlit.context import init_ws_context, local_steps
from chainlit.session import WebsocketSession

from sprat.chat.desk import Desk
from sprat.chat.trail import Trail
from sprat.chat.turn import Answer, shown_text
from sprat.chat.wishes import HYBRID, LARGE, SMALL, Wishes
from sprat.engines.script import Rule, Script
from sprat.engines.scripted import ScriptedEngine
from sprat.engines.stamps import Stamps
from sprat.errors import EngineDied
from sprat.types import ChatRequest, Delta, Message, Reply, Source, Step, Usage

QUESTION = ChatRequest(messages=(Message("user", "Which city?"),))


class Pages:
    """What the page was told, in order."""

    def __init__(self):
        self.events = []
        self.slow = None
        self.begun = asyncio.Event()

    async def emit(self, event, data):
        self.events.append((event, data))
        if event == "stream_start":
            self.begun.set()
        if self.slow is not None and event in {"stream_start", "stream_token"}:
            await self.slow.wait()

    def texts(self, event):
        return [data["output"] for name, data in self.events if name == event]

    def names(self, event):
        return [data["name"] for name, data in self.events if name == event]


@pytest.fixture
async def page():
    told = Pages()
    session = WebsocketSession(
        id=str(uuid4()),
        socket_id=str(uuid4()),
        emit=told.emit,
        emit_call=told.emit,
        user_env={},
        client_type="webapp",
    )
    init_ws_context(session)
    local_steps.set(None)
    return told


class Counting:
    """An engine that counts how many of its answers are under way."""

    name = "counting"
    pids = ()

    def __init__(self, *pieces, error=None, endless=False, steps=(), **reply):
        self.running = self.closed = 0
        self.pieces, self.error, self.endless = pieces, error, endless
        self.steps, self.reply = steps, reply

    async def stream(self, request):
        stamps = Stamps(request)
        stamps.sent()
        self.running += 1
        try:
            for text in self.pieces:
                stamps.piece(Delta(text))
                yield Delta(text)
            if self.endless:
                await asyncio.Event().wait()
            if self.error:
                raise self.error
            yield Reply(
                text="".join(self.pieces),
                finish="stop",
                usage=Usage(1, len(self.pieces)),
                timing=stamps.done(),
                model=self.name,
                steps=self.steps,
                **self.reply,
            )
        finally:
            self.running -= 1
            self.closed += 1


async def answered(engine):
    answer, trail = Answer(), Trail()
    await answer.come(engine, QUESTION, trail)
    await answer.finish(lambda file: None, lambda file: None)
    return answer


async def test_an_answer_streams_and_then_stands_whole(page):
    answer = await answered(Counting("It is ", "Paris."))
    assert page.texts("stream_start") == ["It is "]
    assert page.texts("update_message")[-1].startswith("It is Paris.\n\n*counting · ")
    assert answer.message.metadata == {"said": "It is Paris.", "answered": None}


async def test_stopping_ends_the_engines_work_and_keeps_what_came(page):
    engine = Counting("one ", "two ", endless=True)
    answer, trail = Answer(), Trail()
    task = asyncio.create_task(answer.come(engine, QUESTION, trail))
    await page.begun.wait()
    assert engine.running == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (engine.running, engine.closed) == (0, 1)
    await answer.finish(lambda file: None, lambda file: None)
    assert page.texts("update_message")[-1] == "one two \n\n*Stopped.*"
    assert answer.record(QUESTION)["error"] == "stopped"


async def test_stopping_while_a_slow_page_is_written_to_ends_the_engines_work_too(page):
    page.slow = asyncio.Event()
    engine = Counting("one ", "two ", endless=True)
    answer, trail = Answer(), Trail()
    task = asyncio.create_task(answer.come(engine, QUESTION, trail))
    await page.begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (engine.running, engine.closed) == (0, 1)


async def test_an_engines_error_is_one_line_after_what_came(page):
    await answered(Counting("half ", error=EngineDied("The worker died.", fix="Try again.")))
    said = [data for name, data in page.events if name == "new_message"]
    assert said[-1]["output"] == "The worker died. Try again."
    assert said[-1]["isError"] is True
    assert page.texts("update_message")[-1] == "half "


async def test_any_other_error_is_one_line_too(page):
    await answered(Counting(error=ValueError("first line\nsecond line")))
    assert page.texts("new_message") == ["Something unforeseen happened: first line"]


async def test_an_image_is_never_told_to_the_page(page):
    await answered(Counting("See ![a", "](https://elsewhere.example/x.png)", " here"))
    assert "elsewhere" not in str(page.events)


async def test_steps_that_nobody_watched_are_shown_at_the_end(page):
    steps = (Step(role="draft", engine="small", why="unsure"), Step(role="answer", engine="large"))
    await answered(Counting("x", steps=steps))
    assert page.names("new_message")[:2] == ["Draft by small", "Answer by large"]


async def test_watched_steps_stand_above_the_answer_and_one_that_never_ended_says_so(page):
    answer, trail = Answer(), Trail()

    class Watched(Counting):
        async def stream(self, request):
            trail.watch(Step(role="retrieve", engine="documents"))
            trail.watch(Step(role="retrieve", engine="documents", why="2 passages"))
            trail.watch(Step(role="answer", engine="large"))
            async for piece in super().stream(request):
                yield piece

    await answer.come(Watched("Paris", error=EngineDied("gone")), QUESTION, trail)
    order = [
        (name, data["name"])
        for name, data in page.events
        if name in {"new_message", "stream_start"}
    ]
    assert order[:2] == [("new_message", "Search"), ("new_message", "Answer by large")]
    assert order[2][0] == "stream_start"
    last = [data for name, data in page.events if name == "update_message"][-1]
    assert (last["name"], last["output"], last["isError"]) == ("Answer by large", "Stopped.", True)


def source(number, start, **more):
    return Source(
        file="/docs/a_b.md",
        start=start,
        end=start + 4,
        text="text",
        score=0.5,
        number=number,
        **more,
    )


def reply_with(*sources, answered, text="Yes [2]"):
    stamps = Stamps(QUESTION)
    stamps.sent()
    return Reply(
        text=text,
        finish="stop",
        usage=Usage(1, 1),
        timing=stamps.done(),
        sources=sources,
        answered=answered,
    )


def test_an_answer_lists_what_it_cites_and_nothing_else():
    text = shown_text(reply_with(source(2, 9), source(1, 0), source(None, 20), answered=True))
    assert r"**Sources**" + "\n- [1] a\\_b.md\n- [2] a\\_b.md\n" in text


def test_where_nothing_is_said_the_nearest_passages_are_numbered():
    many = [source(None, start) for start in range(0, 50, 10)]
    text = shown_text(reply_with(*many, answered=False, text="The documents do not say."))
    assert text.startswith("**The documents do not say.**\n\n**The nearest passages**\n- [1]")
    assert "- [3]" in text
    assert "- [4]" not in text


def scripted(name):
    return ScriptedEngine(name, Script(rule=(Rule(text=f"{name} answers"),)))


def test_a_profile_says_who_answers():
    made = []

    def grounds(finder, small, large, wishes, watch):
        made.append((small and small.name, large and large.name, wishes.passages))
        return small or large

    desk = Desk(scripted("s"), scripted("l"), grounds=grounds)
    assert [profile.name for profile in desk.profiles] == [HYBRID, SMALL, LARGE]
    finder, wishes = object(), Wishes(passages=3)
    for profile in (HYBRID, SMALL, LARGE, None, "removed since"):
        desk.engine(profile, wishes, finder, lambda step: None)
    both = ("s", "l", 3)
    assert made == [both, ("s", None, 3), (None, "l", 3), both, both]
    alone = Desk(scripted("s"), grounds=grounds)
    assert [profile.name for profile in alone.profiles] == ["s"]
    assert alone.engine("s", wishes, None, lambda step: None).name == "s"


async def test_without_documents_two_models_share_the_work_by_the_chosen_policy():
    desk = Desk(scripted("s"), scripted("l"), grounds=lambda *given: None)
    shared = desk.policies(HYBRID)
    assert shared == ("cascade", "refine", "fallback")
    assert desk.policies(SMALL) == ()
    for name in (*shared, "", "unknown"):
        pair = desk.engine(HYBRID, Wishes(policy=name), None, lambda step: None)
        assert pair.name == (name if name in shared else "cascade")
        assert pair is desk.engine(HYBRID, Wishes(policy=name), None, lambda step: None)
    assert desk.engine(SMALL, Wishes(), None, lambda step: None).name == "s"
    assert desk.engine(LARGE, Wishes(), None, lambda step: None).name == "l"
