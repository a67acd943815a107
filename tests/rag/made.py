"""Files made for tests: PDF by fpdf2, Office by the packages that write it."""

import io

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


def docx() -> bytes:
    from docx import Document

    made = Document()
    made.core_properties.title = "Rules"
    made.add_heading("House rules", 1)
    made.add_paragraph("Shoes off, use the snake_case door.")
    made.add_heading("Guests", 2)
    table = made.add_table(rows=2, cols=2)
    for at, text in enumerate(("Day", "Guests", "Monday", "4")):
        table.cell(at // 2, at % 2).text = text
    return saved(made)


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
