"""StableHLO text: what is written how, for every operation and platform."""

import importlib
import pkgutil
import re
import subprocess
import sys
from functools import partial
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from op import Op
from ops import OPS
from xla_run import by_xla, compare, compiled, parse, program

import pullback
import pullback as pb
from pullback import config
from pullback import numpy as pnp
from pullback.backends.xla.lower import PLATFORMS, lower
from pullback.backends.xla.rules import RULES
from pullback.backends.xla.rules.decomposed import pivoted_order, reflected, thomas
from pullback.backends.xla.rules.polar import svd_by_polar
from pullback.core.primitive import Primitive, registry
from pullback.primitives.constant import Held, constant_p
from pullback.primitives.contract import dot_general
from pullback.primitives.dynamic import dynamic_update_slice
from pullback.primitives.linalg.householder import geqrf, ormqr
from pullback.primitives.precision import Precision
from pullback.transforms.replicas import STANDINS

# What runs its NumPy value through a call back from the program. The lists only shrink.
CALLED_BACK = {"sqrtm", "sylvester"}
ON_CUDA = {"eig", "hessenberg", "schur"}
# What a TPU, which calls nothing back, cannot run.
NOT_ON_TPU = CALLED_BACK | ON_CUDA | {"tridiagonal"}
BY_NATURE = {"check", "debug_callback", "debug_print", "io_callback", "pure_callback"}
# Sizes that are not known are in no program that is compiled.
BY_NATURE |= {"dim_as_value"}
# What `shard_map` has replaced before a program is written.
REPLACED = {p.name for p in STANDINS}
MISSING = {"cpu": CALLED_BACK, "cuda": CALLED_BACK | ON_CUDA, "tpu": NOT_ON_TPU}


def own(p: Primitive) -> bool:
    """Whether the library defines it, not another test."""
    return getattr(p, "type", own).__module__.startswith("pullback.")


def load_all() -> None:
    """Every module, and with it every operation."""
    for module in pkgutil.walk_packages(pullback.__path__, "pullback."):
        importlib.import_module(module.name)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_operation_has_a_form(platform: str) -> None:
    load_all()
    known = {*RULES.operations, *RULES.platforms[platform]}
    missing = {
        name for name, p in registry.items() if name not in known and p.inline is None and own(p)
    }
    assert missing == MISSING[platform] | BY_NATURE | REPLACED


def test_rules_are_of_operations() -> None:
    load_all()
    own_rules = [*RULES.platforms.values(), RULES.operations, RULES.opaque]
    assert {name for table in own_rules for name in table} <= set(registry)


@pytest.mark.parametrize("platform", ["cuda", "tpu"])
@pytest.mark.parametrize("op", OPS, ids=[op.name for op in OPS])
def test_text_parses(op: Op, platform: str) -> None:
    """There is no such device here: the text is well formed, or says what cannot be there."""
    for dtype in op.dtypes:
        with config.override(enable_x64=True):
            jaxpr, _ = program(op.f, op.samples(dtype)[0])
            names = {e.primitive.name for e in jaxpr.eqns}
            if platform == "tpu" and names & NOT_ON_TPU:
                with pytest.raises(NotImplementedError, match="NumPy"):
                    lower(jaxpr, platform=platform)
                continue
            parse(lower(jaxpr, platform=platform).text)


def test_jax_is_never_loaded() -> None:
    code = """
import sys
import numpy as np, pullback as pb
from pullback.backends.xla.lower import lower
from pullback.core.aval import ShapedArray
from pullback.core.stage import stage
from jaxlib import xla_client
jaxpr = stage(lambda x: [pb.numpy.sin(x)], [ShapedArray((3,), np.float32)]).jaxpr
assert "stablehlo.sine" in lower(jaxpr).text
assert not [m for m in sys.modules if m == "jax" or m.startswith("jax.")]
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def text_of(f: Any, *args: Any, **options: Any) -> str:
    """The text of a function's program."""
    return lower(program(f, args)[0], **options).text


X = np.linspace(-1, 1, 6, dtype=np.float32).reshape(2, 3)


def test_text_of_a_small_program() -> None:
    assert text_of(lambda x: pnp.sum(x * x, axis=0), X, name="double") == (
        """\
module @jit_double {
  func.func public @main(%arg0: tensor<2x3xf32>) -> (tensor<3xf32>) {
    %0 = stablehlo.multiply %arg0, %arg0 : tensor<2x3xf32>
    %1 = stablehlo.constant dense<0.0> : tensor<f32>
    %5 = "stablehlo.reduce"(%0, %1) ({
    ^bb0(%2: tensor<f32>, %3: tensor<f32>):
      %4 = stablehlo.add %2, %3 : tensor<f32>
      "stablehlo.return"(%4) : (tensor<f32>) -> ()
    }) {dimensions = array<i64: 0>} : (tensor<2x3xf32>, tensor<f32>) -> (tensor<3xf32>)
    return %5 : tensor<3xf32>
  }
}
"""
    )


