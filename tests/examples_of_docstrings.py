"""Runs the examples in the docstrings of all public names, and prints those that fail."""

import doctest
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import pullback as pb
from pullback import numpy as pnp

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "docs"))

import surface

# What every example may use without importing it.
KNOWN = {"np": np, "pb": pb, "pnp": pnp}
OPTIONS = doctest.ELLIPSIS


def things() -> Iterator[tuple[str, Any]]:
    """What has a public name, and the public methods and properties of classes."""
    for module in surface.modules():
        for name, thing in surface.members(module):
            if not str(getattr(thing, "__module__", "")).startswith("pullback"):
                continue
            yield f"{module.__name__}.{name}", thing
            if isinstance(thing, type):
                for attribute, value in surface.attributes(thing):
                    yield f"{module.__name__}.{name}.{attribute}", value


def texts() -> Iterator[tuple[str, str]]:
    """The docstrings with examples, each once, with the first name that has it."""
    seen = set()
    for name, thing in things():
        text = surface.doc(thing)
        if ">>>" in text and text not in seen:
            seen.add(text)
            yield name, text


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
