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


@pytest.mark.real
@pytest.mark.timeout(900)
@pytest.mark.filterwarnings("ignore")  # of Jupyter's own making; the notebook runs elsewhere
def test_the_compare_notebook_runs_and_ends_in_a_verdict(
    kernel: str, real_settings: Settings, tmp_path: Path
) -> None:
    from nbclient import NotebookClient

    file = next(file for file in NOTEBOOKS if file.stem == "model_compare")
    book = nbformat.read(file, as_version=4)
    client = NotebookClient(
        book, kernel_name=kernel, timeout=280, resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()
    shown = [output for cell in book.cells for output in cell.get("outputs", [])]
    texts = [
        output.data["text/markdown"]
        for output in shown
        if "text/markdown" in output.get("data", {})
    ]
    assert texts[0].startswith(("## Good enough", "## Not good enough", "## Inconclusive"))
    assert texts[1].startswith("## No verdict")
    assert sum("image/png" in output.get("data", {}) for output in shown) == 2
