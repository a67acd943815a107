"""A llama of half a megabyte with a real tokenizer and a chat template, for tests of the page."""

from pathlib import Path

from gguf import TokenType
from tests.models.tiny import Tiny
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from sprat.models.export.web import About, export_web

TEXT = Path(__file__).parents[2] / "benchmarks" / "export_text.txt"
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
VOCABULARY = 640
NAME = "tiny"


def tiny_gguf(path: Path) -> Path:
    """Write the model as a GGUF file and return its path; always the same bytes."""
    tokens, merges = vocabulary()
    return Tiny(
        "llama",
        "Q8_0",
        {"attn_v.weight": "Q4_1", "ffn_down.weight": "Q4_1", "ffn_gate.weight": "Q4_0"},
        hidden=128,
        feed_forward=384,
        layers=2,
        heads=4,
        kv_heads=2,
        head_size=32,
        context=1024,
        tied=True,
        seed=7,
        tokens=tokens,
        kinds=[TokenType.CONTROL] * len(SPECIAL)
        + [TokenType.NORMAL] * (len(tokens) - len(SPECIAL)),
        merges=merges,
        pre="smollm",
        special={"bos": 1, "eos": 2, "unknown": 0},
        flags={"add_bos_token": False},
        template=TEMPLATE,
    ).write(path)


def tiny_web(folder: Path) -> Path:
    """The model exported for browsers into `folder / tiny`."""
    gguf = tiny_gguf(folder / "tiny.gguf")
    about = About(name=NAME, title="Tiny llama", licence="Apache-2.0")
    return export_web(gguf, folder / NAME, about).folder


def vocabulary() -> tuple[list[str], list[str]]:
    """Tokens and merges of a byte-level tokenizer, learnt from a page of English."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=SPECIAL,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator([TEXT.read_text("utf-8")], trainer)
    found = tokenizer.get_vocab()
    return sorted(found, key=found.__getitem__), _merges(tokenizer)


def _merges(tokenizer: Tokenizer) -> list[str]:
    import json

    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    return [merge if isinstance(merge, str) else " ".join(merge) for merge in merges]
