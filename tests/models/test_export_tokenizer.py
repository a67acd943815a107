"""The exported tokenizer gives the ids that llama.cpp gives for the same GGUF."""

import json
import urllib.request
from pathlib import Path

import pytest
from gguf import TokenType
from tests.engines.llama_server import llama_server
from tests.models.tiny import Tiny
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from sprat.models.export import export
from sprat.models.export.tokenizer import PRE_TOKENIZERS
from sprat.models.names import resolve
from sprat.models.ready import ensure_weights

SENTENCES = [
    "Hello, world! It's 12345 o'clock; don't you KNOW? We'LL see.",
    "  leading and   inner   spaces \t tabs\r\nand\n\n\nnewlines  ",
    "Habari za asubuhi. Selamat pagi, apa khabar? ¿Qué tal? Straße, naïve café",
    "Привет мир — как дела? Γειά σου Κόσμε",  # noqa: RUF001 (Greek is meant)
    "数字は1234567です。中文没有空格，한국어는 있다. ไทย हिन्दी العربية עברית",  # noqa: RUF001 (as meant)
    "emoji 👩‍👩‍👧‍👦🏳️‍🌈 flags 🇹🇿🇲🇾 and ½ ² ① Ⅷ",
    "def f(x):\n    return {'a': [1, 2.5e-3], \"b\": x**2}  # comment\n\n",
    "camelCaseWords HTTPServer iOS x86_64 https://example.org/a?b=c&d=%20",
    "e\u0301 decomposed, zero\u200bwidth, nbsp\u00a0here, \ufeffbom",
    "<|im_start|>user\nHi<|im_end|>\n",
    " ",
    "\n",
    "a",
]


def llama_ids(address: str, text: str) -> list[int]:
    """What llama.cpp makes of a text, its special tokens recognised, none added."""
    body = {"content": text, "add_special": False, "parse_special": True}
    request = urllib.request.Request(
        address.removesuffix("/v1") + "/tokenize",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)["tokens"]


def compare(gguf: Path, out: Path) -> None:
    """Ids by llama.cpp, by `tokenizers`, and by ONNX Runtime GenAI; and back to text."""
    import onnxruntime_genai as og

    export(gguf, out)
    ours = Tokenizer.from_file(str(out / "tokenizer.json"))
    native = og.Tokenizer(og.Model(str(out)))
    with llama_server(gguf) as address:
        for text in SENTENCES:
            expected = llama_ids(address, text)
            assert ours.encode(text, add_special_tokens=False).ids == expected, text
            if "<|" not in text:  # a special token takes the space that is put before words
                assert ours.decode(expected, skip_special_tokens=False) == text
            assert [int(i) for i in native.encode(text)] == expected, text


def byte_level_vocabulary(size: int = 700) -> tuple[list[str], list[str]]:
    """A small byte-level vocabulary and its merges, trained on the sentences."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=size, initial_alphabet=alphabet, min_frequency=1, show_progress=False
    )
    tokenizer.train_from_iterator(SENTENCES * 3, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    tokens = sorted(model["vocab"], key=model["vocab"].get)
    return tokens, [" ".join(merge) for merge in model["merges"]]


@pytest.mark.parametrize("pre", sorted(PRE_TOKENIZERS))
def test_byte_level_words_are_cut_as_llama_cpp_cuts_them(pre, tmp_path):
    tokens, merges = byte_level_vocabulary()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    count = len(tokens)
    tiny = Tiny(
        hidden=64, feed_forward=64, heads=1, kv_heads=1, layers=1,
        tokens=tokens + special, merges=merges, pre=pre,
        kinds=[TokenType.NORMAL] * count + [TokenType.CONTROL] * 3,
        special={"bos": count, "eos": count + 2}, flags={"add_bos_token": False},
    )  # fmt: skip
    compare(tiny.write(tmp_path / "tiny.gguf"), tmp_path / "out")


def sentencepiece_vocabulary() -> tuple[list[str], list[int], list[float]]:
    """Tokens, kinds and scores in the style of Llama 2's and Gemma's vocabularies."""
    pieces = list("▁Helowrdaisntukbzh")
    joined = ["▁a", "he", "in", "el", "ll", "lo", "▁w", "or", "ld", "ello", "▁wor", "an", "▁▁"]
    joined += ["Hello", "▁world", "▁Hello", "ha", "ri", "Ha", "Habari", "bari", "ba", "▁▁▁"]
    kinds = [TokenType.UNKNOWN] + [TokenType.CONTROL] * 4 + [TokenType.BYTE] * 256
    tokens = ["<unk>", "<s>", "</s>", "<|im_start|>", "<|im_end|>"]
    tokens += [f"<0x{byte:02X}>" for byte in range(256)]
    ordinary = [*joined, *pieces]
    kinds += [TokenType.NORMAL] * len(ordinary)
    scores = [0.0] * len(tokens) + [-float(rank) for rank in range(len(ordinary))]
    return tokens + ordinary, kinds, scores


@pytest.mark.parametrize("prefix", [True, False])
def test_sentencepiece_pieces_join_as_llama_cpp_joins_them(prefix, tmp_path):
    tokens, kinds, scores = sentencepiece_vocabulary()
    tiny = Tiny(
        hidden=64, feed_forward=64, heads=1, kv_heads=1, layers=1,
        tokens=tokens, kinds=kinds, scores=scores, pre="default",
        flags={"add_space_prefix": prefix, "add_bos_token": True},
    )  # fmt: skip
    compare(tiny.write(tmp_path / "tiny.gguf"), tmp_path / "out")


def test_the_beginning_of_text_is_put_first_where_the_model_wants_one(tmp_path):
    tokens, kinds, scores = sentencepiece_vocabulary()
    tiny = Tiny(hidden=64, layers=1, tokens=tokens, kinds=kinds, scores=scores)
    export(tiny.write(tmp_path / "tiny.gguf"), tmp_path / "out")
    ours = Tokenizer.from_file(str(tmp_path / "out" / "tokenizer.json"))
    assert ours.encode("Hello").tokens[0] == "<s>"


@pytest.mark.real
@pytest.mark.parametrize("name", ["smollm2-135m", "qwen2.5-coder-0.5b"])
def test_the_built_in_models_tokenise_as_llama_cpp_does(name, real_settings, tmp_path):
    weights = ensure_weights(resolve(name, real_settings), real_settings)
    compare(weights.path, tmp_path / "out")
