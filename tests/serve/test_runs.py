"""`/runs` and `/api/runs`: what was recorded, for those who may see it, escaped and bounded."""

import asyncio
import base64
import json
import re
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from tests.runs.test_store import run, study
from tests.serve.running import At, gateway, serving
from tests.studies.history.recorded import day, scored

from sprat.runs.browse import recorded_state, state_of
from sprat.runs.store import Store
from sprat.types import Message, Question, Reply, Source, Step, Timing, Usage, Verdict

KEY = "a-key-of-more-than-16-characters"
BROKEN = "<script>window.broken = 1</script><img src=x onerror=alert(1)>\"'&"
ID = study().id
PAGES = ("/runs", f"/runs/{ID}/answers", f"/runs/{ID}/answers/q1", "/runs/compare")


def basic(password: str, user: str = "me") -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def fill(folder: Path, text: str = "Jack", **changes: Any) -> None:
    """A study with one answer right, one wrong, one failed; `text` is wherever a text can be."""
    asked = (Message("system", text), Message("user", text))
    question = Question(
        id="q1", kind="classify", messages=asked, scorer="json", expected={"name": text},
        **changes,
    )  # fmt: skip
    whole = study(
        questions=(question, msgspec.structs.replace(question, id="a/b c?#")), note=text,
        questions_name=text, status="done",
    )  # fmt: skip
    step = Step(role="draft", engine=text, why=text, text=text, confidence=0.3)
    source = Source(file=f"/docs/{text}", start=0, end=9, text=text, score=0.5, page=2, number=1)
    reply = Reply(
        text=text, finish="stop", usage=Usage(5, 2), reasoning=text, steps=(step,),
        sources=(source,),
        timing=Timing(scheduled_ns=1, sent_ns=2, first_token_ns=10**9, done_ns=2 * 10**9),
    )  # fmt: skip
    right = Verdict(scorer="json", value=1.0, why=text, answer=text)
    rule = Verdict(scorer="rule/coherence", value=0.75, why=text)
    with Store(folder / "runs.db", create=True) as store:
        store.add_study(whole)
        store.add_runs(
            [
                run("q1", position=0, model=text, reply=reply, verdicts=(right, rule)),
                run("q1", "large", 1, model=text, reply=reply,
                    verdicts=(Verdict(scorer="json", value=0.0, why=text),)),
                run("a/b c?#", position=2, reply=None, error=text),
            ]
        )  # fmt: skip


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[At]:
    fill(tmp_path)
    async with gateway(serving(tmp_path)) as here:
        yield here


async def text_of(at: At, path: str, status: int = 200, **headers: str) -> str:
    async with await at.get(path, **headers) as response:
        body = await response.text()
        assert response.status == status, (path, body[:300])
        return body


async def test_the_list_leads_to_every_study_and_its_answers(at: At):
    html = await text_of(at, "/runs")
    assert f'href="/runs/{ID}"' in html
    assert f'href="/runs/{ID}/answers"' in html
    listed = json.loads(await text_of(at, "/api/runs"))
    assert [(one["id"], one["answers"]) for one in listed["runs"]] == [(ID, 3)]
    assert (listed["total"], listed["page"]) == (1, 1)


async def test_filters_are_read_from_the_address(at: At):
    for query, n in (
        ("kind=compare", 1), ("kind=bench", 0), ("status=done", 1), ("since=2027-01-01", 0),
        ("model=s&questions=Jack", 1), ("kind=&model=&status=&since=&until=&sort=-created", 1),
    ):  # fmt: skip
        listed = json.loads(await text_of(at, f"/api/runs?{query}"))
        assert listed["total"] == n, query
        assert ("No study is like that" in await text_of(at, f"/runs?{query}")) == (n == 0)


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("colour=red", "colour"), ("status=mad", "status"), ("page=0", "page"),
        ("page=two", "page"), ("since=yesterday", "since"), ("sort=size", "sort"),
        ("kind=a&kind=b", "kind"), (f"model={'x' * 201}", "model"), ("descending=1", "descending"),
    ],
)  # fmt: skip
async def test_a_query_that_cannot_be_is_refused_by_name(at: At, query: str, named: str):
    error = json.loads(await text_of(at, f"/api/runs?{query}", 400))["error"]
    assert error["param"] == named
    assert named in error["message"]
    html = await text_of(at, f"/runs?{query}", 400)
    assert "This cannot be shown" in html


async def test_a_query_of_too_many_fields_or_no_utf8_is_refused(at: At):
    many = "&".join(f"f{n}=1" for n in range(40))
    assert "16 fields" in await text_of(at, f"/api/runs?{many}", 400)
    assert "UTF-8" in await text_of(at, "/api/runs?model=%ff", 400)


