"""What may be refused or told while functions are traced and run: tracing, transfers, keys."""

import logging
import re
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import pytest

import pullback as pb
from pullback import lax, random
from pullback import numpy as pnp
from pullback.core.ir import JaxprEqn


def messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.name == "pullback"]


def test_no_tracing() -> None:
    f = pb.jit(lambda x: x + 1)
    f(1.0)
    with pb.no_tracing():
        assert f(2.0) == 3.0
        with pytest.raises(RuntimeError, match=r"types int32\[2\], and no_tracing is set"):
            f(np.ones(2, int))
    assert f(np.ones(2, int))[0] == 2


def test_no_execution() -> None:
    f = pb.jit(lambda x: x + 1)
    f(1.0)
    with pb.no_execution():
        for call in (lambda: pnp.ones(2) + 1, lambda: f(1.0), lambda: random.key(0)):
            with pytest.raises(RuntimeError, match="no_execution is set"):
                call()
        assert pb.eval_shape(f, 1.0).shape == ()
        assert f.lower(1.0).as_text()
    assert f(1.0) == 2.0


EXPLAINED: dict[str, tuple[Callable[[Any], Any], str]] = {
    "shape": (lambda f: f(np.ones(2, "float32"), 1), r"args\[0\] is float32\[2\], was float32\[\]"),
    "weak": (lambda f: f(1.0, 1), r"args\[0\] is float32\[\], weakly typed, was float32\[\]"),
    "structure": (lambda f: f((1.0, 2.0), 1), "the structure of the arguments is"),
    "static": (lambda f: f(np.float32(1), 2), "the static argument 1 is 2, was 1"),
    "static type": (lambda f: f(np.float32(1), True), "the static argument 1 is True, was 1"),
    "switch": (lambda f: strict(f), "numpy_dtype_promotion is 'strict', was 'standard'"),
    "axis": (
        lambda f: pb.vmap(lambda _: f(np.float32(1), 1), axis_name="i")(pnp.ones(3)),
        r"the mapped axes in scope are \(\('i', 3\),\), were \(\)",
    ),
}


def strict(f: Callable[..., Any]) -> Any:
    with pb.numpy_dtype_promotion("strict"):
        return f(np.float32(1), 1)


@pytest.mark.parametrize("why", EXPLAINED)
def test_misses_are_explained(why: str, caplog: pytest.LogCaptureFixture) -> None:
    call, pattern = EXPLAINED[why]
    f = pb.jit(lambda x, n: x, static_argnums=1)
    with pb.explain_cache_misses(), caplog.at_level(logging.WARNING):
        f(np.float32(1), 1)
        f(np.float32(2), 1)
        (first,) = messages(caplog)
        assert "called for the first time" in first
        assert "test_guards.py" in first
        call(f)
    _, second = messages(caplog)
    (line,) = second.splitlines()[1:]
    assert re.search(pattern, line)


def test_programs_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    f = pb.jit(pb.grad(lambda x: lax.fori_loop(0, 3, lambda i, c: c * x, x)))
    with pb.enable_checks():
        assert f(2.0) == 32.0
        monkeypatch.setattr(JaxprEqn, "__init__", wrong(JaxprEqn.__init__))
        with pytest.raises(pb.errors.JaxprError):
            pb.make_jaxpr(lambda x: pnp.sin(x))(1.0)


def wrong(init: Callable[..., None]) -> Callable[..., None]:
    """Equations whose results are all of another type."""

    def made(self: Any, primitive: Any, invars: Any, outvars: Any, *rest: Any) -> None:
        init(self, primitive, invars, outvars, *rest)
        for v in self.outvars:
            v.aval = v.aval.update(shape=(7,))

    return made


def test_legacy_keys() -> None:
    words = random.PRNGKey(0)
    with pb.legacy_prng_key("warn"), pytest.warns(UserWarning, match="given as its words"):
        random.uniform(words)
    with pb.legacy_prng_key("error"):
        random.uniform(random.key(0))
        with pytest.raises(ValueError, match="given as its words"):
            random.split(words)
    with pytest.raises(ValueError, match="legacy_prng_key must be 'allow' or"):
        pb.legacy_prng_key("never").__enter__()


def test_user_contexts_are_as_in_jax() -> None:
    for m in (pb, jax):
        scale, other = m.make_user_context(2.0), m.make_user_context()
        count = []

        @m.jit
        def f(x: Any, scale: Any = scale, count: Any = count) -> Any:
            count.append(1)
            return x * scale.value

        assert (scale.value, other.value) == (2.0, None)
        assert f(1.0) == 2.0
        with scale(3.0):
            assert f(1.0) == 3.0
            with other("a"):
                assert (scale.value, other.value) == (3.0, "a")
        with scale(3.0):
            assert f(1.0) == 3.0
        assert f(1.0) == 2.0
        assert len(count) == 2


# Transfers, to the processor through XLA.


def there(x: Any = 1.0) -> Any:
    return pb.device_put(pnp.full((2,), x), pb.devices("xla")[0])


MOVES: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "an operand": ("host-to-device", lambda x: x + pnp.ones(2)),
    "an argument": ("host-to-device", lambda x: pb.jit(lambda a, b: a + b)(x, np.ones(2))),
    "a conversion": ("device-to-host", lambda x: np.asarray(x)),
    "a number": ("device-to-host", lambda x: float(x.sum())),
}
ASKED: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "device_put": ("host-to-device", lambda x: there()),
    "device_get": ("device-to-host", lambda x: pb.device_get(x)),
}


