<<<<<<< HEAD
"""Documents, retrievers and models for tests of answers."""

from collections.abc import Sequence
from typing import Any

import msgspec
from tests.policies.made import Counting

from sprat.engines.base import Engine
from sprat.engines.script import Script
from sprat.rag.answer import GroundedEngine
from sprat.rag.document import Found, Passage, Retrieved
from sprat.rag.gate import Gate, SideGate
from sprat.rag.terms import terms
from sprat.types import ChatRequest, Delta, Message, Reply

NORMANS = "The Normans gave their name to Normandy, a region in France. They came from Norway."
SEINE = "The Seine flows through Paris. It is 777 kilometres long and rises near Dijon."
OFFSET = 100
"""Where each passage begins in its document, so that offsets are not by chance right."""


class Few:
    """Finds among a few texts by shared content words; the score is their share."""

    def __init__(self, *texts: str) -> None:
        self.texts = texts
        self.asked: list[str] = []

    async def find(self, query: str, most: int = 6) -> Retrieved:
        self.asked.append(query)
        wanted = set(terms(query))
        found = [
            Found(passage=passage(text, place), score=score, lexical=9 * score)
            for place, text in enumerate(self.texts)
            if (score := len(wanted & set(terms(text))) / max(1, len(wanted)))
        ]
        best = sorted(found, key=lambda one: -one.score)[:most]
        return Retrieved(query=query, found=tuple(best), lexical_s=0.001)


def passage(text: str, place: int = 0) -> Passage:
    return Passage(
        file=f"/docs/{place}.md", start=OFFSET, end=OFFSET + len(text), text=text, heading="Europe"
    )


def model(name: str, *rules: dict[str, Any]) -> Counting:
    return Counting(name, msgspec.convert({"rule": list(rules)}, Script))


def says(text: str, **fields: Any) -> dict[str, Any]:
    """A rule: this whole text, streamed word by word."""
    return {"text": text, **fields}


def reads(chance: float, text: str, **fields: Any) -> dict[str, Any]:
    """A rule of a model that can read what it might answer: "not in the documents", so probable."""
    import math

    return {"text": text, "read": [math.log(chance), 0.0, 0.0, 0.0], **fields}


def grounded(
    small: Engine | None,
    large: Engine | None = None,
    texts: Sequence[str] = (NORMANS, SEINE),
    **fields: Any,
) -> GroundedEngine:
    return GroundedEngine(Few(*texts), small, large, **fields)


def sentence_gate(**fields: Any) -> Gate:
    """Both models answer without quoting."""
    return Gate(small=SideGate(form="sentence", **fields), large=SideGate(form="sentence"))


def question(text: str, *before: str, **fields: Any) -> ChatRequest:
    """`before`: earlier turns, the user's first."""
    roles = ("user", "assistant")
    earlier = tuple(Message(roles[place % 2], said) for place, said in enumerate(before))
    return ChatRequest(messages=(*earlier, Message("user", text)), **fields)


async def played(engine: Engine, asked: ChatRequest) -> tuple[list[str], Reply]:
    got = [piece async for piece in engine.stream(asked)]
    reply = got.pop()
    assert isinstance(reply, Reply)
    texts = [piece.text for piece in got if isinstance(piece, Delta)]
    assert "".join(texts) == reply.text
    return texts, reply
=======
"""Files made for tests: PDF by fpdf2, Office by the packages that write it."""

import io
import zipfile

from fpdf import FPDF


def pdf(*pages: str, title: str = "", outline: dict[int, str] | None = None, password="") -> bytes:
    """A page for each text; `outline` names pages by their place."""
    made = FPDF()
    made.set_font("helvetica", size=12)
    if title:
        made.set_title(title)
    if password:
        made.set_encryption(owner_password="owner", user_password=password)
    for place, text in enumerate(pages):
        made.add_page()
        if outline and place in outline:
            made.start_section(outline[place])
        made.multi_cell(0, 6, text)
    return bytes(made.output())


_A = "http://schemas.openxmlformats.org/drawingml/2006/main"
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def docx() -> bytes:
    """Two headings, a paragraph, a table, and a picture that lies in another's house."""
    body = (
        _paragraph("House rules", "Heading1")
        + _paragraph("Shoes off, use the snake_case door.")
        + f'<w:p><w:r><w:drawing><a:blip xmlns:a="{_A}" r:link="rId9"/></w:drawing></w:r></w:p>'
        + _paragraph("Guests", "Heading2")
        + _table(("Day", "Guests"), ("Monday", "4"))
    )
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="Heading{n}">'
        f'<w:name w:val="heading {n}"/></w:style>'
        for n in (1, 2)
    )
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="xml" '
        'ContentType="application/xml"/></Types>',
        "_rels/.rels": _relations(f'Type="{_R}/officeDocument" Target="word/document.xml"'),
        "word/document.xml": f'<w:document xmlns:w="{_W}" xmlns:r="{_R}"><w:body>{body}</w:body>'
        "</w:document>",
        "word/styles.xml": f'<w:styles xmlns:w="{_W}">{styles}</w:styles>',
        "word/_rels/document.xml.rels": _relations(
            f'Type="{_R}/image" Target="http://tracker.example/x.png" TargetMode="External"', "rId9"
        ),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name, text in parts.items():
            made.writestr(name, text)
    return buffer.getvalue()


def _relations(what: str, number: str = "rId1") -> str:
    relation = f'<Relationship Id="{number}" {what}/>'
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{relation}</Relationships>'


def _paragraph(text: str, style: str = "") -> str:
    how = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{how}<w:r><w:t>{text}</w:t></w:r></w:p>"


def _table(*rows: tuple[str, ...]) -> str:
    cells = ("".join(f"<w:tc>{_paragraph(text)}</w:tc>" for text in row) for row in rows)
    return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"


def pptx() -> bytes:
    from pptx import Presentation

    made = Presentation()
    for title, text in (("Harvest", "Barley was late."), ("", "Rye was early.")):
        slide = made.slides.add_slide(made.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text = text
    return saved(made)


def xlsx() -> bytes:
    from openpyxl import Workbook

    made = Workbook()
    made.active.title = "Prices"
    made.active.append(["fish", "price"])
    made.active.append(["sprat", 3])
    made.active.append(["herring", None])
    return saved(made)


def saved(made) -> bytes:
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()
>>>>>>> read