async def test_answers_are_filtered_and_say_how_they_fared(at: At):
    answers = json.loads(await text_of(at, f"/api/runs/{ID}/answers"))
    assert [one["outcome"] for one in answers["answers"]] == ["right", "wrong", "error"]
    wrong = json.loads(await text_of(at, "/api/runs/latest/answers?outcome=wrong"))
    assert [one["role"] for one in wrong["answers"]] == ["large"]
    assert wrong["run"] == ID
    html = await text_of(at, f"/runs/{ID[:6]}/answers?outcome=wrong&role=large&text=jack")
    assert "✕ wrong" in html
    assert "✓ right" not in html


async def test_one_question_shows_all_that_is_known_of_its_answers(at: At):
    html = await text_of(at, f"/runs/{ID}/answers/q1")
    for piece in ("✓ right", "✕ wrong", "Steps", "Sources", "By rule", "4.0", "Where the time went",
                  "page 2", "Its reasoning"):  # fmt: skip
        assert piece in html, piece


async def test_a_question_with_odd_signs_in_its_id_is_found_by_its_own_link(at: At):
    html = await text_of(at, f"/runs/{ID}/answers")
    (href,) = set(re.findall(r'href="([^"]*a%2Fb[^"]*)"', html))
    assert "a/b c?#" in await text_of(at, href)


async def test_a_studys_report_is_shown_with_links_back(tmp_path: Path):
    with Store(tmp_path / "runs.db", create=True) as store:
        store.add_study(study(kind="compare"))
        asked = [(name, role) for name in ("q1", "q2") for role in ("small", "large")]
        store.add_runs([run(name, role, n) for n, (name, role) in enumerate(asked)])
    async with gateway(serving(tmp_path)) as at:
        html = await text_of(at, f"/runs/{ID}")
        assert 'aria-label="Recorded runs"' in html
        assert "Sprat comparison" in html
        assert html.count("<body>") == 1
        assert await text_of(at, f"/runs/{ID}") == html


async def test_history_and_comparison_are_pages_too(tmp_path: Path):
    with Store(tmp_path / "runs.db", create=True) as store:
        a, b = day(store, 1, scored(0.9, 1)), day(store, 2, scored(0.3, 2))
    async with gateway(serving(tmp_path)) as at:
        html = await text_of(at, "/runs/history?model=tiny")
        assert "regression" in html
        assert f"/runs/compare?a={a}%3Amodel&amp;b={b}%3Amodel" in html
        compared = await text_of(at, f"/runs/compare?a={a}&b={b}")
        assert "Regression" in compared
        assert f'href="/runs/{a}/answers/' in compared
        assert "No answers are recorded of model" in await text_of(at, "/runs/history?model=x", 404)
        assert f'value="{a}:tiny"' in await text_of(at, "/runs/compare")


@pytest.mark.parametrize("path", ["/runs/nothing", f"/runs/{ID}/answers/q9", "/runs/zz/answers"])
async def test_what_is_not_there_is_a_page_that_says_so(at: At, path: str):
    html = await text_of(at, path, 404)
    assert "This cannot be shown" in html
    assert "nothing" in html or "q9" in html or "zz" in html
    error = json.loads(await text_of(at, "/api/runs/nothing", 404))["error"]
    assert error["code"] == "not_found"


async def test_nothing_recorded_yet_is_no_error(tmp_path: Path):
    async with gateway(serving(tmp_path)) as at:
        assert "Nothing is recorded yet" in await text_of(at, "/runs")
        assert json.loads(await text_of(at, "/api/runs"))["runs"] == []
        assert "Nothing is recorded yet" in await text_of(at, "/runs/latest", 404)
    assert not (tmp_path / "runs.db").exists()  # looking makes none


async def test_a_damaged_file_is_a_clear_page_and_the_gateway_goes_on(tmp_path: Path):
    (tmp_path / "runs.db").write_bytes(b"this is no database " * 400)
    async with gateway(serving(tmp_path)) as at:
        for path in ("/runs", "/runs/latest", "/runs/history"):
            assert "cannot be read as recorded runs" in await text_of(at, path, 500)
        error = json.loads(await text_of(at, "/api/runs", 500))["error"]
        assert "cannot be read" in error["message"]
        assert await text_of(at, "/healthz")


async def test_whatever_a_model_says_is_text(tmp_path: Path):
    fill(tmp_path, BROKEN)
    async with gateway(serving(tmp_path)) as at:
        for path in PAGES:
            html = await text_of(at, path)
            assert "<script" not in html
            assert "<img" not in html
            assert 'onerror=alert(1)>"' not in html
        assert "&lt;script&gt;window.broken" in await text_of(at, PAGES[2])


async def test_pages_load_nothing_send_nothing_elsewhere_and_are_not_kept(at: At):
    for path in (*PAGES, "/runs/nothing", "/api/runs"):
        async with await at.get(path) as response:
            headers, html = response.headers, await response.text()
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy, path
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "script-src" not in policy
        assert headers["cache-control"] == "no-store"
        assert "src=" not in html.replace("data-src=", "")
        assert "http://" not in html
        assert "https://" not in html


