"""Random programs on both executors, plain and transformed; every so often on JAX too."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np
import program_jax
import pytest
from both import JAX, PULLBACK
from program_moves import MOVES, ODDS
from program_nests import (
    Case,
    built,
    by_jax,
    compiled_together,
    differ,
    draw_nest,
    eagerly,
    function,
    precision,
)
from program_shrink import shrink
from programs import Program, argument, make

from pullback import config
from pullback.core.check import check
from pullback.core.parse import parse
from pullback.core.show import show
from pullback.dtypes import long_name
from pullback.transforms.make_jaxpr import make_jaxpr

# Programs whose code is compiled as one piece, and how many such pieces a test takes.
TOGETHER = 8
PIECES = 10
PROGRAMS = 2000
# One in so many cases runs on JAX too.
JAX_EVERY = 20
KEPT = sorted((Path(__file__).parent / "kept_programs").glob("*.txt"))


def program(seed: int) -> Program:
    """The program of a seed, well formed."""
    with config.override(enable_x64=True):
        found = make(seed, MOVES, ODDS)
        check(found.jaxpr)
    return found


def cases(seeds: Sequence[int]) -> list[Case]:
    """Every other program is transformed."""
    found = []
    for seed in seeds:
        p = program(seed)
        nest = draw_nest(np.random.default_rng((seed, 1)), p) if seed % 2 else ()
        found.append(Case(p, nest))
    return found


def problems(many: Sequence[Case]) -> list[str]:
    """What is wrong with each case, or nothing: the program, or what the executors say."""
    functions, args = zip(*[built(PULLBACK, c, function) for c in many], strict=True)
    with config.override(enable_x64=True):
        for f, xs in zip(functions, args, strict=True):
            check(make_jaxpr(f)(*xs))
    wanted = [eagerly(f, xs) for f, xs in zip(functions, args, strict=True)]
    got = compiled_together(functions, args)
    return [
        differ(g, w, precision(c.program.jaxpr)) for c, g, w in zip(many, got, wanted, strict=True)
    ]


def problem(case: Case) -> str:
    """What is wrong with one case, exceptions too."""
    try:
        return problems([case])[0]
    except Exception as e:
        return f"{type(e).__name__}: {e}"


def kind(message: str) -> str:
    """Failures of one kind begin with one word."""
    return message.split(" ")[0]


def fail(case: Case, seed: int, message: str) -> None:
    """Show the failing program, made small."""
    small = shrink(case, lambda c: kind(problem(c)) == kind(message))
    pytest.fail(
        f"seed {seed}: {problem(small) or message}\n{text(small)}"
        "Once it is mended, keep this text as a file of tests/kept_programs."
    )


def text(case: Case) -> str:
    """A case as the text of a kept program."""
    return f"# {' '.join(case.nest)}\n{show(case.program.jaxpr, exact=True)}\n"


@pytest.mark.parametrize("first", range(0, PROGRAMS, TOGETHER * PIECES))
def test_executors_agree(first: int) -> None:
    for start in range(first, first + TOGETHER * PIECES, TOGETHER):
        seeds = range(start, start + TOGETHER)
        many = cases(seeds)
        try:
            found = problems(many)
        except Exception:
            found = list(map(problem, many))
        for case, seed, message in zip(many, seeds, found, strict=True):
            if message:
                fail(case, seed, message)


@pytest.mark.parametrize("first", range(5))
def test_jax_agrees(first: int) -> None:
    seeds = range(first, PROGRAMS, PROGRAMS // JAX_EVERY)
    many = cases(seeds)
    wanted = [eagerly(*built(PULLBACK, c, function)) for c in many]
    with jax.enable_x64(True):
        functions, args = zip(*[built(JAX, c, program_jax.function) for c in many], strict=True)
    for case, seed, g, w in zip(many, seeds, wanted, by_jax(functions, args), strict=True):
        message = differ(g, w, precision(case.program.jaxpr))
        assert not message, f"seed {seed}: {message}\n{text(case)}"


@pytest.mark.parametrize("path", KEPT, ids=lambda p: p.stem)
def test_kept(path: Path) -> None:
    """Programs that failed once."""
    jaxpr = parse(path.read_text().partition("\n")[2])
    nest = path.read_text().partition("\n")[0].strip("# ").split()
    check(jaxpr)
    for seed in range(3):
        rng = np.random.default_rng(seed)
        args: list[Any] = [argument(rng, long_name(a.dtype), a.shape) for a in jaxpr.in_avals]
        message = problem(Case(Program(jaxpr, tuple(args)), tuple(nest)))
        assert not message, message
