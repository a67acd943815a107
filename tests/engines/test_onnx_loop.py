"""The decode loop inside the worker, in this process: what it computes, checked from outside."""

import shutil
from pathlib import Path

import numpy as np
import onnx
import onnxruntime_genai as og
import pytest
from onnx import TensorProto, numpy_helper
from scipy.special import log_softmax
from tests.engines.tiny import CONTEXT
from tokenizers import Tokenizer as Oracle

from sprat.engines.onnx.decoder import Decoder, Stop, Stopped
from sprat.engines.onnx.drafts import Drafts
from sprat.engines.onnx.folder import Folder, read_folder
from sprat.engines.onnx.job import Job
from sprat.engines.onnx.pace import Pace
from sprat.engines.onnx.scheduler import Scheduler
from sprat.engines.onnx.tokens import Tokenizer
from sprat.engines.onnx.vocabulary import Vocabulary, read_vocabulary
from sprat.engines.onnx.wire import Ask
from sprat.models.names import resolve
from sprat.models.ready import ensure
from sprat.models.template import read_template
from sprat.settings import Settings
from sprat.types import ChatRequest, Message, TokenLogprob

PROMPTS = [
    "the quick brown fox",
    "jumps over the lazy dog and then it rests in the sun",
    "é😀 and more",
    "rests " * 20,
    "a",
    "0123456789 " * 6,
]


class Loop:
    """Everything of the worker but the process."""

    def __init__(self, path: Path, **options) -> None:
        self.folder: Folder = read_folder(path)
        self.decoder = Decoder(self.folder, "cpu", 1)
        self.tokenizer = Tokenizer(self.folder)
        self.vocabulary: Vocabulary = read_vocabulary(path)
        self.scheduler = Scheduler(
            self.decoder, **{"batching": True, "reuse_prefix": False} | options
        )
        self.texts: dict[int, str] = {}
        self.runs: list[tuple[int, int]] = []
        run = self.decoder.run

        def counted(tokens, *rest, **more):
            self.runs.append(tokens.shape)
            return run(tokens, *rest, **more)

        self.decoder.run = counted

    def job(self, text: str, *, known: list[int] | None = None, **fields) -> Job:
        fields = {"max_tokens": 40, "ignore_end": True} | fields
        request = ChatRequest(messages=(Message("user", text),), **fields)
        prompt = self.tokenizer.encode(text)
        ask = Ask(len(self.texts), request)
        most = min(request.max_tokens, self.folder.context_tokens - len(prompt))
        job = Job(ask, prompt, most, self.vocabulary, self.folder.end_ids)
        job.drafts = None if known is None else Drafts([*known, *prompt])
        self.texts[job.id] = ""
        return job

    def finish(self, *jobs: Job) -> None:
        for job in jobs:
            self.scheduler.add(job)
        while not self.scheduler.idle:
            self.step()

    def step(self) -> None:
        for job, piece in self.scheduler.step():
            self.texts[job.id] += piece.text if piece else ""

    def lone(self, text: str, **fields) -> list[int]:
        job = self.job(text, **fields)
        self.finish(job)
        return job.output


@pytest.fixture
def loop(tiny: Path) -> Loop:
    return Loop(tiny)


def genai_greedy(path: Path, prompt: list[int], count: int) -> tuple[list[int], list[np.ndarray]]:
    """What ONNX Runtime GenAI's own generator makes of the same folder."""
    model = og.Model(str(path))
    params = og.GeneratorParams(model)
    params.set_search_options(max_length=CONTEXT, do_sample=False)
    generator = og.Generator(model, params)
    generator.append_tokens(np.array(prompt, np.int32))
    tokens, logits = [], []
    while not generator.is_done() and len(tokens) < count:
        logits.append(np.array(generator.get_logits()).reshape(-1))
        generator.generate_next_token()
        tokens.append(int(generator.get_next_tokens()[0]))
    return tokens, logits


@pytest.mark.parametrize("text", PROMPTS)
def test_greedy_tokens_are_those_of_the_vendors_generator(loop: Loop, tiny: Path, text: str):
    mine = loop.job(text, ignore_end=False)
    loop.finish(mine)
    theirs, _ = genai_greedy(tiny, mine.prompt, 40)
    assert mine.output == [t for t in theirs if t not in loop.folder.end_ids]