def test_equal_programs_are_one_function() -> None:
    layer = pb.jit(lambda x: pnp.tanh(x) + 1)
    text = text_of(lambda x: layer(layer(layer(x))), X)
    assert text.count("func.func private") == 1
    assert text.count("func.call") == 3


def test_names_of_functions() -> None:
    inner = pb.jit(lambda x: x + 1)
    text = text_of(lambda x: inner(x) + pb.jit(lambda x: x - 1)(x), X, name="a b<c>")
    assert re.search(r"module @jit_a_b_c_ ", text)
    assert len(set(re.findall(r"func.func private @(\S+)\(", text))) == 2


def test_donated_arguments_are_marked() -> None:
    text = text_of(lambda x, y: (x + 1, pnp.sum(y)), X, X[0], donated=(0, 1))
    assert "%arg0: tensor<2x3xf32> {tf.aliasing_output = 0 : i32}" in text
    assert "%arg1: tensor<3xf32> {jax.buffer_donor = true}" in text


def test_products_are_exact_unless_asked() -> None:
    def product(x: Any, precision: Any = None) -> Any:
        return dot_general(x, x, (((1,), (1,)), ((), ())), precision)

    assert "precision HIGHEST" not in text_of(product, X)
    assert "precision HIGHEST" in text_of(product, X, platform="cuda")
    fast = partial(product, precision=(Precision.DEFAULT, Precision.DEFAULT))
    assert "precision HIGHEST" not in text_of(fast, X, platform="tpu")


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (2, 4, 4)])
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("dtype", ["float64", "complex64"])
def test_singular_values_by_polar_factor(shape: Any, full: bool, dtype: str) -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal(shape).astype(dtype)
    if dtype == "complex64":
        x = (x + 1j * rng.standard_normal(shape)).astype(dtype)
    x[..., 1] = x[..., 0]  # one of them is zero
    with config.override(enable_x64=True):
        s, u, vh = by_xla(svd_by_polar(full), x)
    tol = 100 * float(np.finfo(dtype).eps)
    np.testing.assert_allclose(s, np.linalg.svd(x)[1], atol=tol)
    k = s.shape[-1]
    np.testing.assert_allclose((u[..., :k] * s[..., None, :]) @ vh[..., :k, :], x, atol=tol)
    for q in (np.swapaxes(u, -1, -2).conj() @ u, vh @ np.swapaxes(vh, -1, -2).conj()):
        np.testing.assert_allclose(q, np.broadcast_to(np.eye(q.shape[-1]), q.shape), atol=tol)


def test_pivoted_order() -> None:
    x = np.random.default_rng(0).standard_normal((2, 5, 4))
    with config.override(enable_x64=True):
        wanted = pb.lax.linalg.qr(x, pivoting=True)[2]
        np.testing.assert_array_equal(by_xla(pivoted_order, x), np.asarray(wanted))


def test_elimination_without_exchanges() -> None:
    dl, d, du = np.ones(5), np.full(5, 4.0), np.ones(5)
    b = np.arange(10.0).reshape(5, 2)
    with config.override(enable_x64=True):
        wanted = pb.lax.linalg.tridiagonal_solve(dl, d, du, b)
        np.testing.assert_allclose(by_xla(thomas, dl, d, du, b), np.asarray(wanted))


@pytest.mark.parametrize("transpose", [False, True])
@pytest.mark.parametrize("left", [False, True])
def test_reflections(left: bool, transpose: bool) -> None:
    rng = np.random.default_rng(0)
    x, c = (rng.standard_normal((2, 4, 4)) + 1j * rng.standard_normal((2, 4, 4)) for _ in "xc")
    with config.override(enable_x64=True):
        a, taus = geqrf(pnp.asarray(x[..., :3]))
        wanted = ormqr(a, taus, pnp.asarray(c), left=left, transpose=transpose)
        got = by_xla(reflected(left, transpose), np.asarray(a), np.asarray(taus), c)
    np.testing.assert_allclose(got, np.asarray(wanted), atol=1e-12)


# Loops and branches


