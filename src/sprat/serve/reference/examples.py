"""One body per route that takes one: shown in the reference, and sent by the tests."""

from typing import Any

MODEL = "smollm2-135m"
EMBEDDER = "all-minilm-l6-v2"

EXAMPLES: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {
        "model": MODEL,
        "messages": [{"role": "user", "content": "What is the capital of France?"}],
        "max_completion_tokens": 64,
    },
    "/v1/completions": {
        "model": MODEL,
        "prompt": "The capital of France is",
        "max_tokens": 8,
    },
    "/v1/responses": {
        "model": MODEL,
        "input": "What is the capital of France?",
        "max_output_tokens": 64,
    },
    "/v1/embeddings": {
        "model": EMBEDDER,
        "input": ["Paris is the capital of France.", "Cats sleep."],
    },
    "/api/models/{name}/load": {},
    "/api/models/{name}/unload": {},
    "/api/policies/{name}/reset": {},
}
