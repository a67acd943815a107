"""What is written about a benchmark, in every form; the page in a real browser."""

import csv as reader
import io
import json

import msgspec
import pytest
from playwright.sync_api import Browser
from rich.console import Console
from tests.studies.bench.made import HERE, Told, measured, opened, plan

from sprat.errors import EngineDied
from sprat.report.bench import aiperf, csv, html
from sprat.report.bench.terminal import print_bench
from sprat.studies.bench.result import BenchResult, Request

EVIL = "<script>window.broken = 1</script>"


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> dict[str, BenchResult]:
    """One side; two sides under every condition and load; one that says evil things."""
    import asyncio

    async def made(name, wanted, engines):
        with opened(tmp_path_factory.mktemp(name)) as store:
            return await measured(store, wanted, engines)

    async def all_of_them():
        busy = plan(
            conditions=("warm", "prefix-cached", "cold"),
            concurrency=(1, 2, 4),
            rates_per_s=(5.0,),
            rounds=3,
        )
        both = {"a": lambda _: Told(pids=HERE), "b": Told(first_s=0.5)}
        fails = Told(fails={8: EngineDied(EVIL)})
        return {
            "one": await made("one", plan(rounds=3), {"a": Told()}),
            "busy": await made("busy", busy, both),
            "evil": await made("evil", plan(rounds=3), {EVIL: fails, "b": Told()}),
        }

    return asyncio.run(all_of_them())


def printed(result: BenchResult, width: int = 100, **options) -> str:
    out = io.StringIO()
    print_bench(result, Console(file=out, width=width, **options))
    return out.getvalue()


@pytest.mark.parametrize("name", ["one", "busy", "evil"])
@pytest.mark.parametrize("width", [80, 100])
def test_no_line_is_wider_than_the_terminal(results, name, width):
    assert all(len(line) <= width for line in printed(results[name], width).splitlines())


@pytest.mark.parametrize("name", ["qwen2.5-coder-0.5b@webgpu", "scripted:a.toml"])
def test_no_name_is_cut_at_a_hundred_columns(results, name):
    names, busy = {"a": f"{name}0", "b": f"{name}1"}, results["busy"]
    sides = [msgspec.structs.replace(side, name=names[side.name]) for side in busy.sides]
    cells = [msgspec.structs.replace(cell, side=names[cell.side]) for cell in busy.cells]
    text = printed(msgspec.structs.replace(busy, sides=tuple(sides), cells=tuple(cells)))
    warm = text.partition("Prefix cached.")[0]
    assert warm.count(f"  {name}1 ") == 4 + 4  # a row per load, in two tables
    assert "2 at once" in text
    assert "5 a second" in text
    assert max(map(len, text.splitlines())) <= 100


def test_each_condition_has_a_table_of_its_own_and_what_is_missing_is_said(results):
    text = printed(results["busy"])
    for name in ("Warm.", "Prefix cached.", "Cold."):
        assert text.count(name) == 1
    assert "Not measured: b, cold:" in text
    assert "2 at once" in text
    assert "5 a second" in text


def test_the_median_stands_with_its_interval_and_the_ratio_with_its_own(results):
    text = printed(results["busy"])
    assert "0.20 s ±0.0%" in " ".join(text.split())
    assert "2.1" in text  # 0.571 s beside 0.271 s
    assert "×" in text  # noqa: RUF001 - the sign itself


def test_a_degraded_run_says_so_in_every_report(results):
    worse = msgspec.structs.replace(results["one"], degraded=("The power source changed.",))
    assert "Degraded: The power source changed." in printed(worse)
    assert "The power source changed." in html.render(worse)
    assert json.loads(msgspec.json.encode(worse))["degraded"] == ["The power source changed."]


