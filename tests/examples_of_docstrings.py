"""Runs the examples in the docstrings of all public names, and prints those that fail."""

import doctest
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import pullback as pb
from pullback import numpy as pnp

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "docs"))

import surface

# What every example may use without importing it.
KNOWN = {"np": np, "pb": pb, "pnp": pnp}
OPTIONS = doctest.ELLIPSIS


def texts() -> Iterator[tuple[str, str]]:
    """The docstrings with examples, each once, with the first name that has it."""
    seen = set()
    for module in surface.modules():
        for name, thing in surface.members(module):
            text = surface.doc(thing)
            ours = str(getattr(thing, "__module__", "")).startswith("pullback")
            if ours and ">>>" in text and text not in seen:
                seen.add(text)
                yield f"{module.__name__}.{name}", text


def main() -> None:
    """Run them all; the exit code says whether all gave what they show."""
    runner = doctest.DocTestRunner(optionflags=OPTIONS)
    for name, text in texts():
        runner.run(doctest.DocTestParser().get_doctest(text, dict(KNOWN), name, None, 0))
    failed, count = runner.summarize()
    print(f"{count} examples, {failed} failed")
    sys.exit(failed != 0)


if __name__ == "__main__":
    main()
