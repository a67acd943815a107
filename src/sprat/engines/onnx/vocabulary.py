"""What bytes each token stands for, read from `tokenizer.json`."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from sprat.errors import BadWeights

FILE = "tokenizer.json"
_SPACE = "\u2581"
"""How SentencePiece writes a space."""


class _Added(msgspec.Struct, frozen=True):
    id: int
    content: str
    special: bool = False


class _Model(msgspec.Struct, frozen=True):
    vocab: dict[str, int] | list[tuple[str, float]]


class _Step(msgspec.Struct, frozen=True):
    type: str
    start: int = 0
    decoders: list["_Step"] = []


class _File(msgspec.Struct, frozen=True):
    model: _Model
    added_tokens: list[_Added] = []
    decoder: _Step | None = None


class Vocabulary:
    """Tokens as bytes; special tokens (end of turn, …) stand for nothing."""

    def __init__(
        self, words: Mapping[int, str], added: Mapping[int, bytes], steps: list[_Step]
    ) -> None:
        self._words = words
        self._known: dict[int, bytes] = dict(added)
        self._byte_level = any(step.type == "ByteLevel" for step in steps)
        self.strips = any(step.type == "Strip" and step.start > 0 for step in steps)
        """Whether a text's first space is not part of it."""

    def bytes(self, token: int) -> bytes:
        """The bytes; empty for special tokens and for numbers without a token."""
        if token not in self._known:
            word = self._words.get(token, "")
            self._known[token] = _bytes_of(word) if self._byte_level else _piece_of(word)
        return self._known[token]

    def text(self, token: int) -> str:
        """The token by itself; an incomplete character reads as U+FFFD."""
        return self.bytes(token).decode("utf-8", "replace")


def read_vocabulary(folder: Path) -> Vocabulary:
    """Read `tokenizer.json`.

    Raises:
        BadWeights: there is none, or it has another shape.
    """
    try:
        file = msgspec.json.decode((folder / FILE).read_bytes(), type=_File)
    except (OSError, msgspec.MsgspecError) as error:
        raise BadWeights(f"{folder / FILE} cannot be read: {error}.") from error
    vocab = file.model.vocab
    if isinstance(vocab, dict):
        words = {number: word for word, number in vocab.items()}
    else:
        words = {number: word for number, (word, _) in enumerate(vocab)}
    added = {t.id: b"" if t.special else t.content.encode() for t in file.added_tokens}
    step = file.decoder
    return Vocabulary(words, added, (step.decoders or [step]) if step else [])


def _byte_table() -> dict[str, int]:
    """The character that byte-level BPE writes for each byte.

    Source: Radford et al. 2019 (GPT-2): printable Latin-1 stands for itself, the rest are 256, ….
    """
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    table = {chr(byte): byte for byte in printable}
    return table | {chr(256 + i): byte for i, byte in enumerate(others)}


_BYTES = _byte_table()


def _bytes_of(word: str) -> bytes:
    try:
        return bytes(_BYTES[character] for character in word)
    except KeyError:
        return word.encode()


def _piece_of(word: str) -> bytes:
    if len(word) == 6 and word.startswith("<0x") and word.endswith(">"):
        return bytes([int(word[3:5], 16)])
    return word.replace(_SPACE, " ").encode()
