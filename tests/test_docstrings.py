"""Every public name says what it is in a sentence, and its examples give what they show."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import surface

SENTENCE = re.compile(r"\S.*[.:]$")
MODULES = list(surface.modules())


@pytest.mark.parametrize("module", MODULES, ids=[m.__name__ for m in MODULES])
def test_every_name_says_what_it_is(module) -> None:
    """The first line of a docstring is a sentence."""
    silent = [
        name
        for name, thing in surface.members(module)
        if str(getattr(thing, "__module__", "")).startswith("pullback") and callable(thing)
        if not SENTENCE.match(surface.doc(thing).split("\n")[0])
    ]
    assert SENTENCE.match(surface.doc(module).split("\n")[0])
    assert not silent


def test_examples_give_what_they_show() -> None:
    """In a process of its own, as users run them: what other tests set up would be seen."""
    program = Path(__file__).with_name("examples_of_docstrings.py")
    alone = {k: v for k, v in os.environ.items() if not k.startswith(("XLA_", "PULLBACK_NUM"))}
    done = subprocess.run(
        [sys.executable, "-W", "error", str(program)],
        env=alone, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
