"""How the site is built: `sphinx-build -W docs build/site`."""

import sys
from pathlib import Path

import pullback

sys.path.insert(0, str(Path(__file__).resolve().parent))

project = html_title = "Pullback"
copyright = "the authors of Pullback"
version = release = pullback.__version__
html_theme = "furo"
# Ours: pages made of docstrings and of `examples/`; code in pages as links.
extensions = ["myst_nb", "reference", "listings", "links"]
# Every name that a page refers to exists.
nitpicky = True
# Pages with cells run from top to bottom at each build; a cell that fails ends it.
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 120
# The tour's cells have headings below that of the page.
suppress_warnings = ["myst.header"]
myst_heading_anchors = 3
myst_enable_extensions = ["dollarmath"]
python_maximum_signature_line_length = 100
toc_object_entries = False
html_copy_source = False
smartquotes = False
