"""Functions that were staged are staged again where something that they read is another."""

import contextlib
import functools
import types
from typing import NamedTuple

import pytest
from remembered import Model, total

import pullback as pb
from pullback import numpy as pnp
from pullback.core.reads import reads, unchanged

SCALE = 2.0
WEIGHTS = {"w": pnp.float32(2.0), "layers": [pnp.float32(1.0)]}


def helper(x):
    return x * SCALE


def apply_helper(c, x):
    return c + helper(x), None


def change_closure():
    scale = 2.0

    def step(c, x):
        return c + scale * x, None

    def change():
        nonlocal scale
        scale = 5.0

    return step, change


def change_array():
    scale = pnp.float32(2.0)

    def step(c, x):
        return c + scale * x, None

    def change():
        nonlocal scale
        scale = pnp.float32(5.0)

    return step, change


def change_global():
    return apply_helper, lambda: globals().update(SCALE=5.0)


def change_helper():
    return apply_helper, lambda: globals().update(helper=lambda x: 5.0 * x)


def change_defaults():
    def step(c, x, scale=2.0):
        return c + scale * x, None

    return step, lambda: setattr(step, "__defaults__", (5.0,))


def change_keyword_default():
    def step(c, x, *, scale=2.0):
        return c + scale * x, None

    return step, lambda: step.__kwdefaults__.update(scale=5.0)


def change_code():
    def step(c, x):
        return c + 2.0 * x, None

    def other(c, x):
        return c + 5.0 * x, None

    return step, lambda: setattr(step, "__code__", other.__code__)


def change_item():
    def step(c, x):
        return c + WEIGHTS["w"] * x, None

    return step, lambda: WEIGHTS.update(w=pnp.float32(5.0))


def change_list():
    scales = [[1.0], 2.0]

    def step(c, x):
        return c + sum([scales[0][0], scales[1]]) * x - x, None

    return step, lambda: scales[0].__setitem__(0, 4.0)


def change_one_of_two_names():
    scales = {"scale": 1.0}
    others = scales

    def step(c, x):
        return c + (scales["scale"] + others["scale"]) * x, None

    def change():
        nonlocal others
        others = {"scale": 4.0}

    return step, change


def append_to_list():
    scales = [2.0]

    def step(c, x):
        return c + sum(scales) * x, None

    return step, lambda: scales.append(3.0)


def change_attribute():
    model = Model()
    return model.step, lambda: setattr(model.inner, "scale", 5.0)


def change_class():
    class Own(Model):
        pass

    model = Own()
    return model.step, lambda: setattr(Own, "rate", 2.5)


def shadow_class():
    model = Model()
    return model.step, lambda: setattr(model, "rate", 2.5)


def replace_method():
    model = Model()
    return model.step, lambda: setattr(model, "scaled", lambda x: 5.0 * x)


class Layer:
    """Something called, whose scale is a property of slots and of a class attribute."""

    __slots__ = ("_scale",)
    extra = 0.0

    def __init__(self, scale):
        self._scale = scale

    @property
    def scale(self):
        return self._scale + self.extra

    def __call__(self, x):
        return self.scale * x


class Pair(NamedTuple):
    """A tuple with a method."""

    a: float
    b: float

    def both(self, x):
        return self.a * x + self.b * FACTOR * x


FACTOR = 1.0


def change_from_a_method():
    model = Model()
    scaled = model.scaled

    def step(c, x):
        return c + scaled(x), None

    def change():
        nonlocal scaled

        def scaled(x):
            return 5.0 * x

    return step, change


def change_to_nothing():
    class Twice:
        def __call__(self, x):
            return 2.0 * x

    scaled = Twice()

    def step(c, x):
        return c + (5.0 * x if scaled is None else scaled(x)), None

    def change():
        nonlocal scaled
        scaled = None

    return step, change


def change_what_jit_calls():
    scale = 2.0
    scaled = pb.jit(lambda x: scale * x)

    def step(c, x):
        return c + scaled(x), None

    def change():
        nonlocal scale
        scale = 5.0
        scaled.clear_cache()

    return step, change


def change_slot():
    layer = Layer(2.0)

    def step(c, x):
        return c + layer(x), None

    return step, lambda: setattr(layer, "_scale", 5.0)


def change_what_a_tuple_reads():
    pair = Pair(1.0, 1.0)

    def step(c, x):
        return c + pair.both(x), None

    return step, lambda: globals().update(FACTOR=4.0)


def change_static_method():
    class Tool:
        @staticmethod
        def scaled(x):
            return SCALE * x

        @classmethod
        def step(cls, c, x):
            return c + cls.scaled(x), None

    return Tool.step, lambda: globals().update(SCALE=5.0)


def change_module():
    module = types.ModuleType("settings")
    module.scale = 2.0

    def step(c, x):
        return c + module.scale * x, None

    return step, lambda: setattr(module, "scale", 5.0)


def change_namespace():
    settings = types.SimpleNamespace(scale=2.0)

    def step(c, x):
        return c + settings.scale * x, None

    return step, lambda: setattr(settings, "scale", 5.0)


def change_what_a_context_manager_calls():
    scale = 2.0

    @contextlib.contextmanager
    def scaled():
        yield scale

    def step(c, x):
        with scaled() as s:
            return c + s * x, None

    def change():
        nonlocal scale
        scale = 5.0

    return step, change


def change_partial():
    scales = {"scale": 2.0}

    def step(scales, c, x):
        return c + scales["scale"] * x, None

    return functools.partial(step, scales), lambda: scales.update(scale=5.0)


def change_what_grad_differentiates():
    scale = 2.0
    slope = pb.grad(lambda x: scale * x)

    def step(c, x):
        return c + slope(x), None

    def change():
        nonlocal scale
        scale = 5.0

    return step, change


def change_custom_rule():
    scale = 2.0

    @pb.custom_jvp
    def f(x):
        return scale * x

    f.defjvp(lambda x, t: (f(*x), scale * t[0]))

    def step(c, x):
        return c + f(x), None

    def change():
        nonlocal scale
        scale = 5.0

    return step, change


def hide_builtin():
    def step(c, x):
        return c + max(2.0, 1.0) * x, None

    return step, lambda: globals().update(max=lambda *_: 5.0)


def change_what_a_comprehension_reads():
    def step(c, x):
        return c + sum([SCALE * y for y in (x,)]), None

    return step, lambda: globals().update(SCALE=5.0)


WORDS = {"change", "append", "shadow", "replace", "hide"}
CHANGES = [f for name, f in list(globals().items()) if name.split("_")[0] in WORDS]


@pytest.fixture
def restored():
    """Globals as they were."""
    saved, weights = dict(globals()), dict(WEIGHTS)
    yield
    WEIGHTS.update(weights)
    globals().update(saved)
    globals().pop("max", None)


@pytest.mark.usefixtures("restored")
@pytest.mark.parametrize("case", CHANGES, ids=lambda f: f.__name__)
def test_what_changed_is_seen(case):
    step, change = case()
    assert total(step) == total(step) == 6.0
    assert unchanged(step, reads(step))
    change()
    assert total(step) == total(step) == 15.0
