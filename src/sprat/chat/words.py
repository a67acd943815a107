"""What the chat says around an answer: plain text in, Markdown out."""

import re
from collections.abc import Iterable, Sequence

from sprat.chat.find import Upload
from sprat.types import Message, Reply, Role, Source, Step

_TURNS = 20
_TURN_CHARS = 8_000
_LONGEST_IMAGE = 2_000
_IMAGE = re.compile(r"!\[([^\]]*)\]\([^)]*\)|!\[([^\]]*)\]\[[^\]]*\]")
_COMING = re.compile(_IMAGE.pattern + r"|(?P<coming>!(?:\[[^\]]*(?:\](?:\([^)]*|\[[^\]]*)?)?)?\Z)")
"""An image, or what may become one with what comes next."""
_MARK = re.compile(r"!(?=\[)")
"""Where an image would begin that `_IMAGE` does not see: nested, or defined somewhere else."""
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")
_ROLES = {
    "retrieve": "Search",
    "draft": "Draft",
    "answer": "Answer",
    "refine": "Refinement",
    "check": "Check",
    "gate": "Gate",
    "retry": "Second try",
    "read": "Reading",
    "sample": "Second opinion",
}
ASIDE = frozenset({"read", "check", "sample", "shadow"})
"""What an answer does not depend on: where it fails, that is told, not shown as a fault."""
_ICONS = {"retrieve": "search", "draft": "pencil", "answer": "pencil", "read": "eye"}


def conversation(turns: Iterable[tuple[Role, str]]) -> tuple[Message, ...]:
    """The last turns as a request has them, each cut to a length that a small model can read."""
    said = [Message(role, text[:_TURN_CHARS]) for role, text in turns if text.strip()]
    return tuple(said[-_TURNS:])


def step_icon(step: Step) -> str:
    """The name of its picture, of lucide's."""
    return _ICONS.get(step.role, "cog")


def step_name(step: Step) -> str:
    """What a step is called while it runs, and afterwards with its time."""
    what = _ROLES.get(step.role, step.role.capitalize())
    if step.role == "gate" and step.why:
        return f"{what} · {step.why}"
    who = "" if step.role in {"retrieve", "gate"} else f" by {step.engine}"
    took = f" · {seconds(step.timing.answer_s)}" if step.timing else ""
    kept = " · kept" if step.kept else ""
    return f"{what}{who}{took}{kept}"


def step_text(step: Step) -> str:
    """What a step came to: why, what it cost, and what it said if that was not kept."""
    told = [plain(text) for text in (step.why, step.error) if text]
    figures = [
        f"confidence {step.confidence:.2f}" + ("" if step.calibrated else " (not calibrated)")
        if step.confidence is not None
        else "",
        f"{step.usage.input_tokens} tokens read, {step.usage.output_tokens} written"
        if step.usage
        else "",
        f"first word after {seconds(step.timing.ttft_s)}"
        if step.timing and step.timing.ttft_s is not None
        else "",
    ]
    told.append(" · ".join(figure for figure in figures if figure))
    if step.text and not step.kept:
        told.append(quoted(step.text))
    return "\n\n".join(line for line in told if line)


def figures(reply: Reply) -> str:
    """One line under an answer: who gave it, how long it took, how much there was."""
    path = {"accepted": "draft kept", "escalated": "large model asked", "degraded": "draft kept"}
    parts = [
        plain(reply.model),
        path.get(reply.path or "", ""),
        seconds(reply.timing.answer_s),
        f"first word {seconds(reply.timing.ttft_s)}" if reply.timing.ttft_s is not None else "",
        f"{reply.paid.output_tokens} tokens" if reply.paid.output_tokens else "",
        "cut off at the limit" if reply.finish == "length" else "",
    ]
    return " · ".join(part for part in parts if part)


def source_line(source: Source) -> str:
    """Where a passage stands, in words."""
    name = source.file.replace("\\", "/").rsplit("/", 1)[-1]
    page = f", page {source.page}" if source.page else ""
    heading = f" · {source.heading}" if source.heading else ""
    return plain(f"{name}{page}{heading}")


def list_of(title: str, lines: Sequence[str]) -> str:
    """A short titled list; empty without lines."""
    return f"\n\n**{title}**\n" + "\n".join(f"- {line}" for line in lines) if lines else ""


def without_images(text: str) -> str:
    """An answer whose images are only their descriptions: none is fetched from anywhere."""
    return _MARK.sub("! ", _described(text))


def _described(text: str) -> str:
    return _IMAGE.sub(lambda found: found[1] or found[2] or "", text)


class Stream:
    """An answer as it comes, without images: what may become one is held back until it is clear.

    A browser would fetch an image the moment its address is complete.
    """

    def __init__(self) -> None:
        self._held = ""
        self._last = ""

    def more(self, text: str) -> str:
        """What can be shown now."""
        self._held += text
        place = _begun(self._held)
        ready, self._held = self._held[:place], self._held[place:]
        return self._shown(ready)

    def rest(self) -> str:
        """What is left at the end: an image that never was complete stays a text."""
        ready, self._held = self._held, ""
        return self._shown(ready)

    def _shown(self, text: str) -> str:
        """Seen together with what was shown last: a `!` before a `[`."""
        shown = _MARK.sub("! ", self._last + _described(text))[len(self._last) :]
        if shown:
            self._last = "!" if shown.endswith("!") else ""
        return shown


def _begun(text: str) -> int:
    """Where an image begins that is not complete; the end: nowhere."""
    found = (one.start() for one in _COMING.finditer(text) if one["coming"] is not None)
    place = next(found, len(text))
    return place if len(text) - place <= _LONGEST_IMAGE else len(text)


def plain(text: str) -> str:
    """A text on one line that means nothing to Markdown."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def quoted(text: str, most: int = 600) -> str:
    """A text as a block quotation, cut."""
    cut = text if len(text) <= most else f"{text[:most].rstrip()} …"
    return "\n".join(f"> {plain(line)}" for line in cut.splitlines() if line.strip())


def seconds(value_s: float) -> str:
    """A duration to two or three digits."""
    return f"{value_s * 1000:.0f} ms" if value_s < 0.1 else f"{value_s:.2f} s"


def read_of(taken: Sequence[Upload]) -> str:
    """What became of files that came without a question."""
    read = [
        f"{plain(one.name)} ({passages_of(one.passages)})" for one in taken if one.error is None
    ]
    return f"Read {', '.join(read)}. Ask about it." if read else "Nothing could be read."


def passages_of(count: int) -> str:
    """So many passages, in words."""
    return f"{count} passage{'s' * (count != 1)}"
