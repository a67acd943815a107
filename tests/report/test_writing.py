"""The terminal, Markdown and JSON, and the numbers that all of them write."""

import io
import re
from html import unescape

import msgspec
import pytest
from rich.console import Console

from sprat.report import facts, html, json, markdown, numbers, terminal
from sprat.report.answers import MAX_PAGE_CHARS, shown_pairs
from sprat.report.pictures.latency import phases
from sprat.studies.comparison import Comparison

from .samples import CASES, all_errors, hostile, prompt_mode, sample, unscored


def printed(comparison: Comparison, width: int = 100, encoding: str = "utf-8") -> str:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, newline="\n")
    terminal.print_comparison(comparison, Console(file=file, width=width, highlight=False))
    file.flush()
    return raw.getvalue().decode(encoding)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("width", [80, 100, 160])
def test_the_table_fits_the_terminal_and_never_passes_100_columns(name: str, width: int) -> None:
    from rich.cells import cell_len

    lines = printed(CASES[name](), width).splitlines()
    assert max(cell_len(line) for line in lines) <= min(width, 100)


def test_the_verdict_comes_first_and_its_question_count_with_it() -> None:
    lines = [line for line in printed(sample()).splitlines() if line.strip()]
    assert lines[0] == "Inconclusive: smollm2-135m beside qwen2.5-coder-0.5b"
    assert "48 paired questions" in " ".join(lines[1:3])


@pytest.mark.parametrize("name", CASES)
def test_a_terminal_without_unicode_gets_ascii(name: str) -> None:
    assert printed(CASES[name](), 80, "ascii").isascii()


def test_no_colour_and_no_control_character_reaches_a_file() -> None:
    text = printed(hostile())
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", text)


def test_energy_that_was_not_measured_says_why() -> None:
    text = printed(sample())
    assert "Energy is not measured: no readable counter: /sys/class/powercap is empty" in text
    assert re.search(r"Energy +not measured +not measured", text)


def test_energy_that_was_measured_says_how_far_off_it_may_be_and_what_it_is_per_token() -> None:
    measured = sample()
    models = tuple(
        msgspec.structs.replace(
            model, energy_joules=812.0, energy_noise_joules=9.1, energy_joules_per_token=0.0031,
            energy_joules_per_answer=16.9, energy_source="RAPL", gpu_memory_bytes=412_000_000,
        )
        for model in measured.models
    )  # fmt: skip
    text = printed(msgspec.structs.replace(measured, models=models))
    assert "812 J (± 9.10 J at most)" in text
    assert re.search(r"Energy per token +3.1 mJ", text)
    assert re.search(r"Energy per answer +16.9 J", text)
    assert re.search(r"GPU memory +412 MB", text)
    assert "Energy is not measured" not in text


@pytest.mark.parametrize("write", [printed, markdown.render, html.render])
def test_no_report_invents_a_verdict_for_a_single_prompt(write) -> None:
    text = write(prompt_mode())
    assert "No verdict" in text
    assert "ood enough" not in text.split("</style>")[-1]


@pytest.mark.parametrize("write", [printed, markdown.render, html.render])
@pytest.mark.parametrize("make", [all_errors, unscored])
def test_no_report_shows_none_or_nan(write, make) -> None:
    text = write(make()).split("</style>")[-1].split("<script>")[0]
    assert not re.search(r"\b(None|nan|inf)\b", text)


def test_json_is_the_comparison_again() -> None:
    text = json.render(sample())
    assert msgspec.json.decode(text, type=Comparison) == sample()
    assert list(msgspec.json.decode(text))[:4] == ["schema", "run", "created", "environment"]
    assert text == json.render(sample())


def test_markdown_tables_have_as_many_cells_in_every_row() -> None:
    for block in re.findall(r"(?:^\|.*\n)+", markdown.render(hostile()), flags=re.MULTILINE):
        counts = {len(re.split(r"(?<!\\)\|", row)) for row in block.splitlines()}
        assert len(counts) == 1, block


def test_markdown_keeps_model_text_inside_its_fence() -> None:
    text = markdown.render(msgspec.structs.replace(prompt_mode(), answers=hostile().answers[4:6]))
    fences = re.findall(r"^(`{3,})text\n(.*?)\n\1$", text, flags=re.MULTILINE | re.DOTALL)
    assert fences
    assert all(fence not in inside for fence, inside in fences)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "not measured"), (0.0, "0.000 s"), (0.0634, "0.063 s"), (1.2345, "1.23 s"),
        (12.34, "12.3 s"), (119.6, "120 s"), (185, "3 min 5 s"),
    ],
)  # fmt: skip
def test_seconds_have_sensible_digits(value: float | None, words: str) -> None:
    assert numbers.seconds(value) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [(0, "0 B"), (999, "999 B"), (321_000_000, "321 MB"), (999_600_000, "1.00 GB")],
)
def test_bytes_turn_to_the_next_unit_before_four_digits(value: int, words: str) -> None:
    assert numbers.size(value) == words


def test_a_difference_too_small_to_write_has_no_sign() -> None:
    assert numbers.points(-0.0001) == "0.0"
    assert numbers.points(-0.125) == "\N{MINUS SIGN}12.5"
    assert numbers.points(0.125) == "+12.5"


def test_the_2_by_2_table_is_what_the_pairs_say() -> None:
    comparison = sample()
    outcomes = [pair.outcome for pair in facts.pairs(comparison)]
    verdict = comparison.verdict
    assert outcomes.count("both") == verdict.both_right
    assert outcomes.count("small") == verdict.small_only_right
    assert outcomes.count("large") == verdict.large_only_right
    assert outcomes.count("neither") == verdict.both_wrong


def test_a_page_stays_small_however_long_the_answers() -> None:
    answer = hostile().answers[4]
    long = [msgspec.structs.replace(answer, id=str(n)) for n in range(3000)]
    pairs = facts.pairs(msgspec.structs.replace(sample(1), answers=tuple(long)))
    shown = shown_pairs(pairs)
    chars = sum(len(str(pair)) for pair in [{**p, "small": {**p["small"], "full": ""},
                "large": {**p["large"], "full": ""}} for p in shown])  # fmt: skip
    assert chars < 2 * MAX_PAGE_CHARS


def test_the_page_names_no_address_to_load_from() -> None:
    text = html.render(sample())
    assert set(re.findall(r'(?:src|href)="([^"]*)"', text)) == {"data:,", "#answers"}
    assert "default-src 'none'; style-src 'sha256-" in unescape(text)
    assert not re.search(r"@import|url\(|https?://", text)


def test_the_phases_of_an_answer_add_up_to_it_with_the_wait_for_a_load_counted_once() -> None:
    first = sample(4).answers[0]
    first = msgspec.structs.replace(
        first,
        timing={
            "load_s": 2.0, "prepare_s": 2.5, "queue_s": 0.25, "ttft_s": 3.0, "decode_s": 1.0,
            "answer_s": 4.5, "total_s": 4.5,
        },
    )  # fmt: skip
    comparison = msgspec.structs.replace(sample(4), answers=(first,))
    both = facts.sides(comparison)
    side = next(side for side in both if side.answers)
    found = {phase.name: phase.small for phase in phases(side, side)}
    assert found == {
        "Prepare": 0.5, "Queue": 0.25, "Load": 2.0, "Read": 0.25, "Write": 1.0, "Finish": 0.5,
    }  # fmt: skip
