"""What an answer costs: held against the formulas by hand, and against the list of cloud prices."""

import subprocess
import sys

import pytest
from genai_prices import Usage as Counted
from genai_prices import calc_price

from sprat.cost import Prices
from sprat.settings import CostSettings, Endpoint, Settings, TokenPrice
from sprat.types import Reply, Step, Timing, Usage

OPENAI = Endpoint(url="https://api.openai.com/v1")
OLLAMA = Endpoint(url="http://127.0.0.1:11434/v1")
USAGE = Usage(input_tokens=1000, output_tokens=200, cached_tokens=400)
TIMING = Timing(scheduled_ns=0, sent_ns=1_000_000_000, started_ns=3_000_000_000, done_ns=5 * 10**9)
MACHINE = CostSettings(machine_usd=1500, machine_years=4, busy_share=0.25)
YEAR_S = 31_557_600


def prices(cost: CostSettings | None = None, **endpoints: Endpoint) -> Prices:
    return Prices(Settings(cost=cost or CostSettings(), endpoints=endpoints))


def test_what_nobody_declared_has_no_price_and_says_so():
    found = prices()
    assert found.of("smollm2-135m", USAGE, TIMING) is None
    assert "not priced: [cost] declares neither" in found.basis("smollm2-135m")


def test_a_machine_is_paid_by_the_seconds_in_which_it_computes_without_the_queue():
    usd = prices(MACHINE).of("smollm2-135m", USAGE, TIMING)
    assert usd == pytest.approx(2.0 * 1500 / (4 * YEAR_S * 0.25))


def test_seconds_spent_loading_are_not_the_answers():
    loaded = Timing(scheduled_ns=0, sent_ns=0, loaded_ns=4 * 10**9, done_ns=5 * 10**9)
    usd = prices(MACHINE).of("smollm2-135m", USAGE, loaded)
    assert usd == pytest.approx(1500 / (4 * YEAR_S * 0.25))


def test_electricity_is_that_of_the_joules_measured():
    cost = CostSettings(electricity_usd_per_kwh=0.36, watts=65)
    assert prices(cost).of("smollm2-135m", USAGE, TIMING, 1e6) == pytest.approx(0.1)


def test_declared_watts_stand_in_only_where_nothing_was_measured():
    cost = CostSettings(electricity_usd_per_kwh=0.36, watts=65)
    assert prices(cost).of("smollm2-135m", USAGE, TIMING) == pytest.approx(65 * 2 * 1e-7)
    assert "65 W declared where none were" in prices(cost).basis("smollm2-135m")


def test_electricity_that_cannot_be_told_leaves_the_whole_unpriced():
    cost = CostSettings(
        machine_usd=1500, machine_years=4, busy_share=0.25, electricity_usd_per_kwh=0.3
    )
    assert prices(cost).of("smollm2-135m", USAGE, TIMING) is None
    whole = prices(cost).of("smollm2-135m", USAGE, TIMING, 3.6e6)
    assert whole == pytest.approx(0.3 + 2 * 1500 / (4 * YEAR_S * 0.25))


def test_without_times_a_machine_has_no_price():
    assert prices(MACHINE).of("smollm2-135m", USAGE, None) is None


@pytest.mark.parametrize(
    ("cached", "usd"), [(None, (1000 * 2 + 200 * 8) / 1e6), (0.5, (600 * 2 + 200 + 200 * 8) / 1e6)]
)
def test_cached_tokens_are_a_part_of_the_input(cached: float | None, usd: float):
    price = TokenPrice(2, 8, cached)
    found = prices(CostSettings(models={"cloud/big": price}), cloud=OPENAI)
    assert found.of("cloud/big", USAGE, None) == pytest.approx(usd)


def test_a_models_own_price_beats_its_endpoints_and_that_the_list():
    models = {"cloud": TokenPrice(1, 1), "cloud/gpt-4o-mini": TokenPrice(3, 3)}
    found = prices(CostSettings(models=models), cloud=OPENAI)
    assert found.of("cloud/gpt-4o-mini", USAGE, None) == pytest.approx(3600e-6)
    assert found.of("cloud/gpt-4o", USAGE, None) == pytest.approx(1200e-6)


@pytest.mark.parametrize(
    ("url", "provider", "model"),
    [
        ("https://api.openai.com/v1", "openai", "gpt-4o-mini"),
        ("https://api.groq.com/openai/v1", "groq", "llama-3.1-8b-instant"),
        ("https://openrouter.ai/api/v1", "openrouter", "openai/gpt-4o-mini"),
    ],
)
def test_a_cloud_models_price_is_that_of_the_list(url: str, provider: str, model: str):
    found = prices(x=Endpoint(url=url))
    listed = calc_price(
        Counted(input_tokens=1000, output_tokens=200, cache_read_tokens=400),
        model,
        provider_id=provider,
    )
    assert listed.total_price > 0
    assert found.of(f"x/{model}", USAGE, None) == pytest.approx(float(listed.total_price))
    assert "as of genai-prices" in found.basis(f"x/{model}")


@pytest.mark.parametrize("url", ["https://api.openai.com/v1", "https://models.example.com/v1"])
def test_a_cloud_model_that_is_not_listed_has_no_price(url: str):
    found = prices(MACHINE, x=Endpoint(url=url))
    assert found.of("x/nobody-knows-me", USAGE, TIMING) is None
    assert found.basis("x/nobody-knows-me").startswith("not priced: genai-prices")


def test_an_endpoint_on_this_machine_costs_what_the_machine_costs():
    found = prices(MACHINE, ollama=OLLAMA, foundry=OLLAMA)
    own = found.of("smollm2-135m", USAGE, TIMING)
    assert found.of("ollama/gpt-4o-mini", USAGE, TIMING) == own
    assert found.of("foundry:phi-4-mini", USAGE, TIMING) == own


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:1/v1", True), ("http://127.8.9.1/v1", True), ("http://[::1]:1/v1", True),
        ("http://localhost/v1", True), ("http://LOCALHOST/v1", True),
        ("http://a.localhost/v1", True),
        ("http://192.168.0.2/v1", False), ("https://localhost.example.com/v1", False),
        ("https://127.0.0.1.example.com/v1", False), ("http://0.0.0.0:1/v1", True),
    ],
)  # fmt: skip
def test_only_the_loopback_is_this_machine(url: str, here: bool):
    assert Endpoint(url=url).is_here is here


def test_without_the_package_the_way_to_it_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sprat.cost.listed.find_spec", lambda _name: None)
    found = prices(x=OPENAI)
    assert found.of("x/gpt-4o-mini", USAGE, None) is None
    assert "pip install 'sprat[prices]'" in found.basis("x/gpt-4o-mini")


def test_a_reply_gets_its_cost_and_a_policys_stays_the_sum_of_its_attempts():
    reply = Reply(text="a", finish="stop", usage=USAGE, timing=TIMING)
    found = prices(MACHINE)
    assert found.priced("smollm2-135m", reply).cost_usd == found.of("smollm2-135m", USAGE, TIMING)
    step = Step(role="draft", engine="small", kept=True)
    kept = Reply(
        text="a", finish="stop", usage=USAGE, timing=TIMING, path="accepted", steps=(step,)
    )
    assert found.priced("policy:x", kept).cost_usd is None


def test_local_prices_load_no_list():
    code = (
        "import sys; from sprat.cost import Prices; from sprat.settings import Settings; "
        "Prices(Settings()).basis('smollm2-135m'); "
        "print([m for m in ('genai_prices', 'pydantic', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