def test_log_probabilities_are_the_softmax_of_the_vendors_logits(loop: Loop, tiny: Path):
    job = loop.job(PROMPTS[0], max_tokens=6, logprobs=2)
    loop.scheduler.add(job)
    entries = []
    while not loop.scheduler.idle:
        entries += [e for _, piece in loop.scheduler.step() if piece for e in piece.logprobs]
    tokens, logits = genai_greedy(tiny, job.prompt, 6)
    for entry, token, row in zip(entries, tokens, logits, strict=True):
        oracle = log_softmax(row.astype(np.float64))
        assert entry.logprob == pytest.approx(oracle[token], abs=1e-4)
        assert [v for _, v in entry.top] == pytest.approx(sorted(oracle)[::-1][:2], abs=1e-4)


@pytest.mark.parametrize("text", PROMPTS)
def test_right_guesses_save_runs_and_change_nothing(loop: Loop, text: str):
    """As when a passage is quoted: what comes was read before."""
    plain = loop.lone(text, max_tokens=120)
    loop.runs.clear()
    assert loop.lone(text, known=plain, max_tokens=120) == plain
    assert len(loop.runs) < 40


def entries_of(loop: Loop, text: str, **fields) -> list[TokenLogprob]:
    job = loop.job(text, max_tokens=120, logprobs=3, **fields)
    loop.scheduler.add(job)
    entries: list[TokenLogprob] = []
    while not loop.scheduler.idle:
        entries += [e for _, piece in loop.scheduler.step() if piece for e in piece.logprobs]
    assert len(entries) == len(job.output)
    return entries


@pytest.mark.parametrize("stop", [(), ("e",)])
def test_guesses_do_not_change_the_log_probabilities_nor_their_number(
    loop: Loop, stop: tuple[str, ...]
):
    plain = entries_of(loop, PROMPTS[0], stop=stop)
    loop.runs.clear()
    known = loop.lone(PROMPTS[0], max_tokens=120)
    assert entries_of(loop, PROMPTS[0], stop=stop, known=known) == plain


@pytest.mark.parametrize("text", PROMPTS)
def test_wrong_guesses_change_nothing(loop: Loop, text: str):
    """Every guess goes wrong after two tokens."""
    plain = loop.lone(text, max_tokens=120)
    wrong = [token if i % 6 < 5 else 7 for i, token in enumerate(plain)]
    loop.runs.clear()
    assert loop.lone(text, known=wrong, max_tokens=120) == plain
    assert any(count > 1 for _, count in loop.runs[1:])


def test_logits_have_the_same_bits_alone_and_among_others(loop: Loop):
    """What makes guessing safe: one run of five tokens equals five runs of one."""
    prompt, more = loop.tokenizer.encode(PROMPTS[1]), [5, 80, 33, 7, 120]
    loop.decoder.cache.reserve(1, 128, 0)
    loop.decoder.run(np.array([prompt]), [0], 0)
    together = loop.decoder.run(np.array([more]), [len(prompt)], 0, keep=5)[0]
    for place, token in enumerate(more):
        alone = loop.decoder.run(np.array([[token]]), [len(prompt) + place], 0)[0, 0]
        assert np.array_equal(alone, together[place])


def test_a_prompt_read_in_pieces_gives_the_same_answer(loop: Loop):
    whole = loop.lone(PROMPTS[5])
    loop.scheduler.pace = Pace(7, 7)
    loop.runs.clear()
    assert loop.lone(PROMPTS[5]) == whole
    assert loop.runs[0] == (1, 7)


def test_a_run_that_is_stopped_leaves_what_was_there(loop: Loop):
    prompt = np.array([loop.tokenizer.encode(PROMPTS[5])])
    loop.decoder.cache.reserve(1, 128, 0)
    whole = loop.decoder.run(prompt, [0], 0)
    loop.decoder.run(prompt[:, :20], [0], 0)
    stop = Stop()
    stop()
    with pytest.raises(Stopped):
        loop.decoder.run(prompt[:, 20:], [20], 0, stop=stop)
    assert np.array_equal(loop.decoder.run(prompt[:, 20:], [20], 0), whole)


def interrupted_once(loop: Loop, number: int) -> list[bool]:
    """Interrupt `number` when its prompt is first computed, as another thread would."""
    run, stopped = loop.decoder.run, []

    def stopping(tokens, *rest, **more):
        if "stop" in more and not stopped:
            loop.scheduler.interrupt(number)
            stopped.append(more["stop"].wanted)
        return run(tokens, *rest, **more)

    loop.decoder.run = stopping
    return stopped


