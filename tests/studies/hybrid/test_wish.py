"""What a policy is called where nobody said."""

import re

import pytest

from sprat.studies.hybrid.wish import name_of


@pytest.mark.parametrize(
    ("small", "large", "name"),
    [
        ("smollm2-135m", "qwen2.5-coder-1.5b", "smollm2-135m-qwen2.5-coder-1.5b"),
        ("scripted:small.toml", "scripted:large.toml", "small-large"),
        ("ollama/llama3:8b", "cloud/gpt-4o", "ollama-llama3-8b-cloud-gpt-4o"),
        ("/home/me/m.gguf", "./x", "home-me-m.gguf-.-x"),
        ("\N{SNOWMAN}", "", "policy"),
    ],
)
def test_the_name_is_made_of_both_models(small, large, name):
    assert name_of(small, large) == name


def test_a_long_name_is_cut_to_what_a_policy_may_be_called():
    name = name_of("a" * 100, "b" * 100)
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name)
