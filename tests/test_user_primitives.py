"""Operations that users define, with the rules of `interpreters`: the same programs under JAX."""

from types import SimpleNamespace
from typing import Any

import jax
import jax.api_util
import jax.extend.core
import jax.interpreters.ad
import jax.interpreters.batching
import jax.interpreters.mlir
import numpy as np
import pytest
from jax.extend import linear_util as jax_linear_util
from jax.interpreters import partial_eval as jax_partial_eval

import pullback as pb
from pullback.extend import linear_util
from pullback.interpreters import partial_eval


def define(top: Any) -> SimpleNamespace:
    """The operations of these tests in a library."""
    np_, core = top.numpy, top.extend.core
    ad, batching, mlir = (getattr(top.interpreters, n) for n in ("ad", "batching", "mlir"))

    # y, z = x + scale * a, x * a: several results, parameters, a program as lowering.
    both_p = core.Primitive("both")
    both_p.multiple_results = True

    def both_program(x, a, *, axis):
        return [x + axis * a, x * a]

    @both_p.def_impl
    def _(x, a, *, axis):
        return [np.asarray(x) + np.float32(axis) * np.asarray(a), np.asarray(x) * np.asarray(a)]

    @both_p.def_abstract_eval
    def _(x, a, *, axis):
        return (top.core.ShapedArray(x.shape, x.dtype),) * 2

    def both_jvp(primals, tangents, *, axis):
        (x, a), (tx, ta) = primals, map(ad.instantiate_zeros, tangents)
        return both_p.bind(x, a, axis=axis), [tx + axis * ta, tx * a + x * ta]

    def both_batch(args, dims, *, axis):
        size = next(x.shape[d] for x, d in zip(args, dims, strict=True) if d is not None)
        args = [batching.bdim_at_front(x, d, size) for x, d in zip(args, dims, strict=True)]
        return both_p.bind(*args, axis=axis), [0, 0]

    ad.primitive_jvps[both_p] = both_jvp
    batching.primitive_batchers[both_p] = both_batch
    mlir.register_lowering(both_p, mlir.lower_fun(both_program, multiple_results=True))

    # scaled = c x, linear, with a transpose rule.
    scaled_p = core.Primitive("scaled")
    scaled_p.def_impl(lambda x, *, by: np.asarray(x) * np.float32(by))
    scaled_p.def_abstract_eval(lambda x, *, by: top.core.ShapedArray(x.shape, x.dtype))
    ad.deflinear2(scaled_p, lambda ct, x, *, by: [scaled_p.bind(ct, by=by)])
    batching.defvectorized(scaled_p)
    mlir.register_lowering(scaled_p, mlir.lower_fun(lambda x, *, by: x * by, False))

    # The mean over the batch where there is one, by a rule that knows the axis.
    mean_p = core.Primitive("mean_if_mapped")
    mean_p.def_impl(lambda x: np.asarray(x))
    mean_p.def_abstract_eval(lambda x: x)

    def mean_batch(axis_data, args, dims):
        assert axis_data.size == args[0].shape[dims[0]]
        assert axis_data.name == "rows"
        return np_.mean(args[0], dims[0]), None

    batching.fancy_primitive_batchers[mean_p] = mean_batch
    mlir.register_lowering(mean_p, mlir.lower_fun(lambda x: x, False))

    # x y, linear in each.
    times_p = core.Primitive("times")
    times_p.def_impl(lambda x, y: np.asarray(x) * np.asarray(y))
    times_p.def_abstract_eval(lambda x, y: top.core.ShapedArray(x.shape, x.dtype))
    ad.defbilinear(
        times_p, lambda ct, x, y: times_p.bind(ct, y), lambda ct, x, y: times_p.bind(x, ct)
    )
    batching.defbroadcasting(times_p)
    mlir.register_lowering(times_p, mlir.lower_fun(lambda x, y: x * y, False))

    return SimpleNamespace(
        top=top,
        np=np_,
        both=lambda x, a, axis=3: both_p.bind(x, a, axis=axis),
        scaled=lambda x, by=2.5: scaled_p.bind(x, by=by),
        mean=mean_p.bind,
        times=times_p.bind,
        both_p=both_p,
    )


OURS, THEIRS = define(pb), define(jax)

