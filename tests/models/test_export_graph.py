"""The exported graph computes what the GGUF's own numbers say, for every architecture and type."""

from pathlib import Path

import numpy as np
import pytest
from tests.models.reference import Reference
from tests.models.run_onnx import onnx_logits
from tests.models.tiny import ARCHITECTURES, TYPES, Tiny

from sprat.models.export import export

IDS = [5, 17, 3, 88, 41, 9, 9, 70, 12, 33, 2, 64, 7, 50, 21, 90]


def difference(tiny: Tiny, folder: Path, *, split: int = 0, accuracy_level: int = 0) -> float:
    """Largest difference of a logit, relative to the spread of the reference's logits."""
    gguf = tiny.write(folder / "tiny.gguf")
    out = folder / "out"
    export(gguf, out, accuracy_level=accuracy_level)
    expected = Reference.load(gguf).logits(IDS)
    found = onnx_logits(out, IDS, split=split)
    return float(np.abs(found - expected).max() / expected.std())


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_logits_are_those_of_the_dequantised_weights(architecture, kind, tmp_path):
    assert difference(Tiny(architecture, kind), tmp_path) < TOLERANCE.get(kind, 1e-4)


# Two digits of four bits hold a minimum to 1/400 of a step, one of eight bits to 1/4000.
TOLERANCE = {"Q4_1": 8e-3, "Q4_K": 8e-3, "Q5_1": 4e-4, "Q5_K": 4e-4}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_cached_prefix_gives_the_same_logits(architecture, tmp_path):
    assert difference(Tiny(architecture, "Q8_0"), tmp_path, split=10) < 1e-4


@pytest.mark.parametrize("kind", ["F16", "Q8_0", "Q4_0", "Q6_K", "Q4_K"])
def test_an_embedding_can_serve_as_the_head(kind, tmp_path):
    assert difference(Tiny("llama", kind, tied=True), tmp_path) < TOLERANCE.get(kind, 1e-4)


@pytest.mark.parametrize("architecture", ["llama", "qwen2"])
def test_one_layer_may_mix_types(architecture, tmp_path):
    types = {"attn_v.weight": "Q5_0", "ffn_up.weight": "Q8_0", "ffn_down.weight": "F16"}
    assert difference(Tiny(architecture, "Q4_0", types), tmp_path) < 1e-4


def test_gemma3_looks_back_over_its_window_except_in_every_sixth_layer(tmp_path):
    assert difference(Tiny("gemma3", layers=7, window=4), tmp_path, split=9) < 1e-4


def test_phi3_looks_back_over_its_window(tmp_path):
    assert difference(Tiny("phi3", window=5), tmp_path) < 1e-4


def test_llama3_divides_its_frequencies_by_the_stored_factors(tmp_path):
    assert difference(Tiny("llama", rope_factors=True), tmp_path) < 1e-4


def test_linear_rope_scaling_stretches_positions(tmp_path):
    keys = {"rope.scaling.type": "linear", "rope.scaling.factor": 4.0}
    assert difference(Tiny("llama", keys=keys), tmp_path) < 1e-4


@pytest.mark.parametrize("original", [12.0, 32.0])
def test_phi3_rotates_by_other_factors_in_a_text_longer_than_it_first_knew(original, tmp_path):
    keys = {"rope.scaling.original_context_length": original, "rope.scaling.attn_factor": 1.19}
    tiny = Tiny("phi3", rope_factors=True, rope_size=48, keys=keys)
    assert difference(tiny, tmp_path) < 1e-4


def test_logits_are_capped_where_the_gguf_says_so(tmp_path):
    assert difference(Tiny("gemma3", keys={"final_logit_softcapping": 2.0}), tmp_path) < 1e-4


def test_a_hidden_size_of_odd_blocks_is_padded(tmp_path):
    tiny = Tiny("llama", "Q4_1", hidden=96, feed_forward=160, heads=3, kv_heads=1, head_size=32)
    assert difference(tiny, tmp_path) < TOLERANCE["Q4_1"]


def test_blocks_without_a_step_keep_their_one_value(tmp_path):
    from sprat.models.export.blocks import FORMATS, Blocks
    from sprat.models.export.packing import pack

    codes = np.full((1, 1, 16), 0x77, np.uint8)
    flat = Blocks(codes, np.zeros((1, 1), np.float32), np.full((1, 1), -0.3, np.float32))
    packed = pack(FORMATS["Q4_1"], "Q4_1", flat)
    assert packed.zeros is not None
    low = (packed.codes[0, 0] & 15).astype(int) - int(packed.zeros[0, 0] & 15)
    assert np.allclose(low * packed.scales[0, 0], -0.3)


@pytest.mark.parametrize("kind", ["Q5_0", "Q6_K", "Q8_0"])
def test_eight_bit_activations_and_joined_blocks_lose_little(kind, tmp_path):
    tiny = Tiny("qwen2", kind, hidden=768, feed_forward=256, layers=1)
    assert difference(tiny, tmp_path, accuracy_level=4) < 0.12


def test_only_wide_models_join_blocks_beyond_32():
    from sprat.models.export.packing import largest_block, product_format

    blocks = [
        product_format("Q5_0", 1536, largest_block(hidden, level)).block
        for hidden, level in ((576, 4), (896, 4), (896, 0))
    ]
    assert blocks == [32, 64, 32]


def test_a_joined_block_keeps_its_largest_part_and_rounds_the_rest():
    from sprat.models.export.blocks import Blocks, join

    random = np.random.default_rng(1)
    codes = random.integers(128 - 16, 128 + 16, (3, 4, 32)).astype(np.uint8)
    scales = random.uniform(-1, 1, (3, 4)).astype(np.float32)
    before = (codes.astype(np.float32) - 128) * scales[..., None]
    joined = join(Blocks(codes, scales, None), 8, 4)
    after = (joined.codes.astype(np.float32) - 128) * joined.scales[..., None]
    step = np.abs(scales).max(axis=1)[:, None, None] / 8
    errors = np.abs(after.reshape(before.shape) - before)
    largest = np.abs(scales).argmax(axis=1)
    assert errors[np.arange(3), largest].max() < 1e-6
    assert (errors < step * 0.64).all()  # half a step, and an eighth for the fixed-point factor


def test_eight_bit_activations_stay_close_to_exact_ones(tmp_path):
    assert difference(Tiny("llama", "Q4_0"), tmp_path, accuracy_level=4) < 0.1
