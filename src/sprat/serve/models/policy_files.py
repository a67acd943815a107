"""The policies that the gateway offers: their files, read again when they change, and checked."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from sprat.door.identity import identity
from sprat.errors import PolicyError, SpratError
from sprat.models.names import EndpointModel, PolicyFile
from sprat.policies.file import read_policy
from sprat.policies.spec import Policy, Which
from sprat.serve.models.names import POLICY, Names, Served
from sprat.settings import Settings

SIDES: tuple[Which, Which] = ("small", "large")
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
        return frozenset(which for which in SIDES if _is_away(self.sides[which]))


class PolicyFiles:
    """Reads the files of policies; what one says is believed until it changes."""

    def __init__(self, names: Names, settings: Settings, on_disk: Callable[[Served], bool]) -> None:
        self._names = names
        self._settings = settings
        self._on_disk = on_disk
        self._read: dict[Path, tuple[Stamp, Known]] = {}
        self._looked: dict[Path, tuple[Stamp, float, bool]] = {}

    def stamp(self, served: Served) -> Stamp:
        """When its file was written, and its size: another stamp is another policy.

        Raises:
            PolicyError: the file is gone.
        """
        try:
            found = _file(served).stat()
        except OSError as error:
            raise PolicyError(f"The file of {served.name} is gone.") from error
        return found.st_mtime_ns, found.st_size

    def known(self, served: Served) -> Known:
        """What its file says now.

        Raises:
            PolicyError: it cannot be read, was edited, or names a model that is not there.
        """
        path, stamp = _file(served), self.stamp(served)
        kept = self._read.get(path)
        if kept is None or kept[0] != stamp:
            kept = self._read[path] = (stamp, self._fresh(served, path))
        return kept[1]

    def _fresh(self, served: Served, path: Path) -> Known:
        try:
            policy = read_policy(path)
            sides = {which: self._side(served, policy, which) for which in SIDES}
        except SpratError as error:  # clients are told no path
            message = error.message.replace(str(path), served.name)
            fix = (error.fix or "").replace(str(path), served.name.removeprefix(POLICY))
            raise PolicyError(message, fix=fix or None) from error
        return Known(policy=policy, sides=sides)

    def _side(self, served: Served, policy: Policy, which: Which) -> Served:
        own = f"{served.name.removeprefix(POLICY)}.{which}"
        return self._names.behind(getattr(policy, which).model, own)

    def check(self, served: Served, known: Known) -> None:
        """Refuse models other than those that it was calibrated for. Blocks: it looks at the disk.

        Raises:
            PolicyError: a model has other weights now.
            SpratError: a model's weights cannot be read.
        """
        for which in SIDES:
            declared = getattr(known.policy, which)
            if declared.identity and declared.identity != identity(declared.model, self._settings):
                raise PolicyError(
                    f"{served.name} was calibrated for other weights of its {which} model, "
                    f"{known.sides[which].name}.",
                    fix="Calibrate it again: sprat calibrate",
                )

    def usable(self, served: Served) -> bool:
        """Whether it can be asked now: a policy that cannot is not offered. Blocks."""
        try:
            path, stamp = _file(served), self.stamp(served)
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


def _file(served: Served) -> Path:
    if not isinstance(served.found, PolicyFile):
        raise TypeError(f"{served.name} is no policy")
    return served.found.path


def _is_away(side: Served) -> bool:
    return isinstance(side.found, EndpointModel) and not side.found.endpoint.is_here
