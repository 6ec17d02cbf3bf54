"""Random programs and those of users through XLA, against their NumPy values."""

from collections.abc import Sequence

import jax
import numpy as np
import pytest
from both import PULLBACK
from program_moves import MOVES, ODDS
from program_nests import Case, built, differ, draw_nest, eagerly, function, precision
from programs import make
from test_user_programs import transformed
from user_programs import ROWS
from xla_run import by_xla

from pullback import config

# Programs that are compiled as one piece, and how far apart they are.
TOGETHER = 8
PROGRAMS = 320
# How users' programs are transformed.
FORMS = ("plain", "vmap", "grad", "vmap of grad")


def cases(seeds: Sequence[int]) -> list[Case]:
    """Each program as it is, and transformed."""
    found = []
    for seed in seeds:
        with config.override(enable_x64=True):
            p = make(seed, MOVES, ODDS)
        found += [Case(p, ()), Case(p, draw_nest(np.random.default_rng((seed, 1))))]
    return found


@pytest.mark.parametrize("first", range(0, PROGRAMS, TOGETHER))
def test_random_programs(first: int) -> None:
    many = cases(range(first, first + TOGETHER))
    functions, args = zip(*[built(PULLBACK, c, function) for c in many], strict=True)
    wanted = [eagerly(f, xs) for f, xs in zip(functions, args, strict=True)]
    with config.override(enable_x64=True):
        got = by_xla(lambda args: [f(*xs) for f, xs in zip(functions, args, strict=True)], args)
    for case, g, w in zip(many, got, wanted, strict=True):
        message = differ(g, w, precision(case.program.jaxpr))
        assert not message, f"{message}\n{' '.join(case.nest)}\n{case.program.jaxpr}"


@pytest.mark.parametrize("name", ROWS)
def test_users_programs(name: str) -> None:
    program, args = ROWS[name]
    forms = transformed(PULLBACK, program, args)
    for form in (f for f in FORMS if f in forms):
        with config.override(disable_jit=True):
            wanted = jax.tree.leaves(forms[form]())
        got = jax.tree.leaves(by_xla(forms[form]))
        for g, w in zip(got, wanted, strict=True):
            np.testing.assert_allclose(g, np.asarray(w), rtol=2e-4, atol=2e-4, err_msg=form)
