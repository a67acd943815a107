"""How a policy came by its answer: a line for each attempt."""

from collections.abc import Iterator

from sprat.types import Reply, Step


def trace_lines(reply: Reply) -> Iterator[str]:
    """The path, then every attempt; nothing where no policy answered."""
    if reply.path is None:
        return
    paid = reply.paid
    cost = "" if reply.cost_usd is None else f" · {reply.cost_usd:.6f} USD"
    yield f"[{reply.path}: {paid.input_tokens} tokens in, {paid.output_tokens} out paid{cost}]"
    for step in reply.steps:
        yield f"[{' · '.join(_parts(step))}]"


def _parts(step: Step) -> Iterator[str]:
    yield f"{'kept ' if step.kept else ''}{step.role} by {step.engine}"
    if step.usage:
        yield f"{step.usage.input_tokens} in, {step.usage.output_tokens} out"
    if step.timing:
        yield f"{step.timing.answer_s:.2f} s"
    if step.error:
        yield step.error
    if step.why:
        yield step.why
