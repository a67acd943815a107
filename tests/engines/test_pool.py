"""Threads without work give the processor to others, in each session on the processor."""

from pathlib import Path

import onnxruntime as ort
import pytest
from tests.engines.tiny_embedding import build as build_embedding

from sprat.engines import pool
from sprat.engines.embedding.model import Model
from sprat.engines.onnx.decoder import Decoder
from sprat.engines.onnx.folder import read_folder

KEY = "session.intra_op.spin_duration_us"


def spins(session) -> str:
    return session.get_session_options().get_session_config_entry(KEY)


def test_a_language_model_and_an_embedder_sleep_soon(tiny: Path, tmp_path: Path):
    assert spins(Decoder(read_folder(tiny), "cpu", 2).opened.session) == str(pool.SPIN_US)
    assert spins(Model(build_embedding(tmp_path / "embedding"), 2)._session) == str(pool.SPIN_US)


def test_the_runtime_knows_what_it_is_told(tiny: Path, monkeypatch: pytest.MonkeyPatch, capfd):
    monkeypatch.setattr(pool, "SPIN_US", "soon")
    options = ort.SessionOptions()
    options.log_severity_level = 2  # it warns of a value that is no number
    pool.share_processor(options, 2)
    ort.InferenceSession(str(tiny / "model.onnx"), options, ["CPUExecutionProvider"])
    assert KEY in capfd.readouterr().err
