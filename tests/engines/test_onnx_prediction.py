"""A prediction changes how long an answer takes, and nothing else; or it is only read."""

from pathlib import Path

import numpy as np
import onnxruntime_genai as og
import pytest
from scipy.special import log_softmax
from tests.engines.test_onnx_loop import PROMPTS, Loop, genai_greedy
from tests.engines.tiny import CONTEXT, build

from sprat.engines.base import ask
from sprat.engines.onnx import OnnxEngine
from sprat.engines.onnx.decoder import Decoder
from sprat.engines.onnx.folder import read_folder
from sprat.engines.onnx.job import Job
from sprat.engines.onnx.predicted import MOST_READ, Predicted
from sprat.engines.onnx.reader import Reader
from sprat.errors import ContextTooLong, UnsupportedRequest
from sprat.models.names import resolve
from sprat.models.ready import ensure
from sprat.settings import Settings
from sprat.types import ChatRequest, Message, Prediction, Reply, ResponseFormat, TokenLogprob

TEXT = "the quick brown fox jumps over the lazy dog"


@pytest.fixture
def loop(tiny: Path) -> Loop:
    return Loop(tiny)


def predicting(loop: Loop, text: str, tokens: list[int], **fields) -> Job:
    """A job with a prediction and, as a worker gives it, the look-back."""
    tolerance, used = fields.pop("tolerance", 0.0), fields.pop("used", True)
    job = loop.job(text, known=[], **{"max_tokens": 120} | fields)
    job.predicted = Predicted(tokens, tolerance=tolerance, used=used)
    return job


def reading(loop: Loop, text: str, tokens: list[int], alternatives: int = 0) -> Job:
    job = loop.job(text)
    job.reader = Reader(tokens, alternatives, loop.vocabulary.text)
    return job


def entries_of(loop: Loop, job: Job) -> list[TokenLogprob]:
    loop.scheduler.add(job)
    entries: list[TokenLogprob] = []
    while not loop.scheduler.idle:
        entries += [e for _, piece in loop.scheduler.step() if piece for e in piece.logprobs]
    return entries


PREDICTIONS = {
    "right": lambda plain: plain,
    "wrong": lambda plain: [(token + 1) % 300 for token in plain],
    "right at first": lambda plain: [*plain[:40], *[9] * 40],
    "right but for some words": lambda plain: [t if i % 17 else 5 for i, t in enumerate(plain)],
    "begun late": lambda plain: plain[11:],
    "with words put in": lambda plain: [*plain[:20], 5, 80, 33, *plain[20:60], 7, *plain[60:]],
    "of one word": lambda plain: plain[:1],
    "longer than the answer": lambda plain: [*plain, *range(60)],
    "twice the answer": lambda plain: [*plain, *plain],
    "longer than the context": lambda plain: plain * 9,
}


@pytest.mark.parametrize("kind", PREDICTIONS)
@pytest.mark.parametrize("text", PROMPTS[:3])
def test_the_answer_is_the_one_without_a_prediction(loop: Loop, text: str, kind: str):
    plain = loop.lone(text, max_tokens=120)
    job = predicting(loop, text, PREDICTIONS[kind](plain))
    loop.finish(job)
    assert job.output == plain
    assert loop.texts[job.id] == loop.texts[0]


@pytest.mark.parametrize("seed", range(12))
def test_however_a_prediction_was_edited_the_answer_and_its_probabilities_stay(
    loop: Loop, seed: int
):
    random = np.random.default_rng(seed)
    text = PROMPTS[seed % len(PROMPTS)]
    fields = {"max_tokens": int(random.integers(1, 90)), "stop": ("e",) if seed % 4 == 0 else ()}
    plain = loop.job(text, logprobs=2, **fields)
    expected = entries_of(loop, plain)
    edited = list(plain.output)
    for _ in range(seed):
        at = int(random.integers(len(edited) + 1))
        edited[at : at + int(random.integers(3))] = random.integers(3, 300, 2).tolist()
    job = predicting(loop, text, edited or [9], logprobs=2, **fields)
    assert entries_of(loop, job) == expected
    assert (job.output, job.finish) == (plain.output, plain.finish)
    assert loop.texts[job.id] == loop.texts[plain.id]


def test_a_right_prediction_is_checked_many_tokens_at_a_time(loop: Loop):
    plain = loop.lone(TEXT, max_tokens=120)
    loop.runs.clear()
    job = predicting(loop, TEXT, plain)
    loop.finish(job)
    assert [count for _, count in loop.runs] == [len(job.prompt) + 4, 9, 17, 32, 32, 25]
    assert (job.done().accepted_tokens, job.done().rejected_tokens) == (120, 0)


