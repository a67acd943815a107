"""`/metrics`: every number is held against requests whose outcome is known."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample
from tests.serve.running import At, gateway, serving

from sprat.serve.ledger import Ledger, Record
from sprat.serve.observe.metrics import MOST_LABELS, Metrics
from sprat.serve.observe.now import Snapshot


async def scraped(at: At) -> list[Sample]:
    async with await at.get("/metrics") as response:
        assert response.status == 200
        assert response.headers["content-type"].startswith("text/plain; version=")
        return list(samples(await response.text()))


def samples(text: str) -> Iterator[Sample]:
    for family in text_string_to_metric_families(text):
        yield from family.samples


def value(found: list[Sample], name: str, **labels: str) -> float:
    """The sum over the samples of a name that have these labels."""
    return sum(
        sample.value
        for sample in found
        if sample.name == name and labels.items() <= sample.labels.items()
    )


async def leave_in_the_middle(at: At) -> None:
    body = {"model": "echo", "stream": True, "messages": [{"role": "user", "content": "slow"}]}
    response = await at.post("/v1/chat/completions", body)
    await response.content.readline()
    response.close()


async def test_known_requests_are_counted_exactly(at: At):
    for _ in range(3):
        await at.chat()
    await at.chat(stream=True)
    await at.chat("break it")
    await at.chat("refuse it")
    await at.chat(top_k=3)
    await at.chat(model="no-such-model")
    await leave_in_the_middle(at)
    await asyncio.wait_for(at.gateway.ledger.empty.wait(), 30)
    found = await scraped(at)
    ended = "sprat_requests_total"
    assert value(found, "sprat_requests_accepted_total") == 9
    assert value(found, ended, outcome="completed", model="echo", status="200") == 4
    assert value(found, ended, outcome="failed") == 4
    assert value(found, ended, outcome="cancelled") == 1
    assert value(found, ended, route="/v1/chat/completions") == 9
    assert value(found, "sprat_errors_total", code="engine_died") == 1
    assert value(found, "sprat_errors_total", code="model_not_found", model="") == 1
    assert value(found, "sprat_errors_total", code="gone") == 1
    assert value(found, "sprat_errors_total") == 5
    assert value(found, "sprat_output_tokens_total", model="echo") == 4 * 3
    assert value(found, "sprat_request_seconds_count") == 9


async def test_tokens_are_those_that_the_clients_were_told(at: At):
    answers = [await at.chat("a b c d"), await at.chat("e f g", n=3)]
    found = await scraped(at)
    told = [answer["usage"] for answer in answers]
    assert value(found, "sprat_input_tokens_total") == sum(usage["prompt_tokens"] for usage in told)
    assert value(found, "sprat_output_tokens_total") == sum(
        usage["completion_tokens"] for usage in told
    )


async def test_times_lie_between_the_bounds_of_the_script(at: At):
    await at.chat("slow")  # ten words, 40 ms between two
    found = await scraped(at)
    assert value(found, "sprat_request_seconds_count", outcome="completed") == 1
    assert value(found, "sprat_request_seconds_sum") >= 9 * 0.04
    assert value(found, "sprat_first_token_seconds_sum") <= value(
        found, "sprat_request_seconds_sum"
    )
    assert value(found, "sprat_output_tokens_per_second_count", model="echo") == 1
    assert 0 < value(found, "sprat_output_tokens_per_second_sum") <= 1.2 / 0.04
    assert value(found, "sprat_queue_wait_seconds_count", model="echo") == 1


async def test_loads_and_unloads_are_counted_with_the_time_that_they_took(at: At):
    await at.chat()
    await at.chat()
    before = await scraped(at)
    assert value(before, "sprat_model_changes_total", model="echo", change="loaded") == 1
    assert value(before, "sprat_model_load_seconds_count", model="echo") == 1
    assert value(before, "sprat_models_loaded") == 1
    async with await at.post("/api/models/echo/unload", {}) as response:
        assert response.status == 200
    after = await scraped(at)
    assert value(after, "sprat_model_changes_total", change="unloaded") == 1
    assert value(after, "sprat_models_loaded") == 0


async def test_a_model_that_cannot_be_loaded_is_counted(tmp_path: Path):
    settings = serving(tmp_path)
    (tmp_path / "echo.toml").write_text("no toml at all", "utf-8")
    async with gateway(settings) as at:
        await at.chat()
        found = await scraped(at)
    assert value(found, "sprat_model_changes_total", model="echo", change="failed") == 1


async def test_what_is_under_way_and_what_waits_is_seen(tmp_path: Path):
    async with gateway(serving(tmp_path, places=1)) as at:
        asking = [asyncio.create_task(at.chat("slow")) for _ in range(3)]
        async with asyncio.timeout(30):
            while not at.gateway.standings or at.gateway.standings[0].waiting < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        found = await scraped(at)
        assert value(found, "sprat_places_taken", model="echo") == 1
        assert value(found, "sprat_queue_length", model="echo") == 2
        assert value(found, "sprat_requests_open") == 3
        assert value(found, "sprat_connections") >= 4
        assert value(found, "sprat_gateway_memory_bytes") > 2**20
        accepted = value(found, "sprat_requests_accepted_total")
        assert accepted == value(found, "sprat_requests_total") + 3
        await asyncio.gather(*asking)


async def test_every_answer_of_http_is_counted_refusals_too(at: At):
    await at.chat()
    async with await at.get("/nothing/here") as response:
        assert response.status == 404
    async with await at.get("/healthz", host="evil.example") as response:
        refused = response.status
    assert 400 <= refused < 500
    found = await scraped(at)
    assert value(found, "sprat_http_responses_total", status="200") == 1
    assert value(found, "sprat_http_responses_total", status="404") == 1
    assert value(found, "sprat_http_responses_total", status=str(refused)) >= 1


async def test_two_gateways_do_not_count_for_each_other(tmp_path: Path):
    async with gateway(serving(tmp_path)) as one, gateway(serving(tmp_path)) as other:
        await one.chat()
        assert value(await scraped(other), "sprat_requests_total") == 0


async def test_the_key_is_needed_for_what_names_models(tmp_path: Path):
    async with gateway(serving(tmp_path, key="a-long-secret-key")) as at:
        for path, status in (("/metrics", 401), ("/healthz", 200), ("/readyz", 200)):
            async with await at.get(path) as response:
                assert response.status == status, path


def closed(ledger: Ledger, model: str, outcome: str) -> Record:
    record = Record(id="r", route="/v1/chat/completions", arrived_ns=0, model=model)
    record.outcome, record.done_ns = outcome, 1
    return record


@pytest.mark.parametrize("outcome", ["completed", "failed"])
def test_names_that_clients_think_of_do_not_make_labels_without_end(outcome: str):
    ledger = Ledger()
    metrics = Metrics(["mine"], ledger)
    for number in range(5 * MOST_LABELS):
        metrics.heard(closed(ledger, f"somewhere/{number}", outcome))
    metrics.heard(closed(ledger, "mine", outcome))
    found = list(samples(metrics.text(Snapshot()).decode()))
    models = {sample.labels["model"] for sample in found if "model" in sample.labels}
    assert {"mine", "other"} <= models
    assert len(models) == (MOST_LABELS + 2 if outcome == "completed" else 2)
    assert value(found, "sprat_requests_total") == 5 * MOST_LABELS + 1


def test_every_metric_has_a_row_in_the_documentation(tmp_path: Path):
    page = (Path(__file__).parents[2] / "docs" / "operations.md").read_text("utf-8")
    metrics = Metrics([], Ledger())
    families = text_string_to_metric_families(metrics.text(Snapshot(own_memory=1)).decode())
    for family in families:
        counter = "_total" if family.type == "counter" else ""
        assert f"`{family.name}{counter}`" in page


async def test_health_answers_while_many_streams_run(at: At):
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        at = At(at.url, at.running, session)
        streams = [asyncio.create_task(at.chat("slow", stream=True)) for _ in range(20)]
        for _ in range(20):
            async with await at.get("/healthz") as response:
                said = msgspec.json.decode(await response.read())
            assert said == {"status": "ok", "server": "sprat"}
        await asyncio.gather(*streams)
