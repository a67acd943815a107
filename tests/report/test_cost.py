"""A forecast of costs as it is read: what it comes to, what is asked for, on every kind of page."""

import re

import msgspec
import pytest

from sprat.cost.result import (
    AssumptionLine,
    BreakEven,
    CostForecast,
    Evidence,
    Figure,
    MeasuredSide,
    OptionCost,
    Part,
    Spread,
    Swing,
    Utilised,
    Volume,
)
from sprat.report.cost import words
from sprat.report.cost.html import render
from sprat.report.cost.markdown import render as markdown
from sprat.report.cost.pictures import cumulative_picture, drawn
from sprat.report.cost.tables import tables_of

CLOUD = "cloud:them/<b>big</b>"


def option(id_: str, kind: str, total: float, **changes: object) -> OptionCost:
    line = tuple(Figure(total * month / 4, total * month / 5, total * month / 3)
                 for month in range(5))  # fmt: skip
    return msgspec.structs.replace(
        OptionCost(
            id=id_, name=f"{kind}: {id_}", kind=kind, basis="measured here",  # pyright: ignore[reportArgumentType] # a kind
            total_usd=line[-1], cumulative_usd=line, usd_per_1000=Figure(total / 10, 1, 900),
            parts=(Part("cloud", total / 10),),
        ),
        **changes,
    )  # fmt: skip


def forecast(**changes: object) -> CostForecast:
    small = option("tiny", "small", 500, machines=(1, 2), busy=(0.1, 0.2), right=0.5,
                   usd_per_1000_right=100.0)  # fmt: skip
    cloud = option(CLOUD, "cloud", 800, name="cloud: them/<b>big</b>")
    spread = Spread(n=40, mean=2.0, p50=1.5, p95=6.0)
    whole = CostForecast(
        months=4, seed=0, draws=4000, prices="genai-prices 1", rival=CLOUD,
        runs=(Evidence(run="one", kind="compare", created="2026-11-26T10:00:00", questions="mine",
                       n=40, models=("tiny",), machine="Some CPU"),),
        measured=(MeasuredSide(
            run="one", role="small", model="tiny", kind="small", here=True, asked=40, errors=1,
            busy_s=spread, input_tokens=spread, output_tokens=spread, joules=None,
            energy_source="unavailable: no counter", chars_per_token=4.0, right=0.5,
        ),),
        options=(small, cloud),
        break_evens=(BreakEven(option="tiny", rival=CLOUD, month=2, low=1, high=3, never=0.01),),
        volumes=(Volume(option="tiny", rival=CLOUD, requests_per_month=1234.0),),
        sensitivity=(Swing(
            option="tiny", term="hour_usd", title="An hour of theirs", low_value=40,
            high_value=90, usd_per_1000_low=40, usd_per_1000_high=60, total_usd_low=400,
            total_usd_high=900, saved_usd_low=400, saved_usd_high=-100, break_even_low=1,
            break_even_high=None,
        ),),
        utilisation=(Utilised(option="tiny", busy=0.1, requests_per_month=1000, usd_per_1000=3),),
        assumptions=(AssumptionLine(
            name="requests_per_month", title="Requests", unit="a month", value=5000, low=None,
            high=None, origin="declared", source="typed", asks="how many",
        ),),
        asked=(), clouds_declared=True, warnings=("Mind <this>.",),
    )  # fmt: skip
    return msgspec.structs.replace(whole, **changes)


def met(**changes: object) -> CostForecast:
    one = forecast().break_evens[0]
    return forecast(break_evens=(msgspec.structs.replace(one, **changes),))


@pytest.mark.parametrize(
    ("found", "head"),
    [
        (forecast(), "Your own machine pays"),
        (met(month=0, low=0, high=0, never=0.0), "Your own machine costs less from the start"),
        (met(month=None, low=None, high=None, never=1.0), "The cloud costs less"),
        (met(month=2, low=1, high=None, never=0.4), "It depends on what is assumed"),
        (forecast(rival=None), "Priced, with no cloud to hold it against"),
        (forecast(options=(), rival=None), "Not priced yet"),
    ],
)
def test_the_headline_says_who_is_cheaper_only_where_the_draws_agree(
    found: CostForecast, head: str
) -> None:
    assert words.headline(found)[0] == head


