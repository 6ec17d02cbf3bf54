"""Updates inside loops: a few elements are written, however long the array."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as onp
import pytest

import pullback as pb
from pullback import lax
from pullback import numpy as np
from pullback.backends.cpu import loops, pipeline

SIZE = 1000
START = onp.arange(SIZE, dtype="float32")


def add(i: Any, d: Any) -> Any:
    return d.at[i].add(1.0)


def nested(update: Callable[[Any, Any], Any], x: Any) -> Any:
    return lax.fori_loop(
        0, 5, lambda i, d: lax.fori_loop(0, 7, lambda j, d: update(i * 7 + j, d), d), x
    )


def loop(body: Callable[[Any, Any], Any]) -> Callable[[Any], Any]:
    return lambda x: lax.fori_loop(0, 5, body, x)


def of_ref(use: Callable[[Any, Any], None]) -> Callable[[Any], Any]:
    """What a mutable array holds that a loop writes to, element by element."""

    def fun(x: Any) -> Any:
        ref = pb.new_ref(x)

        def step(i: Any, c: Any) -> Any:
            use(ref, i)
            return c

        lax.fori_loop(0, 5, step, 0)
        return ref[...]

    return fun


def add_to(ref: Any, i: Any) -> None:
    ref[i] += 1.0


def add_in_branch(ref: Any, i: Any) -> None:
    lax.cond(i % 2 == 0, lambda: add_to(ref, i), lambda: None)


def add_in_loops(ref: Any, i: Any) -> None:
    lax.scan(lambda c, j: (c, add_to(ref, i * 7 + j)), 0, np.arange(7))
    lax.while_loop(lambda k: k < 3, lambda k: (k + 1, add_to(ref, i + k))[0], 0)


def of_sum(read: Callable[[Any, Any], Any]) -> Callable[[Any], Any]:
    """The gradient of what a loop reads, which is added to at each step."""
    return pb.grad(lambda x: lax.fori_loop(0, 5, lambda i, s: s + np.sum(np.sin(read(i, x))), 0.0))


def counted(update: Callable[[Any, Any], Any], x: Any) -> Any:
    """A batch of loops of 6, 3 and no steps."""

    def run(n: Any, x: Any) -> Any:
        return lax.while_loop(lambda c: c[0] < n, lambda c: (c[0] + 1, update(*c)), (0, x))[1]

    lengths = x.reshape(-1)[6::-3].astype(int)
    return pb.vmap(run)(lengths, np.stack([x, x + 1, x * 2]))


PROGRAMS: dict[str, Callable[[Any], Any]] = {
    "a loop in a loop": lambda x: nested(add, x),
    "three deep": lambda x: nested(
        lambda i, d: lax.fori_loop(0, 3, lambda k, d: add(i + k, d), d), x
    ),
    "while in a loop": loop(
        lambda i, d: lax.while_loop(
            lambda c: c[0] < 7, lambda c: (c[0] + 1, add(i * 7 + c[0], c[1])), (0, d)
        )[1]
    ),
    "a loop in while": lambda x: lax.while_loop(
        lambda c: c[0] < 5,
        lambda c: (c[0] + 1, lax.fori_loop(0, 7, lambda j, d: add(c[0] + j, d), c[1])),
        (0, x),
    ),
    "a branch that changes nothing": loop(
        lambda i, d: lax.cond(i % 2 == 0, lambda d: add(i, d), lambda d: d, d)
    ),
    "branches that read and write": loop(
        lambda i, d: lax.cond(
            d[i] > 2, lambda d: d.at[i].set(d[i + 1]), lambda d: add(i + 1, add(i + 2, d)), d
        )
    ),
    "swap": loop(lambda i, d: d.at[i].set(d[i + 1]).at[i + 1].set(d[i])),
    "swap of rows": loop(lambda i, d: d.at[np.array([i, i + 1])].set(d[np.array([i + 1, i])])),
    "the old array read later": lambda x: lax.fori_loop(
        0, 5, lambda i, c: (add(i, c[0]), c[1] + c[0][i]), (x, 0.0)
    ),
    "the old element stacked": lambda x: lax.scan(lambda d, i: (add(i, d), d[i]), x, np.arange(5)),
    "two arrays": lambda x: lax.fori_loop(
        0, 5, lambda i, c: (add(i, c[0]), add(i, c[1])), (x, x * 2)
    ),
    "a batch": lambda x: pb.vmap(lambda d: nested(add, d))(np.stack([x, x])),
    "a batched loop of several lengths": lambda x: counted(lambda i, d: d.at[i].set(i * 2.0), x),
    "a batched loop that adds": lambda x: counted(
        lambda i, d: add(i, d).at[i + 1].multiply(3.0), x
    ),
    "a batch of loops of one length": lambda x: pb.vmap(
        lambda n: loop(lambda i, d: np.where(i < n, d.at[i].add(n), d))(x.reshape(20, 50))
    )(x[6::-3]),
    "a batched loop over slices": lambda x: counted(
        lambda i, d: lax.dynamic_update_slice(d, 2 * d[:3], (996 + i,)), x
    ),
    "a batched loop over rows": lambda x: counted(
        lambda i, d: lax.dynamic_update_slice(d, 2 * d[:1, :2], (i, 48 + i)), x.reshape(20, 50)
    ),
    "a batched loop past the end": lambda x: counted(lambda i, d: d.at[997 + i].min(i), x),
    "a batched loop at one place": lambda x: counted(lambda i, d: d.at[7].set(d[8] + i), x),
    "an update or none": loop(lambda i, d: np.where(i % 2 == 0, d, add(i, d).at[3].set(d[i]))),
    "one of two updates": loop(
        lambda i, d: np.where(d[i] > 2, d.at[i].set(d[i + 1]), d.at[i + 1].max(7).at[5].set(i))
    ),
    "a slice or none": loop(
        lambda i, d: np.where(i % 2 == 0, lax.dynamic_update_slice(d, 2 * d[:3], (i,)), d)
    ),
    "small indices": loop(lambda i, d: np.where(i < 3, d, add(i.astype("int8"), d))),
    "a gradient": pb.grad(lambda x: nested(lambda i, d: d.at[i].multiply(2.0), x).sum()),
    "a gradient of reads": of_sum(lambda i, x: x[i] * x[i + 1]),
    "a gradient of rows": lambda x: of_sum(lambda i, x: x[i] * x[2, i])(x.reshape(20, 50)),
    "a gradient of reads from a slice": of_sum(lambda i, x: x[3:-3][i - 2] * x[1:][i + 990]),
    "a gradient of reads of a slice": of_sum(lambda i, x: lax.dynamic_slice(x, (i,), (3,))[1:]),
    "a gradient of reads of several": of_sum(lambda i, x: x[np.array([i, i + 1, i, -1])]),
    "a gradient of reads of one place": of_sum(lambda i, x: x[3] * i + x[4:6].sum()),
    "a gradient of reads two deep": of_sum(
        lambda i, x: lax.fori_loop(0, 7, lambda j, s: s + x[i * 7 + j] * x[i], 0.0)
    ),
    "a complex sum": lambda x: loop(lambda i, d: d.at[i].add(1j * d[i + 1]))(x + 0j),
    "a complex difference": lambda x: loop(lambda i, d: d.at[i].subtract(d[i + 1] * 1j))(x + 1j),
    "a quotient": loop(lambda i, d: d.at[i].divide(d[i + 1])),
    "a gradient of quotients": pb.grad(lambda x: loop(lambda i, d: d.at[i].divide(7.0))(x).sum()),
    "a row": lambda x: loop(lambda i, d: d.at[i].set(d[i - 1] * 2))(x.reshape(20, 50)),
    "a mutable array": of_ref(add_to),
    "a mutable array in a branch": of_ref(add_in_branch),
    "a mutable array in two loops": of_ref(add_in_loops),
    "a mutable array in a jitted function": of_ref(pb.jit(add_to)),
    "a stack": lambda x: lax.while_loop(
        lambda c: c[0] < 9, lambda c: (c[0] + 1, c[1].at[c[0]].set(c[1][c[0] - 1] + 1)), (1, x)
    ),
}


def whole(block: loops.Block, inside: bool = False) -> Iterator[loops.Nest]:
    """The nests in loops that run over all of an array."""
    for stmt in block:
        for inner in loops.blocks(stmt):
            yield from whole(inner, inside or isinstance(stmt, loops.For | loops.While))
        if inside and isinstance(stmt, loops.Nest):
            for kernel in stmt.kernels:
                axes = (*stmt.axes, *kernel.axes, *kernel.reduce)
                if onp.prod([a.extent for a in axes]) >= SIZE:
                    yield stmt


@pytest.mark.parametrize("name", PROGRAMS)
def test_an_update_costs_its_elements(name: str) -> None:
    fun = PROGRAMS[name]
    compiled = pipeline.compile(pb.make_jaxpr(fun)(START).jaxpr)
    assert not list(whole(compiled.program.body))


def close(a: Any, b: Any) -> None:
    """Equal but for the order of sums."""
    onp.testing.assert_allclose(a, b, rtol=1e-5)


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_is_updated_in_place_is_right(name: str) -> None:
    fun = PROGRAMS[name]
    with pb.disable_jit():
        wanted = fun(np.asarray(START))
    pb.tree_util.tree_map(close, pb.jit(fun)(START), wanted)


def test_a_read_that_depends_on_the_update_sees_the_old_array() -> None:
    def step(i: Any, d: Any) -> Any:
        new = add(i, d)
        at = new[i].astype(int)
        return new.at[0].add(d[at])

    fun = loop(step)
    with pb.disable_jit():
        wanted = fun(np.asarray(START))
    onp.testing.assert_array_equal(pb.jit(fun)(START), wanted)


def test_an_addition_to_a_window_is_one_pass() -> None:
    def fun(d: Any, e: Any) -> Any:
        return loop(lambda i, d: d.at[2:].add(0.5 * (e[2:] - e[:-2])))(d)

    x = onp.arange(2 * SIZE, dtype="float32")
    compiled = pipeline.compile(pb.make_jaxpr(fun)(x, x).jaxpr)
    assert len(list(whole(compiled.program.body))) == 1


def test_an_addition_to_a_window_reads_what_was_there() -> None:
    fun = loop(lambda i, d: d.at[2:].add(0.5 * (1.0 - d[:-2])))
    x = onp.arange(2 * SIZE, dtype="float32")
    with pb.disable_jit():
        wanted = fun(np.asarray(x))
    close(pb.jit(fun)(x), wanted)


@pytest.mark.parametrize("length", [2, 3, 6, 7])
def test_states_that_take_turns(length: int) -> None:
    def step(c: Any, i: Any) -> Any:
        x, y, k = c
        x, y = np.roll(x, 1) + i, np.roll(y, -1) * 0.5 + x[::-1]
        return (x, y, k + 1), x[k]

    def fun(x: Any) -> Any:
        return lax.scan(step, (x, x * 2, 0), np.arange(length, dtype="float32"))

    x = np.asarray(onp.random.default_rng(0).normal(size=6000).astype("float32"))
    with pb.disable_jit():
        wanted = fun(x)
    pb.tree_util.tree_map(
        lambda a, b: onp.testing.assert_allclose(a, b, 1e-5), pb.jit(fun)(x), wanted
    )
