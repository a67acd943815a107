"""A request → a job: the prompt as tokens, and everything that will shape its answer."""

from sprat.engines.onnx.check import names, offered
from sprat.engines.onnx.drafts import Drafts
from sprat.engines.onnx.folder import Folder
from sprat.engines.onnx.guidance import Guide, Guides
from sprat.engines.onnx.job import Job
from sprat.engines.onnx.predicted import Predicted
from sprat.engines.onnx.reader import Reader
from sprat.engines.onnx.sampling import Nudges
from sprat.engines.onnx.tokens import Tokenizer
from sprat.engines.onnx.tools import OPENING, CallFilter, forced, forced_schema
from sprat.engines.onnx.vocabulary import read_vocabulary
from sprat.engines.onnx.wire import Ask
from sprat.errors import ContextTooLong, UnsupportedRequest
from sprat.models.template import read_template
from sprat.types import ChatRequest, Prediction, ResponseFormat


class Intake:
    """What a model needs to understand a request."""

    def __init__(self, folder: Folder) -> None:
        """Read the template, the tokenizer and the vocabulary.

        Raises:
            BadWeights: one of them cannot be read.
        """
        self._folder = folder
        self._template = read_template(folder.path)
        self._tokenizer = Tokenizer(folder)
        self._vocabulary = read_vocabulary(folder.path)
        self._guides: Guides | None = None
        self._prepared = False

    def job(self, ask: Ask, *, guesses: bool) -> Job:
        """Prepare a request; `guesses`: whether n-gram guesses change nothing here.

        Raises:
            UnsupportedRequest: this model cannot honour a parameter.
            ContextTooLong: the prompt does not fit.
        """
        request = ask.request
        prompt = self._tokenizer.encode(self._text(request))
        room = self._folder.context_tokens - len(prompt)
        if room < 1 or not prompt:
            raise self._too_long("The prompt has", prompt)
        most = room if request.max_tokens is None else min(request.max_tokens, room)
        job = Job(ask, prompt, most, self._vocabulary, self._folder.end_ids)
        job.nudges = self._nudges(request)
        job.calls = _calls(request)
        job.guide = self._guide(request, most)
        plain = job.guide is None and job.nudges is None
        job.drafts = Drafts(prompt) if guesses and plain and job.sampler.greedy else None
        if request.prediction is not None:
            self._predict(job, request.prediction, guesses=guesses)
        return job

    def _predict(self, job: Job, wanted: Prediction, *, guesses: bool) -> None:
        """Give the job its prediction, in the tokens that would be the beginning of its answer."""
        tokens = self._tokenizer.encode(wanted.text)
        end = next((i for i, t in enumerate(tokens) if t in self._folder.end_ids), len(tokens))
        if not (tokens := tokens[:end]):
            raise UnsupportedRequest(
                "The request cannot be honoured: prediction holds no text of an answer.",
                param="prediction",
            )
        if wanted.read_only:
            if len(job.prompt) + len(tokens) > self._folder.context_tokens:
                raise self._too_long("The prompt and the prediction have", job.prompt, tokens)
            text = self._vocabulary.text
            job.reader = Reader(tokens, job.request.logprobs or 0, text)
        else:
            used = guesses or wanted.tolerance > 0
            job.predicted = Predicted(tokens, tolerance=wanted.tolerance, used=used)

    def _too_long(self, what: str, *parts: list[int]) -> ContextTooLong:
        return ContextTooLong(
            f"{what} {sum(map(len, parts))} tokens; the model's context is "
            f"{self._folder.context_tokens}.",
            fix="Shorten the prompt, or take a model with a longer context.",
        )

    def _text(self, request: ChatRequest) -> str:
        if request.prompt is not None:
            return request.prompt
        tools = offered(request)
        if tools and self._template.takes_tools and not self._template.tags_calls:
            raise UnsupportedRequest(
                "The request cannot be honoured: tools; this model writes its calls in a form that "
                "is not understood here.",
                param="tools",
                fix="Ask without tools, or take a Qwen model.",
            )
        text = self._template.render(request.messages, tools)
        return f"{text}{OPENING}" if forced(request) else text

    def _nudges(self, request: ChatRequest) -> Nudges | None:
        bias, vocab = request.logit_bias, self._folder.vocab
        for token in bias:
            if not 0 <= token < vocab:
                raise UnsupportedRequest(
                    f"The request cannot be honoured: logit_bias names token {token}; the model's "
                    f"tokens are 0 to {vocab - 1}.",
                    param="logit_bias",
                )
        if not (bias or request.presence_penalty or request.frequency_penalty):
            return None
        return Nudges(request.presence_penalty, request.frequency_penalty, bias)

    def _guide(self, request: ChatRequest, most_tokens: int) -> Guide | None:
        wanted = request.response_format
        if forced(request):
            wanted = ResponseFormat("json_schema", schema=forced_schema(request))
        if wanted is None:
            return None
        return self._opened().open(request, wanted, most_tokens)

    def _opened(self) -> Guides:
        if self._guides is None:
            self._guides = Guides(self._folder)
        return self._guides

    def prepare_grammars(self) -> None:
        """Read the vocabulary into the grammars' tables, once: half a second to several."""
        if not self._prepared:
            self._prepared = True
            self._opened().open(ChatRequest(messages=()), ResponseFormat("json_object"), 1)


def _calls(request: ChatRequest) -> CallFilter | None:
    if not offered(request):
        return None
    begun = forced(request)
    return CallFilter(names(request), begun=begun, single=not request.parallel_tool_calls)
