"""The GGUF's tokenizer as a `tokenizer.json`."""

from collections.abc import Mapping
from typing import Any, cast

import msgspec

from sprat.errors import BadWeights, UnsupportedModel

_NORMAL, _UNKNOWN, _CONTROL, _USER_DEFINED = 1, 2, 3, 4

_GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
_TAIL = r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_TAIL_SLASH = r" ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_ENDINGS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_WORD = r"[^\r\n\p{L}\p{N}]?\p{L}+"
_CASED = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+{0}"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*{0}"
)
_QWEN2 = rf"{_ENDINGS}|{_WORD}|\p{{N}}|{_TAIL}"
_LLAMA3 = rf"{_ENDINGS}|{_WORD}|\p{{N}}{{1,3}}|{_TAIL}"
_TEKKEN = _CASED.replace("{0}", "") + rf"|\p{{N}}|{_TAIL_SLASH}"
_GPT4O = _CASED.replace("{0}", _ENDINGS + "?") + rf"|\p{{N}}{{1,3}}|{_TAIL_SLASH}"


class Pre(msgspec.Struct, frozen=True):
    """How a byte-level tokenizer cuts text into words before merging."""

    pattern: str
    single_digits: bool = False
    """Each digit is cut out first."""
    whole_words: bool = False
    """A word that is in the vocabulary is taken without merging."""


# Source: llama.cpp's `llm_tokenizer_bpe` and the models' own tokenizer.json files.
PRE_TOKENIZERS = {
    "gpt-2": Pre(_GPT2),
    "phi-2": Pre(_GPT2),
    "smollm": Pre(_GPT2, single_digits=True),
    "starcoder": Pre(_GPT2, single_digits=True),
    "refact": Pre(_GPT2, single_digits=True),
    "qwen2": Pre(_QWEN2),
    "deepseek-r1-qwen": Pre(_QWEN2),
    "llama-bpe": Pre(_LLAMA3, whole_words=True),
    "llama3": Pre(_LLAMA3, whole_words=True),
    "llama-v3": Pre(_LLAMA3, whole_words=True),
    "dbrx": Pre(_LLAMA3),
    "smaug-bpe": Pre(_LLAMA3),
    "tekken": Pre(_TEKKEN, whole_words=True),
    "gpt-4o": Pre(_GPT4O),
}


class Vocabulary(msgspec.Struct, frozen=True, kw_only=True):
    """The tokenizer's part of the metadata."""

    model: str
    pre: str
    tokens: list[str]
    kinds: list[int]
    merges: list[str]
    scores: list[float]
    add_bos: bool
    bos_id: int | None
    add_space_prefix: bool


def read_vocabulary(metadata: Mapping[str, Any], rows: int) -> Vocabulary:
    """Read the vocabulary of a model with `rows` embeddings.

    Raises:
        UnsupportedModel: a tokenizer of another kind.
        BadWeights: lists that are missing or do not fit each other.
    """
    model = metadata.get("tokenizer.ggml.model")
    if model not in ("gpt2", "llama"):
        raise UnsupportedModel(
            f"The tokenizer is of kind {model!r}; 'gpt2' (byte-level) and 'llama' (SentencePiece) "
            "are supported.",
            fix="Choose another model.",
        )
    tokens = _list(metadata, "tokens", str)
    if not 0 < len(tokens) <= rows:
        raise BadWeights(
            f"The vocabulary has {len(tokens)} tokens but the model {rows} embeddings.",
            fix="Use another conversion of the model.",
        )
    spm = model == "llama"
    return Vocabulary(
        model=model,
        pre=str(metadata.get("tokenizer.ggml.pre", "")),
        tokens=tokens,
        kinds=_sized(_list(metadata, "token_type", int), len(tokens), _NORMAL),
        merges=_list(metadata, "merges", str),
        scores=_sized(_list(metadata, "scores", float), len(tokens), 0.0),
        add_bos=bool(metadata.get("tokenizer.ggml.add_bos_token", spm)),
        bos_id=special_id(metadata, "bos", len(tokens)),
        add_space_prefix=bool(metadata.get("tokenizer.ggml.add_space_prefix", spm)),
    )


def special_id(metadata: Mapping[str, Any], name: str, count: int) -> int | None:
    """The id of `bos`, `eos`, … ; None where the GGUF names none of its tokens."""
    value = metadata.get(f"tokenizer.ggml.{name}_token_id")
    return value if isinstance(value, int) and 0 <= value < count else None


def _list(metadata: Mapping[str, Any], name: str, kind: type) -> list[Any]:
    values = cast("list[Any]", metadata.get(f"tokenizer.ggml.{name}", []))
    if type(values) is not list or not all(isinstance(value, kind) for value in values):
        raise BadWeights(
            f"The GGUF's tokenizer.ggml.{name} is no list of {kind.__name__}.",
            fix="Use another conversion of the model.",
        )
    return values


def _sized(values: list[Any], count: int, default: float) -> list[Any]:
    if values and len(values) != count:
        raise BadWeights(
            f"The GGUF gives {len(values)} token properties for {count} tokens.",
            fix="Use another conversion of the model.",
        )
    return values or [default] * count


def tokenizer_json(vocabulary: Vocabulary) -> dict[str, Any]:
    """Everything that `tokenizer.json` holds.

    Raises:
        UnsupportedModel: the byte-level tokenizer cuts words in a way that is not known here.
    """
    parts = _byte_level(vocabulary) if vocabulary.model == "gpt2" else _sentencepiece(vocabulary)
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added_tokens(vocabulary),
        **parts,
        "post_processor": _beginning(vocabulary) or parts["post_processor"],
    }