def test_after_a_wrong_word_the_answer_comes_back_to_the_prediction(loop: Loop):
    plain = loop.lone(PROMPTS[1], max_tokens=120)
    loop.runs.clear()
    job = predicting(loop, PROMPTS[1], [*plain[:40], 5, *plain[41:]])
    loop.finish(job)
    assert job.output == plain
    assert len(loop.runs) < 24
    assert job.done().rejected_tokens == 1


def test_an_answer_ends_with_its_prediction_where_the_model_ends_it(loop: Loop, tiny: Path):
    """The vendor's generator says where; whatever the prediction says after that is not read."""
    for text in PROMPTS:
        prompt = loop.tokenizer.encode(text)
        theirs, _ = genai_greedy(tiny, prompt, 200)
        whole = [token for token in theirs if token not in loop.folder.end_ids]
        for more in ([], [5, 6, 7]):
            job = predicting(loop, text, [*whole, *more], max_tokens=200, ignore_end=False)
            loop.finish(job)
            assert job.output == whole
            assert job.done().rejected_tokens == len(more)


def test_jobs_with_and_without_predictions_answer_together(tiny: Path):
    for batching in (True, False):
        loop = Loop(tiny, batching=batching)
        lone = [loop.lone(text, max_tokens=50) for text in PROMPTS]
        jobs = [predicting(loop, t, o, max_tokens=50) for t, o in zip(PROMPTS, lone, strict=True)]
        jobs[1], jobs[4] = (loop.job(PROMPTS[i], max_tokens=50) for i in (1, 4))
        jobs[2] = reading(loop, PROMPTS[2], lone[2])
        loop.finish(*jobs)
        lone[2] = []
        assert [job.output for job in jobs] == lone


@pytest.mark.parametrize("batching", [True, False])
def test_a_prediction_keeps_nobody_waiting(tiny: Path, batching: bool):
    """Two long predictions and two short requests after them; none of them is held up."""
    loop = Loop(tiny, batching=batching)
    texts, lengths = PROMPTS[:5], (400, 300, 12, 9, 300)
    lone = [loop.lone(t, max_tokens=n) for t, n in zip(texts, lengths, strict=True)]
    jobs = [loop.job(t, max_tokens=n) for t, n in zip(texts, lengths, strict=True)]
    for at in (0, 1, 4):
        jobs[at].predicted = Predicted(lone[at])
    for job in jobs[:2]:
        loop.scheduler.add(job)
    loop.step()
    loop.step()
    for job in jobs[2:]:
        loop.scheduler.add(job)
    begun: dict[int, int] = {}
    for step in range(100):
        begun |= {job.id: step for job in jobs if job.output and job.id not in begun}
        if jobs[3].finish:
            break
        loop.step()
    following = [job.predicted.following for job in jobs if job.predicted]
    assert following[:2] == [True, True]
    assert begun[jobs[2].id] <= 1 < begun[jobs[3].id] <= 4
    while not loop.scheduler.idle:
        loop.step()
    assert [job.output for job in jobs] == lone
    assert [job.done().rejected_tokens for job in jobs if job.predicted] == [0, 0, 0]


def test_where_guesses_are_not_exact_a_prediction_is_only_counted(loop: Loop):
    plain = loop.lone(TEXT, max_tokens=60)
    loop.runs.clear()
    job = predicting(loop, TEXT, [*plain[:50], 9], used=False, max_tokens=60)
    job.drafts = None
    loop.finish(job)
    assert job.output == plain
    assert len(loop.runs) == 60
    assert (job.done().accepted_tokens, job.done().rejected_tokens) == (50, 1)


# ---- a tolerance ------------------------------------------------------------------------------


def whole_logits(path: Path, tokens: list[int]) -> np.ndarray:
    """The vendor's logits after every token: one prompt after another, each one token longer."""
    model = og.Model(str(path))
    params = og.GeneratorParams(model)
    params.set_search_options(max_length=CONTEXT, do_sample=False)
    generator = og.Generator(model, params)
    rows = []
    for token in tokens:
        generator.append_tokens(np.array([token], np.int32))
        rows.append(np.array(generator.get_logits()).reshape(-1))
    return np.array(rows)


