"""Published prices of cloud models, from the package `genai-prices`: on disk, never over a network.

Source: https://github.com/pydantic/genai-prices
"""

from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING

import msgspec

from sprat.cost.rates import NoRate, Rate
from sprat.errors import SettingsError
from sprat.types import Timing, Usage

if TYPE_CHECKING:
    from genai_prices.types import ModelPrice

PACKAGE = "genai-prices"


def listed_rate(url: str, model: str) -> Rate:
    """The rate of a model at an endpoint's address. The first time it loads the list: 0.6 s."""
    if find_spec("genai_prices") is None:
        return NoRate(
            "not priced: the list of cloud prices is not installed (pip install 'sprat[prices]'), "
            "and [cost.models] does not list it"
        )
    from genai_prices.data_snapshot import get_snapshot

    try:
        provider, found = get_snapshot().find_provider_model(model, None, None, url)
    except LookupError:
        return NoRate(
            f"not priced: {PACKAGE} {version(PACKAGE)} does not list it, and neither does "
            "[cost.models]"
        )
    return Listed(url=url, model=model, shown=f"{provider.name}, {found.id}")


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A model that is in the list."""

    url: str
    model: str
    shown: str
    """The provider, and the model's name in the list."""

    @property
    def basis(self) -> str:
        """Where the price is from, and as of when: the package's version is the list's date."""
        return f"list price of {self.shown}, as of {PACKAGE} {version(PACKAGE)}"

    def usd(self, usage: Usage, timing: Timing | None, joules: float | None) -> float | None:
        """As of today: lists know hours, dates and steps of the prompt's length."""
        from genai_prices import Usage as Counted
        from genai_prices import calc_price

        counted = Counted(
            input_tokens=usage.input_tokens,
            cache_read_tokens=usage.cached_tokens,
            output_tokens=usage.output_tokens,
        )
        try:
            found = calc_price(counted, self.model, provider_api_url=self.url)
        except (LookupError, ValueError):
            return None
        return float(found.total_price) if _priced(found.model_price) else None


def _priced(price: "ModelPrice") -> bool:
    """Whether both directions have a price: a missing one would count as nothing."""
    return price.input_mtok is not None and price.output_mtok is not None


def listed_tokens(name: str, input_tokens: int, output_tokens: int) -> tuple[float, float, str]:
    """Dollars per million tokens in and out of `PROVIDER/MODEL`, and where that is from.

    Of a request of that size, today: lists know dates and steps of the prompt's length.

    Raises:
        SettingsError: the list is not installed, or does not have that model with both prices.
    """
    if find_spec("genai_prices") is None:
        raise SettingsError(
            "The list of cloud prices is not installed.",
            fix="pip install 'sprat[prices]', or declare the price in the file of assumptions.",
        )
    from genai_prices import Usage as Counted
    from genai_prices import calc_price

    provider, _, model = name.partition("/")
    counted = Counted(input_tokens=max(1, input_tokens), output_tokens=max(1, output_tokens))
    try:
        found = calc_price(counted, model, provider_id=provider)
    except (LookupError, ValueError) as error:
        raise _unlisted(name) from error
    if not _priced(found.model_price):
        raise _unlisted(name)
    return (
        float(found.input_price) / max(1, input_tokens) * 1e6,
        float(found.output_price) / max(1, output_tokens) * 1e6,
        f"list price of {found.provider.name}, {found.model.id}, as of {list_date()}",
    )


def list_date() -> str:
    """The list's date is its version."""
    return f"{PACKAGE} {version(PACKAGE)}"


def _unlisted(name: str) -> SettingsError:
    near = _nearest(name)
    return SettingsError(
        f"{list_date()} has no prices of {name!r} for tokens in and out.",
        fix=f"Nearest: {', '.join(near)}."
        if near
        else "Write it PROVIDER/MODEL, or declare its price in the file of assumptions.",
    )


def _nearest(name: str) -> list[str]:
    from difflib import get_close_matches

    from genai_prices.data_snapshot import get_snapshot

    every = [f"{one.id}/{model.id}" for one in get_snapshot().providers for model in one.models]
    return get_close_matches(name, every, n=3)
