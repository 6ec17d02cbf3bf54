"""The tour runs, its values are right, and the notebook is the same tour."""

import json
from pathlib import Path

import nbformat
import numpy as np
from nbclient import NotebookClient

from pullback import tour

NOTEBOOK = Path(__file__).parents[1] / "examples" / "tour.ipynb"


def test_tour_prints_code_results_and_times(capsys):
    namespace = tour.run()
    printed = capsys.readouterr().out
    for section in tour.SECTIONS:
        assert section.title in printed
    assert printed.count(" ms]") == sum(len(s.cells) for s in tour.SECTIONS)
    assert "float64 True" in printed
    assert "x.at[" in printed
    assert namespace["traces"] == [3, 2]
    np.testing.assert_allclose(namespace["batched"], namespace["looped"], rtol=1e-5)


def test_notebook_is_the_tour():
    stored = json.loads(NOTEBOOK.read_text())
    for cell in stored["cells"]:
        if cell["cell_type"] == "code":
            cell.update(outputs=[], execution_count=None)
    assert stored == tour.notebook()


def test_notebook_runs():
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    outputs = [o for cell in notebook.cells for o in cell.get("outputs", [])]
    assert any("Array(" in o.get("data", {}).get("text/plain", "") for o in outputs)