async def test_with_a_key_a_browser_sends_it_as_a_password(tmp_path: Path):
    fill(tmp_path)
    async with gateway(serving(tmp_path, key=KEY)) as at:
        for path in (*PAGES, "/api/runs", f"/api/runs/{ID}", f"/api/runs/{ID}/answers"):
            async with await at.get(path) as refused:
                assert refused.status == 401
                assert ID not in await refused.text()
                offered = refused.headers.getall("www-authenticate")
            assert [one.split()[0] for one in offered] == ["Basic", "Bearer"]
            for wrong in (basic("no"), basic(KEY[:-1]), {"Authorization": "Basic !"},
                          {"Authorization": "Basic"}, basic("", KEY)):  # fmt: skip
                await text_of(at, path, 401, **wrong)
            await text_of(at, path, 200, **basic(KEY, ""))
            await text_of(at, path, 200, **basic(KEY, "näme"))
            await text_of(at, path, Authorization=f"Bearer {KEY}")


async def test_a_password_opens_nothing_but_these_pages(tmp_path: Path):
    """A browser sends it along unasked, even for another site's page: so only to look."""
    async with gateway(serving(tmp_path, key=KEY)) as at:
        for path in ("/v1/models", "/api/models", "/metrics"):
            async with await at.get(path, **basic(KEY)) as refused:
                assert refused.status == 401, path
                assert refused.headers["www-authenticate"].startswith("Bearer")
        response = await at.post("/v1/chat/completions", {"model": "echo"}, **basic(KEY))
        assert response.status == 401


async def test_pages_of_other_sites_are_refused(at: At):
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        await text_of(at, "/runs", 403, **headers)
    async with aiohttp.ClientSession() as client:
        response = await client.get(f"{at.url}/api/runs", headers={"Host": "evil.example"})
        assert response.status == 403


async def test_a_large_study_is_sent_a_page_at_a_time(tmp_path: Path):
    with Store(tmp_path / "runs.db", create=True) as store:
        store.add_study(study())
        store.add_runs([run(f"q{n}", position=n) for n in range(10_000)])
    async with gateway(serving(tmp_path)) as at:
        html = await text_of(at, f"/runs/{ID}/answers?page=200")
        assert "of 10,000 answers" in html
        assert "9,951" in html
        assert len(html) < 100_000
        body = await text_of(at, f"/api/runs/{ID}/answers?text=jack&sort=-seconds")
        assert len(json.loads(body)["answers"]) == 50


@pytest.mark.parametrize("path", ["/runs?model=%00", f"/runs/{ID}/answers?text=%00a"])
async def test_a_nul_that_would_cut_a_pattern_short_is_refused(at: At, path: str):
    assert "cannot be" in await text_of(at, path, 400)


async def test_a_name_of_thousands_of_signs_is_not_shown_whole(at: At):
    assert "x" * 100 not in await text_of(at, f"/runs/{'x' * 7000}", 404)


async def test_a_store_that_holds_what_nobody_foresaw_is_a_page_too(tmp_path: Path):
    fill(tmp_path)
    with sqlite3.connect(tmp_path / "runs.db") as plain:
        plain.execute("UPDATE studies SET status = 'odd'")
    plain.close()
    async with gateway(serving(tmp_path)) as at:
        assert "This cannot be shown" in await text_of(at, "/runs", 500)
        assert await text_of(at, "/healthz")


async def test_a_history_is_made_anew_after_whatever_was_written(tmp_path: Path):
    with Store(tmp_path / "runs.db", create=True) as store:
        day(store, 1, scored(0.9, 1))
        name = day(store, 2, scored(0.9, 1))
        last = list(store.runs(name))[-1]
    async with gateway(serving(tmp_path)) as at:
        before = await text_of(at, "/runs/history")
        assert await text_of(at, "/runs/history") == before
        with Store(tmp_path / "runs.db") as store:  # as many answers as before, by the same row
            store.withdraw([last])
            store.add_run(msgspec.structs.replace(last, reply=None, error="died"))
        assert "1 failed" in await text_of(at, "/runs/history")


async def test_a_report_is_made_anew_when_another_study_ends(tmp_path: Path):
    """An evaluation tells how its judge fared in a study of its own."""
    with Store(tmp_path / "runs.db", create=True) as store:
        store.add_study(study(status="done"))
        store.add_study(study("261122-080000-bbbb", status="running"))
        before = (state_of(store, ID), recorded_state(store))
        store.set_status("261122-080000-bbbb", "done")
        assert (state_of(store, ID), recorded_state(store)) != before


async def test_a_study_that_lacks_its_model_keeps_nobody_waiting(tmp_path: Path):
    with Store(tmp_path / "runs.db", create=True) as store:
        name = day(store, 1, scored(0.9, 1))
    with sqlite3.connect(tmp_path / "runs.db") as plain:
        plain.execute("DELETE FROM models")
    plain.close()
    async with gateway(serving(tmp_path)) as at, asyncio.timeout(20):
        for _ in range(3):  # more than are read at once
            assert "This cannot be shown" in await text_of(at, f"/runs/{name}", 500)
        assert name in await text_of(at, "/runs")
