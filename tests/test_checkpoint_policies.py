"""checkpoint's policies: the same derivatives as in JAX, and as many values kept."""

from collections import Counter
from typing import Any

import jax.ad_checkpoint
import pytest
from both import JAX, PULLBACK, Side, compare, on, sample
from jax._src.ad_checkpoint import saved_residuals as jax_residuals

import pullback as pb
from pullback import ad_checkpoint, config
from pullback import numpy as pnp
from pullback.ad_checkpoint import checkpoint_name, print_saved_residuals, saved_residuals

W, X, XS = sample(3, 3), sample(3), sample(4, 3)


def named(s: Side, x: Any, name: str) -> Any:
    return s.lib.ad_checkpoint.checkpoint_name(x, name)


def layers(s: Side, w: Any, x: Any) -> Any:
    """Products, named values and functions of values between them."""
    h = s.np.sin(named(s, s.np.dot(w, x), "first"))
    return s.np.cos(s.np.dot(w, named(s, s.np.exp(h), "second")))


def in_jit(s: Side, w: Any, x: Any) -> Any:
    return s.jit(lambda w, x: s.np.sin(layers(s, w, x)))(w, s.np.sin(x))


def in_scan(s: Side, w: Any, x: Any) -> Any:
    def step(c: Any, _: Any) -> Any:
        return layers(s, w, c), s.np.sin(c)

    last, ys = s.lax.scan(step, x, None, length=4)
    return s.np.sin(last) + s.np.sum(ys, 0)


def in_cond(s: Side, w: Any, x: Any) -> Any:
    return s.lax.cond(x[0] > 0, lambda w, x: layers(s, w, x), lambda w, x: w[0] * x, w, x)


def batched(s: Side, w: Any, x: Any) -> Any:
    xs = s.np.stack([x, 2 * x])
    return s.np.einsum("bij,bj->bi", s.np.sin(s.np.stack([w, w])), s.np.sin(xs))


PROGRAMS = {f.__name__: f for f in (layers, in_jit, in_scan, in_cond, batched)}

POLICIES = {
    "none": lambda c: None,
    "everything": lambda c: c.everything_saveable,
    "nothing": lambda c: c.nothing_saveable,
    "dots": lambda c: c.dots_saveable,
    "dots without batch": lambda c: c.dots_with_no_batch_dims_saveable,
    "first": lambda c: c.save_only_these_names("first"),
    "second": lambda c: c.save_only_these_names("second"),
    "all names but": lambda c: c.save_any_names_but_these("first"),
    "all but": lambda c: c.save_anything_except_these_names("first"),
    "both": lambda c: c.save_from_both_policies(
        c.save_only_these_names("first"), c.dots_with_no_batch_dims_saveable
    ),
    "written": lambda c: lambda primitive, *types, **_: primitive.name == "exp",
}


def policy_of(s: Side, name: str) -> Any:
    return POLICIES[name](s.checkpoint_policies)


def derivatives(f: Any, s: Side, w: Any, x: Any) -> Any:
    """First and second derivatives, batched, eager and under jit."""

    def total(w: Any, x: Any) -> Any:
        return s.np.sum(f(w, x) ** 2)

    def twice(w: Any, x: Any) -> Any:
        return s.np.sum(s.grad(total)(w, x) ** 2)

    xs = s.np.stack([x, -x])
    return (
        s.value_and_grad(total, (0, 1))(w, x),
        s.jit(s.grad(total))(w, x),
        s.vmap(s.grad(total, 1), (None, 0))(w, xs),
        s.grad(lambda x: s.np.sum(s.vmap(f, (None, 0))(w, xs * x)))(x),
        s.grad(twice)(w, x),
        s.jvp(s.grad(total, 1), (w, x), (w, x)),
    )


@pytest.mark.parametrize("policy", ["dots", "first", "everything"])
@pytest.mark.parametrize("program", PROGRAMS)
def test_derivatives(program: str, policy: str) -> None:
    def run(s: Side, w: Any, x: Any) -> Any:
        f = s.checkpoint(lambda w, x: PROGRAMS[program](s, w, x), policy=policy_of(s, policy))
        return derivatives(f, s, w, x)

    compare(run, W, X, tol=1e-9)


@pytest.mark.parametrize("policy", POLICIES)
def test_gradients_with_every_policy(policy: str) -> None:
    def run(s: Side, w: Any, x: Any) -> Any:
        f = s.checkpoint(lambda w, x: layers(s, w, x), policy=policy_of(s, policy))
        return s.grad(lambda w, x: s.np.sum(f(w, x)), (0, 1))(w, x)

    compare(run, W, X)


def kept_shapes(s: Side, program: str, policy: str) -> Counter[tuple[int, ...]]:
    """How many values of each shape the backward pass keeps; scalars are left out."""
    f = s.checkpoint(lambda w, x: PROGRAMS[program](s, w, x), policy=policy_of(s, policy))
    residuals: Any = saved_residuals if s is PULLBACK else jax_residuals
    found = residuals(f, on(s, W), on(s, X))
    return Counter(aval.shape for aval, _ in found if aval.shape)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("program", PROGRAMS)
def test_as_much_is_kept_as_in_jax(program: str, policy: str) -> None:
    with config.override(enable_x64=True), jax.enable_x64(True):
        assert kept_shapes(PULLBACK, program, policy) == kept_shapes(JAX, program, policy)


def test_nested() -> None:
    def program(s: Side, w: Any, x: Any) -> Any:
        c = s.checkpoint_policies
        inner = s.checkpoint(lambda w, x: layers(s, w, x), policy=c.dots_saveable)
        outer = s.checkpoint(
            lambda w, x: s.np.sin(inner(w, s.np.cos(inner(w, x)))),
            policy=c.save_only_these_names("second"),
        )
        return derivatives(outer, s, w, x)

    compare(program, W, X, tol=1e-9)