X = np.linspace(-1.0, 2.0, 6, dtype=np.float32).reshape(2, 3)
A = np.linspace(0.5, 1.5, 6, dtype=np.float32).reshape(2, 3)


def loss(m: SimpleNamespace) -> Any:
    """A function of two arrays that uses all derivatives."""

    def f(x, a):
        y, z = m.both(m.scaled(x), a)
        return m.np.sum(m.np.sin(y) * m.times(z, y))

    return f


def scanned(m: SimpleNamespace) -> Any:
    """The operations inside a loop and a branch."""

    def f(x, a):
        def step(c, _):
            y, z = m.both(c, a)
            y = m.top.lax.cond(m.np.sum(y) > 0, m.scaled, lambda v: -v, y)
            return 0.1 * y, z

        return m.top.lax.scan(step, x, None, length=3)

    return f


PROGRAMS = {
    "value": lambda m: loss(m),
    "jit": lambda m: m.top.jit(loss(m)),
    "grad": lambda m: m.top.grad(loss(m), (0, 1)),
    "jit of grad": lambda m: m.top.jit(m.top.grad(loss(m), (0, 1))),
    "jvp": lambda m: lambda x, a: m.top.jvp(loss(m), (x, a), (a, x)),
    "vmap": lambda m: m.top.vmap(loss(m)),
    "vmap of one": lambda m: m.top.vmap(m.both, (0, None)),
    "vmap of grad": lambda m: m.top.jit(m.top.vmap(m.top.grad(loss(m)))),
    "hessian": lambda m: lambda x, a: m.top.hessian(lambda v: loss(m)(v, a))(x),
    "scan": scanned,
    "jit of scan": lambda m: m.top.jit(scanned(m)),
    "grad of scan": lambda m: m.top.grad(lambda x, a: m.np.sum(scanned(m)(x, a)[1])),
    "axis": lambda m: m.top.vmap(lambda x, a: m.mean(x) + a, axis_name="rows"),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_program_is_as_in_jax(name):
    args = (X[0], A) if name == "vmap of one" else (X, A)
    args = (X, A[0]) if name == "vmap of one" else args
    ours, theirs = PROGRAMS[name](OURS)(*args), PROGRAMS[name](THEIRS)(*args)
    ours, theirs = pb.tree.leaves(ours), jax.tree.leaves(theirs)
    assert len(ours) == len(theirs)
    for x, y in zip(ours, theirs, strict=True):
        assert x.dtype == y.dtype
        np.testing.assert_allclose(x, y, rtol=2e-5, atol=1e-5)


def test_program_shows_the_operation():
    assert "both[axis=3] a b" in str(pb.make_jaxpr(OURS.both)(X, A))


@pytest.mark.parametrize("top", (pb, jax))
def test_rules_that_are_missing_are_named(top):
    bare_p = top.extend.core.Primitive("bare")
    with pytest.raises(NotImplementedError, match="bare"):
        bare_p.bind(1.0)
    with pytest.raises(NotImplementedError, match="bare"):
        top.make_jaxpr(bare_p.bind)(1.0)
    bare_p.def_impl(lambda x: x)
    bare_p.def_abstract_eval(lambda x: x)
    with pytest.raises(NotImplementedError, match="bare"):
        top.jvp(bare_p.bind, (1.0,), (1.0,))
    with pytest.raises(NotImplementedError, match="bare"):
        top.vmap(bare_p.bind)(X)


def test_without_a_meaning_it_is_not_compiled():
    bare_p = pb.extend.core.Primitive("bare")
    bare_p.def_abstract_eval(lambda x: x)
    with pytest.raises(NotImplementedError, match="bare has no meaning"):
        pb.jit(bare_p.bind)(1.0)


def test_without_a_lowering_compiled_programs_call_it_back():
    sums_p = pb.extend.core.Primitive("sums")
    sums_p.def_impl(lambda x: np.cumsum(np.asarray(x), dtype=np.float32))
    sums_p.def_abstract_eval(lambda x: x)
    x = X.ravel()
    np.testing.assert_allclose(pb.jit(lambda v: sums_p.bind(v) * 2)(x), np.cumsum(x) * 2, rtol=1e-6)


def test_lowering_must_have_the_type_that_was_said():
    wrong_p = pb.extend.core.Primitive("wrong")
    wrong_p.def_abstract_eval(lambda x: x)
    lowering = pb.interpreters.mlir.lower_fun(lambda x: pb.numpy.sum(x), multiple_results=False)
    pb.interpreters.mlir.register_lowering(wrong_p, lowering)
    with pytest.raises(TypeError, match=r"wrong: its lowering gives float32\[\]"):
        pb.jit(wrong_p.bind)(X)


def test_apply_primitive_compiles_the_lowering():
    double_p = pb.extend.core.Primitive("double")
    double_p.def_impl(lambda x: pb.interpreters.xla.apply_primitive(double_p, x))
    double_p.def_abstract_eval(lambda x: x)
    pb.interpreters.mlir.register_lowering(
        double_p, pb.interpreters.mlir.lower_fun(lambda x: x + x, multiple_results=False)
    )
    np.testing.assert_array_equal(double_p.bind(X), 2 * X)


def test_rules_that_write_mlir_are_not_used():
    triple_p = pb.extend.core.Primitive("triple")
    triple_p.def_impl(lambda x: 3 * x)
    triple_p.def_abstract_eval(lambda x: x)
    pb.interpreters.mlir.register_lowering(triple_p, lambda ctx, x: [x], platform="cuda")
    np.testing.assert_allclose(pb.jit(triple_p.bind)(X), 3 * X)
    with pytest.raises(NotImplementedError, match="for 'cuda' alone"):
        lowering = pb.interpreters.mlir.lower_fun(lambda x: 3 * x, multiple_results=False)
        pb.interpreters.mlir.register_lowering(triple_p, lowering, platform="cuda")


def test_lowering_may_hold_arrays():
    table = pb.numpy.arange(6.0).reshape(2, 3)
    plus_p = pb.extend.core.Primitive("plus_table")
    plus_p.def_abstract_eval(lambda x: x)
    pb.interpreters.mlir.register_lowering(
        plus_p, pb.interpreters.mlir.lower_fun(lambda x: x + table, multiple_results=False)
    )
    np.testing.assert_array_equal(pb.jit(plus_p.bind)(X), X + np.asarray(table))


def test_tables_of_rules():
    jvps = pb.interpreters.ad.primitive_jvps
    assert OURS.both_p in jvps and pb.lax.sin_p in jvps
    bare_p = pb.extend.core.Primitive("bare")
    assert bare_p not in jvps and jvps.get(bare_p) is None
    with pytest.raises(KeyError):
        jvps[bare_p]
    jvps[bare_p] = lambda *_: None
    assert bare_p in jvps
    del jvps[bare_p]
    assert bare_p not in jvps


def wrapped(top: Any, linear: Any, f: Any) -> Any:
    """A function ready for transformations."""
    return linear.wrap_init(f, debug_info=top.api_util.debug_info("a test", f, (), {}))


def partly(top: Any, linear: Any, partial: Any) -> Any:
    """Results of a function of a known and an unknown value; what the rest of it computes."""

    @top.jit
    def inner(x, y):
        return top.numpy.cos(x), x * y

    def f(x, y):
        known, mixed = inner(x, y)
        return [top.numpy.sin(known), mixed + 1, y]

    aval = top.core.ShapedArray((), np.dtype("float32"))
    pvals = [partial.PartialVal.known(2.0), partial.PartialVal.unknown(aval)]
    jaxpr, outs, consts = partial.trace_to_jaxpr_nounits(wrapped(top, linear, f), pvals)
    run = top.core.eval_jaxpr(jaxpr, consts, 3.0)
    return [(aval is None, const) for aval, const in outs], run


def test_partial_evaluation_is_jax():
    ours, rest = partly(pb, linear_util, partial_eval)
    theirs, wanted = partly(jax, jax_linear_util, jax_partial_eval)
    assert [known for known, _ in ours] == [known for known, _ in theirs]
    np.testing.assert_allclose(ours[0][1], theirs[0][1], rtol=1e-6)
    np.testing.assert_allclose(rest, wanted, rtol=1e-6)


def test_dce_is_jax():
    def used(top, partial):
        closed = top.make_jaxpr(lambda x, y, z: (x * y, z + 1))(1.0, 2.0, 3.0)
        jaxpr, kept = partial.dce_jaxpr(closed.jaxpr, [False, True])
        return kept, len(jaxpr.eqns), len(jaxpr.invars)

    assert used(pb, partial_eval) == used(jax, jax_partial_eval)


@pytest.mark.parametrize(("top", "linear"), ((pb, linear_util), (jax, jax_linear_util)))
def test_wrapped_functions(top, linear):
    @linear.transformation
    def twice(*args):
        out = yield tuple(2 * a for a in args), {}
        yield out + 1

    @linear.transformation_with_aux
    def counted(*args):
        out = yield args, {}
        yield out, len(args)

    f, count = counted(twice(wrapped(top, linear, lambda x, y: x * y)))
    with pytest.raises(linear.StoreException):
        count()
    assert f.call_wrapped(3, 4) == 49
    assert count() == 2


@pytest.mark.parametrize(("top", "linear"), ((pb, linear_util), (jax, jax_linear_util)))
def test_functions_of_leaves(top, linear):
    def f(x, c):
        return {"sum": x["a"] + c, "a": x["a"]}

    leaves, in_tree = top.tree.flatten((({"a": 1},), {"c": 2}))
    flat, out_tree = top.api_util.flatten_fun(wrapped(top, linear, f), in_tree)
    out = flat.call_wrapped(*leaves)
    assert top.tree.unflatten(out_tree(), out) == {"a": 1, "sum": 3}
    leaves, in_tree = top.tree.flatten(({"a": 1}, 2))
    flat, out_tree = top.api_util.flatten_fun_nokwargs(wrapped(top, linear, f), in_tree)
    out = flat.call_wrapped(*leaves)
    assert top.tree.unflatten(out_tree(), out) == {"a": 1, "sum": 3}
    assert top.api_util.safe_map(max, [1, 2], [0, 3]) == [1, 3]
    assert top.api_util.shaped_abstractify(X).shape == (2, 3)


@pytest.mark.parametrize("top", (pb, jax))
def test_questions_about_tracing(top):
    core, found = top.extend.core, []
    state = core.get_opaque_trace_state(convention="any")
    assert state == core.get_opaque_trace_state(convention="any")

    def f(x):
        found.append(core.get_opaque_trace_state(convention="any") == state)
        found.append(core.unsafe_am_i_under_a_jit_DO_NOT_USE())
        found.append(core.unsafe_am_i_under_a_vmap_DO_NOT_USE())
        found.append(core.unsafe_get_axis_names_DO_NOT_USE())
        return x

    f(1.0)
    top.jit(f)(1.0)
    top.vmap(f, axis_name="i")(X)
    assert found == [True, False, False, [], False, True, False, [], False, False, True, ["i"]]
    assert core.valid_jaxtype(X) and not core.valid_jaxtype("x")
    aval = top.core.ShapedArray((2, 3), np.dtype("float32"))
    assert core.mapped_aval(2, 0, aval).shape == (3,)
    assert core.unmapped_aval(4, 1, aval).shape == (2, 4, 3)
    with pytest.raises(top.errors.ConcretizationTypeError):
        top.jit(lambda x: core.concrete_or_error(int, x, "here"))(1)


def test_programs_inside_equations_are_closed():
    (eqn,) = pb.make_jaxpr(pb.jit(lambda x: x + 1))(1.0).eqns
    inner = eqn.params["jaxpr"]
    assert inner.jaxpr is inner and list(inner.consts) == [] and inner.effects == frozenset()
    assert [float(y) for y in pb.core.eval_jaxpr(inner.jaxpr, inner.consts, 2.0)] == [3.0]


# Operations of JAX that programs here do not hold.
ABSENT = (
    "after_all approx_top_k call closed_call create_token empty2 get"
    " select_and_scatter swap ragged_all_to_all"
).split()


def test_operations_have_jax_names():
    names = {n for n in dir(jax.extend.core.primitives) if n.endswith("_p")}
    missing = {n for n in names if not hasattr(pb.extend.core.primitives, n)}
    assert missing == {f"{n}_p" for n in ABSENT}
    assert pb.extend.core.primitives.dot_general_p is pb.lax.dot_general_p