@pytest.mark.parametrize("whose", [0, 99])
def test_only_the_prompt_that_is_cancelled_is_stopped_and_others_answer(loop: Loop, whose: int):
    plain = loop.lone(PROMPTS[1])
    first, second = loop.job(PROMPTS[5]), loop.job(PROMPTS[1])
    stopped = interrupted_once(loop, first.id if whose == 0 else whose)
    for job in (first, second):
        loop.scheduler.add(job)
    loop.step()
    assert stopped == [whose == 0]
    assert (first.past == 0) is (whose == 0)
    loop.scheduler.cancel(first.id)
    while not loop.scheduler.idle:
        loop.step()
    assert second.output == plain


def test_no_token_of_a_prompt_is_left_to_be_computed_by_itself():
    pace = Pace(16, 16)
    assert [pace.tokens(left, alone=True) for left in (1, 2, 16, 17, 18, 40)] == [
        1, 2, 16, 17, 16, 16,
    ]  # fmt: skip


def test_a_prompt_takes_small_pieces_beside_other_answers_and_on_slow_machines():
    pace = Pace()
    for _ in range(20):
        pace.learn(128, 0.128)
    assert pace.tokens(9000, alone=True) == 496
    assert pace.tokens(9000, alone=False) == 96
    for _ in range(20):
        pace.learn(128, 12.8)
    assert pace.tokens(9000, alone=True) == 64
    assert pace.tokens(9000, alone=False) == 32


@pytest.mark.parametrize("batching", [True, False])
def test_answers_computed_together_are_the_lone_ones(tiny: Path, batching: bool):
    """Different lengths, so that rows move; a small chunk, so that prompts and answers mix."""
    loop = Loop(tiny, batching=batching)
    loop.scheduler.pace = Pace(16, 16)
    lone = [loop.lone(text, max_tokens=10 + 9 * i) for i, text in enumerate(PROMPTS)]
    loop.runs.clear()
    jobs = [loop.job(text, max_tokens=10 + 9 * i) for i, text in enumerate(PROMPTS)]
    loop.finish(*jobs)
    assert [job.output for job in jobs] == lone
    assert (max(rows for rows, _ in loop.runs) > 2) is batching


def test_a_cancelled_job_leaves_the_others_as_they_were(loop: Loop):
    lone = [loop.lone(text) for text in PROMPTS[:4]]
    jobs = [loop.job(text) for text in PROMPTS[:4]]
    for job in jobs:
        loop.scheduler.add(job)
    for _ in range(9):
        loop.step()
    assert loop.scheduler.cancel(jobs[0].id) is jobs[0]
    assert loop.scheduler.cancel(jobs[2].id) is jobs[2]
    assert loop.scheduler.cancel(99) is None
    while not loop.scheduler.idle:
        loop.step()
    assert [jobs[1].output, jobs[3].output] == [lone[1], lone[3]]
    assert len(jobs[0].output) < 40


def test_a_kept_prefix_is_not_computed_again_and_changes_nothing(tiny: Path):
    plain, reusing = Loop(tiny), Loop(tiny, reuse_prefix=True)
    first = PROMPTS[1]
    second = first + " and more"
    expected = [plain.lone(first), plain.lone(second)]
    again = [reusing.job(first), reusing.job(second), reusing.job(first)]
    for job in again:
        reusing.finish(job)
    assert [job.output for job in again] == [*expected, expected[0]]
    assert again[0].cached == 0
    assert again[1].cached >= len(again[0].prompt) - 2  # the border may be cut differently
    assert 0 < again[2].cached < len(again[2].prompt)


def test_an_answer_ends_where_the_context_does(loop: Loop):
    job = loop.job(PROMPTS[0], max_tokens=10_000)
    loop.finish(job)
    assert len(job.prompt) + len(job.output) == CONTEXT
    assert job.done().finish == "length"


@pytest.mark.parametrize("text", PROMPTS)
def test_the_text_is_that_of_another_decoder(loop: Loop, tiny: Path, text: str):
    """The `tokenizers` library decodes the same tokens at once; only a cut at the end differs."""
    job = loop.job(text, max_tokens=100)
    loop.finish(job)
    whole = Oracle.from_file(str(tiny / "tokenizer.json")).decode(job.output)
    assert loop.texts[job.id] == whole[: len(loop.texts[job.id])]
    assert len(whole) - len(loop.texts[job.id]) <= 1


