"""The GGUF reader agrees with the `gguf` package, and refuses what is damaged in one line."""

import struct
from pathlib import Path

import numpy as np
import pytest
from gguf import GGUFReader
from gguf.quants import dequantize
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.models.tiny import TYPES, Tiny

from sprat.errors import BadWeights, SpratError, UnsupportedModel
from sprat.models.export import export
from sprat.models.export.blocks import FORMATS, read_blocks
from sprat.models.gguf import Gguf

SMALL = {"hidden": 256, "feed_forward": 256, "heads": 4, "kv_heads": 1, "layers": 1}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> Path:
    return Tiny(**SMALL, type="Q8_0").write(tmp_path_factory.mktemp("gguf") / "tiny.gguf")


def test_metadata_and_tensors_are_those_that_gguf_reads(tiny):
    theirs = GGUFReader(tiny)
    with Gguf(tiny) as ours:
        own = {key: value for key, value in theirs.fields.items() if not key.startswith("GGUF.")}
        assert ours.metadata == {key: field.contents() for key, field in own.items()}
        for tensor in theirs.tensors:
            found = ours.tensors[tensor.name]
            assert found.shape == tuple(tensor.shape[::-1])
            assert found.type == tensor.tensor_type.name
            assert ours.data(tensor.name).tobytes() == tensor.data.tobytes()


@pytest.mark.parametrize("kind", sorted(FORMATS))
def test_blocks_hold_exactly_the_weights_that_gguf_dequantises(kind, tmp_path):
    path = Tiny(**SMALL, type=kind).write(tmp_path / "tiny.gguf")
    tensor = next(t for t in GGUFReader(path).tensors if t.name == "blk.0.ffn_up.weight")
    expected = dequantize(tensor.data, tensor.tensor_type)
    with Gguf(path) as opened:
        blocks = read_blocks(kind, opened.data(tensor.name))
    codes = blocks.codes
    if FORMATS[kind].bits == 4:
        codes = np.stack([codes & 15, codes >> 4], -1).reshape(*codes.shape[:2], -1)
    zero = FORMATS[kind].zero if blocks.minima is None else 0
    found = (codes.astype(np.float32) - zero) * blocks.scales[..., None]
    if blocks.minima is not None:
        found += blocks.minima[..., None]
    np.testing.assert_allclose(found.reshape(expected.shape), expected, rtol=1e-5, atol=1e-7)


def test_the_types_read_are_the_types_promised():
    from sprat.models.gguf import TENSOR_TYPES

    assert {name for name, _, _ in TENSOR_TYPES.values()} == set(TYPES)


def test_a_file_that_is_no_gguf_is_refused(tmp_path):
    (tmp_path / "x.gguf").write_bytes(b"PK\x03\x04" * 100)
    with pytest.raises(BadWeights, match="does not begin with 'GGUF'"):
        Gguf(tmp_path / "x.gguf")


def test_an_empty_and_a_missing_file_are_refused(tmp_path):
    (tmp_path / "empty.gguf").touch()
    for name in ("empty.gguf", "missing.gguf"):
        with pytest.raises(BadWeights):
            Gguf(tmp_path / name)


def test_a_big_endian_and_a_future_file_are_unsupported(tmp_path):
    for version, word in ((3 << 24, "big-endian"), (9, "version 9")):
        path = tmp_path / f"{version}.gguf"
        path.write_bytes(b"GGUF" + struct.pack("<IQQ", version, 0, 0))
        with pytest.raises(UnsupportedModel, match=word):
            Gguf(path)


def test_a_tensor_type_that_is_not_read_is_named(tmp_path):
    name = b"token_embd.weight"
    header = b"GGUF" + struct.pack("<IQQ", 3, 1, 0) + struct.pack("<Q", len(name)) + name
    (tmp_path / "x.gguf").write_bytes(header + struct.pack("<IQIQ", 1, 256, 10, 0) + b"\0" * 999)
    with pytest.raises(UnsupportedModel, match="Q2_K"):
        Gguf(tmp_path / "x.gguf")


@pytest.mark.parametrize(("tensors", "keys"), [(1 << 40, 0), (0, 1 << 63), (5, 0), (0, 3)])
def test_counts_that_the_file_cannot_hold_are_refused(tensors, keys, tmp_path):
    (tmp_path / "x.gguf").write_bytes(b"GGUF" + struct.pack("<IQQ", 3, tensors, keys))
    with pytest.raises(BadWeights):
        Gguf(tmp_path / "x.gguf")


def test_every_truncation_is_noticed_before_anything_is_written(tiny, tmp_path):
    whole = tiny.read_bytes()
    for length in (*range(0, 4000, 97), len(whole) // 2, len(whole) - 1):
        cut = tmp_path / "cut.gguf"
        cut.write_bytes(whole[:length])
        with pytest.raises(SpratError):
            export(cut, tmp_path / "out")
        assert not (tmp_path / "out").exists()


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_no_damage_to_the_header_makes_anything_but_a_clear_error(data, tiny, tmp_path_factory):
    whole = bytearray(tiny.read_bytes())
    with Gguf(tiny) as opened:
        header = min(tensor.offset_bytes for tensor in opened.tensors.values())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(4, header - 1))
        new = data.draw(st.binary(min_size=1, max_size=8))
        whole[at : at + len(new)] = new
    folder = tmp_path_factory.mktemp("damaged")
    (folder / "x.gguf").write_bytes(whole)
    said = ""
    try:
        export(folder / "x.gguf", folder / "out")
    except SpratError as error:
        said = str(error)
    assert (folder / "out").exists() == (said == "")
    assert "\n" not in said
