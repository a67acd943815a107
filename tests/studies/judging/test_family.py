"""A judge of the same family is refused, unless it is allowed."""

import pytest

from sprat.errors import UsageError
from sprat.models.catalog import catalog
from sprat.studies.judging.family import families_of, family_of, refuse_same_family

SMALL, LARGE = ("smollm2-135m", {}), ("qwen2.5-coder-1.5b", {})


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("smollm2-135m", "smollm"), ("qwen2.5-coder-0.5b", "qwen"), ("foundry:phi-4-mini", "phi"),
        ("foundry:gpt-oss-20b", "gpt"), ("hf:bartowski/Meta-Llama-3-8B-GGUF/x.gguf", "llama"),
        ("studio/google/gemma-3-4b-it", "gemma"), ("ollama/phi4", "phi"), ("vllm/QwQ-32B", "qwen"),
        ("x/Mixtral-8x7B", "mistral"), ("x/o3-mini", "gpt"), ("x/o30", None),
        ("x/philosopher", None), ("mymodel", None), ("./weights.gguf", None),
        ("scripted:qwen.toml", None),
    ],
)  # fmt: skip
def test_a_name_tells_its_family(name, family):
    assert family_of(name, {}) == family


def test_what_an_endpoint_calls_the_model_goes_before_what_the_endpoint_is_called():
    assert families_of("llama-server/best", {"model": "qwen3-8b"}) == {"qwen"}


def test_the_weights_tell_it_whatever_they_are_called():
    weights = {"weights_sha256": catalog()["qwen2.5-coder-0.5b"].sha256}
    assert family_of("renamed", weights) == "qwen"


def test_every_model_of_the_catalogue_that_answers_has_a_family():
    unknown = [n for n, one in catalog().items() if one.task == "chat" and not family_of(n, {})]
    assert unknown == []


def test_a_distilled_model_is_of_both_families():
    assert families_of("x/deepseek-r1-distill-qwen-7b", {}) == {"deepseek", "qwen"}


def test_a_policy_is_of_the_families_of_both_its_models():
    sides = {
        "small": {"weights_sha256": catalog()["smollm2-135m"].sha256},
        "large": {"weights_sha256": catalog()["qwen2.5-coder-0.5b"].sha256},
    }
    assert families_of("policy:mine", {"policy": "mine", **sides}) == {"smollm", "qwen"}


def test_one_family_is_refused_with_what_to_type():
    other = ("qwen2.5-coder-0.5b", {})
    with pytest.raises(UsageError, match=r"both of the family qwen.*--same-family"):
        refuse_same_family(LARGE, [SMALL, other], allowed=False)
    said = refuse_same_family(LARGE, [SMALL, other], allowed=True)
    assert "it favours its own" in said


def test_two_families_need_no_words_and_an_unknown_one_is_said():
    assert refuse_same_family(LARGE, [SMALL], allowed=False) is None
    said = refuse_same_family(LARGE, [("mymodel", {})], allowed=False)
    assert "mymodel" in said
    assert "judge" in refuse_same_family(("judge", {}), [SMALL], allowed=False)


def test_weights_say_what_they_are_inside_the_file(tmp_path):
    pytest.importorskip("gguf")
    import gguf
    import numpy as np

    file = tmp_path / "weights.gguf"
    writer = gguf.GGUFWriter(str(file), "llama")
    writer.add_name("SmolLM2 135M Instruct")
    writer.add_tensor("token_embd.weight", np.zeros((2, 32), np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    assert family_of(str(file), {}) == "smollm"
