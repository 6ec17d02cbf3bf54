"""Names of programs by their content: equal where the content is, the same in every process."""

from collections import defaultdict
from typing import Any

import numpy as onp
import pytest
import scripts
from cpu import program
from op import make
from ops import OPS

import pullback as pb
from pullback import lax
from pullback import numpy as np
from pullback.core.digest import Opaque, digest
from pullback.core.ir import Jaxpr
from pullback.core.structure import structure


def of(f: Any, *args: Any) -> Jaxpr:
    return pb.make_jaxpr(f)(*args).jaxpr


X = onp.linspace(0.1, 1, 6, dtype=onp.float32).reshape(2, 3)


def test_programs_of_one_content_have_one_digest() -> None:
    assert digest(of(lambda x: np.sin(x) + 1, X)) == digest(of(lambda y: np.sin(y) + 1, X + 1))


@pytest.mark.parametrize(
    "other",
    [
        lambda x: np.cos(x) + 1,
        lambda x: np.sin(x) + 2,
        lambda x: np.sin(x) - 1,
        lambda x: np.sin(x) + np.float32(1),
        lambda x: (np.sin(x) + 1, x),
        lambda x: np.sin(np.sin(x) + 1),
        lambda x: pb.jit(lambda x: np.sin(x) + 1)(x),
        lambda x: np.sin(x).T + 1,
    ],
)
def test_other_programs_have_others(other: Any) -> None:
    assert digest(of(other, X)) != digest(of(lambda x: np.sin(x) + 1, X))


def test_types_and_bits_tell() -> None:
    found = [
        digest(of(f, x))
        for f, x in [
            (lambda x: x * 0.0, X),
            (lambda x: x * -0.0, X),
            (lambda x: x * np.nan, X),
            (lambda x: x * 0.0, X[0]),
            (lambda x: x * 0.0, X.astype(onp.float16)),
            (lambda x: x * 0.0, 1.0),
            (lambda x: lax.reduce_precision(x, 5, 10), X),
            (lambda x: lax.reduce_precision(x, 10, 5), X),
        ]
    ]
    assert len(set(found)) == len(found)


def test_equal_digests_are_equal_structures() -> None:
    """Over the table of operations: one digest where there is one structure, and no more."""
    found: dict[str, set[Any]] = defaultdict(set)
    kinds = set()
    for op in OPS:
        for args in op.args:
            arrays = [make(a, op.dtypes[0], onp.random.default_rng(0)) for a in args]
            jaxpr, _ = program(op.f, arrays)
            found[digest(jaxpr)].add(structure(jaxpr))
            kinds.add(structure(jaxpr))
    assert len(found) == len(kinds) and all(len(s) == 1 for s in found.values())


def test_functions_that_are_called_back_are_opaque() -> None:
    def back(x: Any) -> Any:
        return pb.pure_callback(lambda x: onp.sin(x), pb.ShapeDtypeStruct(X.shape, X.dtype), x)

    for f in (back, lambda x: lax.cond(x[0, 0] > 0, back, np.sin, x)):
        with pytest.raises(Opaque):
            digest(of(f, X))


def test_rules_of_derivatives_do_not_matter() -> None:
    """What they are is no part of the program that is compiled."""

    def twice(k: float) -> Any:
        f = pb.custom_jvp(lambda x: x * 2)
        f.defjvp(lambda xs, ts: (f(*xs), k * ts[0]))
        return f

    assert digest(of(twice(1.0), X)) == digest(of(twice(2.0), X))
    grads = [digest(of(pb.grad(lambda x, k=k: twice(k)(x).sum()), X)) for k in (1.0, 2.0)]
    assert grads[0] != grads[1]


DIGEST = """
from pullback.core.digest import digest
def f(x, y):
    z = lax.while_loop(lambda c: c[0] < 3, lambda c: (c[0] + 1, pnp.tanh(c[1] @ y)), (0, x))[1]
    keys = pb.random.split(pb.random.key(0), 3)
    n = pb.vmap(lambda k: pb.random.normal(k, (3,)))(keys)
    return pb.nn.relu(z).at[0].add(n[0]), pnp.linalg.solve(n, z.T), pnp.fft.fft(z), pnp.sort(z)
x = np.ones((3, 3), np.float32)
print(digest(pb.make_jaxpr(f)(x, x).jaxpr), digest(pb.make_jaxpr(pb.jacfwd(f))(x, x).jaxpr))
"""


def test_every_process_gives_the_same() -> None:
    found = [scripts.run(DIGEST, {"PYTHONHASHSEED": seed}) for seed in ("1", "2")]
    assert found[0] == found[1] and len(set(found[0].split())) == 2