def test_the_sentence_has_both_totals_how_good_it_is_and_when_they_meet() -> None:
    said = words.sentence(forecast())
    assert "5,000 requests a month" in said
    assert "small: tiny (50.0% right), costs $500 ($400 to $667)" in said
    assert "costs $800 ($640 to $1,067)" in said
    assert "breaks even at the end of month 2 (in 90% of cases: month 1 to month 3)" in said


def test_where_it_never_pays_the_volume_is_told_with_which_it_would() -> None:
    said = words.sentence(met(month=None, low=None, high=None, never=1.0))
    assert "it does in none of the cases" in said
    assert "It would within 4 months from about 1,200 requests a month on" in said


def test_who_gives_right_answers_for_less_is_named_where_that_is_another_one() -> None:
    large = option("big", "large", 700, machines=(1, 1), busy=(0.2, 0.2), right=1.0,
                   usd_per_1000_right=70.0)  # fmt: skip
    said = words.sentence(forecast(options=(*forecast().options, large)))
    assert "right answers come cheapest from large: big: $70.00 a thousand, against $100" in said


def test_a_low_price_of_what_is_mostly_wrong_is_not_praised() -> None:
    first, *others = forecast().options
    wrong = msgspec.structs.replace(first, right=0.1)
    assert "right on only 10.0%" in words.sentence(forecast(options=(wrong, *others)))
    assert "right on only" not in words.sentence(forecast())


def test_a_machine_that_is_never_right_does_not_hide_who_is() -> None:
    first, *others = forecast().options
    never = msgspec.structs.replace(first, right=0.0, usd_per_1000_right=None)
    large = option("big", "large", 700, machines=(1, 1), busy=(0.2, 0.2), right=1.0,
                   usd_per_1000_right=70.0)  # fmt: skip
    said = words.sentence(forecast(options=(never, *others, large)))
    assert "right answers come cheapest from large: big: $70.00 a thousand." in said


def test_what_is_asked_for_stands_first_with_the_way_to_say_it() -> None:
    line = msgspec.structs.replace(
        forecast().assumptions[0], name="machine_usd", value=None, asks="what it costs"
    )
    bare = msgspec.structs.replace(
        forecast().options[0], total_usd=None, cumulative_usd=(), usd_per_1000=None, parts=(),
        machines=None, busy=None, missing=("machine_usd",),
    )  # fmt: skip
    found = forecast(options=(bare,), rival=None, break_evens=(), volumes=(), asked=(line,))
    assert "One number is asked for" in words.sentence(found)
    page = render(found)
    assert "sprat cost one --set machine_usd=…" in page
    assert page.index("what it costs") < page.index("What each way costs")
    assert "one number is asked for" in markdown(found)


def test_the_page_is_whole_and_lets_nothing_in() -> None:
    page = render(forecast())
    assert "default-src &#39;none&#39;" in page
    assert "<script" not in page
    assert "<b>big</b>" not in page
    assert "Mind &lt;this&gt;." in page
    assert 'src="' not in page
    assert not re.search(r'href="(?!#|data:)', page)


def test_every_table_is_on_the_page_and_in_markdown() -> None:
    found, page, text = forecast(), render(forecast()), markdown(forecast())
    assert [table.id for table in tables_of(found)] == [
        "options", "break-even", "parts", "utilisation", "measured", "assumptions",
    ]  # fmt: skip
    for table in tables_of(found):
        assert table.title in page
        assert table.title in text
        assert all(len(row) == len(table.heads) == len(table.align) for row in table.rows)


def test_the_picture_says_what_it_shows_and_marks_the_break_even() -> None:
    picture = cumulative_picture(forecast())
    assert 'aria-label="Dollars spent over 4 months.' in picture
    assert "month 2" in picture
    assert picture.count("<polygon") == 2  # the bands of the two that are decided between
    assert len({one.look for one in drawn(forecast())}) == 2


def test_energy_that_was_not_measured_is_not_shown_as_nothing() -> None:
    row = next(t for t in tables_of(forecast()) if t.id == "measured").rows[0]
    assert "not measured" in row
