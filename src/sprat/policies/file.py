"""A policy's file: read, checked, signed by hash, written. Its fields: `policies.spec`."""

import re
from pathlib import Path
from typing import Any

import msgspec

from sprat.errors import PolicyError
from sprat.models.kept import POLICY_NAME, policy_file
from sprat.policies.signed import Kind, digest, read, write
from sprat.policies.spec import FORMAT, Policy
from sprat.settings import Settings

_POLICY = Kind(
    name="policy",
    format=FORMAT,
    missing="See: sprat policy list",
    made_by="sprat policy new and sprat calibrate write such files.",
)


def read_policy(path: Path, *, unsigned: bool = False) -> Policy:
    """The policy in `path`; `unsigned`: take it without looking at its hash.

    Raises:
        PolicyError: no such file; it is no policy; it was edited after it was signed.
    """
    data = read(path, _POLICY)
    if not unsigned:
        _check_hash(path, data)
    try:
        policy = msgspec.convert(data, Policy)
        check(policy)
    except (msgspec.ValidationError, PolicyError) as error:
        said = str(error).rstrip(".")
        fix = "The fields are described in docs/policies.md."
        raise PolicyError(f"{path} is no policy: {said}.", fix=fix) from error
    return policy


def _check_hash(path: Path, data: dict[str, Any]) -> None:
    claimed = data.get("sha256") or ""
    if not claimed:
        raise PolicyError(
            f"{path} is not signed.", fix=f"Look at it, then: sprat policy sign {path}"
        )
    if claimed != digest(data):
        raise PolicyError(
            f"{path} was edited after it was signed.",
            fix=f"If that was you: sprat policy sign {path}",
        )


def signed(policy: Policy) -> Policy:
    """The same, with the hash of what it says now."""
    return msgspec.structs.replace(policy, sha256=digest(msgspec.to_builtins(policy)))


def write_policy(policy: Policy, path: Path) -> None:
    """Sign and write it: all of the new file is there, or what was there before.

    Raises:
        PolicyError: it makes no sense, or the file cannot be written.
    """
    check(policy)
    write(path, signed(policy))


def find_policy(name_or_path: str, settings: Settings) -> Path:
    """The file that is meant: one of that path, else `NAME.json` among the kept policies.

    Raises:
        UnknownModel: there is none; names the nearest.
    """
    return policy_file(name_or_path.removeprefix("policy:"), settings)


def check(policy: Policy) -> None:
    """Refuse what the types alone let through.

    Raises:
        PolicyError: fields that contradict each other, or that nothing can be done with.
    """
    check_name(policy.name)
    _check_mode(policy)
    _check_logistic(policy)
    for pattern in policy.gates.private:
        try:
            re.compile(pattern)
        except re.error as error:
            raise PolicyError(
                f"gates.private: {pattern!r} is no regular expression: {error}"
            ) from error


def check_name(name: str) -> None:
    """Refuse what is no name for a policy.

    Raises:
        PolicyError: it is none.
    """
    if not POLICY_NAME.fullmatch(name):
        raise PolicyError(
            f"{name!r} is no name for a policy.",
            fix="Use up to 64 letters, digits, points, dashes and underscores.",
        )


def _check_mode(policy: Policy) -> None:
    if policy.mode != "buffer" and policy.kind != "cascade":
        raise PolicyError(f"mode {policy.mode!r} is for cascades, not for {policy.kind!r}")
    if policy.mode == "pre" and policy.decision.logistic is None:
        raise PolicyError("mode 'pre' decides from the prompt: it needs decision.logistic")


def _check_logistic(policy: Policy) -> None:
    if (logistic := policy.decision.logistic) is None:
        return
    sizes = {len(logistic.features), len(logistic.centres), len(logistic.scales)}
    if sizes != {len(logistic.weights)}:
        raise PolicyError("decision.logistic: its lists are not of one length")
    if not all(logistic.scales):
        raise PolicyError("decision.logistic: a scale is zero")
