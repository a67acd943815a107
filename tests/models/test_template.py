"""Chat templates: expected strings written by hand, and the vendor's own renderer."""

import json
from pathlib import Path

import onnxruntime_genai as og
import pytest
from tests.engines.tiny import TEMPLATE, build

from sprat.errors import BadWeights, UnsupportedRequest
from sprat.models.template import ChatTemplate, read_template
from sprat.types import Message

SMOLLM2 = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face"
    "<|im_end|>\n' }}{% endif %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] "
    "+ '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}"
    "{{ '<|im_start|>assistant\n' }}{% endif %}"
)
TALK = (
    Message("system", "Be brief."),
    Message("user", "What is 2 < 3 & 'so on'?"),
    Message("assistant", "True."),
    Message("user", "Why? 🐟"),
)


def rendered(source: str, *messages: Message, **tokens: str) -> str:
    return ChatTemplate(source, tokens).render(messages or (Message("user", "Hi"),))


def test_a_default_system_message_is_part_of_the_model():
    assert rendered(SMOLLM2) == (
        "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face"
        "<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
    )


def test_ones_own_system_message_takes_its_place():
    text = rendered(SMOLLM2, *TALK[:2])
    assert text.startswith("<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nWhat")
    assert "SmolLM" not in text


@pytest.mark.parametrize("source", [SMOLLM2, TEMPLATE])
@pytest.mark.parametrize("messages", [TALK, TALK[:2], TALK[1:2]])
def test_it_renders_as_the_vendors_runtime_does(tmp_path: Path, source: str, messages):
    folder = build(tmp_path / "model", layers=1)
    tokenizer = og.Tokenizer(og.Config(str(folder)))
    plain = json.dumps([{"role": m.role, "content": m.content} for m in messages])
    theirs = tokenizer.apply_chat_template(plain, template_str=source)
    assert rendered(source, *messages) == theirs


def test_blocks_leave_no_blank_lines():
    source = (
        "{% if true %}\n  {% for m in messages %}\n{{ m.content }}\n  {% endfor %}\n{% endif %}"
    )
    assert rendered(source) == "Hi\n"


def test_loops_can_be_left():
    source = "{% for m in messages %}{{ m.role }}{% break %}{% endfor %}"
    assert rendered(source, *TALK) == "system"


def test_special_tokens_can_be_named():
    assert rendered("{{ bos_token }}{{ messages[0].content }}", bos_token="<s>") == "<s>Hi"


def test_json_is_not_escaped_for_html():
    source = "{{ messages[0] | tojson }}"
    assert rendered(source, Message("user", "<é&'>")) == '{"role": "user", "content": "<é&\'>"}'


def test_json_can_be_indented():
    assert rendered("{{ [1] | tojson(indent=2) }}") == "[\n  1\n]"


def test_the_date_can_be_asked_for():
    assert rendered("{{ strftime_now('%Y') }}").isdigit()


def test_marks_for_training_are_passed_over():
    assert rendered("a{% generation %}b{% endgeneration %}c") == "abc"


def test_tools_reach_a_template_that_has_a_place_for_them():
    source = "{% for tool in tools %}{{ tool.function.name }}{% endfor %}"
    tools = ({"function": {"name": "clock"}},)
    assert ChatTemplate(source).render(TALK, tools) == "clock"


def test_a_template_without_a_place_for_tools_refuses_them():
    with pytest.raises(UnsupportedRequest, match="no place for tools") as refused:
        ChatTemplate(SMOLLM2).render(TALK, [{"function": {"name": name}} for name in "abcd"])
    assert refused.value.param == "tools"
    assert "(a, b, c and 1 more)" in str(refused.value)
    with pytest.raises(UnsupportedRequest, match="no place for tools"):
        ChatTemplate(SMOLLM2).render(TALK, ({"type": "function"},))


def test_a_refusal_by_the_template_is_passed_on():
    source = "{{ raise_exception('roles must alternate') }}"
    with pytest.raises(UnsupportedRequest, match="roles must alternate"):
        rendered(source)


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ messages.append(1) }}",
        "{{ strftime_now.__globals__ }}",
        "{{ cycler.__init__.__globals__.os.getcwd() }}",
    ],
)
def test_a_template_cannot_reach_out_of_its_sandbox(source: str):
    try:
        text = rendered(source)
    except UnsupportedRequest:
        return
    assert text == ""


def test_a_template_that_is_no_template_is_bad_weights():
    with pytest.raises(BadWeights, match="chat template"):
        ChatTemplate("{% for %}")


def config(folder: Path, **fields) -> Path:
    (folder / "tokenizer_config.json").write_text(json.dumps(fields), "utf-8")
    return folder


def test_the_template_is_read_from_the_tokenizers_settings(tmp_path: Path):
    folder = config(tmp_path, chat_template="{{ eos_token }}", eos_token={"content": "</s>"})
    assert read_template(folder).render(TALK) == "</s>"


def test_of_several_templates_the_default_one_is_taken(tmp_path: Path):
    named = [{"name": "tool_use", "template": "t"}, {"name": "default", "template": "d"}]
    assert read_template(config(tmp_path, chat_template=named)).render(TALK) == "d"


def test_a_file_of_its_own_comes_first(tmp_path: Path):
    (tmp_path / "chat_template.jinja").write_text("file", "utf-8")
    assert read_template(config(tmp_path, chat_template="settings")).render(TALK) == "file"


def test_no_template_is_bad_weights(tmp_path: Path):
    with pytest.raises(BadWeights, match="no chat template"):
        read_template(config(tmp_path))
    with pytest.raises(BadWeights, match="cannot be read"):
        read_template(tmp_path / "nowhere")
