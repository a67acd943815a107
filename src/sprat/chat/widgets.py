"""The settings of a chat, as the page shows them."""

from chainlit.input_widget import InputWidget, Select, Slider, Switch

from sprat.chat.wishes import MOST_PASSAGES, MOST_TOKENS, Wishes


def widgets(wanted: Wishes, policies: tuple[str, ...], *, grounded: bool) -> list[InputWidget]:
    """`policies`: those that can be chosen; `grounded`: there are documents beside the uploads."""
    found: list[InputWidget] = [
        Slider(
            id="temperature", label="Temperature", initial=wanted.temperature, min=0, max=1,
            step=0.05, tooltip="0 gives the same answer every time.",
        ),
        Slider(
            id="max_tokens", label="Longest answer, in tokens", initial=wanted.max_tokens, min=16,
            max=MOST_TOKENS, step=16,
        ),
        Slider(
            id="passages", label="Passages read for an answer", initial=wanted.passages, min=1,
            max=MOST_PASSAGES, step=1,
        ),
    ]  # fmt: skip
    if policies:
        chosen = wanted.policy if wanted.policy in policies else policies[0]
        found.append(
            Select(
                id="policy",
                label="What decides" if grounded else "Policy",
                values=list(policies),
                initial_value=chosen,
            )
        )
    if grounded:
        found.append(
            Switch(
                id="uploads_only", label="Look only in what I uploaded here",
                initial=wanted.uploads_only,
            )
        )  # fmt: skip
    return found
