"""What users see who differentiate, batch or trace something that cannot be: each message."""

import numpy as np
import pytest

import pullback as pb
from pullback import errors, lax
from pullback import numpy as pnp


def ones(*shape, dtype="float32"):
    return pnp.ones(shape, dtype)


def square(x):
    return x * x


GRADIENTS = [
    (lambda: pb.grad(3), "grad: the first argument must be a function, got 3"),
    (lambda: pb.value_and_grad(None), "value_and_grad: the first argument must be a function, got"),
    (lambda: pb.jacfwd(3), "jacfwd: the first argument must be a function, got 3"),
    (lambda: pb.jacrev(3), "jacrev: the first argument must be a function, got 3"),
    (lambda: pb.hessian(3), "hessian: the first argument must be a function, got 3"),
    (
        lambda: pb.grad(square)(ones(3)),
        r"grad: square must return a scalar, got float32\[3\]. Sum the result, or use jacrev",
    ),
    (
        lambda: pb.value_and_grad(lambda x: (x, x))(1.0),
        r"value_and_grad: <lambda> must return one scalar, got a tuple. Pass has_aux=True",
    ),
    (lambda: pb.grad(lambda x: {"a": x})(1.0), "must return one scalar, got a dict"),
    (lambda: pb.grad(lambda x: None)(1.0), "must return one scalar, got a NoneType"),
    (lambda: pb.grad(lambda x: "a")(1.0), "grad: <lambda> returned 'a' of type str at output"),
    (
        lambda: pb.grad(square)(3),
        r"grad: a differentiated argument must be of floating dtype, got int32\[\]. Convert it"
        r" with x.astype\(float\), choose others with argnums, or pass allow_int=True",
    ),
    (lambda: pb.grad(square)(True), r"must be of floating dtype, got bool\[\]"),
    (lambda: pb.jacfwd(square)(3), r"jacfwd: a differentiated argument must be .* int32\[\]"),
    (lambda: pb.jacrev(square)(3), r"jacrev: a differentiated argument must be .* int32\[\]"),
    (
        lambda: pb.grad(lambda x: pnp.floor(x).astype(int))(1.0),
        r"<lambda> must return a real floating scalar, got int32\[\]: return a floating scalar",
    ),
    (
        lambda: pb.grad(lambda x: x * 1j)(1.0),
        r"must return a real floating scalar, got complex64\[\]: pass holomorphic=True or take",
    ),
    (
        lambda: pb.grad(square, holomorphic=True)(1.0),
        r"with holomorphic=True the arguments must be complex, got float32\[\]",
    ),
    (
        lambda: pb.grad(lambda z: z.real, holomorphic=True)(1j),
        r"with holomorphic=True <lambda> must return a complex scalar, got float32\[\]",
    ),
    (
        lambda: pb.grad(square, argnums=1)(1.0),
        "grad: argnums=1 names no positional argument of square: it was called with 1",
    ),
    (lambda: pb.grad(square)(x=1.0), "argnums=0 names no positional argument .* called with 0"),
    (lambda: pb.grad(square, argnums="x")(1.0), "grad: argnums must be an integer or .* got 'x'"),
    (lambda: pb.grad(square, argnums=0.5)(1.0), "grad: argnums must be an integer or .* got 0.5"),
    (
        lambda: pb.grad(square, has_aux=True)(1.0),
        r"with has_aux=True, square must return a pair \(result, aux\); it returned float32\[\]",
    ),
    (lambda: pb.grad(square)("abc"), "grad: argument.* is 'abc' of type str; give arrays or"),
    (lambda: pb.grad(lambda d: d["x"])({"x": None, "y": "a"}), r"argument\[0\]\['y'\] is 'a'"),
    (lambda: pb.grad(square)(object()), "grad: argument.* of type object"),
    (lambda: pb.grad(square)(), "argnums=0 names no positional argument of square"),
    (lambda: pb.grad(square)(1.0, 2.0), "takes 1 positional argument but 2 were given"),
    (lambda: pb.grad(square)(1.0, y=2.0), "unexpected keyword argument 'y'"),
    (lambda: pb.grad(square, wrong=1), "unexpected keyword argument 'wrong'"),
]

DIRECTIONS = [
    (
        lambda: pb.jvp(square, 1.0, 1.0),
        r"must be tuples or lists of arguments, got float and float",
    ),
    (
        lambda: pb.jvp(square, (1.0,), (1.0, 2.0)),
        "jvp: primals and tangents must have one structure",
    ),
    (
        lambda: pb.jvp(square, (ones(3),), (ones(4),)),
        r"for a value of type float32\[3\] the tangent must be float32\[3\], got float32\[4\]",
    ),
    (
        lambda: pb.jvp(square, (ones(),), (np.int32(1),)),
        r"for a value of type float32\[\] the tangent must be float32\[\], got int32\[\]",
    ),
    (
        lambda: pb.jvp(square, (np.int32(2),), (1.0,)),
        r"for a value of type int32\[\] the tangent must be float0\[\], got float32\[\]",
    ),
    (lambda: pb.jvp(3, (1.0,), (1.0,)), "jvp: the first argument must be a function, got 3"),
    (lambda: pb.vjp(3, 1.0), "vjp: the first argument must be a function, got 3"),
    (lambda: pb.linearize(3, 1.0), "linearize: the first argument must be a function, got 3"),
    (
        lambda: pb.vjp(square, ones(3))[1](ones(4)),
        r"vjp: for a value of type float32\[3\] the cotangent must be float32\[3\], got",
    ),
    (lambda: pb.vjp(square, 1.0)[1]((1.0, 2.0)), "the cotangent must have the result's structure"),
    (lambda: pb.linearize(square, 1.0)[1](1.0, 2.0), "tangents must have the structure"),
    (
        lambda: pb.linearize(square, ones(3))[1](ones(4)),
        r"linearized function: for a value of type float32\[3\] the tangent must be",
    ),
]