@pytest.mark.parametrize("what", [*MOVES, *ASKED])
def test_transfers(what: str, caplog: pytest.LogCaptureFixture) -> None:
    way, move = {**MOVES, **ASKED}[what]
    asked = what in ASKED
    own = f"transfer_guard_{way.replace('-', '_')}"
    for guard in (pb.transfer_guard, getattr(pb, own)):
        with guard("disallow_explicit" if asked else "disallow"):
            x = None if asked and way == "host-to-device" else there_quietly()
            with pytest.raises(RuntimeError, match=f"disallowed {way} transfer of float32"):
                move(x)
        with guard("log_explicit" if asked else "log"), caplog.at_level(logging.WARNING):
            move(there_quietly())
        assert any(f"{way} transfer of float32" in m for m in messages(caplog))
        caplog.clear()
        with guard("disallow" if asked else "allow"):
            move(there_quietly())


def there_quietly() -> Any:
    with pb.transfer_guard("allow"):
        return there()


def test_where_nothing_moves() -> None:
    x = there()
    with pb.transfer_guard("disallow_explicit"):
        x + x
        pb.jit(lambda a: a * a)(x)
        np.asarray(pnp.ones(2) + 1)


def test_the_option_sets_all_three() -> None:
    pb.config.update("jax_transfer_guard", "log")
    try:
        for way in ("host_to_device", "device_to_device", "device_to_host"):
            assert pb.config.read(f"jax_transfer_guard_{way}") == "log"
    finally:
        pb.config.update("jax_transfer_guard", None)


# Keys used twice. Each function is right, or not.


def split_once() -> Any:
    a, b = random.split(random.key(0))
    return random.normal(a) + random.uniform(b)


def twice() -> Any:
    key = random.key(0)
    return random.normal(key) + random.normal(key)


def split_and_used() -> Any:
    key = random.key(0)
    random.split(key)
    return random.normal(key)


def batch_and_one() -> Any:
    keys = random.split(random.key(0), 4)
    return pb.vmap(random.normal)(keys) + random.normal(keys[1])


def batch_twice() -> Any:
    return pb.vmap(random.normal)(pnp.broadcast_to(random.key(0), (3,)))


def elements() -> Any:
    keys = random.split(random.key(0), (2, 2)).reshape(4)[::-1]
    return sum(random.normal(k) for k in keys) + pb.vmap(random.normal)(keys[:0]).sum()


def element_twice() -> Any:
    keys = random.split(random.key(0), 4)
    return random.normal(keys[1]) + random.normal(keys[::-1].reshape(2, 2)[1, 0])


def loop_of_one() -> Any:
    key = random.key(0)
    return lax.fori_loop(0, 3, lambda i, s: s + random.normal(key), 0.0)


def while_of_one() -> Any:
    key = random.key(0)
    return lax.while_loop(lambda s: s < 2, lambda s: s + random.uniform(key), 0.0)


def carried() -> Any:
    def step(key: Any, _: Any) -> Any:
        key, own = random.split(key)
        return key, random.normal(own)

    return lax.scan(step, random.key(0), None, length=3)[1]


def carried_and_used() -> Any:
    def step(key: Any, _: Any) -> Any:
        return key, random.normal(key)

    return lax.scan(step, random.key(0), None, length=3)[1]


def slices() -> Any:
    keys = random.split(random.key(0), 3)
    return lax.map(random.normal, keys)


def slices_and_one() -> Any:
    keys = random.split(random.key(0), 3)
    return lax.map(random.normal, keys) + random.normal(keys[2])


def folded() -> Any:
    key = random.key(0)
    return random.normal(random.fold_in(key, 0)) + random.normal(random.fold_in(key, 1))


def cloned() -> Any:
    key = random.key(0)
    return random.normal(key) - random.normal(random.clone(key))


def either() -> Any:
    key = random.key(0)
    return lax.cond(True, lambda: random.normal(key), lambda: random.uniform(key))


def either_and_then() -> Any:
    key = random.key(0)
    return lax.cond(False, lambda: random.normal(key), lambda: 0.0) + random.normal(key)


def inner() -> Any:
    key, draw = random.key(0), pb.jit(random.normal)
    return draw(key) + draw(key)


def in_a_derivative() -> Any:
    return pb.grad(lambda x: x * twice())(1.0)


def rejecting() -> Any:
    a, b, c = random.split(random.key(0), 3)
    return random.gamma(a, 2.0) + random.permutation(b, 5) + random.choice(c, 5, (5,), False)


RIGHT = (split_once, elements, carried, slices, folded, cloned, either, rejecting)
WRONG = (
    twice, split_and_used, batch_and_one, batch_twice, element_twice, loop_of_one, while_of_one,
    carried_and_used, slices_and_one, either_and_then, inner, in_a_derivative,
)  # fmt: skip


@pytest.mark.parametrize("f", RIGHT, ids=lambda f: f.__name__)
def test_keys_used_once(f: Callable[[], Any]) -> None:
    wanted = f()
    with pb.debug_key_reuse():
        np.testing.assert_allclose(f(), wanted, 1e-6)
        np.testing.assert_allclose(pb.jit(f)(), wanted, 1e-6)


@pytest.mark.parametrize("f", WRONG, ids=lambda f: f.__name__)
def test_keys_used_twice(f: Callable[[], Any]) -> None:
    f()
    with pb.debug_key_reuse():
        for call in (f, pb.jit(f)):
            with pytest.raises(pb.errors.KeyReuseError, match=r"used before, at .*test_guards"):
                call()


def test_clones_are_operations_as_in_jax() -> None:
    key = random.key(3)
    assert "random_clone" in str(jax.make_jaxpr(jax.random.clone)(jax.random.key(3)))
    assert "random_clone" in str(pb.make_jaxpr(random.clone)(key))
    keys = random.split(key)
    for clone in (pb.jit(random.clone), pb.vmap(random.clone)):
        assert (random.key_data(clone(keys)) == random.key_data(keys)).all()
