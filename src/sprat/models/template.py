"""Turns a conversation into the text that a model was trained on, with its own chat template.

A template is code from a download: it runs in jinja2's immutable sandbox, with nothing but the
helpers that Hugging Face's templates expect. Some models' templates put a system message in front
when there is none (SmolLM2, Qwen): that is what the model was trained on, so it stays.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn, cast

import jinja2
from jinja2.ext import Extension, loopcontrols
from jinja2.nodes import Node
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from sprat.errors import BadWeights, UnsupportedRequest, first_few
from sprat.types import Message

TEMPLATE_FILE = "chat_template.jinja"
CONFIG_FILE = "tokenizer_config.json"
_NAMED = 3
_TOKENS = ("bos_token", "eos_token", "unk_token", "pad_token")


class ChatTemplate:
    """One model's template, compiled once."""

    def __init__(self, source: str, tokens: Mapping[str, str] | None = None) -> None:
        """`tokens` are the special tokens that templates may name (`bos_token`, …).

        Raises:
            BadWeights: the template is no valid jinja.
        """
        self._source = source
        self._tokens = dict(tokens or {})
        try:
            self._template = _environment().from_string(source)
        except jinja2.TemplateError as error:
            raise BadWeights(f"The chat template cannot be read: {error}.") from error

    @property
    def takes_tools(self) -> bool:
        """Whether the template mentions tools at all."""
        return "tools" in self._source

    @property
    def tags_calls(self) -> bool:
        """Whether a call is `<tool_call>{"name": …, "arguments": …}</tool_call>`.

        That is the form of Hermes and Qwen.
        """
        return (
            self.takes_tools
            and "<tool_call>" in self._source
            and "arguments" in self._source
            and "<function=" not in self._source  # Qwen3-Coder's, which is no JSON
        )

    def render(self, messages: Sequence[Message], tools: Sequence[dict[str, Any]] = ()) -> str:
        """The prompt, ending where the assistant begins to speak.

        Raises:
            UnsupportedRequest: the template refuses these messages, or knows no tools.
        """
        if tools and not self.takes_tools:
            raise UnsupportedRequest(
                f"This model's chat template has no place for tools ({_names(tools)}).",
                param="tools",
                fix="Turn them off where you chat, or ask a model that takes them, such as "
                "qwen2.5-coder-0.5b.",
            )
        try:
            return self._template.render(
                messages=[_plain(message) for message in messages],
                tools=list(tools) or None,
                add_generation_prompt=True,
                **self._tokens,
            )
        except (jinja2.TemplateError, TypeError, ValueError) as error:
            raise UnsupportedRequest(
                f"The model's chat template refuses these messages: {error}.",
                param="messages",
                fix="Check the order of roles: one system message first, then user and assistant.",
            ) from error


def _names(tools: Sequence[dict[str, Any]]) -> str:
    functions = (cast("dict[str, Any]", tool.get("function") or {}) for tool in tools)
    return first_few([str(function.get("name", "unnamed")) for function in functions], _NAMED)


def read_template(folder: Path) -> ChatTemplate:
    """The template of an exported folder: `chat_template.jinja`, else in `tokenizer_config.json`.

    Raises:
        BadWeights: there is neither, or it cannot be read.
    """
    config = _read_config(folder / CONFIG_FILE)
    file = folder / TEMPLATE_FILE
    source = file.read_text("utf-8") if file.is_file() else _default(config.get("chat_template"))
    if source is None:
        raise BadWeights(f"{folder} has no chat template.", fix="Export the model again.")
    tokens = {name: _token(config[name]) for name in _TOKENS if config.get(name)}
    return ChatTemplate(source, tokens)


def _read_config(file: Path) -> dict[str, Any]:
    try:
        return cast("dict[str, Any]", json.loads(file.read_text("utf-8")))
    except (OSError, ValueError) as error:
        raise BadWeights(f"{file} cannot be read: {error}.", fix="Export it again.") from error


def _default(given: object) -> str | None:
    """A template is a string, or a list of named ones of which `default` is for chatting."""
    if isinstance(given, list):
        named = cast("list[dict[str, str]]", given)
        return next((one["template"] for one in named if one.get("name") == "default"), None)
    return cast("str | None", given)


def _token(given: object) -> str:
    return str(cast("dict[str, str]", given)["content"] if isinstance(given, dict) else given)


def _plain(message: Message) -> dict[str, Any]:
    plain: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.name is not None:
        plain["name"] = message.name
    if message.tool_calls:
        plain["tool_calls"] = [_plain_call(call) for call in message.tool_calls]
    if message.tool_call_id is not None:
        plain["tool_call_id"] = message.tool_call_id
    return plain


def _plain_call(call: dict[str, Any]) -> dict[str, Any]:
    """The call with its arguments as an object: templates write them as JSON themselves.

    OpenAI's clients send them as JSON text; text that is no JSON object stays what it is.
    """
    function: object = call.get("function")
    if not isinstance(function, dict):
        return call
    named = cast("dict[str, Any]", function)
    arguments: object = named.get("arguments")
    if not isinstance(arguments, str):
        return call
    try:
        read: object = json.loads(arguments or "{}")
    except (ValueError, RecursionError):
        return call
    return {**call, "function": {**named, "arguments": read}} if isinstance(read, dict) else call


def _environment() -> ImmutableSandboxedEnvironment:
    extensions: list[str | type[Extension]] = [loopcontrols, _Generation]
    env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=extensions)
    untyped: Any = env
    untyped.filters["tojson"] = _tojson
    untyped.globals.update(raise_exception=_raise_exception, strftime_now=_strftime_now)
    return env


class _Generation(Extension):
    """`{% generation %}…{% endgeneration %}` marks training text; rendering passes it through."""

    tags = {"generation"}  # noqa: RUF012 - as jinja2 declares it

    def parse(self, parser: Parser) -> list[Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def _tojson(
    value: object,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """Plain JSON: jinja2's own filter escapes `<`, `>`, `&` and `'` for HTML."""
    return json.dumps(
        value,
        ensure_ascii=ensure_ascii,
        indent=indent,
        separators=separators,
        sort_keys=sort_keys,
    )


def _raise_exception(message: str) -> NoReturn:
    raise jinja2.TemplateError(message)


def _strftime_now(form: str) -> str:
    return datetime.now().astimezone().strftime(form)
