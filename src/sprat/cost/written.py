"""The file of assumptions: read with every mistake named, and written to be edited."""

import tomllib
from pathlib import Path
from typing import Any

import msgspec

from sprat.cost.assumptions import (
    MOST_CLOUDS,
    MOST_MONTHS,
    Assumption,
    Assumptions,
    Cloud,
    checked,
)
from sprat.cost.terms import TERMS, Origin, Term
from sprat.errors import SettingsError

_MOST_BYTES = 1_000_000
_DOCS = "What each entry means: docs/cost.md."


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One table of the file."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    source: str = ""
    origin: Origin | None = None


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is not a term."""

    months: int | None = None
    clouds: tuple[Cloud, ...] | None = None
    machines: dict[str, dict[str, _Entry]] = {}


def read_assumptions(file: Path, start: Assumptions) -> Assumptions:
    """What a file says, over `start`: what it leaves out stays as it is.

    Raises:
        SettingsError: no such file, no TOML, an unknown entry, or a value out of its bounds.
    """
    tables = _tables(file)
    try:
        entries = {
            name: msgspec.convert(tables.pop(name), _Entry)
            for name in list(tables)
            if name in TERMS
        }
        rest = msgspec.convert(tables, _File)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{file} cannot be used: {error}.", fix=_DOCS) from error
    for side, own in rest.machines.items():
        entries.update({f"{name}@{side}": entry for name, entry in own.items()})
    values = dict(start.values)
    for name, entry in entries.items():
        values[name] = checked(name, _laid_over(values.get(name), entry, file))
    return _checked(start, values, rest, file)


def _tables(file: Path) -> dict[str, Any]:
    try:
        text = file.read_bytes()
        if len(text) > _MOST_BYTES:
            raise SettingsError(f"{file} has {len(text):,} bytes: no file of assumptions.")
        return tomllib.loads(text.decode("utf-8"))
    except FileNotFoundError as error:
        fix = f"Make it: sprat cost --write-assumptions {file}"
        raise SettingsError(f"There is no file {str(file)!r}.", fix=fix) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} cannot be used: {error}.", fix=_DOCS) from error


def _laid_over(before: Assumption | None, entry: _Entry, file: Path) -> Assumption:
    """A value that was only written down from the default is still only that."""
    if entry.value is None:
        return before or Assumption(origin="assumed")
    made = Assumption(value=entry.value, low=entry.low, high=entry.high)
    same = before is not None and _numbers(made) == _numbers(before)
    if same and before is not None and entry.origin in {None, before.origin}:
        return before
    copied = before is not None and entry.source == before.source
    source = f"declared in {file.name}" if copied or not entry.source else entry.source
    return msgspec.structs.replace(made, source=source, origin=entry.origin or "declared")


def _numbers(one: Assumption) -> tuple[float | None, ...]:
    return one.value, one.low, one.high


def _checked(
    start: Assumptions, values: dict[str, Assumption], rest: _File, file: Path
) -> Assumptions:
    months = start.months if rest.months is None else checked_months(rest.months)
    clouds = start.clouds if rest.clouds is None else rest.clouds
    if len(clouds) > MOST_CLOUDS:
        raise SettingsError(f"{file} names {len(clouds)} clouds: at most {MOST_CLOUDS}.")
    for cloud in clouds:
        _check_cloud(cloud)
    return Assumptions(
        values=values,
        months=months,
        clouds=clouds,
        clouds_declared=start.clouds_declared or clouds != start.clouds,
    )


def checked_months(months: int) -> int:
    """The same, if the forecast can look so far.

    Raises:
        SettingsError: it cannot.
    """
    if not 1 <= months <= MOST_MONTHS:
        raise SettingsError(f"{months} months: not from 1 to {MOST_MONTHS}.", fix="Try: 36")
    return months


def _check_cloud(cloud: Cloud) -> None:
    for price in (cloud.input_usd_per_mtok, cloud.output_usd_per_mtok):
        if price is not None and not 0 <= price <= 1e6:
            raise SettingsError(
                f"The cloud {cloud.model!r} has a price of {price:g}: not from 0 to 1,000,000 USD "
                "per million tokens."
            )


def written(assumed: Assumptions) -> str:
    """The file, with a comment for each entry; what must be asked for stands there without."""
    parts = [_HEAD, f"months = {assumed.months}"]
    parts += [_cloud(cloud) for cloud in assumed.clouds]
    parts += [_table(name, TERMS[name], one) for name, one in assumed.values.items()
              if name in TERMS]  # fmt: skip
    own = {name: one for name, one in assumed.values.items() if "@" in name}
    for name, one in own.items():
        plain, _, side = name.partition("@")
        parts.append(_table(f"machines.{_quoted(side)}.{plain}", TERMS[plain], one))
    return "\n\n".join(parts) + "\n\n" + _TAIL


_HEAD = """\
# What `sprat cost` takes for granted. Change whatever you know better, and say where it is from.
#
# value   what is reckoned with
# low, high   it may lie anywhere between; leave both out if it is certain
# source  where it is from; the report shows it
#
# A value that stands here as it was written is listed as "assumed", one that you change as
# "declared". Money is US dollars. docs/cost.md has the formulas."""
_TAIL = """\
# A side's machine may differ from the others': small, large, hybrid, or the role in the report.
#
# [machines.large.machine_usd]
# value = 6000
#
# A cloud's price may be declared instead of looked up:
#
# [[clouds]]
# model = "our contract"
# input_usd_per_mtok = 0.5
# output_usd_per_mtok = 1.5
"""


def _table(name: str, term: Term, one: Assumption) -> str:
    lines = [f"[{name}]", f"# {term.title} ({term.unit}): {term.asks}"]
    if one.value is None:
        return "\n".join([*lines, "# asked for: no default would hold for everybody", "# value ="])
    lines.append(f"value = {_number(one.value)}")
    if one.low is not None and one.high is not None:
        lines += [f"low = {_number(one.low)}", f"high = {_number(one.high)}"]
    return "\n".join([*lines, f"source = {_quoted(one.source)}"])


def _cloud(cloud: Cloud) -> str:
    lines = ["[[clouds]]", f"model = {_quoted(cloud.model)}"]
    if cloud.input_usd_per_mtok is not None and cloud.output_usd_per_mtok is not None:
        lines += [
            f"input_usd_per_mtok = {_number(cloud.input_usd_per_mtok)}",
            f"output_usd_per_mtok = {_number(cloud.output_usd_per_mtok)}",
        ]
    return "\n".join([*lines, *([f"source = {_quoted(cloud.source)}"] if cloud.source else [])])


def _number(value: float) -> str:
    return f"{value:.12g}"


def _quoted(text: str) -> str:
    """A TOML string: JSON's is one."""
    return msgspec.json.encode(text).decode()