def added_tokens(vocabulary: Vocabulary) -> list[dict[str, Any]]:
    """Tokens that are cut out of the text before anything else."""
    special = {_CONTROL, _UNKNOWN} if vocabulary.model == "llama" else {_CONTROL}
    return [
        {
            "id": index,
            "content": token,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": kind in special,
        }
        for index, (token, kind) in enumerate(zip(vocabulary.tokens, vocabulary.kinds, strict=True))
        if (kind in special or kind == _USER_DEFINED) and token
    ]


def _byte_level(vocabulary: Vocabulary) -> dict[str, Any]:
    pre = PRE_TOKENIZERS.get(vocabulary.pre)
    if pre is None:
        raise UnsupportedModel(
            f"The tokenizer cuts words as {vocabulary.pre!r}; known are "
            f"{', '.join(sorted(PRE_TOKENIZERS))}.",
            fix="Choose a conversion that names one of these, or another model.",
        )
    return {
        "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": _cuts(pre)},
        "post_processor": _byte_level_part(),
        "decoder": _byte_level_part(),
        "model": _bpe(_index(vocabulary.tokens), vocabulary.merges, ignore_merges=pre.whole_words),
    }


def _cuts(pre: Pre) -> list[dict[str, Any]]:
    """Splits by expression only: ONNX Runtime's tokenizer gets the others' corner cases wrong."""
    patterns = [r"\p{N}", pre.pattern] if pre.single_digits else [pre.pattern]
    splits = [
        {
            "type": "Split",
            "pattern": {"Regex": pattern},
            "behavior": "Isolated",
            "invert": False,
        }
        for pattern in patterns
    ]
    return [*splits, _byte_level_part()]


def _byte_level_part() -> dict[str, Any]:
    return {
        "type": "ByteLevel",
        "add_prefix_space": False,
        "trim_offsets": True,
        "use_regex": False,
    }


def _sentencepiece(vocabulary: Vocabulary) -> dict[str, Any]:
    index = _index(vocabulary.tokens)
    to_bar = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
    to_space = {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}
    prefix = vocabulary.add_space_prefix
    strip = [{"type": "Strip", "content": " ", "start": 1, "stop": 0}] if prefix else []
    unknown = next(
        (
            t
            for t, kind in zip(vocabulary.tokens, vocabulary.kinds, strict=True)
            if kind == _UNKNOWN
        ),
        None,
    )
    return {
        "normalizer": {
            "type": "Sequence",
            "normalizers": [*([{"type": "Prepend", "prepend": "▁"}] if prefix else []), to_bar],
        },
        "pre_tokenizer": None,
        "post_processor": None,
        "decoder": {
            "type": "Sequence",
            "decoders": [to_space, {"type": "ByteFallback"}, {"type": "Fuse"}, *strip],
        },
        "model": _bpe(index, _merges(vocabulary, index), unknown=unknown, byte_fallback=True),
    }


def _merges(vocabulary: Vocabulary, index: dict[str, int]) -> list[str]:
    """Every way to join two tokens into a third, the best score first.

    SentencePiece joins the pair whose result scores highest; a merge list in that order does the
    same. Source: SentencePiece's bpe_model.cc.
    """
    mergeable = [
        (-score, token)
        for token, score, kind in zip(
            vocabulary.tokens, vocabulary.scores, vocabulary.kinds, strict=True
        )
        if kind in (_NORMAL, _USER_DEFINED) and len(token) > 1
    ]
    mergeable.sort(key=lambda pair: pair[0])
    merges: list[str] = []
    for _, token in mergeable:
        halves = ((token[:at], token[at:]) for at in range(1, len(token)))
        merges.extend(f"{a} {b}" for a, b in halves if a in index and b in index)
    return merges


def _index(tokens: list[str]) -> dict[str, int]:
    index: dict[str, int] = {}
    for number, token in enumerate(tokens):
        index.setdefault(token, number)
    return index


def _bpe(
    index: dict[str, int],
    merges: list[str],
    *,
    unknown: str | None = None,
    byte_fallback: bool = False,
    ignore_merges: bool = False,
) -> dict[str, Any]:
    return {
        "type": "BPE",
        "dropout": None,
        "unk_token": unknown,
        "continuing_subword_prefix": None if byte_fallback else "",
        "end_of_word_suffix": None if byte_fallback else "",
        "fuse_unk": byte_fallback,
        "byte_fallback": byte_fallback,
        "ignore_merges": ignore_merges,
        "vocab": index,
        "merges": merges,
    }


def _beginning(vocabulary: Vocabulary) -> dict[str, Any] | None:
    """Put the beginning-of-text token first, where the model wants one."""
    if not vocabulary.add_bos or vocabulary.bos_id is None:
        return None
    token = vocabulary.tokens[vocabulary.bos_id]
    first = {"SpecialToken": {"id": token, "type_id": 0}}
    a, b = ({"Sequence": {"id": name, "type_id": kind}} for name, kind in (("A", 0), ("B", 1)))
    return {
        "type": "TemplateProcessing",
        "single": [first, a],
        "pair": [first, a, {"SpecialToken": {"id": token, "type_id": 1}}, b],
        "special_tokens": {token: {"id": token, "ids": [vocabulary.bos_id], "tokens": [token]}},
    }
