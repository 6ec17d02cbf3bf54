"""Makes code in the pages, as `pb.grad` or `pnp.where(...)`, a link to the reference."""

from typing import Any

import reference
from docutils import nodes
from sphinx import addnodes


def link(app: Any, tree: nodes.document) -> None:
    """Wraps each piece of code that names something public in a reference to it."""
    for code in list(tree.findall(nodes.literal)):
        full = reference.target(code.astext())
        if full and not isinstance(code.parent, (nodes.reference, addnodes.pending_xref)):
            options = {"refdoc": app.env.docname, "refdomain": "py", "reftype": "obj"}
            wrapped = addnodes.pending_xref("", code.deepcopy(), reftarget=full, **options)
            code.replace_self(wrapped)


def setup(app: Any) -> dict[str, bool]:
    """For Sphinx: after a page has been read."""
    app.connect("doctree-read", link)
    return {"parallel_read_safe": True}