def test_loops_and_branches() -> None:
    def f(x: Any, n: Any) -> Any:
        total, sums = pb.lax.scan(lambda c, r: (c + r, c * r), x[0], x, reverse=True)
        last = pb.lax.while_loop(lambda s: s[0] < n, lambda s: (s[0] + 1, s[1] * 2), (0, total))
        chosen = pb.lax.switch(n, [pnp.sin, pnp.cos, lambda v: v], total)
        return total, sums, last[1], chosen

    for n in (-1, 0, 1, 5):
        compare(lambda x, n=n: list(f(x, np.int32(n))), X)


def test_loops_without_turns() -> None:
    compare(lambda x: list(pb.lax.scan(lambda c, r: (c + r, c), 0.0, x)), X[0, :0])


def test_batched_loops() -> None:
    halved = pb.vmap(lambda x: pb.lax.while_loop(lambda v: v > 0.1, lambda v: v / 2, x))
    compare(halved, X[1])
    compare(lambda x: pb.grad(lambda x: pnp.sum(pb.lax.map(pnp.sin, x)))(x), X)


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "complex64"])
def test_literals_are_exact(dtype: str) -> None:
    numbers = [0.1, 1 / 3, -0.0, np.inf, -np.inf, np.nan, 1e-45, 6e4, 1e22]
    with np.errstate(all="ignore"):
        values = np.array(numbers).astype(dtype)
    with config.override(enable_x64=True):
        jaxpr, arrays = program(lambda: list(values), [])
        outs = compiled(jaxpr)(*arrays)
    assert np.stack(outs).tobytes() == values.tobytes()


def test_arrays_inside_programs() -> None:
    rng = np.random.default_rng(0)
    for dtype in ("bool", "int8", "uint64", "float16", "complex64", "int4", "bfloat16"):
        kind = np.dtype(getattr(ml_dtypes, dtype, dtype))
        for size in (0, 3, 200):
            values = rng.integers(0, 2, (size, 2)).astype(kind)
            with config.override(enable_x64=True):
                held = Held(pnp.asarray(values))
                got = by_xla(lambda held=held: constant_p.bind(held=held))
            assert got.tobytes() == values.tobytes()


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint32", "int64", "uint64"])
@pytest.mark.parametrize("mode", ["clip", "fill", "promise_in_bounds"])
def test_indices_of_every_dtype(dtype: str, mode: str) -> None:
    """Axes longer than a small dtype counts, and indices beyond both ends."""
    x = np.arange(600, dtype=np.float32).reshape(300, 2)
    info = np.iinfo(dtype)
    low = max(info.min, -400) if mode != "promise_in_bounds" else 0
    places = np.array([0, 1, 100, min(info.max, 299), low, 50], dtype)
    if mode != "promise_in_bounds":
        places = np.concatenate([places, np.array([info.min, info.max], dtype)])
    updates = np.arange(len(places) * 2, dtype=np.float32).reshape(-1, 2)
    form = "drop" if mode == "fill" else mode
    with config.override(enable_x64=True):
        compare(
            lambda x, i, u: [
                x.at[i].get(mode=mode, wrap_negative_indices=False),
                x.at[i].add(u, mode=form, wrap_negative_indices=False),
                pb.lax.dynamic_slice_in_dim(x, i[3], 7, allow_negative_indices=False),
                dynamic_update_slice(x, u[:3], [i[4], i[0]]),
            ],
            x,
            places,
            updates,
        )


# Functions of Python


def test_effects_keep_their_order() -> None:
    seen: list[tuple[str, float]] = []

    def note(tag: str, x: Any) -> None:
        pb.debug.callback(lambda v: seen.append((tag, float(v))), x)

    @pb.jit
    def inner(x: Any) -> Any:
        note("inner", x)
        return x + 1

    def f(x: Any) -> Any:
        note("first", x)

        def body(c: Any, i: Any) -> Any:
            note("turn", c)
            c = pb.lax.cond(i > 1, lambda c: (note("large", c), c)[1], lambda c: c, c)
            return inner(c), None

        x, _ = pb.lax.scan(body, x, pnp.arange(3))
        note("last", x)
        return x

    by_xla(f, np.float32(0))
    compiled_order, seen[:] = list(seen), []
    with config.override(disable_jit=True):
        f(pnp.float32(0))
    assert compiled_order == seen
    assert len(seen) == 9


def test_pure_callback() -> None:
    like = pb.ShapeDtypeStruct((2, 3), np.float32)
    compare(lambda x: pb.pure_callback(np.cbrt, like, x), X)


def test_errors_of_callbacks_are_told() -> None:
    def fails(x: Any) -> Any:
        raise ValueError("not today")

    like = pb.ShapeDtypeStruct((2, 3), np.float32)
    with pytest.raises(RuntimeError, match="not today"):
        by_xla(lambda x: pb.pure_callback(fails, like, x), X)
