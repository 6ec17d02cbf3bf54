"""Programs as users write them, plain and transformed, give on Pullback what they give on JAX."""

from functools import partial
from typing import Any

import jax
import numpy as np
import pytest
from both import JAX, PULLBACK, QUICK, Side, on, same
from user_programs import ROWS

from pullback import config

FORMS = ("plain", "jit", "vmap", "grad", "jvp", "vmap of grad")


def floats(tree: Any) -> list[Any]:
    """The real floating-point leaves."""
    leaves = jax.tree.leaves(tree)
    return [x for x in leaves if np.dtype(x.dtype).kind == "f"]


def total(side: Side, program: Any, *args: Any) -> Any:
    """One number that all results with derivatives enter, each in its own way."""
    parts = [
        side.np.sum(side.np.sin(k + 1 + x).astype(np.float32))
        for k, x in enumerate(floats(program(side, *args)))
    ]
    return sum(parts)


def moving(args: tuple[Any, ...]) -> tuple[int, ...]:
    """The arguments that have derivatives."""
    return tuple(i for i, x in enumerate(args) if x.dtype.kind == "f")


def stacked(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments with a batch of two, the second of other values."""
    return tuple(np.stack([x, np.roll(x, 1)]) for x in args)


def transformed(side: Side, program: Any, args: tuple[Any, ...]) -> dict[str, Any]:
    """The program's forms: functions without arguments."""
    whole = partial(program, side)
    mine = [on(side, x) for x in args]
    batch = [on(side, x) for x in stacked(args)]
    where = moving(args)
    scalar = partial(total, side, program)
    forms = {
        "plain": lambda: whole(*mine),
        "jit": lambda: side.jit(whole)(*mine),
        "vmap": lambda: side.vmap(whole)(*batch),
    }
    if not where or not floats(jax.eval_shape(partial(program, JAX), *args)):
        return forms

    def slope() -> Any:
        def f(*xs: Any) -> Any:
            every = list(mine)
            for i, x in zip(where, xs, strict=True):
                every[i] = x
            return scalar(*every)

        xs = tuple(mine[i] for i in where)
        return side.jvp(f, xs, xs)

    gradient = side.grad(scalar, where)
    return {
        **forms,
        "grad": lambda: side.jit(gradient)(*mine),
        "jvp": slope,
        "vmap of grad": lambda: side.vmap(gradient)(*batch),
    }


@pytest.mark.parametrize("name", ROWS)
def test_is_jax(name: str) -> None:
    program, args = ROWS[name]
    theirs = transformed(JAX, program, args)
    wanted = jax.jit(lambda: {k: f() for k, f in theirs.items()}, compiler_options=QUICK)()
    for disabled in (True, False):
        with config.override(disable_jit=disabled):
            for form, f in transformed(PULLBACK, program, args).items():
                try:
                    same(f(), wanted[form], 2e-4)
                except Exception as e:
                    raise AssertionError(f"{form}, disable_jit={disabled}: {e}") from e
