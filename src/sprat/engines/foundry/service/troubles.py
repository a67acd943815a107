"""What can be wrong with the service, each in one line, with one line of what to do about it."""

import sys
from typing import Literal

import msgspec

from sprat.engines.foundry.service.command import Told
from sprat.engines.foundry.service.find import USUAL, VARIABLE
from sprat.engines.foundry.service.models import ServiceModel, names_like
from sprat.engines.foundry.service.seen import Answerer
from sprat.settings import is_here

Kind = Literal[
    "not-installed", "down", "moved", "stale", "unreachable", "not-foundry",
    "no-models", "cold", "not-downloaded", "unknown-model", "pages",
]  # fmt: skip


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong."""

    kind: Kind
    state: Literal["note", "fault"]
    """`note` stops nothing."""
    what: str
    fix: str


def not_installed() -> Trouble:
    """No command, nothing at the usual port, no address set."""
    how = {
        "win32": "Install it: winget install Microsoft.FoundryLocal",
        "darwin": "Install it: brew install microsoft/foundrylocal/foundrylocal",
    }.get(sys.platform, "Its service is for Windows and macOS")
    return Trouble(
        kind="not-installed",
        state="fault",
        what=f"Foundry Local's service is not on this machine: no command foundry, nothing at "
        f"{USUAL}.",
        fix=f"{how}. Without it: pip install 'sprat[foundry]' runs its models in process; or set "
        f"{VARIABLE}=http://HOST:5273/v1 to use another machine's.",
    )


def unanswered(seen: Answerer, told: Told) -> Trouble:
    """Nothing answers where the service should be; `told` is what this machine's command says."""
    if not is_here(seen.root):
        return Trouble(
            kind="unreachable",
            state="fault",
            what=f"The machine of {seen.api} gives no answer: {seen.why}.",
            fix="There, start the service at that port (foundry server start --port 5273) and let "
            "the firewall pass it; its own address is 127.0.0.1 only, so forward the port: "
            "docs/foundry-service.md",
        )
    if told.address and root_differs(told.address, seen.root):
        return moved(seen, told.address)
    if told.address:
        return Trouble(
            kind="stale",
            state="fault",
            what=f"{told.words} says that it runs at {told.address}, and nothing answers there: "
            f"{seen.why}.",
            fix=f"Start it anew: {told.words.replace(' status', ' restart')}",
        )
    if told.slow:
        return Trouble(
            kind="down",
            state="fault",
            what=f"Nothing answers at {seen.api} ({seen.why}), and the command foundry "
            "says nothing in time.",
            fix=f"Ask it: foundry server status. Then set {VARIABLE} to the address that it tells.",
        )
    return Trouble(
        kind="down",
        state="fault",
        what=f"Foundry Local's service is not running: nothing answers at {seen.api} ({seen.why}).",
        fix=f"Start it: {told.start}. Then see: sprat foundry status"
        if told.installed
        else f"Start it there, or correct the address: {VARIABLE}, or [endpoints.foundry] url.",
    )


def moved(seen: Answerer, address: str) -> Trouble:
    """The service runs, but at another port than the one that was set."""
    return Trouble(
        kind="moved",
        state="fault",
        what=f"Nothing answers at {seen.api}; the service runs at {address} now: its port changes "
        "at each start.",
        fix=f"Set {VARIABLE}={address}/v1, or leave it unset: then it is found by itself.",
    )


def root_differs(one: str, other: str) -> bool:
    """Whether two addresses of this machine are not the same: 127.0.0.1 is localhost."""
    return one.replace("localhost", "127.0.0.1") != other.replace("localhost", "127.0.0.1")


def not_foundry(seen: Answerer) -> Trouble:
    """Something else answers there."""
    who = {
        "sprat": "Sprat's own gateway",
        "openai": "another OpenAI-compatible server",
    }.get(seen.kind, f"something else ({seen.why})")
    usable = seen.kind in {"sprat", "openai"}
    return Trouble(
        kind="not-foundry",
        state="note" if usable else "fault",
        what=f"What answers at {seen.api} is {who}, no Foundry Local.",
        fix="Its models can be asked all the same; foundry: is just a name for it then. Foundry "
        "Local's real port is in: foundry server status"
        if usable
        else f"Set {VARIABLE} to the address that foundry server status prints, with /v1.",
    )


def no_models(seen: Answerer) -> Trouble:
    """The service runs and has nothing to answer with."""
    return Trouble(
        kind="no-models",
        state="note",
        what=f"{seen.api} lists no model.",
        fix="Fetch one there: foundry model download phi-4-mini. If its catalogue stays empty, "
        "that machine has no network.",
    )


def cold(seen: Answerer) -> Trouble:
    """Nothing is in memory: the first answer waits for a load."""
    return Trouble(
        kind="cold",
        state="note",
        what=f"No model is in memory at {seen.api}: the first answer waits for the load.",
        fix="Load it beforehand: foundry model load phi-4-mini. Sprat loads what it asks, and says "
        "so.",
    )


def not_downloaded(name: str, model: ServiceModel, seen: Answerer) -> Trouble:
    """The catalogue has it, the disk has not."""
    called = name if name == model.id else f"{name} ({model.id})"
    return Trouble(
        kind="not-downloaded",
        state="fault",
        what=f"{called} is in the catalogue of {seen.api}, not on its disk.",
        fix=f"There: foundry model download {model.alias or name}",
    )


def unknown_model(name: str, models: tuple[ServiceModel, ...], seen: Answerer) -> Trouble:
    """No model of that name."""
    near = names_like(name, models)
    return Trouble(
        kind="unknown-model",
        state="fault",
        what=f"{seen.api} has no model {name!r}.",
        fix=f"Did you mean {' or '.join(f'foundry:{one}' for one in near)}?"
        if near
        else "See what it has: sprat foundry models",
    )


def pages(seen: Answerer) -> Trouble:
    """A browser keeps a page of another origin from reading the service's answers (CORS)."""
    return Trouble(
        kind="pages",
        state="note",
        what=f"A web page cannot ask {seen.api}: it sends no Access-Control-Allow-Origin.",
        fix="Put the gateway between: sprat serve --port 5274 --origin http://localhost:3000 (your "
        "page's own), and let the page ask that.",
    )