def test_in_a_loop() -> None:
    def program(s: Side, w: Any, x: Any) -> Any:
        step = s.checkpoint(
            lambda c, _: (layers(s, w, c), None), policy=s.checkpoint_policies.dots_saveable
        )
        return s.grad(lambda x: s.np.sum(s.lax.scan(step, x, None, length=5)[0]))(x)

    compare(program, W, X)


def test_only_what_is_needed_is_kept() -> None:
    def f(x: Any, y: Any) -> Any:
        return pnp.sin(checkpoint_name(x + y, "sum"))

    policy = pb.checkpoint_policies.save_only_these_names("sum")
    found = saved_residuals(pb.checkpoint(f, policy=policy), pnp.ones(3), pnp.ones(3))
    assert [(a.str_short(), s.split(" from ")[0]) for a, s in found] == [("f32[3]", "named 'sum'")]


@pytest.mark.parametrize("answer", ["Saveable", "Recompute", "Offloadable"])
def test_other_answers(answer: str) -> None:
    # The CPU has one memory: what is offloaded is kept.
    module = ad_checkpoint
    value = module.Offloadable("device", "pinned_host") if answer == "Offloadable" else answer
    value = value if answer == "Offloadable" else getattr(module, answer)
    f = pb.checkpoint(lambda x: pnp.sin(pnp.sin(x)), policy=lambda p, *_, **__: value)
    kept = len(saved_residuals(f, pnp.ones(3)))
    assert kept == (1 if answer == "Recompute" else 2)


def test_offloading_policies_keep() -> None:
    c = pb.checkpoint_policies
    names = c.save_and_offload_only_these_names(
        names_which_can_be_saved=["first"],
        names_which_can_be_offloaded=["second"],
        offload_src="device",
        offload_dst="pinned_host",
    )
    dots = c.offload_dot_with_no_batch_dims("device", "pinned_host")
    for policy, named_too in ((names, 2), (dots, 2)):
        f = pb.checkpoint(lambda w, x: layers(PULLBACK, w, x), policy=policy)
        vectors = [a for a, _ in saved_residuals(f, pnp.ones((3, 3)), pnp.ones(3)) if a.ndim == 1]
        assert len(vectors) == 1 + named_too
    with pytest.raises(ValueError, match=r"not both, got \['a'\] in both"):
        c.save_and_offload_only_these_names(
            names_which_can_be_saved=["a"],
            names_which_can_be_offloaded=["a"],
            offload_src="device",
            offload_dst="pinned_host",
        )


def test_residuals_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    def f(w: Any, x: Any) -> Any:
        h = checkpoint_name(pnp.exp(x["h"]), "grown")
        return pb.jit(lambda x: x * x)(h) * w

    print_saved_residuals(f, 2.0, {"h": 1.0})
    lines = capsys.readouterr().out.splitlines()
    places = [line.split(" from ")[0] for line in lines if "argument" not in line]
    assert "f32[] from the argument w" in lines
    assert "f32[] named 'grown'" in places
    assert any("output of jitted function '<lambda>'" in line for line in places)
    assert all(__file__ in line for line in lines if "argument" not in line)


def test_names_are_identities() -> None:
    def program(s: Side, x: Any) -> Any:
        def f(x: Any) -> Any:
            y = named(s, {"a": x, "b": (x * x, None)}, "pair")
            return y["a"] * y["b"][0]

        return f(x), s.grad(f)(x), s.jvp(f, (x,), (x,)), s.vmap(f)(s.np.stack([x, x])), s.jit(f)(x)

    compare(program, sample())


def test_static_names_and_defaults() -> None:
    def program(s: Side, x: Any) -> Any:
        def f(x: Any, mode: str = "sin", n: int = 1) -> Any:
            return getattr(s.np, mode)(x) ** n

        g = s.checkpoint(f, static_argnums=(1,))
        return g(x, "cos"), g(x, "sin", n=3)

    compare(program, sample())
    g = pb.checkpoint(lambda x, mode="sin", n=1: getattr(pnp, mode)(x) ** n, static_argnames="mode")
    assert [float(y) for y in (g(0.0), g(0.0, "cos"), g(0.0, mode="cos", n=2))] == [0.0, 1.0, 1.0]


def test_without_keeping_apart() -> None:
    """Then the compiler may compute once what both passes need."""
    text = [
        str(pb.make_jaxpr(pb.grad(pb.checkpoint(pnp.sin, prevent_cse=apart)))(1.0))
        for apart in (True, False, [True], [False])
    ]
    assert ["optimization_barrier" in t for t in text] == [True, False, True, False]


def test_errors() -> None:
    f = pb.checkpoint(pnp.sin, policy=lambda *_, **__: "yes")
    with pytest.raises(TypeError, match=r"the policy must return a bool, .* got 'yes' for"):
        pb.grad(f)(1.0)
    both = pb.checkpoint_policies.save_from_both_policies(
        pb.checkpoint_policies.dots_saveable, lambda *_, **__: 1
    )
    with pytest.raises(ValueError, match="both policies must return a bool, got False and 1"):
        pb.grad(pb.checkpoint(pnp.sin, policy=both))(1.0)
    with pytest.raises(NotImplementedError, match="concrete; use static_argnums"):
        pb.checkpoint(pnp.sin, concrete=False)
    bad: Any = "no"
    with pytest.raises(TypeError, match="prevent_cse must be a bool or bools, got 'no'"):
        pb.checkpoint(pnp.sin, prevent_cse=bad)
    with pytest.raises(ValueError, match="static_argnums=3 names no positional argument"):
        pb.checkpoint(pnp.sin, static_argnums=3)(1.0)
