"""Ahead of time: traced, lowered and compiled functions, against JAX's where they say the same."""

import functools
import inspect
import warnings

import jax
import numpy as np
import pytest

import pullback as pb
from pullback import numpy as pnp

X, W = np.arange(12, dtype=np.float32).reshape(3, 4), np.ones((4, 2), np.float32)


def model(x, p, n, *, scale=1.0):
    """A pytree of a pytree."""
    return {"a": x @ p["w"] * scale, "b": [x.sum() * n]}


def both(f):
    """The function jitted here and there, with one static and one donated argument."""
    options = {"static_argnums": 2, "donate_argnums": 0}
    return pb.jit(f, **options), jax.jit(f, **options)


def struct(package, shape, dtype="float32"):
    return package.ShapeDtypeStruct(shape, dtype)


@pytest.fixture(scope="module")
def traced():
    ours, theirs = both(model)
    return tuple(
        f.trace(struct(package, (3, 4)), {"w": W}, 3, scale=np.float32(2.0))
        for package, f in ((pb, ours), (jax, theirs))
    )


@pytest.fixture(scope="module")
def lowered(traced):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return tuple(t.lower() for t in traced)


@pytest.fixture(scope="module")
def compiled(lowered):
    return tuple(x.compile() for x in lowered)


@pytest.mark.parametrize("stage", ["traced", "lowered", "compiled"])
def test_what_all_stages_know(stage, request):
    ours, theirs = request.getfixturevalue(stage)
    assert ours.donate_argnums == theirs.donate_argnums == (0,)
    for name in ("in_avals", "args_info"):
        assert repr(getattr(ours, name)) == repr(getattr(theirs, name))
    for name in ("in_tree", "out_tree"):
        assert str(getattr(ours, name))[11:] == str(getattr(theirs, name))[10:]
    for a, b in zip(pb.tree.leaves(ours.out_info), jax.tree.leaves(theirs.out_info), strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
    info = ours.args_info[0][1]["w"]
    assert (info.shape, info.dtype, info.donated) == ((4, 2), np.float32, False)


def test_traced(traced):
    ours, theirs = traced
    assert ours.fun_name == theirs.fun_name == "model"
    assert repr(ours.out_avals) == repr(theirs.out_avals)
    assert repr(ours.out_info) == repr(theirs.out_info)
    assert [e.primitive.name for e in ours.jaxpr.eqns] == [
        e.primitive.name for e in theirs.jaxpr.eqns
    ]
    assert ours.jaxpr.in_avals[0].shape == (3, 4)


def test_traced_holds_captured_values():
    c = pnp.arange(3.0)
    traced = pb.jit(lambda x: x + c).trace(1.0)
    assert len(traced.jaxpr.in_avals) == 1 and traced.jaxpr.consts[0] is c
    assert traced.lower().compile()(2.0).tolist() == [2, 3, 4]


def test_compiled_computes(compiled):
    ours, theirs = compiled
    want = theirs(X, {"w": W}, scale=2.0)
    got = ours(pnp.asarray(X), {"w": W}, scale=2.0)
    np.testing.assert_allclose(got["a"], want["a"], rtol=1e-6)
    np.testing.assert_allclose(got["b"][0], want["b"][0], rtol=1e-6)


def test_donated_arguments_are_gone(compiled):
    x = pnp.asarray(X)
    compiled[0](x, {"w": W}, scale=2.0)
    assert x.is_deleted()


def test_results_that_are_arguments_or_constants():
    c = pnp.arange(2.0)
    f = pb.jit(lambda x, y: (y, c, (), {"x": x + 1})).lower(1.0, 2).compile()
    y, d, _, rest = f(2.0, 5)
    assert int(y) == 5 and d.tolist() == [0, 1] and float(rest["x"]) == 3


def test_python_numbers_and_weak_types():
    f = pb.jit(lambda x: x * 2).lower(1.0).compile()
    assert float(f(2.0)) == float(f(np.float32(2))) == float(f(pnp.float32(2))) == 4
    assert repr(f.in_avals) == repr(jax.jit(lambda x: x * 2).lower(1.0).compile().in_avals)


WRONG = {
    "shape": ((np.ones((3, 5), np.float32), {"w": W}), r"args\[0\] is float32\[3,5\], wanted fl"),
    "dtype": (
        (X, {"w": W.astype(int)}),
        r"args\[1\]\['w'\] is int32\[4,2\], wanted float32\[4,2\]",
    ),
    "structure": ((X, {"v": W}), "structure"),
    "count": ((X,), "structure"),
    "static": ((X, {"w": W}, 3), "static arguments"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_arguments_are_named(case, compiled):
    args, message = WRONG[case]
    for f in compiled:
        with pytest.raises(TypeError):
            f(*args, scale=2.0)
    with pytest.raises(TypeError, match=f"compiled model.*{message}"):
        compiled[0](*args, scale=2.0)


@pytest.mark.parametrize("transform", [pb.grad, pb.jit, lambda f: lambda x: pb.vmap(f)(x[None])])
def test_compiled_functions_are_not_transformed(transform):
    f = pb.jit(lambda x: x * 2).lower(1.0).compile()
    with pytest.raises(TypeError, match="cannot be transformed"):
        transform(f)(pnp.float32(1.0))


def test_lowering_a_captured_tracer_is_refused():
    def outer(x):
        return pb.jit(lambda y: x * y).lower(1.0)

    with pytest.raises(ValueError, match="of a transformation around"):
        pb.grad(outer)(1.0)


def test_texts(lowered, compiled):
    ours = lowered[0]
    assert "dot_general" in ours.as_text("jaxpr") and repr(ours.compiler_ir("jaxpr"))
    assert "loads" in ours.as_text() or "a0" in ours.as_text()
    assert ours.as_text() == ours.as_text("loops", debug_info=True)
    with pytest.raises(ValueError, match="no dialect 'llvm'; the dialects are 'jaxpr', 'loops'"):
        ours.as_text("llvm")
    for text in (x.as_text("hlo") for x in lowered):
        assert text.startswith("HloModule jit_model") and " dot(" in text
    assert "define" in compiled[0].as_text()


def test_what_is_not_there_is_refused(traced, lowered):
    with pytest.raises(NotImplementedError, match="lowering_platforms"):
        traced[0].lower(lowering_platforms=("cpu", "tpu"))
    with pytest.raises(RuntimeError, match="no platform 'rocm'"):
        traced[0].lower(lowering_platforms=("rocm",))
    with pytest.raises(NotImplementedError, match="compiler options"):
        lowered[0].compile({"xla_flag": True})
    with pytest.raises(NotImplementedError, match="device_assignment"):
        lowered[0].compile(device_assignment=())
    with pytest.warns(UserWarning, match="donated buffers were not usable"):
        assert traced[0].lower(lowering_platforms=("cpu",)).compile({}) is not None


COSTS = {
    "elementwise": (lambda p: lambda x: x * x + 1, {"flops": 32}),
    "product": (lambda p: lambda x: x @ x.T, {"flops": 4 * 4 * 4 * 2}),
    "transcendental": (lambda p: lambda x: p.numpy.exp(x), {"transcendentals": 16}),
    "reduction": (lambda p: lambda x: x.sum(), {"flops": 15}),
    "convolution": (
        lambda p: lambda x: p.lax.conv(x[None, None], p.numpy.ones((3, 1, 2, 2)), (1, 1), "VALID"),
        {"flops": 3 * 9 * 4 * 2},
    ),
}


@pytest.mark.parametrize("case", COSTS)
def test_cost_is_close_to_the_oracle(case):
    f, want = COSTS[case]
    x = np.ones((4, 4), np.float32)
    lowered = pb.jit(f(pb)).lower(x)
    theirs = jax.jit(f(jax)).lower(x).compile().cost_analysis()
    for found in (lowered.cost_analysis(), lowered.compile().cost_analysis()):
        for key, value in want.items():
            assert found[key] == pytest.approx(value, abs=1)
            assert found[key] == pytest.approx(theirs[key], abs=1)


def test_cost_of_control_flow():
    def step(c, _):
        return c * 2.0, None

    def looped(x):
        return pb.lax.scan(step, x, None, length=10)[0]

    def branched(x):
        return pb.lax.cond(x[0] > 0, lambda x: x, lambda x: x * x * x + 1, x)

    x = np.ones(8, np.float32)
    assert pb.jit(looped).lower(x).cost_analysis()["flops"] == 80
    assert pb.jit(branched).lower(x).cost_analysis()["flops"] == pytest.approx(24, abs=2)


def test_memory():
    n = 1000

    def f(x, y, unused):
        return pnp.sort(x * y) + 1.0, y

    x = np.ones(n, np.float32)
    compiled = pb.jit(f).lower(x, x, x).compile()
    found = compiled.memory_analysis()
    assert found.argument_size_in_bytes == 2 * 4 * n
    assert found.output_size_in_bytes == 4 * n
    assert found.alias_size_in_bytes == 0 and found.generated_code_size_in_bytes > 0
    kept = pb.jit(lambda x: x + 1, donate_argnums=0).lower(x).compile()
    assert kept.memory_analysis().alias_size_in_bytes == 4 * n


def test_traffic_counts_fused_loops_once():
    x = np.ones(1000, np.float32)
    lowered = pb.jit(lambda x: pnp.exp(x) * 2 + 1).lower(x)
    assert lowered.compile().cost_analysis()["bytes accessed"] == 8000
    assert lowered.cost_analysis()["bytes accessed"] > 20000


def test_traffic_of_loops_and_branches():
    def f(x):
        y = pb.lax.fori_loop(0, 10, lambda i, c: c * x, x)
        return pb.lax.cond(y[0] > 0, lambda y: y @ y, lambda y: y.sum(), y)

    found = pb.jit(f).lower(np.ones(1000, np.float32)).compile().cost_analysis()
    assert 10 * 4000 <= found["bytes accessed"] <= 10 * 4 * 4000


def test_eval_shape():
    f, g = both(model)
    ours = f.eval_shape(struct(pb, (3, 4)), {"w": W}, 3)
    theirs = g.eval_shape(struct(jax, (3, 4)), {"w": W}, 3)
    assert repr(ours) == repr(theirs)


def test_jitted_functions_are_wrapped():
    f, g = both(model)
    assert isinstance(f, pb.stages.Wrapped) and isinstance(g, jax.stages.Wrapped)
    assert f.__wrapped__ is model and inspect.signature(f) == inspect.signature(model)
    assert f.__name__ == "model" and f.__doc__ == model.__doc__


def test_public_names():
    names = {n for n in dir(jax.stages) if not n.startswith("_")}
    assert names <= set(pb.stages.__all__)
    for stage in ("Traced", "Lowered", "Compiled"):
        theirs = {n for n in dir(getattr(jax.stages, stage)) if not n.startswith("_")}
        here = {n for n in dir(getattr(pb.stages, stage)) if not n.startswith("_")}
        layouts = {"input_formats", "output_formats", "input_shardings", "output_shardings"}
        assert theirs - here <= layouts | {"lojax", "call"}


def test_methods_are_lowered():
    class Model:
        @functools.partial(pb.jit, static_argnums=0)
        def step(self, x):
            return x + 1

    assert float(Model.step.lower(Model(), 1.0).compile()(2.0)) == 3


def test_caches_are_cleared():
    traces = []

    @pb.jit
    def f(x):
        traces.append(x)
        return pb.lax.scan(lambda c, _: (c * 2, None), x, None, length=3)[0]

    f(1.0)
    f(1.0)
    assert len(traces) == 1 and f._cache_size() == 1
    f.clear_cache()
    assert f._cache_size() == 0
    f(1.0)
    assert len(traces) == 2
    pb.clear_caches()
    assert f._cache_size() == 0
    assert float(f(1.0)) == 8 and len(traces) == 3


def test_caches_are_bounded():
    f = pb.jit(lambda x, n: x, static_argnums=1)
    for n in range(5000):
        f(1.0, n)
    assert f._cache_size() <= 4096
    assert len(f._miss.traced) <= 4096


def test_shardings_on_the_host():
    compiled = pb.jit(lambda x, y: {"a": 2 * x}).lower(1.0, 2.0).compile()
    (used, unused), named = compiled.input_shardings
    assert used == compiled.output_shardings["a"] == pnp.ones(1).sharding
    assert unused is None and not named  # as JAX says of what is not used