@pytest.mark.parametrize("case", range(len(GRADIENTS)))
def test_gradients(case):
    f, wanted = GRADIENTS[case]
    with pytest.raises(TypeError, match=wanted):
        f()


@pytest.mark.parametrize("case", range(len(DIRECTIONS)))
def test_directions(case):
    f, wanted = DIRECTIONS[case]
    with pytest.raises(TypeError, match=wanted):
        f()


def branch(x):
    return 1.0 if x > 0 else 2.0


USES = [
    (lambda x: 1.0 if x > 0 else 2.0, errors.TracerBoolConversionError, "a condition", "lax.cond"),
    (lambda x: x and x, errors.TracerBoolConversionError, "a condition", "numpy.where"),
    (lambda x: float(x), errors.ConcretizationTypeError, "a float", "astype"),
    (lambda x: complex(x), errors.ConcretizationTypeError, "a complex", "astype"),
    (lambda x: int(x), errors.ConcretizationTypeError, "an int", "static_argnames"),
    (lambda x: [1, 2][x.astype(int)], errors.TracerIntegerConversionError, "index", "lax.dynamic"),
    (lambda x: sum(range(x.astype(int))), errors.TracerIntegerConversionError, "index", "static"),
    (lambda x: np.sin(x), errors.TracerArrayConversionError, "a NumPy array", "pullback.numpy"),
    (lambda x: np.asarray(x), errors.TracerArrayConversionError, "NumPy array", "pullback.numpy"),
]


@pytest.mark.parametrize("case", range(len(USES)))
@pytest.mark.parametrize("transform", ["jit", "vmap", "scan"])
def test_traced_values_are_no_python_values(case, transform):
    use, kind, used_as, instead = USES[case]

    def f(x):
        return use(x * 2)

    def run():
        if transform == "scan":
            return lax.scan(lambda c, x: (c, f(x)), 0.0, ones(2))
        return pb.vmap(f)(ones(2)) if transform == "vmap" else pb.jit(f)(1.0)

    with pytest.raises(kind) as error:
        run()
    message = str(error.value)
    assert used_as in message
    assert instead in message
    assert any(f"a value of type {t}[]" in message for t in ("float32", "int32", "bool"))
    assert f"traced by {transform}" in message
    assert message.count("test_transform_errors.py:") >= 1
    assert isinstance(error.value, TypeError)


def test_the_line_that_made_a_value():
    def f(x):
        y = x + 1
        return 1.0 if y > 0 else 2.0

    line = f.__code__.co_firstlineno + 2
    with pytest.raises(errors.TracerBoolConversionError) as error:
        pb.jit(f)(1.0)
    assert f"test_transform_errors.py:{line} (f)" in str(error.value)
    with pytest.raises(errors.TracerBoolConversionError, match=r"an argument"):
        pb.jit(lambda x: 1.0 if x else 2.0)(1.0)


def test_gradients_see_values_eagerly():
    assert float(pb.grad(lambda x: x * float(x) + int(x) + (x if x > 0 else -x))(3.0)) == 4.0
    with pytest.raises(errors.TracerBoolConversionError, match="traced by jit"):
        pb.jit(pb.grad(lambda x: x if x > 0 else -x))(3.0)
    with pytest.raises(errors.TracerArrayConversionError, match=r"a NumPy array.*traced by grad"):
        pb.grad(lambda x: np.sin(x))(3.0)


LEAKS = {
    "jit": lambda f: pb.jit(f)(1.0),
    "grad": lambda f: pb.grad(f)(1.0),
    "jvp": lambda f: pb.jvp(f, (1.0,), (1.0,)),
    "vmap": lambda f: pb.vmap(f)(ones(2)),
    "scan": lambda f: lax.scan(lambda c, x: (f(c), x), 0.0, ones(2)),
    "cond": lambda f: lax.cond(True, f, f, 1.0),
}


@pytest.mark.parametrize("name", LEAKS)
def test_leaked_values(name):
    leaked = []

    def f(x):
        leaked.append(x * 2)
        return x * 1.0

    LEAKS[name](f)
    for use in (
        lambda x: x + 1,
        lambda x: pnp.sin(x),
        lambda x: pb.jit(square)(x),
        pb.grad(square),
    ):
        with pytest.raises(errors.UnexpectedTracerError) as error:
            use(leaked[0])
        message = str(error.value)
        assert "leaked out of its transformation" in message
        assert f"traced by {name}" in message
        assert "Return the value" in message


def test_values_captured_by_a_later_trace():
    stored = []

    @pb.jit
    def f(x):
        stored.append(x)
        return x

    @pb.jit
    def g(x):
        return x + stored[0]

    f(1.0)
    with pytest.raises(errors.UnexpectedTracerError, match="leaked out of its transformation"):
        g(2.0)


def test_traced_values_as_keys():
    with pytest.raises(TypeError, match="unhashable type"):
        pb.jit(lambda x: {x: 1}[x])(1.0)


def test_an_error_leaves_nothing_behind():
    def fails(x):
        raise RuntimeError("mine")

    for transform in (pb.grad, pb.jit, pb.vmap, pb.checkpoint, pb.custom_jvp):
        f = transform(fails)
        if transform is pb.custom_jvp:
            f.defjvp(lambda p, t: fails(p))
        with pytest.raises(RuntimeError, match="mine"):
            f(ones(1))
        with pytest.raises(RuntimeError, match="mine"):
            pb.grad(lambda x, f=f: f(x))(ones(1))
        assert float(pb.grad(square)(3.0)) == 6.0
