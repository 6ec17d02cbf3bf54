"""The pages of the site: their programs run, their sessions give what they show."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from page_blocks import blocks

DOCS = Path(__file__).resolve().parent.parent / "docs"
# Pages with a test of their own: they need several devices, or make a module.
OTHERS = {"devices", "cluster", "libraries"}
PAGES = [p for p in sorted(DOCS.glob("*.md")) if p.stem not in OTHERS and blocks(p)]


@pytest.mark.parametrize("page", PAGES, ids=[p.stem for p in PAGES])
def test_the_page_runs(page: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(Path(__file__).with_name("page_blocks.py")), str(page)],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_links_between_pages_lead_somewhere() -> None:
    for page in (*DOCS.glob("*.md"), DOCS.parent / "README.md"):
        for link in re.findall(r"\]\(([\w./-]+\.(?:md|ipynb))(?:#[\w-]+)?\)", page.read_text()):
            made = link.startswith(("reference/", "examples/"))
            assert made or (page.parent / link).exists(), (page.name, link)
