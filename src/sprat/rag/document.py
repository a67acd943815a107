"""The nouns of this room: a document as it was read, and the passages that it is cut into."""

import msgspec


class Heading(msgspec.Struct, frozen=True):
    """A heading of a document."""

    start: int
    """Where it begins in the document's text, in characters."""
    level: int
    """1 is the outermost."""
    text: str


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """One file, read. Every offset of this room counts characters of `text`."""

    file: str
    """An absolute path with forward slashes, or the name of an upload."""
    title: str
    sha256: str
    """Of the file's bytes."""
    bytes: int
    media: str
    """`pdf`, `office`, `html`, `markdown`, `text`, `code`."""
    text: str
    pages: tuple[int, ...] = ()
    """Where each page begins; empty where there are none."""
    headings: tuple[Heading, ...] = ()


class Passage(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a document that is found, shown and quoted as a whole."""

    file: str
    start: int
    end: int
    text: str
    """The document's `text[start:end]`, exactly."""
    page: int | None = None
    """On which it begins, from 1."""
    heading: str = ""
    """The headings above it, from the outermost, joined by ` > `."""


class Hit(msgspec.Struct, frozen=True):
    """What a store found: the key of a passage, and a score of one kind, larger is better."""

    key: int
    score: float


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A passage that was found."""

    passage: Passage
    score: float
    """0 to 1: `rag.fuse`, and `close`."""
    lexical: float | None = None
    """BM25 as a share, 0 to 1, of what the question's words could bring at most; None: none of them
    stands in it, as far as was looked."""
    dense: float | None = None
    """Cosine; None: there are no vectors, or it was not among the nearest."""
    close: float | None = None
    """How much of the question stands close together in it, 0 to 1: `rag.close`; None: not told."""


class Retrieved(msgspec.Struct, frozen=True, kw_only=True):
    """What was found for one question, best first, and how long each part took, in seconds."""

    query: str
    found: tuple[Found, ...]
    lexical_s: float
    embed_s: float | None = None
    """Turning the question into a vector; None: no vectors."""
    dense_s: float | None = None
