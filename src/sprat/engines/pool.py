"""How ONNX Runtime's threads share the processor with whatever else computes."""

from typing import Any

Native = Any
"""An object that a native package made."""

SPIN_US = 50
"""Microseconds for which a thread without work looks for some before it sleeps: longer than between
two operators of a step, shorter than between two steps. Left to itself it looks a million times, 16
to 500 milliseconds by the processor, so it never sleeps while a model answers, and keeps the core
from the other model, from retrieval, from the page.

Source: https://github.com/microsoft/onnxruntime/pull/27916; measured by benchmarks/spinning.py."""


def share_processor(options: Native, threads: int) -> None:
    """Let a session compute with so many threads, that give way when they have nothing to do."""
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.spin_duration_us", str(SPIN_US))
