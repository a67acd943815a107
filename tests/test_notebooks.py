"""The notebooks run from top to bottom, and are committed without outputs."""

import json
import sys
from pathlib import Path

import nbformat
import pytest

from sprat.settings import Settings

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_a_notebook_is_committed_without_outputs(file: Path) -> None:
    book = nbformat.read(file, as_version=4)
    nbformat.validate(book)
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    assert code
    assert all(not cell.outputs and cell.execution_count is None for cell in code)


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A kernel of this very Python, whatever kernels the user has installed."""
    folder = tmp_path / "jupyter" / "kernels" / "sprat-test"
    folder.mkdir(parents=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": command, "display_name": "Sprat's tests", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path / "matplotlib"))
    return "sprat-test"


def executed(name: str, kernel: str, folder: Path) -> list[dict[str, object]]:
    """What the cells of a notebook showed, in order, by media type."""
    from nbclient import NotebookClient

    book = nbformat.read(next(file for file in NOTEBOOKS if file.stem == name), as_version=4)
    NotebookClient(
        book, kernel_name=kernel, timeout=280, resources={"metadata": {"path": str(folder)}}
    ).execute()
    return [output.get("data", {}) for cell in book.cells for output in cell.get("outputs", [])]


def markdown_of(shown: list[dict[str, object]]) -> list[str]:
    return [str(data["text/markdown"]) for data in shown if "text/markdown" in data]


def pictures_of(shown: list[dict[str, object]]) -> int:
    return sum("image/png" in data for data in shown)


@pytest.mark.real
@pytest.mark.timeout(900)
@pytest.mark.filterwarnings("ignore")  # of Jupyter's own making; the notebook runs elsewhere
def test_the_compare_notebook_runs_and_ends_in_a_verdict(
    kernel: str, real_settings: Settings, tmp_path: Path
) -> None:
    shown = executed("model_compare", kernel, tmp_path)
    texts = markdown_of(shown)
    assert texts[0].startswith(("## Good enough", "## Not good enough", "## Inconclusive"))
    assert texts[1].startswith("## No verdict")
    assert pictures_of(shown) == 2


@pytest.mark.real
@pytest.mark.timeout(900)
@pytest.mark.filterwarnings("ignore")
def test_the_hybrid_notebook_runs_and_ends_in_a_policy_file(
    kernel: str, real_settings: Settings, tmp_path: Path
) -> None:
    shown = executed("hybrid", kernel, tmp_path)
    assert "to learn from" in markdown_of(shown)[0]
    assert pictures_of(shown) == 1


@pytest.mark.real
@pytest.mark.timeout(900)
@pytest.mark.filterwarnings("ignore")
def test_the_documents_notebook_runs_and_measures_answers_and_silence(
    kernel: str, real_settings: Settings, tmp_path: Path
) -> None:
    shown = executed("rag_evaluation", kernel, tmp_path)
    assert "Context recall" in markdown_of(shown)[0]
    assert pictures_of(shown) == 1
