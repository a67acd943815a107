"""Follow-up questions of real talk about this project find the page that they mean."""

from pathlib import Path

import pytest

from sprat.rag.followup import query_of
from sprat.rag.index import index
from sprat.rag.retrieve import Retriever
from sprat.rag.store import open_store
from sprat.types import Message

DOCS = Path(__file__).parent.parent.parent / "docs"
TALKS = [
    # what was said, the question last; the pages that answer it
    ("Tell me about Sprat's gateway.", "An OpenAI-compatible endpoint [1].",
     "How do I lock it with a key?", "serve settings operations"),
    ("What is a policy?", "Two models as one [1].", "Which kinds are there?", "policies"),
    ("Which models are built in?", "smollm2-135m and two Qwen models [1].",
     "How large are they?", "models"),
    ("How do I calibrate?", "With sprat calibrate [1].", "What does it write?", "calibrate"),
    ("What is the feasibility floor?", "The share that must be escalated [1].",
     "Can you give an example?", "confidence calibrate"),
    ("Does the gateway stream?", "Yes [1].", "And the Responses API?", "serve"),
    ("Where are runs kept?", "In runs.db [1].", "Can I delete them?", "settings operations"),
    ("What is a cascade?", "The small model answers first [1].", "When does it pay?",
     "policies hybrid"),
    ("How is energy measured?", "By counters: RAPL, for one [1].", "And on a Mac?",
     "metrics cost bench heuristics"),
    ("What is AURC?", "An area under a curve [1].", "And AUROC?", "confidence hybrid"),
    ("What does sprat doctor do?", "It looks for faults [1].", "Which ones?", "doctor"),
    ("How do I use a model behind an endpoint?", "ENDPOINT/MODEL [1].",
     "Where does its key go?", "endpoints settings"),
]  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("docs") / "store")


async def hits(place: str, *, borrow: bool) -> int:
    """Of how many talks a page that answers is among six passages, by words alone."""
    store = open_store(place, create=True)
    try:
        await index([DOCS], store, None)
        found = 0
        for *said, pages in TALKS:
            roles = ("user", "assistant")
            talk = [Message(roles[n % 2], text) for n, text in enumerate(said)]
            query = query_of(talk) if borrow else said[-1]
            passages = (await Retriever(store, None).find(query, 6)).found
            names = {Path(one.passage.file).stem for one in passages}
            found += bool(names & set(pages.split()))
        return found
    finally:
        store.close()


async def test_borrowed_words_find_what_the_bare_question_does_not(place: str):
    without, borrowing = await hits(place, borrow=False), await hits(place, borrow=True)
    assert borrowing > without
    assert borrowing >= 10
