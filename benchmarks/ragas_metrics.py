"""Ragas' own metrics over an exported evaluation, Sprat's gateway being the judge and the embedder.

    sprat rag export latest --ragas answers.jsonl
    sprat serve &
    python benchmarks/ragas_metrics.py answers.jsonl --judge qwen2.5-coder-1.5b --limit 10

Runs in an environment of its own: `pip install 'ragas==0.4.3' 'langchain-community<0.4'`. Nothing
leaves the machine but what Ragas itself sends: its telemetry is switched off here.
"""

# pyright: reportMissingImports=false
# (Ragas is no part of the development environment.)

import argparse
import math
import os

os.environ["RAGAS_DO_NOT_TRACK"] = "true"

from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from ragas import EvaluationDataset, RunConfig, evaluate
from ragas.embeddings import LangchainEmbeddingsWrapper
from ragas.llms import LangchainLLMWrapper
from ragas.metrics import (
    AnswerCorrectness,
    Faithfulness,
    LLMContextPrecisionWithReference,
    LLMContextRecall,
    NonLLMContextPrecisionWithReference,
    NonLLMContextRecall,
    ResponseRelevancy,
)

JUDGED = (
    Faithfulness, ResponseRelevancy, AnswerCorrectness, LLMContextRecall,
    LLMContextPrecisionWithReference,
)  # fmt: skip


def main() -> None:
    asked = arguments()
    dataset = EvaluationDataset.from_jsonl(asked.file)
    samples = dataset.samples[: asked.limit]
    metrics = [] if asked.without_judge else [metric() for metric in JUDGED]
    if all(sample.reference_contexts and sample.retrieved_contexts for sample in samples):
        metrics += [NonLLMContextPrecisionWithReference(), NonLLMContextRecall()]
    found = evaluate(
        EvaluationDataset(samples),
        metrics=metrics,
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


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Ragas' metrics over Sprat's endpoint.")
    parser.add_argument("file")
    parser.add_argument("--url", default="http://127.0.0.1:5273/v1")
    parser.add_argument("--judge", default="qwen2.5-coder-1.5b")
    parser.add_argument("--embedder", default="all-minilm-l6-v2")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--timeout", type=int, default=600, help="seconds for one request")
    parser.add_argument("--without-judge", action="store_true", help="only what needs no model")
    return parser.parse_args()


def judge(asked: argparse.Namespace) -> LangchainLLMWrapper:
    key = os.environ.get("SPRAT_KEY", "none")
    chat = ChatOpenAI(model=asked.judge, base_url=asked.url, api_key=key, temperature=0)
    return LangchainLLMWrapper(chat)


def embedder(asked: argparse.Namespace) -> LangchainEmbeddingsWrapper:
    key = os.environ.get("SPRAT_KEY", "none")
    vectors = OpenAIEmbeddings(
        model=asked.embedder, base_url=asked.url, api_key=key, check_embedding_ctx_length=False
    )
    return LangchainEmbeddingsWrapper(vectors)


if __name__ == "__main__":
    main()
