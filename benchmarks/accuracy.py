"""`python -m benchmarks.accuracy [names]`: elementary functions' errors in ulp and ns an element,
then those of special functions (`special.py`).

Errors are the largest over strided bit patterns and random values, against NumPy in extended
precision (SciPy in float64 for the error functions in float32, mpmath in float64). Times are of
one thread over 2^16 elements, the least of several turns, beside NumPy and JAX.

`python -m benchmarks.accuracy --exhaustive [names]` looks at every number of float32 instead, some
minutes a function; `--exhaustive=64` at every 64th.
"""

import ctypes
import sys
import time
from collections.abc import Callable, Sequence

import jax
import mpmath
import numpy as np
import scipy.special

from benchmarks import exhaustive, special
from benchmarks.timing import N, mp_number, nanoseconds, ulp
from pullback import config
from pullback.backends.cpu import elementary
from pullback.backends.cpu.target import Code, Target
from pullback.backends.cpu.text import WIDTHS, Function, Module, memory_type

Reference = Callable[..., np.ndarray]
# NumPy's function, JAX's, and the interval of random arguments.
FUNCTIONS: dict[str, tuple[Reference, Callable, tuple[float, float]]] = {
    "exp": (np.exp, jax.numpy.exp, (-80, 80)),
    "exp2": (np.exp2, jax.numpy.exp2, (-100, 100)),
    "expm1": (np.expm1, jax.numpy.expm1, (-5, 5)),
    "logistic": (
        lambda x: np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.abs(x))),
        jax.nn.sigmoid,
        (-30, 30),
    ),
    "log": (np.log, jax.numpy.log, (0, 10)),
    "log1p": (np.log1p, jax.numpy.log1p, (-0.9, 10)),
    "sin": (np.sin, jax.numpy.sin, (-100, 100)),
    "cos": (np.cos, jax.numpy.cos, (-100, 100)),
    "tan": (np.tan, jax.numpy.tan, (-100, 100)),
    "asin": (np.arcsin, jax.numpy.arcsin, (-1, 1)),
    "acos": (np.arccos, jax.numpy.arccos, (-1, 1)),
    "atan": (np.arctan, jax.numpy.arctan, (-10, 10)),
    "atan2": (np.arctan2, jax.numpy.arctan2, (-10, 10)),
    "sinh": (np.sinh, jax.numpy.sinh, (-20, 20)),
    "cosh": (np.cosh, jax.numpy.cosh, (-20, 20)),
    "tanh": (np.tanh, jax.numpy.tanh, (-5, 5)),
    "asinh": (np.arcsinh, jax.numpy.arcsinh, (-10, 10)),
    "acosh": (np.arccosh, jax.numpy.arccosh, (1, 10)),
    "atanh": (np.arctanh, jax.numpy.arctanh, (-1, 1)),
    "pow": (np.power, jax.numpy.power, (0, 10)),
    "cbrt": (np.cbrt, jax.numpy.cbrt, (-10, 10)),
    "erf": (scipy.special.erf, jax.lax.erf, (-4, 4)),
    "erfc": (scipy.special.erfc, jax.lax.erfc, (-4, 10)),
    "erf_inv": (scipy.special.erfinv, jax.lax.erf_inv, (-1, 1)),
}
MPMATH = {"erf": mpmath.erf, "erfc": mpmath.erfc, "erf_inv": mpmath.erfinv}


def kernels(target: Target, names: Sequence[str]) -> dict[tuple[str, str], tuple[Code, float]]:
    """For each function and type the code of a loop over vectors, and the ms of its compilation."""
    out = {}
    for name in names:
        for dtype in ("float32", "float64"):
            begin = time.perf_counter()
            module = _loop(name, dtype, target.vector_bytes * 8 // WIDTHS[dtype])
            code = target.compile(module, ["k"])
            out[name, dtype] = code, (time.perf_counter() - begin) * 1e3
    return out


def _loop(name: str, dtype: str, lanes: int) -> Module:
    module = Module()
    pointers = ["x", "y"][: elementary.ARITY.get(name, 1)]
    f = Function(module, "k", [*(("ptr", p) for p in (*pointers, "z")), ("i64", "n")])
    element = memory_type(dtype)
    with f.loop(0, "%n", lanes) as i:
        args = [f.load(dtype, f.gep(element, f"%{p}", i), lanes) for p in pointers]
        y = elementary.call(f, name, dtype, lanes, *args)
        f.store(dtype, y, f.gep(element, "%z", i), lanes)
    f.ret()
    module.add(f)
    return module


def caller(code: Code, args: Sequence[np.ndarray], out: np.ndarray) -> Callable[[], None]:
    pointers = [a.ctypes.data for a in (*args, out)]
    k = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * len(pointers), ctypes.c_int64)
    native = k(code.addresses["k"])
    return lambda: native(*pointers, out.size)


