"""Where a drawn call may differ from JAX on purpose: one reason a row."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

ALWAYS = "type result jit vmap"


@dataclass(frozen=True)
class Difference:
    """Functions, the comparisons it concerns, the outcomes it allows, and why."""

    names: str
    what: str
    why: str
    when: Callable[[Any, Any, Any], bool] = lambda call, got, want: True
    # What is said of the difference, where not all of them are meant.
    says: str = ".*"

    def allows(self, call: Any, what: str, got: Any, want: Any, message: str) -> bool:
        """True where this difference explains what was found."""
        named = re.fullmatch(self.names, call.name) and re.fullmatch(self.says, message, re.DOTALL)
        return bool(named) and what in self.what.split() and self.when(call, got, want)


def raised(text: str) -> Callable[[Any, Any, Any], bool]:
    """JAX raised an error with these words."""
    return lambda call, got, want: text in str(want)


def refused(text: str) -> Callable[[Any, Any, Any], bool]:
    """Pullback raised an error with these words."""
    return lambda call, got, want: text in str(got) and hasattr(got, "error")


def _a_number(call: Any, got: Any, want: Any) -> bool:
    return np.ndim(call.args[0]) == 0


def _weak(call: Any, got: Any, want: Any) -> bool:
    return getattr(got, "weak_type", False) and not getattr(want, "weak_type", True)


def _narrow(call: Any, got: Any, want: Any) -> bool:
    return np.asarray(call.args[0]).dtype.kind in "iu" and "dtype" not in call.kwargs


def _nearly(call: Any, got: Any, want: Any) -> bool:
    """Float32 arguments, and what they give agrees to their precision."""
    narrow = any(np.asarray(a).dtype == np.float32 for a in call.args)
    return narrow and np.allclose(np.asarray(got), np.asarray(want), 1e-5, 1e-7)


def _undefined(call: Any, got: Any, want: Any) -> bool:
    """JAX's derivatives are NaN where ours are numbers, and the same elsewhere."""
    pairs = list(zip(got, want, strict=True))
    return all(
        np.isclose(np.asarray(g, complex), np.asarray(w, complex), 1e-3)[~np.isnan(w)].all()
        for g, w in pairs
        if np.asarray(w).dtype.itemsize
    )


def _gave_up(call: Any, got: Any, want: Any) -> bool:
    """JAX's line search failed where ours went on."""
    return bool(got.success) and not bool(want.success)


def _ties(call: Any, got: Any, want: Any) -> bool:
    x = np.asarray(call.args[0])
    return len(np.unique(x)) < x.size


def _bools(call: Any, got: Any, want: Any) -> bool:
    return all(np.asarray(x).dtype == bool for x in call.args)


def _whole_dtype(call: Any, got: Any, want: Any) -> bool:
    return np.dtype(call.kwargs.get("dtype", float)).kind in "biu"


def _empty(call: Any, got: Any, want: Any) -> bool:
    return np.size(call.args[0]) == 0


def _whole_operand(call: Any, got: Any, want: Any) -> bool:
    return np.asarray(call.args[0]).dtype.kind in "biu"


def _known_exponent(call: Any, got: Any, want: Any) -> bool:
    return np.ndim(call.args[1]) == 0


def _long(call: Any, got: Any, want: Any) -> bool:
    return np.size(call.args[0]) > 127


def _zero(call: Any, got: Any, want: Any) -> bool:
    return bool((np.asarray(call.args[0]) == 0).any())


def _negative(call: Any, got: Any, want: Any) -> bool:
    y = np.asarray(call.args[1])
    return y.dtype.kind == "i" and bool((y < 0).any())


def _with_numbers(call: Any, got: Any, want: Any) -> bool:
    return any(type(x) in (int, float, complex) for x in (*call.args, *call.kwargs.values()))


def _batched(call: Any, got: Any, want: Any) -> bool:
    return np.ndim(call.args[0]) > 2


