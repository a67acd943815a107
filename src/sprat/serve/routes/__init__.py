"""Every address that the gateway answers: `ROUTES`."""

from typing import Any

from sprat.serve import words
from sprat.serve.answering import answering
from sprat.serve.embedding import embedding
from sprat.serve.exchange import Exchange, Work
from sprat.serve.routes import document, health, models, page, policies
from sprat.serve.routes.recorded import RECORDED
from sprat.serve.routes.table import Call, Handler, Route
from sprat.serve.wire import (
    chat,
    chat_types,
    completions,
    completions_form,
    embeddings,
    responses,
    responses_events,
    responses_types,
)
from sprat.serve.words import in_words_of


def asks(work: Work) -> Handler:
    """A handler for a route that asks a model."""

    async def handle(call: Call) -> None:
        await Exchange(*call).run(work)

    return handle


_ASKING = (400, 404, 408, 413, 429, 500, 502, 503, 504)

ROUTES: tuple[Route, ...] = (
    *RECORDED,
    Route(
        method="GET",
        path="/v1/models",
        handler=models.list_models,
        summary="The models that can be asked for now.",
        reply=models.ModelList,
    ),
    Route(
        method="GET",
        path="/v1/models/{name}",
        handler=models.show_model,
        summary="One model.",
        reply=models.Model,
        errors=(404,),
    ),
    Route(
        method="POST",
        path="/v1/chat/completions",
        handler=asks(answering(chat.parse)),
        summary="An answer to a conversation, whole or as a stream of events.",
        body=chat.ChatBody,
        reply=chat_types.ChatCompletion,
        event=chat_types.Chunk,
        errors=_ASKING,
    ),
    Route(
        method="POST",
        path="/v1/completions",
        handler=asks(in_words_of(words.COMPLETIONS, answering(completions.parse))),
        summary="How a text goes on, without a chat template.",
        body=completions.CompletionBody,
        reply=completions_form.Completion,
        event=completions_form.TextChunk,
        errors=_ASKING,
    ),
    Route(
        method="POST",
        path="/v1/responses",
        handler=asks(in_words_of(words.RESPONSES, answering(responses.parse))),
        summary="An answer as a list of items: text and function calls. Nothing is kept.",
        body=responses.ResponseBody,
        reply=responses_types.Response,
        event=responses_events.Event,
        errors=_ASKING,
    ),
    Route(
        method="POST",
        path="/v1/embeddings",
        handler=asks(in_words_of(words.EMBEDDINGS, embedding)),
        summary="Texts as vectors.",
        body=embeddings.EmbeddingBody,
        reply=embeddings.EmbeddingList,
        errors=_ASKING,
    ),
    Route(
        method="GET",
        path="/api/models",
        handler=models.list_states,
        summary="Every model by name, and where it stands.",
        group="sprat",
        reply=models.ModelStates,
    ),
    Route(
        method="POST",
        path="/api/models/{name}/load",
        handler=models.load_model,
        summary="Load a model before it is asked.",
        group="sprat",
        body=models.NoBody,
        reply=models.ModelState,
        errors=(400, 404, 408, 413, 502, 503, 504),
    ),
    Route(
        method="POST",
        path="/api/models/{name}/unload",
        handler=models.unload_model,
        summary="Free the memory that a model takes.",
        group="sprat",
        body=models.NoBody,
        reply=models.ModelState,
        errors=(400, 404, 408, 409, 413),
    ),
    Route(
        method="GET",
        path="/api/policies",
        handler=policies.list_policies,
        summary="Every policy: what it is, and how it fares.",
        group="sprat",
        reply=policies.PolicyStates,
    ),
    Route(
        method="POST",
        path="/api/policies/{name}/reset",
        handler=policies.reset_policy,
        summary="Ask both models of a policy again, and forget a shadow's alarm.",
        group="sprat",
        body=models.NoBody,
        reply=policies.PolicyState,
        errors=(400, 404, 408, 413),
    ),
    Route(
        method="GET",
        path="/api/policies/{name}",
        handler=policies.show_file,
        summary="A policy's file as it was signed: the page runs the same.",
        group="sprat",
        reply=dict[str, Any],
        errors=(404,),
    ),
    Route(
        method="GET",
        path="/healthz",
        handler=health.healthz,
        summary="Whether the process answers.",
        group="running",
        reply=health.Health,
        open=True,
    ),
    Route(
        method="GET",
        path="/readyz",
        handler=health.readyz,
        summary="Whether requests are taken; 503 says why not.",
        group="running",
        reply=health.Readiness,
        errors=(503,),
        failure=health.Readiness,
        open=True,
    ),
    Route(
        method="GET",
        path="/metrics",
        handler=health.metrics,
        summary="What was counted, in Prometheus' text format.",
        group="running",
        gives="text/plain",
    ),
    Route(
        method="GET",
        path="/openapi.json",
        handler=document.openapi,
        summary="This description, for programs (OpenAPI 3.1).",
        group="running",
        reply=dict[str, Any],
        open=True,
    ),
    Route(
        method="GET",
        path="/docs",
        handler=document.docs,
        summary="This description, for people.",
        group="running",
        gives="text/html",
        open=True,
    ),
    Route(
        method="GET",
        path="/status",
        handler=document.status,
        summary="What is running, and how to ask it.",
        group="running",
        gives="text/html",
        open=True,
    ),
    Route(
        method="GET",
        path="/",
        handler=page.index,
        summary="The page: a model in the browser itself.",
        group="page",
        gives="text/html",
        file=True,
        open=True,
    ),
    Route(
        method="GET",
        path="/sw.js",
        handler=page.service_worker,
        summary="What keeps the page when there is no network.",
        group="page",
        gives="text/javascript",
        file=True,
        open=True,
    ),
    Route(
        method="GET",
        path="/assets/{file}",
        handler=page.asset,
        summary="A file of the page.",
        group="page",
        gives="*/*",
        errors=(404,),
        file=True,
        open=True,
    ),
    Route(
        method="GET",
        path="/api/web/models",
        handler=page.list_models,
        summary="The models that can run in the page.",
        group="page",
        reply=page.WebModels,
    ),
    Route(
        method="GET",
        path="/api/web/models/{model}/manifest.json",
        handler=page.manifest,
        summary="A model's files, sizes and hashes; it is exported for the page at the first call.",
        group="page",
        reply=dict[str, Any],
        errors=(404, 502, 503),
        file=True,
    ),
    Route(
        method="GET",
        path="/api/web/models/{model}/{path}",
        handler=page.model_file,
        summary="A file of a model, for those who have the key or, by `v`, its hash.",
        group="page",
        gives="*/*",
        query=("v",),
        errors=(401, 404, 502, 503),
        file=True,
        open=True,
    ),
)