def test_the_decoder_finds_out_whether_guesses_are_safe_here(loop: Loop, monkeypatch):
    assert loop.decoder.check_exact()
    run = loop.decoder.run
    monkeypatch.setattr(
        loop.decoder, "run", lambda tokens, *rest, **more: run(tokens, *rest, **more) + tokens.size
    )
    assert not loop.decoder.check_exact()


def test_a_graph_that_computes_in_float16_is_loaded_too(tiny: Path, tmp_path: Path):
    folder = shutil.copytree(tiny, tmp_path / "half")
    model = onnx.load(folder / "model.onnx")
    for weight in model.graph.initializer:
        if weight.data_type == TensorProto.FLOAT:
            half = numpy_helper.to_array(weight).astype(np.float16)
            weight.CopyFrom(numpy_helper.from_array(half, weight.name))
    for value in (*model.graph.input, *model.graph.output):
        if value.type.tensor_type.elem_type == TensorProto.FLOAT:
            value.type.tensor_type.elem_type = TensorProto.FLOAT16
    onnx.save(model, folder / "model.onnx")
    half, whole = Loop(folder), Loop(tiny)
    tokens = np.array([whole.tokenizer.encode(PROMPTS[0])])
    rows = []
    for loop in (half, whole):
        loop.decoder.cache.reserve(1, 64, 0)
        rows.append(loop.decoder.run(tokens, [0], 0)[0, 0])
    assert np.abs(rows[0] - rows[1]).max() < 0.05 * np.abs(rows[1]).max()


def batch_logits(path: Path, rows: int) -> np.ndarray:
    """Logits [2, vocab] of the first two of `rows` answers, computed together for one step."""
    decoder = Decoder(read_folder(path), "cpu", 2)
    decoder.cache.reserve(rows, 64, 0)
    lengths = [9 + 3 * row for row in range(rows)]
    for row, length in enumerate(lengths):
        decoder.run(np.arange(length)[None] + row, [0], row)
    return decoder.run(np.arange(rows)[:, None] + 40, lengths, 0)[:2, 0]


def test_answers_computed_together_have_the_same_bits_in_any_company(tiny: Path):
    for rows in (3, 4, 8):
        assert np.array_equal(batch_logits(tiny, 2), batch_logits(tiny, rows))


@pytest.fixture(scope="module")
def real_folder(real_settings: Settings) -> Path:
    """SmolLM2 as the user has it: int8 activations, where one rounding becomes another word."""
    return ensure(resolve("smollm2-135m", real_settings), real_settings).folder


@pytest.mark.real
@pytest.mark.parametrize("text", ["Write about the sea.", "Repeat: the sea is wide and blue. " * 3])
def test_guesses_change_nothing_in_a_real_models_answer(real_folder: Path, text: str):
    loop = Loop(real_folder)
    if not loop.decoder.check_exact():
        pytest.skip(
            "a token alone is rounded otherwise on this processor: no guesses are made here"
        )
    prompt = read_template(real_folder).render((Message("user", text),))
    plain = loop.lone(prompt, max_tokens=48)
    loop.runs.clear()
    assert loop.lone(prompt, known=[], max_tokens=48) == plain
    assert loop.lone(prompt, known=plain, max_tokens=48) == plain
    assert any(count > 1 for _, count in loop.runs[1:])


@pytest.mark.real
@pytest.mark.parametrize("most", [2, 16, 33, 128, 129])
def test_a_real_models_prompt_in_pieces_has_the_same_bits(real_folder: Path, most: int):
    loop, text = Loop(real_folder), "Tell me of the sea, the wind and 17 ships. " * 12
    loop.decoder.cache.reserve(1, 256, 0)
    prompt = np.array([loop.tokenizer.encode(text)])
    whole = loop.decoder.run(prompt, [0], 0)
    cached = [array[0, :, : prompt.size].copy() for array in loop.decoder.cache.arrays]
    pace, past = Pace(most, most), 0
    while past < prompt.size:
        count = pace.tokens(prompt.size - past, alone=True)
        logits = loop.decoder.run(prompt[:, past : past + count], [past], 0)
        past += count
    assert np.array_equal(logits, whole)
    for array, before in zip(loop.decoder.cache.arrays, cached, strict=True):
        assert np.array_equal(array[0, :, : prompt.size], before)


@pytest.mark.real
def test_a_real_models_answers_together_have_the_same_bits_in_any_company(real_folder: Path):
    for rows in (3, 4, 8):
        assert np.array_equal(batch_logits(real_folder, 2), batch_logits(real_folder, rows))
