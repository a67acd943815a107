"""How long work tells what it is doing, without knowing who listens."""

from typing import Protocol


class Progress(Protocol):
    """Called often by work that takes a while; must return at once and never raise."""

    def __call__(self, stage: str, done: int, total: int | None) -> None:
        """Say where the work stands.

        Args:
            stage: what is being done, as a person would say it; a new text is a new stage.
            done: bytes (or steps) so far.
            total: bytes (or steps) in all; None when unknown. `done=0, total=None` is a remark.
        """
        ...


def silent(stage: str, done: int, total: int | None) -> None:
    """Listen to nothing."""


def remark(progress: Progress, text: str) -> None:
    """Tell something that has no size: which licence, why a source was left."""
    progress(text, 0, None)


def megabytes(count: int | None) -> str:
    """Bytes as a person reads them: `98.4 MB`, `1.12 GB`, `size unknown`."""
    if count is None:
        return "size unknown"
    if count >= 1_000_000_000:
        return f"{count / 1e9:.2f} GB"
    if count >= 1_000_000:
        return f"{count / 1e6:.1f} MB"
    return f"{count / 1e3:.1f} kB"
