"""Comparisons to draw, made by a seeded generator. Test data only: no model said any of this."""

import random

import msgspec

from sprat.studies.comparison import (
    Answer,
    Comparison,
    KindSummary,
    ModelSummary,
    Percentiles,
    QuestionSet,
    VerdictSummary,
)

KINDS = ("passage", "summary", "extract", "classify", "arithmetic", "rewrite")
NAMES = {"small": "smollm2-135m", "large": "qwen2.5-coder-0.5b"}
CHANCE = {
    "small": dict(zip(KINDS, (0.45, 0.5, 0.35, 0.7, 0.1, 0.55), strict=True)),
    "large": dict(zip(KINDS, (0.7, 0.7, 0.8, 0.75, 0.5, 0.7), strict=True)),
}
SPEED = {"small": 1.0, "large": 2.9}
SENTENCE = (
    "the river rose after three days of rain and the mill at the bend stood empty until spring "
    "when the new owner repaired its wheel and began to grind barley for the whole valley"
)
WORDS = SENTENCE.split()


def sample(n: int = 48, seed: int = 7, **changes: object) -> Comparison:
    """A comparison of `n` questions with answers that look like real ones."""
    dice = random.Random(seed)
    answers = tuple(
        _answer(dice, index, role) for index in range(n) for role in _order(dice, index)
    )
    return assemble(answers, **changes)


