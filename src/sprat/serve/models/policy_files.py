"""The policies that the gateway offers: their files, read again when they change, and checked."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from sprat.cost import Prices
from sprat.door.identity import identity
from sprat.door.policy import SIDES, checked, is_away, same_weights
from sprat.errors import PolicyError, SpratError
from sprat.models.names import PolicyFile
from sprat.policies.file import read_policy
from sprat.policies.spec import Policy, Side, Which
from sprat.serve.models.names import POLICY, Names, Served
from sprat.settings import Settings
from sprat.types import Timing, Usage

_KEPT_S = 30.0
"""How long it is believed that the models are those of the calibration, or are not."""
Stamp = tuple[int, int]


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A policy that can be read, and the models behind it."""

    policy: Policy
    sides: Mapping[Which, Served]

    @property
    def away(self) -> frozenset[Which]:
        """Which of the models are not on this machine."""
        return frozenset(which for which in SIDES if is_away(self.sides[which].found))


class PolicyFiles:
    """Reads the files of policies; what one says is believed until it changes."""

    def __init__(
        self, names: Names, settings: Settings, prices: Prices, on_disk: Callable[[Served], bool]
    ) -> None:
        self._names = names
        self._settings = settings
        self._prices = prices
        self._on_disk = on_disk
        self._read: dict[Path, tuple[Stamp, Known]] = {}
        self._looked: dict[Path, tuple[Stamp, float, bool]] = {}

    @staticmethod
    def file(served: Served) -> Path:
        """Where it stands: the same for all names of it."""
        if not isinstance(served.found, PolicyFile):
            raise TypeError(f"{served.name} is no policy")
        return served.found.path.absolute()

    def stamp(self, served: Served) -> Stamp:
        """When its file was written, and its size: another stamp is another policy.

        Raises:
            PolicyError: the file is gone.
        """
        try:
            found = self.file(served).stat()
        except OSError as error:
            raise PolicyError(f"The file of {served.name} is gone.") from error
        return found.st_mtime_ns, found.st_size

    def known(self, served: Served) -> Known:
        """What its file says now.

        Raises:
            PolicyError: it cannot be read, was edited, or names a model that is not there.
        """
        path, stamp = self.file(served), self.stamp(served)
        kept = self._read.get(path)
        if kept is None or kept[0] != stamp:
            kept = self._read[path] = (stamp, self._fresh(served, path))
        return kept[1]

    def _fresh(self, served: Served, path: Path) -> Known:
        try:
            policy = read_policy(path)
        except PolicyError as error:  # clients are told no path
            fix = (error.fix or "").replace(str(path), _own_name(served))
            message = error.message.replace(str(path), served.name)
            raise PolicyError(message, fix=fix or None) from error
        sides: dict[Which, Served] = {w: self._side(served, policy, w) for w in SIDES}
        large = sides["large"]

        def price(_: str, usage: Usage, timing: Timing) -> float | None:
            return self._prices.of(large.source, usage, timing)

        checked(policy, large.found, large.name, price)
        return Known(policy=policy, sides=sides)

    def _side(self, served: Served, policy: Policy, which: Which) -> Served:
        name = _own_name(served)
        side: Side = getattr(policy, which)
        try:
            return self._names.behind(side.model, f"{name}.{which}")
        except SpratError as error:  # it may name a path
            raise PolicyError(
                f"{served.name} cannot be used: its {which} model is not one that is here.",
                fix=f"Which one that is: sprat policy show {name}",
            ) from error

    def check(self, served: Served, known: Known) -> None:
        """Refuse models other than those that it was calibrated for. Blocks: it looks at the disk.

        Raises:
            PolicyError: a model has other weights now.
            SpratError: a model's weights cannot be read.
        """
        for which in SIDES:
            side: Side = getattr(known.policy, which)
            if side.identity and not same_weights(
                side.identity, identity(side.model, self._settings)
            ):
                raise PolicyError(
                    f"{served.name} was calibrated for other weights of its {which} model, "
                    f"{known.sides[which].name}.",
                    fix="Calibrate it again: sprat calibrate",
                )

    def refuse_unusable(self, served: Served) -> None:
        """Say why it cannot be asked, as far as that is known without its models. Blocks.

        Raises:
            PolicyError: why.
            SpratError: a model's weights cannot be read.
        """
        known = self.known(served)
        if all(self._on_disk(side) for side in known.sides.values()):
            self.check(served, known)

    def usable(self, served: Served) -> bool:
        """Whether it can be asked now: a policy that cannot is not offered. Blocks."""
        try:
            path, stamp = self.file(served), self.stamp(served)
            known = self.known(served)
        except SpratError:
            return False
        seen = self._looked.get(path)
        now_s = time.monotonic()
        if seen is None or seen[0] != stamp or now_s - seen[1] >= _KEPT_S:
            seen = self._looked[path] = (stamp, now_s, self._fits(served, known))
        return seen[2]

    def _fits(self, served: Served, known: Known) -> bool:
        if not all(self._on_disk(side) for side in known.sides.values()):
            return False
        try:
            self.check(served, known)
        except SpratError:
            return False
        return True


def _own_name(served: Served) -> str:
    """As the command line's `sprat policy` takes it."""
    return served.name.removeprefix(POLICY)