def test_the_csv_has_a_row_per_request_and_nothing_where_nothing_was_measured(results):
    rows = list(reader.DictReader(io.StringIO(csv.render(results["evil"]))))
    assert len(rows) == len(results["evil"].requests)
    assert tuple(rows[0]) == Request.__struct_fields__
    (failed,) = [row for row in rows if row["error"]]
    assert (failed["ttft_s"], failed["output_tokens"]) == ("", "")
    assert float(rows[0]["ttft_s"]) == results["evil"].requests[0].ttft_s


def test_the_page_loads_nothing_and_runs_nothing(results):
    page = html.render(results["evil"])
    assert EVIL not in page
    assert "default-src &#39;none&#39;" in page
    assert "script-src" not in page
    assert "http" not in page.replace("http-equiv", "")


@pytest.mark.parametrize("name", ["one", "busy", "evil"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_scrolls_sideways_or_complains(
    browser: Browser, tmp_path, results, name, width, scheme
):
    file = tmp_path / "bench.html"
    file.write_text(html.render(results[name]), encoding="utf-8")
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    faults: list[str] = []
    try:
        page = context.new_page()
        page.on("console", lambda said: faults.append(said.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(file.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.evaluate("window.broken") is None
        unseen = page.evaluate(
            "[...document.querySelectorAll('svg[role=img]')]"
            ".filter(e => !e.getAttribute('aria-label')).length"
        )
        assert unseen == 0
    finally:
        context.close()
    assert faults == []


def test_the_stacked_bars_are_as_long_as_their_times(browser: Browser, tmp_path, results):
    """Of two answers the one that takes twice as long has the bar that is twice as long."""
    file = tmp_path / "bench.html"
    file.write_text(html.render(results["busy"]), encoding="utf-8")
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    try:
        page.goto(file.as_uri())
        widths = (
            page.locator("section")
            .first.locator("dl.bars dd.bar")
            .evaluate_all(
                "all => all.map(dd => [...dd.querySelectorAll('rect')]"
                ".reduce((sum, r) => sum + r.getBoundingClientRect().width, 0))"
            )
        )
    finally:
        page.close()
    warm = [cell for cell in results["busy"].cells if cell.condition == "warm"]
    means = [cell.total_s.mean for cell in warm if cell.total_s]
    assert len(widths) == len(means) == 8
    for width, mean in zip(widths, means, strict=True):
        assert width / max(widths) == pytest.approx(mean / max(means), rel=0.01)


def test_aiperfs_files_have_the_shape_that_its_readers_take(results):
    """Golden: names and units as AIPerf 0.13.0 writes them; its own loader read this."""
    folders = aiperf.render(results["one"])
    assert list(folders) == ["a_warm_in40_out8_c1"]
    (files,) = folders.values()
    records = [json.loads(line) for line in files["profile_export.jsonl"].splitlines()]
    assert len(records) == 6
    metadata = records[1]["metadata"]
    assert metadata["request_end_ns"] - metadata["request_start_ns"] == pytest.approx(271e6)
    assert {key: metadata[key] for key in ("session_num", "benchmark_phase", "worker_id")} == {
        "session_num": 1, "benchmark_phase": "profiling", "worker_id": "sprat",
    }  # fmt: skip
    assert records[0]["metrics"] == {
        "time_to_first_token": {"value": pytest.approx(200), "unit": "ms"},
        "inter_token_latency": {"value": pytest.approx(10), "unit": "ms"},
        "request_latency": {"value": pytest.approx(271), "unit": "ms"},
        "output_sequence_length": {"value": 8, "unit": "tokens"},
        "input_sequence_length": {"value": 40, "unit": "tokens"},
    }
    summary = json.loads(files["profile_export_aiperf.json"])
    assert summary["schema_version"] == "1.4"
    assert summary["request_count"] == {"unit": "requests", "avg": 6}
    assert summary["time_to_first_token"]["p50"] == pytest.approx(200)
    assert summary["time_to_first_token"]["p99"] is None
    assert summary["input_config"]["models"]["items"] == [{"name": "a"}]
    assert summary["input_config"]["phases"][0]["concurrency"] == 1
