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
    DERIVATIVES,
    Case,
    built,
    by_jax,
    compiled_together,
    differ,
    draw_nest,
    eagerly,
    function,
    holds,
    like,
    of_inexact,
    precision,
    split,
)
from program_shrink import shrink
from programs import Program, argument, make

import pullback as pb
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
# How far apart the programs are that run on JAX too, in one test.
JAX_EVERY = 200
# JAX has no reverse mode of these loops; derivatives of running extrema at ties are its own.
UNLIKE = ("while", "cummax", "cummin")
KEPT = sorted((Path(__file__).parent / "kept_programs").glob("*.txt"))


def program(seed: int) -> Program:
    """The program of a seed, well formed."""
    with config.override(enable_x64=True):
        found = make(seed, MOVES, ODDS)
        check(found.jaxpr)
    return found


def cases(seeds: Sequence[int]) -> list[Case]:
    """Each program as it is, and transformed."""
    found = []
    for seed in seeds:
        p = program(seed)
        found += [Case(p, ()), Case(p, draw_nest(np.random.default_rng((seed, 1))))]
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
        many = cases(range(start, start + TOGETHER))
        try:
            found = problems(many)
        except Exception:
            found = list(map(problem, many))
        for k, message in enumerate(found):
            if message:
                fail(many[k], start + k // 2, message)


@pytest.mark.parametrize("first", range(0, JAX_EVERY, 20))
def test_jax_agrees(first: int) -> None:
    many = [
        c
        for c in cases(range(first, PROGRAMS, JAX_EVERY))
        if not (holds(c.program.jaxpr, UNLIKE) and set(DERIVATIVES) & set(c.nest))
    ]
    wanted = [eagerly(*built(PULLBACK, c, function)) for c in many]
    with jax.enable_x64(True):
        functions, args = zip(*[built(JAX, c, program_jax.function) for c in many], strict=True)
    for case, g, w in zip(many, wanted, by_jax(functions, args), strict=True):
        message = differ(g, w, precision(case.program.jaxpr))
        assert not message, f"{message}\n{text(case)}"


@pytest.mark.parametrize("first", range(0, PROGRAMS, PROGRAMS // 4))
def test_reverse_is_forward(first: int) -> None:
    """<u, J v> = <J^T u, v> through loops of unknown length, which JAX does not transpose."""
    programs = [p for p in map(program, range(first, first + 150)) if holds(p.jaxpr, ["while"])]
    for p in programs:
        forward, backward = both_products(p)
        scale = max(1.0, abs(forward))
        assert abs(forward - backward) <= 10 * precision(p.jaxpr) * scale, p.jaxpr


def both_products(p: Program) -> tuple[float, float]:
    """<u, J v> and <J^T u, v> of compiled code, for random u and v."""
    rng = np.random.default_rng(0)
    f, places = function(p.jaxpr), split(p.args)[0]
    g = of_inexact(f, p.args, places)
    xs = [p.args[i] for i in places]
    tangents = [like(rng, x) for x in xs]
    with config.override(enable_x64=True):
        _, moved = pb.jit(lambda xs, ts: pb.jvp(g, tuple(xs), tuple(ts)))(xs, tangents)
        cts = [like(rng, t) for t in moved]
        back = pb.jit(lambda xs, cts: pb.vjp(g, *xs)[1](cts))(xs, cts)
    return inner(cts, moved), inner(back, tangents)


def inner(us: Sequence[Any], vs: Sequence[Any]) -> float:
    """The real part of the sum of products."""
    wide = [
        (np.asarray(u).astype(complex), np.asarray(v).astype(complex))
        for u, v in zip(us, vs, strict=True)
    ]
    return float(sum((u * v).sum().real for u, v in wide))


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
