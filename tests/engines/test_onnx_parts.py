"""The small parts of the local engine."""

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer as Oracle

from sprat.engines.onnx.cache import KeyValueCache
from sprat.engines.onnx.drafts import Drafts
from sprat.engines.onnx.folder import read_folder
from sprat.engines.onnx.predicted import Predicted
from sprat.engines.onnx.sampling import Sampler, log_probabilities, top_tokens
from sprat.engines.onnx.text import StopFilter, TextStream
from sprat.engines.onnx.vocabulary import Vocabulary, read_vocabulary
from sprat.engines.onnx.wire import decode_to_worker
from sprat.engines.worker.wire import Cancel, frame, read_frame
from sprat.errors import BadWeights


def said(parts: list[bytes]) -> list[str]:
    stream = TextStream()
    return [stream.add(part) for part in parts]


def test_a_character_comes_whole_with_its_last_byte():
    assert said([b"a", b"\xf0", b"\x9f\x98", b"\x80!"]) == ["a", "", "", "😀!"]


def test_bytes_that_are_no_character_do_not_swallow_what_follows():
    assert "".join(said([b"\xff", b"a", b"\xf0\x9f", b"b"])) == "\ufffda\ufffdb"


@given(st.text(), st.integers(1, 4))
def test_any_text_survives_any_cutting(text: str, size: int):
    data = text.encode("utf-8", "replace")
    parts = [data[i : i + size] for i in range(0, len(data), size)]
    assert "".join(said(parts)) == data.decode()


@given(
    st.lists(st.text("abc", max_size=4), max_size=12),
    st.lists(st.text("abc", min_size=1, max_size=4), min_size=1, max_size=3),
)
def test_nothing_of_a_stop_string_is_ever_shown(parts: list[str], stops: list[str]):
    stream = StopFilter(stops)
    shown = ""
    for part in parts:
        shown += stream.add(part)
        assert not any(stop in shown for stop in stops)
        if stream.stopped:
            break
    whole = "".join(parts)
    if stream.stopped:
        assert any(whole.startswith(shown + stop) for stop in stops)
    else:
        assert shown + stream.flush() == whole


def test_the_earliest_stop_string_wins():
    stream = StopFilter(("later", "now"))
    assert stream.add("it is now, not later") == "it is "
    assert stream.stopped


def test_tokens_are_the_bytes_that_another_library_decodes(tiny: Path):
    vocabulary = read_vocabulary(tiny)
    oracle = Oracle.from_file(str(tiny / "tokenizer.json"))
    for token in range(oracle.get_vocab_size()):
        assert vocabulary.text(token)[:1] == oracle.decode([token])[:1]


def test_special_tokens_and_holes_stand_for_nothing(tiny: Path):
    vocabulary = read_vocabulary(tiny)
    assert vocabulary.bytes(2) == b""
    assert vocabulary.bytes(10**6) == b""


def test_sentencepiece_bytes_and_spaces_are_read():
    vocabulary = Vocabulary({0: "<0xE2>", 1: "\u2581caf\u00e9", 2: "<0x>"}, {3: b"<tool>"}, [])
    assert [vocabulary.bytes(i) for i in range(4)] == [
        b"\xe2",
        " café".encode(),
        b"<0x>",
        b"<tool>",
    ]


def test_no_tokenizer_is_bad_weights(tmp_path: Path):
    with pytest.raises(BadWeights, match=r"tokenizer\.json"):
        read_vocabulary(tmp_path)


@pytest.mark.parametrize(
    ("content", "what"),
    [(None, "cannot be read"), ("{", "does not describe"), ('{"model": {}}', "does not describe")],
)
def test_a_folder_without_a_model_is_refused(tmp_path: Path, content: str | None, what: str):
    if content is not None:
        (tmp_path / "genai_config.json").write_text(content, "utf-8")
    with pytest.raises(BadWeights, match=what):
        read_folder(tmp_path)


LOGITS = np.log(np.array([0.5, 0.25, 0.15, 0.1], np.float32))


def test_temperature_zero_takes_the_best_and_the_first_of_equals():
    assert Sampler(0.0, 1.0, None).choose(np.array([1, 3, 3, 2], np.float32)) == 1


def test_top_p_keeps_the_fewest_tokens_that_reach_it():
    sampler = Sampler(1.0, 0.7, 3)
    assert {sampler.choose(LOGITS) for _ in range(200)} == {0, 1}


def test_samples_follow_the_probabilities():
    sampler = Sampler(1.0, 1.0, 11)
    counts = np.bincount([sampler.choose(LOGITS) for _ in range(4000)], minlength=4) / 4000
    assert counts == pytest.approx([0.5, 0.25, 0.15, 0.1], abs=0.03)


def test_top_p_over_a_large_vocabulary_looks_at_all_of_it():
    flat = np.zeros(5000, np.float32)
    sampler = Sampler(1.0, 0.9, 5)
    assert max(sampler.choose(flat) for _ in range(300)) > 4000


def test_the_same_seed_draws_the_same_tokens():
    first, second = (Sampler(1.0, 0.95, 42) for _ in range(2))
    assert [first.choose(LOGITS) for _ in range(30)] == [second.choose(LOGITS) for _ in range(30)]


