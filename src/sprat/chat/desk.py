"""What answers in the chat: the engines, opened once, and how a profile puts them together."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

import msgspec

from sprat.chat.find import Finder
from sprat.chat.wishes import HYBRID, LARGE, SMALL, Wishes
from sprat.engines.base import Embedder, Engine
from sprat.errors import SpratError
from sprat.rag.store.base import Store
from sprat.types import Step

if TYPE_CHECKING:
    from sprat.policies.spec import Policy

KINDS = ("cascade", "refine", "fallback")
"""The policies that need no calibration, by the names of `sprat policy new`."""
Watch = Callable[[Step], None]


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """One way of answering that a chat can be started with."""

    name: str
    about: str


class Grounds(Protocol):
    """Makes an engine that answers from documents."""

    def __call__(
        self,
        finder: Finder,
        small: Engine | None,
        large: Engine | None,
        wishes: Wishes,
        watch: Watch,
    ) -> Engine:
        """`small` answers; what it cannot, `large`; what neither can, the documents do not say.

        The wishes' policy is the name of a gate; any other is the first one's.
        """
        ...


class Desk:
    """Opened once per process, used by every chat at once."""

    def __init__(
        self,
        small: Engine,
        large: Engine | None = None,
        *,
        store: Store | None = None,
        embedder: Embedder | None = None,
        finder: Finder | None = None,
        grounds: Grounds,
        gates: Sequence[str] = (),
        policies: "Sequence[Policy]" = (),
    ) -> None:
        """`small` alone: one model. `finder`: over `store`; None: no documents of its own.

        `gates`: what `grounds` knows by name, to choose from.
        """
        self.small, self.large = small, large
        self.store, self.embedder, self.finder = store, embedder, finder
        self._grounds, self._gates = grounds, tuple(gates)
        self._policies = {policy.name: policy for policy in policies}
        self._pairs: dict[str, Engine] = {}

    @property
    def profiles(self) -> tuple[Profile, ...]:
        """What a chat can be started with; the first is the one that it has without a choice."""
        small = self.small.name
        if self.large is None:
            return (Profile(name=small, about=f"`{small}` answers."),)
        large = self.large.name
        both = f"`{small}` answers; where it cannot, `{large}` is asked."
        return (
            Profile(name=HYBRID, about=both),
            Profile(name=SMALL, about=f"`{small}` alone: fast, and more often silent."),
            Profile(name=LARGE, about=f"`{large}` alone: slower, every time."),
        )

    def policies(self, profile: str | None) -> tuple[str, ...]:
        """What decides about an answer, to choose from: gates over documents, else policies."""
        if self.finder is not None:
            return self._gates if len(self._gates) > 1 else ()
        both = self.large is not None and profile not in {SMALL, LARGE}
        return (*KINDS, *self._policies) if both else ()

    def engine(
        self, profile: str | None, wishes: Wishes, finder: Finder | None, watch: Watch
    ) -> Engine:
        """What answers one question. It closes nothing when it is closed: never do."""
        small, large = self._sides(profile)
        if finder is not None:
            return self._grounds(finder, small, large, wishes, watch)
        if small is not None and large is not None:
            return self._pair(wishes.policy, small, large)
        return small or large or self.small

    async def warm(self) -> None:
        """Load every model. One that cannot be loaded says so when it is asked."""
        engines = [engine for engine in (self.small, self.large, self.embedder) if engine]
        for engine in engines:
            try:
                await engine.warm()
            except SpratError:
                continue

    async def aclose(self) -> None:
        """Stop what runs and free everything."""
        open_now = [engine for engine in (self.small, self.large, self.embedder) if engine]
        await asyncio.gather(*(engine.aclose() for engine in open_now), return_exceptions=True)
        if self.store is not None:
            self.store.close()

    def _sides(self, profile: str | None) -> tuple[Engine | None, Engine | None]:
        if self.large is not None and profile == LARGE:
            return None, self.large
        return self.small, None if profile == SMALL else self.large

    def _pair(self, name: str, small: Engine, large: Engine) -> Engine:
        """One for all chats: what it learned of a failing model holds for every one."""
        from sprat.policies.engine import PolicyEngine

        policy = self._policies.get(name) or rule(name, small.name, large.name)
        if policy.name not in self._pairs:
            pair = PolicyEngine(policy, small, large, name=policy.name, owns=False)
            self._pairs[policy.name] = pair
        return self._pairs[policy.name]


def rule(kind: str, small: str, large: str) -> "Policy":
    """A policy of the kind's own rules, as `sprat policy new` writes it; a cascade for others."""
    from sprat.policies.spec import Policy, Side

    known = "refine" if kind == "refine" else "fallback" if kind == "fallback" else "cascade"
    return Policy(name=known, kind=known, small=Side(model=small), large=Side(model=large))
