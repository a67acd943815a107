"""A scripted pair that a confidence can be learned of, and the questions it is asked."""

import json
from pathlib import Path

N = 200


def is_easy(n: int) -> bool:
    """What the small model knows: it says so, too."""
    return n % 5 < 3


def small_is_right(n: int) -> bool:
    """Mostly on the easy ones, seldom on the others."""
    return n % 40 != 0 if is_easy(n) else n % 7 == 0


def large_is_right(n: int) -> bool:
    """Almost always."""
    return n % 50 != 7


def rule(n: int, right: bool, logprob: float | None, end_ms: int) -> str:
    """What a model says to one question."""
    said = 2 * n if right else 2 * n + 1
    told = "" if logprob is None else f"logprobs = [{logprob:.3f}]\n"
    return f'[[rule]]\ncontains = "case {n:03d}"\ntext = "{said}"\nend_ms = {end_ms}\n{told}'


def write_pair(folder: Path, *, n: int = N, logprobs: bool = True, chance: bool = False) -> None:
    """`small.toml`, `large.toml` and `cases.jsonl`; by `chance` the small model's sureness tells
    nothing."""
    small, large, rows = [], [], []
    for case in range(n):
        sure = (case * 37 % 11 < 6) if chance else is_easy(case)
        logprob = (-0.05 if sure else -1.0) - case % 9 / 100
        small.append(rule(case, small_is_right(case), logprob if logprobs else None, 0))
        thinks = -0.1 if small_is_right(case) else -3.0  # what the large model thinks of the draft
        large.append(rule(case, large_is_right(case), -0.1, 2) + f"read = [{thinks}]\n")
        rows.append({"id": f"case-{case:03d}", "prompt": f"Twice {case}? case {case:03d}",
                     "expected": str(2 * case)})  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "small.toml").write_text("\n".join(small), encoding="utf-8")
    (folder / "large.toml").write_text("\n".join(large), encoding="utf-8")
    (folder / "sprat.toml").write_text(PRICES, encoding="utf-8")
    lines = "\n".join(json.dumps(row) for row in rows)
    (folder / "cases.jsonl").write_text(lines + "\n", encoding="utf-8")


PRICES = """
[cost.models."scripted:small.toml"]
input_usd_per_mtok = 1
output_usd_per_mtok = 2
[cost.models."scripted:large.toml"]
input_usd_per_mtok = 10
output_usd_per_mtok = 20
"""
"""Money does not depend on how busy the machine is."""
MODELS = ("--small", "scripted:small.toml", "--large", "scripted:large.toml")
