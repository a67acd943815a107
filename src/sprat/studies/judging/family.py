"""Which family of models something belongs to: a judge likes its own family's answers best.

Source: Panickssery et al. (2024), arXiv:2404.13076 (models favour what they wrote themselves);
Zheng et al. (2023), arXiv:2306.05685, section 3.3 (self-enhancement bias).
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

from sprat.errors import SpratError, UsageError

FAMILIES: dict[str, tuple[str, ...]] = {
    # family: how the names of its models begin
    "qwen": ("qwen", "codeqwen", "qwq", "qvq"),
    "smollm": ("smollm",),
    "llama": ("llama", "tinyllama", "codellama"),
    "phi": ("phi",),
    "gpt": ("gpt", "chatgpt", "o1", "o3", "o4"),
    "gemma": ("gemma", "codegemma", "medgemma", "gemini"),
    "mistral": ("mistral", "mixtral", "ministral", "magistral", "codestral", "devstral"),
    "claude": ("claude",),
    "deepseek": ("deepseek",),
    "granite": ("granite",),
    "olmo": ("olmo",),
    "falcon": ("falcon",),
    "cohere": ("command-r", "command-a", "aya"),
    "glm": ("glm", "chatglm"),
    "grok": ("grok",),
    "kimi": ("kimi",),
    "lfm": ("lfm",),
    "minicpm": ("minicpm",),
    "nemotron": ("nemotron",),
    "yi": ("yi",),
}
_ARCHITECTURES = ("qwen", "gemma", "phi", "mistral", "deepseek", "granite", "olmo", "falcon", "glm")
"""What a GGUF's own architecture tells; that of LLaMA tells nothing, for many families use it."""


def family_of(model: str, identity: Mapping[str, Any]) -> str | None:
    """The family of a model, from its name, its weights, or its file; None: not known.

    Of a policy, whose answers come from two models, ask `families_of`.
    """
    found = families_of(model, identity)
    return min(found) if found else None


def families_of(model: str, identity: Mapping[str, Any]) -> frozenset[str]:
    """All the families that a model's answers may be of: a policy has two models.

    A distilled model is of both: `deepseek-r1-distill-qwen-7b`. A script is of none.
    """
    if "script_sha256" in identity or model.startswith("scripted:"):
        return frozenset()
    sides = [identity[side] for side in ("small", "large") if isinstance(identity.get(side), dict)]
    if sides:
        each = (families_of("", cast("dict[str, Any]", side)) for side in sides)
        return frozenset[str]().union(*each)
    named = [str(identity[what]) for what in ("model", "foundry") if identity.get(what)]
    for name in (*named, model, *_catalogued(identity), *_written_in(model)):
        if found := _named(name):
            return found
    return frozenset()


def refuse_same_family(
    judge: tuple[str, Mapping[str, Any]],
    judged: Iterable[tuple[str, Mapping[str, Any]]],
    *,
    allowed: bool,
) -> str | None:
    """What a report must say about judge and judged (name and identity of each); None: nothing.

    Raises:
        UsageError: they are of one family, and that was not `allowed`.
    """
    name, identity = judge
    own = families_of(name, identity)
    unknown = [] if own else [name]
    for other, its in judged:
        theirs = families_of(other, its)
        if shared := own & theirs:
            return _shared(name, other, min(shared), allowed=allowed)
        unknown += [other] if not theirs else []
    if not unknown:
        return None
    return f"Nobody knows which family {' and '.join(unknown)} is of: a judge favours its own."


def _shared(judge: str, judged: str, family: str, *, allowed: bool) -> str:
    if not allowed:
        raise UsageError(
            f"The judge {judge} and {judged} are both of the family {family}, "
            "and a judge favours its own.",
            fix="Name a judge of another family, or allow it: --same-family",
        )
    return f"The judge {judge} and {judged} are both of the family {family}: it favours its own."


def _named(name: str) -> frozenset[str]:
    """Families whose models' names begin a word of this one."""
    words = re.split(r"[^a-z0-9.]+", name.lower())
    joined = f"-{'-'.join(words)}"
    return frozenset(
        family
        for family, beginnings in FAMILIES.items()
        if any(_begins_a_word(beginning, joined) for beginning in beginnings)
    )


def _begins_a_word(beginning: str, joined: str) -> bool:
    """`phi` begins `phi4`, not `philosophy`; `o1` begins `o1-mini`, not `o100`."""
    after = r"(?![a-z0-9])" if beginning[-1].isdigit() else r"(?![a-z])"
    return re.search(rf"-{re.escape(beginning)}{after}", joined) is not None


def _catalogued(identity: Mapping[str, Any]) -> list[str]:
    """The catalogue's name for these very weights."""
    from sprat.models.catalog import catalog

    sha256 = identity.get("weights_sha256")
    return [name for name, one in catalog().items() if sha256 and one.sha256 == sha256]


def _written_in(model: str) -> list[str]:
    """What a GGUF file calls itself, whatever the file is called."""
    path = Path(model).expanduser()
    if not model.lower().endswith(".gguf") or not path.is_file():
        return []
    from sprat.models.gguf import Gguf

    try:
        with Gguf(path) as opened:
            told = opened.metadata
    except SpratError:  # whoever opens it says what is wrong with it
        return []
    architecture = str(told.get("general.architecture", ""))
    known = [one for one in _ARCHITECTURES if architecture.startswith(one)]
    return [str(told.get("general.name", "")), *known]