def assemble(answers: tuple[Answer, ...], **changes: object) -> Comparison:
    """A comparison whose summaries really follow from its answers."""
    models = tuple(_summary(role, [a for a in answers if a.role == role]) for role in NAMES)
    fields = {
        "run": "c-20261122-070312",
        "created": "2026-11-22T07:03:12Z",
        "environment": {
            "os": "Linux 6.1 x86_64",
            "python": "3.11.7",
            "cpu": "2 cores",
            "packages": {"onnxruntime": "1.31.0", "onnxruntime-genai": "0.18.0"},
        },
        "questions": QuestionSet("everyday", len(answers) // 2, "9f2c" * 16),
        "models": models,
        "verdict": _verdict(answers),
        "kinds": _kinds(answers),
        "answers": answers,
        "settings": {"seed": 0, "order": "ABBA", "limit": None, "threads": 2},
        "warnings": ("2 of 48 answers of smollm2-135m were cut off by their token limit.",),
    }
    return Comparison(**{**fields, **changes})


def _order(dice: random.Random, index: int) -> tuple[str, str]:
    return ("small", "large") if index % 2 else ("large", "small")


def _answer(dice: random.Random, index: int, role: str) -> Answer:
    kind = KINDS[index % len(KINDS)]
    language = "ms" if index % 19 == 5 else "sw" if index % 19 == 11 else "en"
    right = dice.random() < CHANCE[role][kind]
    error = "The worker process ended with signal 9." if index == 17 and role == "small" else None
    tokens = dice.randint(6, 90)
    ttft = SPEED[role] * dice.lognormvariate(-2.6, 0.35)
    decode = SPEED[role] * tokens * 0.0065
    cut_off = not right and dice.random() < 0.08
    return Answer(
        id=f"{kind}-{index:03d}",
        kind=kind,
        model=NAMES[role],
        role=role,
        text=None if error else " ".join(dice.choices(WORDS, k=tokens)).capitalize() + ".",
        score=None if error else float(right),
        scorer="exact",
        why="matches" if right else "the expected words are missing",
        timing={
            "prepare_s": 0.0011,
            "queue_s": 0.0002,
            "load_s": None,
            "ttft_s": None if error else ttft,
            "decode_s": None if error else decode,
            "answer_s": None if error else ttft + decode + 0.0009,
            "total_s": None if error else ttft + decode + 0.001,
        },
        usage={"input_tokens": 60 + tokens, "output_tokens": tokens},
        error=error,
        finish=None if error else "length" if cut_off else "stop",
        prompt=f"Passage: {' '.join(WORDS)}.\n\nQuestion {index}: who repaired the wheel?",
        expected={"facts": ["the new owner", "spring"]} if kind == "summary" else "the new owner",
        language=language,
        right=right and not error,
    )


def _summary(role: str, answers: list[Answer]) -> ModelSummary:
    good = [a for a in answers if a.error is None]
    scores = [a.score or 0.0 for a in answers]
    score = sum(scores) / len(scores) if scores else None
    half = 1.96 * (score * (1 - score) / len(scores)) ** 0.5 if score is not None else 0
    seconds = sorted(a.timing["answer_s"] or 0 for a in good)
    firsts = sorted(a.timing["ttft_s"] or 0 for a in good)
    right = sum(a.score == 1 for a in answers)
    return ModelSummary(
        name=NAMES[role],
        role=role,
        answered=len(good),
        errors=len(answers) - len(good),
        unscored=0,
        score=score,
        score_low=None if score is None else max(0.0, score - half),
        score_high=None if score is None else min(1.0, score + half),
        ttft_s=_percentiles(firsts),
        answer_s=_percentiles(seconds),
        decode_tokens_per_s=154.2 if role == "small" else 53.1,
        chars_per_s=610.0 if role == "small" else 214.0,
        input_tokens=sum(a.usage["input_tokens"] for a in good),
        output_tokens=sum(a.usage["output_tokens"] for a in good),
        cold_load_s=0.71 if role == "small" else 2.34,
        peak_rss_bytes=321_000_000 if role == "small" else 1_184_000_000,
        energy_joules=None,
        energy_source="no readable counter: /sys/class/powercap is empty",
        cost_usd=None,
        seconds_per_correct=sum(seconds) / right if right else None,
        right=right,
        truncated=sum(a.finish == "length" for a in good),
    )


def _percentiles(ordered: list[float]) -> Percentiles:
    if not ordered:
        return Percentiles(None, None)
    last = len(ordered) - 1
    return Percentiles(ordered[last // 2], ordered[round(last * 0.95)])


def _table(answers: tuple[Answer, ...]) -> list[tuple[bool, bool]]:
    by_role = {role: {a.id: a for a in answers if a.role == role} for role in NAMES}
    shared = [id_ for id_ in by_role["small"] if id_ in by_role["large"]]
    return [tuple(by_role[role][id_].score == 1 for role in NAMES) for id_ in shared]


def _gap(table: list[tuple[bool, bool]]) -> tuple[float, float, float]:
    gaps = [small - large for small, large in table]
    mean = sum(gaps) / len(gaps)
    half = 1.96 * (sum((g - mean) ** 2 for g in gaps) / len(gaps) / len(gaps)) ** 0.5
    return mean, max(-1.0, mean - half), min(1.0, mean + half)


def _verdict(answers: tuple[Answer, ...], margin: float = 0.05) -> VerdictSummary | None:
    table = _table(answers)
    if not table:
        return None
    mean, low, high = _gap(table)
    decision = (
        "good-enough" if low > -margin else "not-good-enough" if high < -margin else "inconclusive"
    )
    return VerdictSummary(
        decision=decision,
        margin=margin,
        difference=mean,
        low=low,
        high=high,
        mcnemar_p=0.0042,
        small_only_right=table.count((True, False)),
        large_only_right=table.count((False, True)),
        both_right=table.count((True, True)),
        both_wrong=table.count((False, False)),
        n=len(table),
        n_needed=640 if decision == "inconclusive" else None,
    )


def _kinds(answers: tuple[Answer, ...]) -> tuple[KindSummary, ...]:
    found = []
    for kind in dict.fromkeys(a.kind for a in answers):
        table = _table(tuple(a for a in answers if a.kind == kind))
        if not table:
            continue
        mean, low, high = _gap(table)
        small, large = (sum(pair[side] for pair in table) / len(table) for side in (0, 1))
        found.append(
            KindSummary(
                kind=kind,
                n=len(table),
                small_score=small,
                large_score=large,
                difference=mean,
                low=low,
                high=high,
            )
        )
    return tuple(found)


def one_question() -> Comparison:
    """A single question on both sides."""
    return sample(1, warnings=())


def all_errors() -> Comparison:
    """Neither model ever answered."""
    gone = "The worker process ended with signal 9."
    failed = tuple(
        msgspec.structs.replace(
            answer, text=None, error=gone, score=0.0, right=False, timing={}, usage={}, finish=None
        )
        for answer in sample(12).answers
    )
    return assemble(failed)


def prompt_mode() -> Comparison:
    """`--prompt`: two texts, nothing scored."""
    texts = tuple(_unscored(answer) for answer in sample(1).answers)
    models = tuple(_without_score(model) for model in assemble(texts).models)
    return assemble(texts, models=models, verdict=None, kinds=(), warnings=())


def unscored() -> Comparison:
    """A set whose scorers could read no answer."""
    texts = tuple(_unscored(answer) for answer in sample(12).answers)
    models = tuple(_without_score(model) for model in assemble(texts).models)
    nothing = VerdictSummary(
        decision="inconclusive", margin=0.05, difference=None, low=None, high=None,
        mcnemar_p=None, small_only_right=None, large_only_right=None, n_needed=None,
        why="No question has a score on both sides, so nothing can be said.",
    )  # fmt: skip
    return assemble(texts, models=models, verdict=nothing, kinds=(), complete=False)


def hostile() -> Comparison:
    """Texts that try to break out of the page, and texts that are hard to show."""
    texts = (
        "<script>window.broken = 1</script><img src=x onerror='window.broken = 2'>",
        '{"a": "</script><script>window.broken = 3</script>"}',
        "مرحبا بالعالم، هذا نص من اليمين إلى اليسار \u202e evil \u202c",
        "👩‍👩‍👧‍👦 🏳️‍🌈 " * 40,
        "unbroken" * 40_000,
        "```\n| a | b |\n``````\n\x07\x1b[31mred\x1b[0m",
    )
    answers = sample(12).answers
    changed = tuple(
        msgspec.structs.replace(
            a, text=texts[i % 6], prompt=texts[(i + 1) % 6], why=texts[i % 2], expected=texts[0],
            id=f'{a.id}"><b>',
        )
        for i, a in enumerate(answers)
    )  # fmt: skip
    paired = {a.id for a in changed}
    return assemble(changed, warnings=texts[:2], run=f"r{len(paired)}</title>")


def _unscored(answer: Answer) -> Answer:
    return msgspec.structs.replace(answer, score=None, right=None, scorer="none", why="")


def _without_score(model: ModelSummary) -> ModelSummary:
    return msgspec.structs.replace(
        model, score=None, score_low=None, score_high=None, right=None, seconds_per_correct=None,
        unscored=model.answered,
    )  # fmt: skip


CASES = {
    "sample": sample,
    "one_question": one_question,
    "all_errors": all_errors,
    "prompt_mode": prompt_mode,
    "unscored": unscored,
    "hostile": hostile,
}
