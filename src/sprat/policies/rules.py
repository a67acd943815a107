"""What makes an answer doubtful where nothing was learned."""

from sprat.policies.shape import has_shape
from sprat.policies.spec import Rules
from sprat.types import ChatRequest, Reply


def faults(rules: Rules, request: ChatRequest, reply: Reply) -> list[str]:
    """Every fault that the rules find with an answer, in words; empty: none."""
    from sprat.questions.scorers.abstain import abstains

    found: list[str] = []
    if len(reply.text.strip()) < rules.min_chars:
        found.append("too short")
    if rules.cut_off and reply.finish == "length":
        found.append("cut off")
    if rules.unknown and abstains(reply.text):
        found.append("says that it does not know")
    wanted = request.response_format
    if rules.schema and wanted is not None and not has_shape(reply.text, wanted):
        found.append("not of the form that was asked for")
    return found