@pytest.mark.parametrize("tolerance", [0.5, 2.0, 6.0, 100.0])
def test_a_tolerant_answer_leaves_the_prediction_at_the_first_token_that_is_too_bad(
    loop: Loop, tiny: Path, tolerance: float
):
    prompt = loop.tokenizer.encode(TEXT)
    plain = loop.lone(TEXT, max_tokens=40)
    predicted = [*plain[:12], 60, *plain[13:25], *range(70, 80)]
    gaps = log_softmax(whole_logits(tiny, [*prompt, *predicted])[len(prompt) - 1 : -1], axis=1)
    worse = [row.max() - row[token] for row, token in zip(gaps, predicted, strict=True)]
    kept = next((i for i, gap in enumerate(worse) if gap > tolerance), len(predicted))
    job = predicting(loop, TEXT, predicted, tolerance=tolerance, max_tokens=60)
    loop.finish(job)
    assert job.output[:kept] == predicted[:kept]
    theirs, _ = genai_greedy(tiny, [*prompt, *predicted[:kept]], 60 - kept)
    assert job.output[kept:][: len(theirs)] == theirs
    assert job.done().accepted_tokens == kept
    if tolerance == 100.0:
        assert kept == len(predicted)


# ---- only read --------------------------------------------------------------------------------


def test_what_is_read_is_as_likely_as_the_vendors_logits_say(loop: Loop, tiny: Path):
    predicted = list(range(40, 140))
    job = reading(loop, TEXT, predicted, alternatives=3)
    loop.finish(job)
    rows = log_softmax(
        whole_logits(tiny, [*job.prompt, *predicted])[len(job.prompt) - 1 : -1].astype(float),
        axis=1,
    )
    done = job.done()
    assert done.read is not None
    for entry, token, row in zip(done.read, predicted, rows, strict=True):
        assert entry.token == loop.vocabulary.text(token)
        assert entry.logprob == pytest.approx(row[token], abs=1e-4)
        assert [v for _, v in entry.top] == pytest.approx(sorted(row)[::-1][:3], abs=1e-4)
    assert (done.input_tokens, done.output_tokens) == (len(job.prompt) + 100, 0)
    assert (done.finish, loop.texts[job.id]) == ("stop", "")


def test_reading_takes_one_pass_and_little_memory(loop: Loop):
    keeps: list[int] = []
    run = loop.decoder.run
    loop.decoder.run = lambda *a, **more: (keeps.append(more.get("keep", 1)), run(*a, **more))[1]
    job = reading(loop, TEXT, list(range(40, 240)))
    loop.finish(job)
    assert sum(count for _, count in loop.runs) == len(job.prompt) + 199
    assert max(keeps) <= 64


def test_an_answer_after_a_read_computes_neither_prompt_nor_draft_again(loop: Loop):
    plain = loop.lone(TEXT, max_tokens=60)
    draft = [*plain[:30], 9, *plain[31:50]]
    loop.finish(reading(loop, TEXT, draft))
    loop.runs.clear()
    job = predicting(loop, TEXT, draft, max_tokens=60)
    loop.finish(job)
    assert job.output == plain
    assert job.cached == len(job.prompt)
    assert sum(count for _, count in loop.runs) < 45
    assert (job.done().accepted_tokens, job.done().rejected_tokens) == (49, 1)


@pytest.mark.parametrize(
    "draft", [lambda p: p, lambda p: [9, *p], lambda p: p[:1], lambda p: [*p[:59], 9]]
)
def test_whatever_was_read_the_answer_is_the_same(loop: Loop, draft):
    plain = loop.lone(TEXT, max_tokens=60)
    for fields in ({}, {"logprobs": 1}, {"stop": ("e",)}, {"max_tokens": 7}):
        expected = loop.job(TEXT, **{"max_tokens": 60} | fields)
        entries = entries_of(loop, expected)
        loop.finish(reading(loop, TEXT, draft(plain)))
        job = predicting(loop, TEXT, draft(plain), **{"max_tokens": 60} | fields)
        assert entries_of(loop, job) == entries
        assert job.output == expected.output
        assert job.cached >= len(job.prompt) - 2


def test_another_prediction_after_a_read_finds_the_prompt(loop: Loop):
    plain = loop.lone(TEXT, max_tokens=60)
    loop.finish(reading(loop, TEXT, plain[:20]))
    job = predicting(loop, TEXT, plain[:30], max_tokens=60)
    loop.finish(job)
    assert (job.output, job.cached) == (plain, len(job.prompt) - 2)
    again = reading(loop, TEXT, plain[:20])
    loop.finish(reading(loop, TEXT, plain[:20]), again)
    assert again.cached == len(again.prompt) - 2
    assert again.done().read == reading_alone(loop, plain[:20])


