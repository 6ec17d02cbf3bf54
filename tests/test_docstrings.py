"""Every public name says what it is in a sentence and shows it by an example, which is run."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import surface

import pullback

SENTENCE = re.compile(r"\S.*[.:]$")
MODULES = list(surface.modules())
CLASSES = {
    thing
    for module in MODULES
    for _, thing in surface.members(module)
    if isinstance(thing, type) and thing.__module__.startswith("pullback")
}


def of_ours(module) -> Iterator[tuple[str, Any]]:
    """What a module's public names call that the package defines."""
    for name, thing in surface.members(module):
        if callable(thing) and str(getattr(thing, "__module__", "")).startswith("pullback"):
            yield name, thing


def is_told(thing: Any) -> bool:
    """Whether the first line of its docstring is a sentence."""
    return bool(SENTENCE.match(surface.doc(thing).split("\n")[0]))


def is_shown(thing: Any) -> bool:
    """Whether its docstring has an example."""
    return ">>> " in surface.doc(thing)


@pytest.mark.parametrize("module", MODULES, ids=[m.__name__ for m in MODULES])
def test_every_name_says_what_it_is(module) -> None:
    """The first line of a docstring is a sentence."""
    assert is_told(module)
    assert not [name for name, thing in of_ours(module) if not is_told(thing)]


@pytest.mark.parametrize("module", MODULES, ids=[m.__name__ for m in MODULES])
def test_every_name_shows_what_it_does(module) -> None:
    """There is an example in each docstring."""
    assert not [name for name, thing in of_ours(module) if not is_shown(thing)]


@pytest.mark.parametrize("cls", sorted(CLASSES, key=str), ids=lambda c: c.__qualname__)
def test_methods_say_what_they_do(cls) -> None:
    """Methods and properties have a sentence; an example is theirs or that of their class."""
    methods = dict(surface.attributes(cls))
    assert not [name for name, method in methods.items() if not is_told(method)]
    assert is_shown(cls) or not [name for name, method in methods.items() if not is_shown(method)]


def test_methods_of_arrays_show_what_they_do() -> None:
    """Each has an example of its own."""
    methods = dict(surface.attributes(pullback.Array))
    assert "reshape" in methods and "at" in methods and "shape" in methods
    assert not [name for name, method in methods.items() if not is_shown(method)]


def test_examples_give_what_they_show() -> None:
    """In a process of its own, as users run them: what other tests set up would be seen."""
    program = Path(__file__).with_name("examples_of_docstrings.py")
    alone = {k: v for k, v in os.environ.items() if not k.startswith(("XLA_", "PULLBACK_NUM"))}
    done = subprocess.run(
        [sys.executable, "-W", "error", str(program)],
        env=alone, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
