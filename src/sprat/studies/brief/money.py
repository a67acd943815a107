"""What it costs: from `sprat cost`'s own arithmetic, in the few sentences a brief has room for."""

from typing import Any

from sprat.studies.brief.footnotes import Footnotes
from sprat.studies.brief.material import Material
from sprat.studies.brief.result import Money, Said
from sprat.settings import Settings


def money_of(
    material: Material, settings: Settings, assumptions: Any, notes: Footnotes
) -> Money:
    return Money(said=(Said("nothing"),))