def _also(*conditions: Callable[[Any, Any, Any], bool]) -> Callable[[Any, Any, Any], bool]:
    return lambda call, got, want: all(f(call, got, want) for f in conditions)


def _refusal(call: Any, got: Any, want: Any) -> bool:
    return hasattr(got, "error")


WEAKNESS = r"((weak )?(\w+) instead of (weak )?\3(; )?)+"
AS_NUMPY = "NumPy accepts it"
DIFFERENCES: tuple[Difference, ...] = (
    Difference(
        ".*", ALWAYS, "eager indices out of bounds are errors", refused("out of bounds for axis")
    ),
    Difference(".*", ALWAYS, "integers are not wrapped", refused("does not fit")),
    Difference(
        r"numpy\.(std|nanstd|arctan2|atan2|power|pow|float_power|hypot|linalg\..*)",
        "grad",
        "the functions are finite at zero, and so are their subgradients",
        _undefined,
    ),
    Difference(r"numpy\.(nan)?(median|quantile|percentile)", "grad", "subgradients at ties", _ties),
    Difference(r"numpy\.(true_)?divide", ALWAYS, "JAX divides False by False as 0", _bools),
    Difference(r"numpy\.var", ALWAYS, "JAX ignores integer dtypes", _whole_dtype),
    Difference(r"numpy\.(nan)?arg(max|min)", ALWAYS, AS_NUMPY, raised("t does not accept dtype c")),
    Difference(
        r"numpy\.(unique|intersect1d|setxor1d).*", ALWAYS, "as many counts as values", _empty
    ),
    Difference(r"numpy\.histogram.*", ALWAYS, AS_NUMPY, raised("zero-size array")),
    Difference(r"numpy\.linalg\.vector_norm", ALWAYS, "norms are floats", _whole_operand),
    Difference(
        r"numpy\.(linalg|fft)\..*",
        "type",
        "there are no factors of half precision, which JAX finds when it compiles",
        refused("float32, float64, complex64 or complex128, are wanted"),
    ),
    Difference(
        r"numpy\.bincount", "jit", "of no element the greatest is known", raised("Abstract tracer")
    ),
    Difference(
        r"numpy\.(pow|power)", ALWAYS, "JAX leaves negative powers of integers undefined", _negative
    ),
    Difference(
        r"scipy\..*",
        ALWAYS,
        "narrow floats and integers are computed as well",
        raised("is not supported"),
    ),
    Difference(
        r"(scipy|nn|numpy\.linalg)\..*",
        ALWAYS,
        "weak types of results of Python numbers are not JAX's in each function",
        _with_numbers,
        WEAKNESS,
    ),
    Difference(r"nn\..*", ALWAYS, "activations of integers are those of floats", _whole_operand),
    Difference(r"scipy\.linalg\.(sqrtm|lu)", ALWAYS, "batches work", _batched),
    Difference(
        r"scipy\.special\.polygamma", ALWAYS, "SciPy accepts floats", raised("Argument `n`")
    ),
    Difference(
        r"scipy\.stats\.norm\.(isf|ppf)",
        ALWAYS,
        "JAX leaves float32 where it need not",
        says=r"\w+ instead of \w+",
    ),
    Difference(r"scipy\.integrate\..*", ALWAYS, AS_NUMPY, raised("out of bounds")),
    Difference(
        r"lax\..*",
        ALWAYS,
        "Python numbers take the dtype of the other operand",
        _also(_with_numbers, raised("to have the same dtypes")),
    ),
    Difference(r"lax\.abs", ALWAYS, AS_NUMPY, raised("abs does not accept")),
    Difference(
        r"lax\.(reshape|cumlogsumexp|empty)", "type", "JAX finds it when it computes", _refusal
    ),
    Difference(r"lax\.empty", ALWAYS, "32 bits unless 64 are enabled", says="float32 .*"),
    Difference(
        r"lax\.dynamic.*", ALWAYS, "positions may be of several dtypes", raised("of the same type")
    ),
    Difference(r"lax\.dot.*", ALWAYS, AS_NUMPY, raised("must not be narrower")),
    Difference(
        r"lax\.reduce_window", "grad", "the derivative exists", raised("does not support non-zero")
    ),
    Difference(
        r"numpy\.(pow|power|float_power)",
        "type",
        "an exponent without axes is known where nothing is traced",
        _known_exponent,
    ),
    Difference(
        r"numpy\.put_along_axis", ALWAYS, "narrow integers count from the end of long axes", _long
    ),
    Difference(r"scipy\.special\.loggamma", ALWAYS, "infinite at 0, as SciPy's", _zero),
    Difference(r"numpy\.fmod", ALWAYS, "nothing remains of a division by False", _bools),
    Difference(".*", "grad", "JAX multiplies a float0", raised("with a float0 array")),
    Difference(
        r"random\.f", ALWAYS, "parameters broadcast to the shape", raised("number of dimensions")
    ),
    Difference(r"numpy\.permute_dims", ALWAYS, AS_NUMPY, raised("isn't a permutation")),
    Difference(r"numpy\..*split", ALWAYS, AS_NUMPY, raised("must be nonnegative")),
    Difference(r"numpy\.(insert|delete)", ALWAYS, AS_NUMPY, raised("ndarray or scalar arguments")),
    Difference(r"numpy\.meshgrid", ALWAYS, AS_NUMPY, raised("must be 1D")),
    Difference(r"numpy\.put", ALWAYS, AS_NUMPY, raised("fewer dimensions")),
    Difference(
        r"numpy\.argsort", ALWAYS, AS_NUMPY, raised("out of bounds for array of dimension 0")
    ),
    Difference(
        r"numpy\.(compress|extract)", ALWAYS, "`nonzero` pads as well", raised("size must be")
    ),
    Difference(
        r"numpy\.(nan)?(percentile|quantile|median)",
        ALWAYS,
        "JAX adds an axis to a number",
        _a_number,
    ),
    Difference(
        r"numpy\.(logaddexp2|hypot|heaviside|choose)",
        ALWAYS,
        "JAX forgets that integers beside a Python float are weakly typed",
        _weak,
    ),
    Difference(
        r"numpy\.cumulative_prod",
        ALWAYS,
        "narrow integers are multiplied in the default integer, as the array API says",
        _narrow,
    ),
    Difference(
        r"numpy\.(nan)?(mean|var)", ALWAYS, AS_NUMPY, raised("div does not accept dtype bool")
    ),
    Difference(r"numpy\.(nan)?cum(sum|prod)", ALWAYS, AS_NUMPY, raised("for array of dimension 0")),
    Difference(
        r"numpy\.(indices|fromfunction)",
        ALWAYS,
        AS_NUMPY,
        raised("iota does not accept dtype bool"),
    ),
    Difference(
        r"scipy\.special\.owens_t",
        "result jit vmap",
        "in 64 bits JAX computes some of it in float32",
        _nearly,
    ),
    Difference(
        r"scipy\.spatial\.transform\.Rotation\.identity",
        ALWAYS,
        "JAX's fails for several rotations",
        raised("AssertionError"),
    ),
    Difference(
        r"scipy\.optimize\.minimize",
        "result",
        "a step that goes too far is taken back",
        _gave_up,
    ),
    Difference(r"numpy\.pad", ALWAYS, "the mean of no element", refused("stat_length")),
    Difference(
        r"numpy\.pad", ALWAYS, "the median of complex numbers is NumPy's", raised("quantile")
    ),
    Difference(
        r"numpy\.take(_along_axis)?",
        ALWAYS,
        "nothing can be taken from an empty axis",
        refused("empty"),
    ),
)


def excused(call: Any, what: str, got: Any, want: Any, message: str) -> bool:
    """True if a row of the table allows the difference."""
    return any(d.allows(call, what, got, want, message) for d in DIFFERENCES)