def reading_alone(loop: Loop, tokens: list[int]) -> tuple[TokenLogprob, ...] | None:
    loop.scheduler.clear()
    job = reading(loop, TEXT, tokens)
    loop.finish(job)
    assert job.cached == 0
    return job.done().read


def test_plain_requests_and_other_prompts_find_nothing_of_a_read(loop: Loop):
    for make in (
        lambda: loop.job(TEXT),
        lambda: predicting(loop, PROMPTS[1], [5, 6]),
        lambda: predicting(loop, "the quick brown fox jumps", [5, 6]),
    ):
        loop.finish(reading(loop, TEXT, [5, 6, 7]))
        job = make()
        loop.finish(job)
        assert job.cached == 0
    loop.finish(reading(loop, TEXT, [5, 6, 7]), loop.job(PROMPTS[2]))
    job = predicting(loop, TEXT, [5, 6, 7])
    loop.finish(job)
    assert job.cached == 0  # another's prompt took the row


def test_a_read_that_is_cancelled_leaves_nothing(loop: Loop):
    plain = loop.lone(TEXT, max_tokens=30)
    job = reading(loop, TEXT, list(range(40, 300)))
    loop.scheduler.add(job)
    loop.step()
    assert not job.finish
    assert loop.scheduler.cancel(job.id) is job
    after = predicting(loop, TEXT, plain, max_tokens=30)
    loop.finish(after)
    assert (after.output, after.cached) == (plain, 0)


def test_where_prefixes_are_reused_a_read_is_found_too(tiny: Path):
    loop = Loop(tiny, reuse_prefix=True)
    plain = loop.lone(TEXT, max_tokens=30)
    read = reading(loop, TEXT, plain)
    loop.finish(read)
    assert read.cached == len(read.prompt) - 2
    job = predicting(loop, TEXT, plain, max_tokens=30)
    loop.finish(job)
    assert (job.output, job.cached) == (plain, len(job.prompt))


# ---- the bits ---------------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [None, 4])
def test_no_number_of_tokens_at_once_changes_a_bit(tmp_path: Path, bits: int | None):
    """Not even one over a block of the attention's queries: 33, 65."""
    decoder = Decoder(read_folder(build(tmp_path, bits=bits)), "cpu", 1)
    decoder.cache.reserve(1, 128, 0)
    tokens = np.arange(70)[None] + 40
    whole = decoder.run(tokens, [0], 0, keep=70)[0]
    for count in (1, 2, MOST_READ + 1, 33, 64, 65):
        some = decoder.run(tokens[:, :count], [0], 0, keep=count)[0]
        assert np.array_equal(some, whole[:count]), count


# ---- through the worker -----------------------------------------------------------------------


def request(prediction: Prediction | None = None, **fields) -> ChatRequest:
    fields = {"messages": (Message("user", TEXT),), "max_tokens": 40} | fields
    return ChatRequest(**fields, prediction=prediction)


async def test_a_prediction_is_text_and_its_tokens_are_counted(local: OnnxEngine):
    plain = await ask(local, request())
    for text in (plain.text, plain.text[:20], "dog " + plain.text, "<|im_end|> no"[11:], " "):
        reply = await ask(local, request(Prediction(text=text)))
        assert (reply.text, reply.finish) == (plain.text, plain.finish)
        usage = reply.usage
        assert usage.output_tokens == plain.usage.output_tokens
        assert usage.accepted_prediction_tokens + usage.rejected_prediction_tokens > 0
    assert plain.usage.accepted_prediction_tokens == plain.usage.rejected_prediction_tokens == 0


async def test_a_read_and_the_answer_after_it(local: OnnxEngine):
    plain = await ask(local, request())
    draft = "the lazy dog rests in the sun"
    read = await ask(local, request(Prediction(text=draft, read_only=True), logprobs=2))
    assert read.read is not None
    assert "".join(entry.token for entry in read.read) == draft
    assert all(len(entry.top) == 2 for entry in read.read)
    assert (read.text, read.finish, read.usage.output_tokens) == ("", "stop", 0)
    assert read.timing.first_token_ns is None
    assert read.usage.input_tokens == plain.usage.input_tokens + len(read.read)
    reply = await ask(local, request(Prediction(text=draft)))
    assert reply.text == plain.text
    assert reply.usage.cached_tokens == reply.usage.input_tokens == plain.usage.input_tokens
    assert (await ask(local, request())).usage.cached_tokens == 0


