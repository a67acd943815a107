"""`sprat rag`: answers from documents."""

import click

from sprat.cli.rag_ask import ask
from sprat.cli.rag_compare import compare
from sprat.cli.rag_draft import draft
from sprat.cli.rag_evaluate import evaluate
from sprat.cli.rag_export import export


@click.group(epilog='Example: sprat rag ask "How many days of leave are there?"')
def rag() -> None:
    """Answers from documents: ask, evaluate, compare, draft questions, export."""


rag.add_command(ask)
rag.add_command(evaluate)
rag.add_command(compare)
rag.add_command(draft)
rag.add_command(export)
