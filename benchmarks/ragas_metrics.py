"""Ragas' own metrics over an exported evaluation, Sprat's gateway being the judge and the embedder.

    sprat rag export latest --ragas answers.jsonl
    sprat serve &
    python benchmarks/ragas_metrics.py answers.jsonl --judge qwen2.5-coder-1.5b --limit 10

Runs in an environment of its own:

    pip install 'ragas==0.4.3' 'langchain-community<0.4' rapidfuzz

Ragas' telemetry is switched off here, so nothing leaves the machine.
"""

# pyright: reportMissingImports=false
# (Ragas is no part of the development environment.)

import argparse
import math
import os
import warnings
from typing import Any

JUDGED = (
    "Faithfulness", "ResponseRelevancy", "AnswerCorrectness", "LLMContextRecall",
    "LLMContextPrecisionWithReference",
)  # fmt: skip
BY_WORDS = ("NonLLMContextPrecisionWithReference", "NonLLMContextRecall")
"""They need no model, but gold passages."""


def main() -> None:
    asked = arguments()
    # Both are read while Ragas is imported.
    os.environ["RAGAS_DO_NOT_TRACK"] = "true"
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    from ragas import EvaluationDataset, RunConfig, evaluate

    samples = EvaluationDataset.from_jsonl(asked.file).samples[: asked.limit]
    found = evaluate(
        EvaluationDataset(samples),
        metrics=metrics_for(samples, asked.metrics or [*JUDGED, *BY_WORDS]),
        llm=judge(asked),
        embeddings=embedder(asked),
        run_config=RunConfig(timeout=asked.timeout, max_workers=1, max_retries=1),
        raise_exceptions=False,
    )
    for name in found.scores[0]:
        values = [row[name] for row in found.scores]
        known = [value for value in values if value is not None and not math.isnan(value)]
        mean = f"{sum(known) / len(known):.3f}" if known else "-"
        print(f"{name:<44} {mean:>7}  from {len(known)} of {len(values)} samples")


def metrics_for(samples: list[Any], names: list[str]) -> list[Any]:
    """Those by words only where every sample has what they compare."""
    import ragas.metrics

    complete = all(one.reference_contexts and one.retrieved_contexts for one in samples)
    wanted = [name for name in names if complete or name not in BY_WORDS]
    return [getattr(ragas.metrics, name)() for name in wanted]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Ragas' metrics over Sprat's endpoint.")
    parser.add_argument("file")
    parser.add_argument("--url", default="http://127.0.0.1:5273/v1")
    parser.add_argument("--judge", default="qwen2.5-coder-1.5b")
    parser.add_argument("--embedder", default="all-minilm-l6-v2")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--timeout", type=int, default=600, help="seconds for one request")
    parser.add_argument(
        "--metrics", nargs="*", choices=(*JUDGED, *BY_WORDS), help="[all that the samples allow]"
    )
    return parser.parse_args()


def judge(asked: argparse.Namespace) -> Any:
    from langchain_openai import ChatOpenAI
    from ragas.llms import LangchainLLMWrapper

    key = os.environ.get("SPRAT_KEY", "none")
    chat = ChatOpenAI(model=asked.judge, base_url=asked.url, api_key=key, temperature=0)
    return LangchainLLMWrapper(chat)


def embedder(asked: argparse.Namespace) -> Any:
    from langchain_openai import OpenAIEmbeddings
    from ragas.embeddings import LangchainEmbeddingsWrapper

    key = os.environ.get("SPRAT_KEY", "none")
    vectors = OpenAIEmbeddings(
        model=asked.embedder, base_url=asked.url, api_key=key, check_embedding_ctx_length=False
    )
    return LangchainEmbeddingsWrapper(vectors)


if __name__ == "__main__":
    main()
