"""The clouds to hold a machine against: with their prices, the cheapest first."""

from importlib.util import find_spec

from sprat.cost.assumptions import Assumptions, Cloud
from sprat.cost.listed import listed_tokens
from sprat.cost.options import Leg, Option, TokenRate
from sprat.errors import SettingsError
from sprat.studies.costs.hybrids import CloudRate
from sprat.studies.costs.measured import Side

NO_LIST = (
    "No cloud is shown: the list of cloud prices is not installed (pip install 'sprat[prices]'), "
    "and no price is declared."
)


def clouds_of(assumed: Assumptions, reference: Side) -> list[CloudRate]:
    """Every cloud with the price of a request like the reference's; examples only with a list.

    Raises:
        SettingsError: one that somebody named has no price.
    """
    if not assumed.clouds_declared and find_spec("genai_prices") is None:
        return []
    if "prompt_chars" not in reference.columns:
        return []  # no answer at all
    sizes = _tokens(assumed, reference)
    found = [_rate(cloud, sizes) for cloud in assumed.clouds]
    return sorted(found, key=lambda one: _usd(one.rate, sizes))


def cloud_option(cloud: CloudRate, reference: Side) -> Option:
    """The cloud's model answers everything."""
    return Option(
        id=f"cloud:{cloud.model}",
        name=f"cloud: {cloud.model}",
        kind="cloud",
        legs=(Leg(side=reference.key, rate=cloud.rate),),
        basis=f"{cloud.basis}: {cloud.rate.input_usd_per_mtok:.3g} USD in, "
        f"{cloud.rate.output_usd_per_mtok:.3g} out per million tokens; prompts and answers as long "
        f"as those of {reference.measured.model}, in tokens of another tokenizer: an estimate",
    )


def reference_of(sides: "list[Side]") -> Side:
    """Whose prompts and answers tell how long the cloud's would be: the largest model's."""
    plain = [side for side in sides if side.measured.kind != "hybrid"] or sides
    return next((side for side in plain if side.measured.kind == "large"), plain[-1])


def _rate(cloud: Cloud, sizes: tuple[int, int]) -> CloudRate:
    declared = (cloud.input_usd_per_mtok, cloud.output_usd_per_mtok)
    if declared[0] is not None and declared[1] is not None:
        rate, basis = TokenRate(declared[0], declared[1]), cloud.source or "declared"
    elif declared != (None, None):
        raise SettingsError(
            f"The cloud {cloud.model!r} has only one of its two prices.",
            fix="Set input_usd_per_mtok and output_usd_per_mtok, or neither.",
        )
    else:
        in_usd, out_usd, basis = listed_tokens(cloud.model, *sizes)
        rate = TokenRate(in_usd, out_usd)
    return CloudRate(
        model=cloud.model,
        rate=rate,
        basis=basis,
        origin="declared" if declared[0] is not None else "listed",
    )


def _tokens(assumed: Assumptions, reference: Side) -> tuple[int, int]:
    """A mean request in the cloud's tokens; only a list with steps of length needs it."""
    import numpy as np

    chars = assumed.of("cloud_chars_per_token").value or 4.0
    columns = reference.columns
    prompt = float(np.nanmean(columns["prompt_chars"]))
    answer = float(np.nanmean(columns["answer_chars"]))
    return max(1, round(prompt / chars)), max(1, round(answer / chars))


def _usd(rate: TokenRate, sizes: tuple[int, int]) -> float:
    return sizes[0] * rate.input_usd_per_mtok + sizes[1] * rate.output_usd_per_mtok