def arguments(name: str, dtype: str) -> list[np.ndarray]:
    """Random values of the interval, for times."""
    r = np.random.default_rng(0)
    low, high = FUNCTIONS[name][2]
    return [r.uniform(low, high, N).astype(dtype) for _ in range(elementary.ARITY.get(name, 1))]


def wide_arguments(name: str, dtype: str) -> list[np.ndarray]:
    """Bit patterns of the whole range beside random values, for errors."""
    r = np.random.default_rng(1)
    unsigned = f"uint{WIDTHS[dtype]}"
    limit = np.iinfo(unsigned).max
    out = []
    for _ in range(elementary.ARITY.get(name, 1)):
        bits = r.integers(0, limit, 4 * N, dtype=unsigned).view(dtype)
        low, high = FUNCTIONS[name][2]
        near = [r.uniform(low, high, 2 * N), r.uniform(-2, 2, N), np.exp(r.uniform(-9, 1, N))]
        out.append(np.concatenate([bits, *(x.astype(dtype) for x in near)]))
    return out


def reference(name: str, args: Sequence[np.ndarray], dtype: str) -> np.ndarray:
    if name in MPMATH and dtype == "float64":
        with mpmath.workdps(40):
            return np.array([mp_number(MPMATH[name](mpmath.mpf(float(x)))) for x in args[0]])
    precision = np.float64 if name in MPMATH else np.longdouble
    return FUNCTIONS[name][0](*(a.astype(precision) for a in args)).astype(np.longdouble)


def error(name: str, dtype: str, code: Code) -> float:
    args = wide_arguments(name, dtype)
    if name in MPMATH and dtype == "float64":
        low, high = FUNCTIONS[name][2]
        r = np.random.default_rng(2)
        args = [np.clip(r.uniform(low, high, 2048), -1 + 1e-15, None)]
    got = np.empty_like(args[0])
    caller(code, args, got)()
    return ulp(got, reference(name, args, dtype))


def row(name: str, dtype: str, code: Code, milliseconds: float) -> str:
    numpy, jax_function, _ = FUNCTIONS[name]
    args = arguments(name, dtype)
    out = np.empty_like(args[0])
    compiled = jax.jit(jax_function)
    placed = [jax.numpy.asarray(a) for a in args]
    ours = nanoseconds(caller(code, args, out))
    theirs = nanoseconds(lambda: numpy(*args))
    xla = nanoseconds(lambda: compiled(*placed).block_until_ready())
    return (
        f"{name:10}{dtype:9}{error(name, dtype, code):8.3f}{ours:9.2f}{theirs:9.2f}{xla:9.2f}"
        f"{milliseconds:9.1f}"
    )


HEAD = f"{'function':10}{'type':9}{'max ulp':>8}{'ns':>9}{'NumPy':>9}{'JAX':>9}{'compile ms':>12}"


def main(names: Sequence[str]) -> None:
    jax.config.update("jax_enable_x64", True)
    config.update("enable_x64", True)
    chosen = [name for name in names if name in FUNCTIONS]
    with np.errstate(all="ignore"):
        if chosen:
            print(HEAD)
        for (name, dtype), (code, milliseconds) in kernels(Target(), chosen).items():
            print(row(name, dtype, code, milliseconds), flush=True)
        programs = [name for name in names if name in special.FUNCTIONS]
        if programs:
            print(special.HEAD)
        for name in programs:
            for dtype in ("float32", "float64"):
                print(special.row(name, dtype), flush=True)


def every_number(names: Sequence[str], step: int) -> None:
    """The table of errors over all of float32."""
    chosen = [name for name in names if name in FUNCTIONS and elementary.ARITY.get(name, 1) == 1]
    print(exhaustive.HEAD)
    with np.errstate(all="ignore"):
        for (name, dtype), (code, _) in kernels(Target(), chosen).items():
            if dtype == "float32":
                print(exhaustive.row(name, _mapped(code), FUNCTIONS[name][0], step), flush=True)


def _mapped(code: Code) -> Callable[[np.ndarray], np.ndarray]:
    """The compiled loop as a function of arrays, whose sizes are multiples of a vector's."""

    def f(x: np.ndarray) -> np.ndarray:
        out = np.empty_like(x)
        caller(code, [x], out)()
        return out

    return f


if __name__ == "__main__":
    option = next((a for a in sys.argv[1:] if a.startswith("--exhaustive")), None)
    if option is not None:
        given = [a for a in sys.argv[1:] if a != option]
        every_number(given or [*FUNCTIONS], int(option.partition("=")[2] or 1))
        sys.exit()
    main(sys.argv[1:] or [*FUNCTIONS, *special.FUNCTIONS])
