"""The page's tokenizer and chat template against the native ones, on the same folder."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.page.node import node
from tests.page.tiny import tiny_web
from tokenizers import Tokenizer

from sprat.engines.onnx.vocabulary import read_vocabulary
from sprat.models.template import read_template
from sprat.models.web_ready import web_folder
from sprat.settings import Settings
from sprat.types import Message, Role

TEXTS = (
    "What is the capital of France?",
    "  two spaces, a tab\tand\n\n\nthree lines \n",
    "naïve café — “quotes” … 3.14159 and 1,234,567",
    "日本語のテキスト, русский, العربية, עברית, हिन्दी",
    "emoji 🐟🏽👩‍👩‍👧‍👦 and \u200b zero width, \ufeff and \u00a0",
    "def f(x):\n    return {'a': [x ** 2, 0x1F]}  # <|im_end|> not the end?",
    "<|im_start|>system\nyou are a pirate<|im_end|>",
    "I'll, we've, DON'T, it's 10'000",
    "a" * 300,
    " ".join(str(n) for n in range(200)),
)
CONVERSATIONS: tuple[tuple[tuple[Role, str], ...], ...] = (
    *((("user", text),) for text in TEXTS),
    (("system", "Be short."), ("user", "Hi."), ("assistant", "Hello!"), ("user", "Bye.")),
    (("system", ""), ("user", "{{ messages }} {% raw %}"), ("assistant", "  kept  ")),
)


def in_the_page(folder: Path, tmp_path: Path) -> list[dict[str, Any]]:
    asked = tmp_path / "asked.json"
    plain = [[{"role": role, "content": text} for role, text in one] for one in CONVERSATIONS]
    asked.write_text(json.dumps(plain), "utf-8")
    arguments = ("test/engine/ids.ts", str(folder), str(asked))
    return json.loads(node("--experimental-strip-types", *arguments))


def check(folder: Path, tmp_path: Path) -> None:
    template, vocabulary = read_template(folder), read_vocabulary(folder)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    for one, found in zip(CONVERSATIONS, in_the_page(folder, tmp_path), strict=True):
        prompt = template.render([Message(role=role, content=text) for role, text in one])
        ids = tokenizer.encode(prompt, add_special_tokens=False).ids
        assert found["prompt"] == prompt
        assert found["ids"] == ids, one
        assert found["texts"] == [vocabulary.text(token) for token in ids], one


def test_a_conversation_becomes_the_same_tokens_as_natively(tmp_path: Path):
    check(tiny_web(tmp_path), tmp_path)


@pytest.mark.real
@pytest.mark.parametrize("name", ["smollm2-135m", "qwen2.5-coder-0.5b"])
def test_with_a_real_vocabulary_too(name: str, tmp_path: Path):
    check(web_folder(name, Settings()), tmp_path)
