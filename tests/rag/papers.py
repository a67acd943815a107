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