async def test_a_tolerance_keeps_the_whole_draft_and_goes_on(local: OnnxEngine):
    draft = "the lazy dog rests in the sun"
    reply = await ask(local, request(Prediction(text=draft, tolerance=1000.0)))
    assert reply.text.startswith(draft)
    assert reply.usage.rejected_prediction_tokens == 0


NUDGED = {"presence_penalty": 1.0, "frequency_penalty": 0.5, "logit_bias": {40: 3.0}}


@pytest.mark.parametrize(
    "fields",
    [NUDGED, {"response_format": ResponseFormat("regex", pattern="[a-c ]{20}")}, {"seed": 4},
     {"ignore_end": True}, {"temperature": 1.0, "top_p": 0.0}, {"logprobs": 3}],
)  # fmt: skip
async def test_whatever_else_shapes_a_greedy_answer_a_prediction_leaves_it(
    local: OnnxEngine, fields: dict
):
    plain: Reply = await ask(local, request(**fields))
    for text in (plain.text, plain.text[:9] + "x" + plain.text[10:]):
        reply = await ask(local, request(Prediction(text=text), **fields))
        assert (reply.text, reply.finish, reply.logprobs) == (
            plain.text, plain.finish, plain.logprobs,
        )  # fmt: skip


TOLERANT = Prediction(text="a", tolerance=1.0)
READ = Prediction(text="a", read_only=True)
TOOL = {"type": "function", "function": {"name": "f"}}


@pytest.mark.parametrize(
    ("prediction", "fields", "says"),
    [
        (Prediction(text=""), {}, "prediction is empty"),
        (Prediction(text="<|im_end|>"), {}, "prediction holds no text"),
        (Prediction(text="a", tolerance=-1.0), {}, "tolerance of -1.0"),
        (Prediction(text="a", tolerance=float("nan")), {}, "tolerance of nan"),
        (Prediction(text="a"), {"temperature": 0.5}, "temperature of 0.5"),
        (TOLERANT, {"logit_bias": {5: 1.0}}, "penalties or a logit_bias"),
        (TOLERANT, {"response_format": ResponseFormat("json_object")}, "response_format or tools"),
        (READ, {"tools": (TOOL,), "tool_choice": "required"}, "tool call is required"),
    ],
)
async def test_a_prediction_that_cannot_be_honoured_is_refused(
    local: OnnxEngine, prediction: Prediction, fields: dict, says: str
):
    with pytest.raises(UnsupportedRequest, match=says) as caught:
        await ask(local, request(prediction, **fields))
    assert caught.value.param == "prediction"
    assert "\n" not in str(caught.value)


async def test_too_long_a_draft_cannot_be_read_but_may_be_followed(local: OnnxEngine):
    plain = await ask(local, request())
    with pytest.raises(ContextTooLong, match="the prediction"):
        await ask(local, request(Prediction(text=TEXT * 60, read_only=True)))
    reply = await ask(local, request(Prediction(text=plain.text + TEXT * 60)))
    assert reply.text == plain.text


# ---- the real SmolLM2 -------------------------------------------------------------------------


@pytest.mark.real
@pytest.mark.parametrize("asked", ["Why is the sky blue?", "Count from 1 to 30, with commas."])
async def test_a_real_models_answer_is_the_same_whatever_was_predicted(
    real_settings: Settings, asked: str
):
    folder = ensure(resolve("smollm2-135m", real_settings), real_settings).folder
    engine = OnnxEngine("smollm2-135m", folder)
    fields = {"messages": (Message("user", asked),), "max_tokens": 64}
    try:
        plain = await ask(engine, request(**fields))
        words = plain.text.split(" ")
        edits = [words, words[:9], [*words[:12], "never", *words[13:]], words[3:], [*words, "So"]]
        for edit in edits:
            draft = Prediction(text=" ".join(edit))
            reply = await ask(engine, request(draft, **fields))
            assert reply.text == plain.text
            read = await ask(engine, request(Prediction(text=draft.text, read_only=True), **fields))
            assert read.read is not None
            after = await ask(engine, request(draft, **fields))
            assert after.text == plain.text
            assert after.usage.cached_tokens == after.usage.input_tokens
    finally:
        await engine.aclose()