def test_log_probabilities_are_natural_and_sum_to_one():
    logprobs = np.array(log_probabilities(LOGITS + 100, [0, 1, 2, 3]))
    assert np.exp(logprobs) == pytest.approx([0.5, 0.25, 0.15, 0.1], rel=1e-4)
    assert top_tokens(logprobs, 2) == [0, 1]
    assert top_tokens(logprobs, 0) == []
    assert len(top_tokens(logprobs, 99)) == 4


@pytest.mark.parametrize("count", [1, 5, 20])
@pytest.mark.parametrize("size", [7, 300, 50_000])
def test_the_likeliest_tokens_are_those_of_a_full_sort_and_of_equals_the_first(
    size: int, count: int
):
    values = np.random.default_rng(size).integers(0, size // 4 + 2, size).astype(np.float32)
    oracle = sorted(range(size), key=lambda token: (-values[token], token))[:count]
    assert top_tokens(values, count) == oracle


def test_a_guess_is_what_followed_the_same_words():
    assert Drafts([1, 2, 3, 4, 5, 6, 7, 1, 2, 3]).guess(8) == [4, 5, 6, 7]
    assert Drafts([1, 2, 3, 4, 5, 6, 7, 1, 2, 3]).guess(2) == [4, 5]
    assert Drafts([1, 2, 3]).guess(8) == []


def test_good_guesses_grow_and_bad_ones_pause():
    drafts = Drafts([*range(40), *range(3)])
    drafts.learn(4, 4)
    assert len(drafts.guess(20)) == 8
    for _ in range(3):
        drafts.learn(8, 0)
    assert drafts.guess(20) == []
    drafts.add(range(3, 40))
    assert drafts.guess(20)


def test_a_prediction_is_followed_left_and_come_back_to():
    predicted = Predicted([1, 2, 3, 4, 5, 6, 7, 8])
    assert predicted.guess(99) == [1, 2, 3, 4]
    assert predicted.guess(2) == [1, 2]
    predicted.add([1, 2, 30])
    assert (predicted.guess(9), predicted.following) == ([], False)
    predicted.add([4])
    assert predicted.guess(9) == []
    predicted.add([5])
    assert predicted.guess(9) == [6, 7, 8]
    predicted.add([6, 7, 8, 9])
    assert (predicted.accepted, predicted.rejected) == (7, 1)


def test_of_several_places_the_one_that_more_words_lead_to_or_the_nearest_is_gone_on_from():
    places = [5, 1, 2, 10, 6, 1, 2, 11, 7, 1, 2, 12]
    for before, next_token in ((6, 11), (7, 12), (99, 10)):
        predicted = Predicted(places)
        predicted.add([before, 1, 2])
        assert predicted.guess(9)[:1] == [next_token]
    predicted = Predicted([1, 2, 3, *places])
    predicted.add([1, 2, 3, 40, 41, 42, 43, 44, 45, 1, 2])
    assert predicted.guess(9)[:1] == [11]


def test_a_tolerant_prediction_is_left_for_good():
    predicted = Predicted([1, 2, 3, 4, 5, 6], tolerance=1.0)
    predicted.add([1, 9, 3, 4])
    assert predicted.guess(9) == []
    assert (predicted.accepted, predicted.rejected) == (1, 5)


def test_a_growing_cache_keeps_what_it_holds():
    cache = KeyValueCache(1, 2, 4, np.dtype(np.float32))
    cache.reserve(1, 10, 0)
    cache.arrays[0][0, :, :3] = 7
    version = cache.version
    cache.reserve(2, 200, 1)
    assert cache.version != version
    assert cache.arrays[0].shape == (2, 2, 256, 4)
    assert (cache.arrays[0][0, :, :3] == 7).all()
    cache.move(0, 1, 3)
    assert (cache.arrays[0][1, :, :3] == 7).all()
    assert cache.address(0, 1) - cache.address(0, 0) == 2 * 256 * 4 * 4


def test_a_cache_that_found_no_room_to_grow_is_empty_and_can_be_filled_anew(monkeypatch):
    cache = KeyValueCache(2, 2, 4, np.dtype(np.float32))
    cache.reserve(1, 10, 0)
    version, zeros, made = cache.version, np.zeros, []

    def scarce(*shape):
        made.append(zeros(*shape))
        if len(made) == 3:
            raise MemoryError
        return made[-1]

    monkeypatch.setattr(np, "zeros", scarce)
    with pytest.raises(MemoryError):
        cache.reserve(2, 200, 1)
    assert (cache.rows, cache.tokens, cache.arrays) == (0, 0, [])
    assert cache.version != version
    cache.reserve(1, 20, 0)
    assert [array.shape for array in cache.arrays] == [(1, 2, 64, 4)] * 4


def test_frames_survive_the_pipe_and_its_end_is_noticed():
    data = frame(Cancel(1)) + frame(Cancel(2))
    stream = io.BytesIO(data + b"\x05\x00")
    read = [read_frame(stream) for _ in range(3)]
    assert [decode_to_worker(body) for body in read[:2]] == [Cancel(1), Cancel(2)]
    assert read[2] is None


def test_a_length_out_of_bounds_is_no_frame():
    assert read_frame(io.BytesIO(b"\xff\xff\xff\xff" + b"x" * 10)) is None
