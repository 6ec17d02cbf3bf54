"""Writes `primitives/fits.py`: polynomials near special functions, from 50-digit values.

`python tools/fits.py` computes them with mpmath, some minutes. Each is the function's Chebyshev
interpolant, cut where its terms no longer count and put in powers of a variable u in [-1, 1].
"""

from collections.abc import Callable
from pathlib import Path
from textwrap import fill
from typing import Any

import mpmath as mp
from temme import temme

mp.mp.dps = 50
SOURCE = Path(__file__).resolve().parents[1] / "src/pullback/primitives/fits.py"
NODES = 70
# What is left out counts less than this part of the least value.
PARTS = {"single": mp.mpf(2) ** -26, "double": mp.mpf(2) ** -55}
END = mp.mpf(10) ** -30
HEAD = '''"""Polynomials near special functions; `tools/fits.py` writes them."""

from .fitted import Fit, Sum

# fmt: off
'''
INDENT = " " * 8
# mpmath's numbers have several types.
Number = Any
Function = Callable[[Number], Number]


def chebyshev(f: Function) -> list[Number]:
    """The coefficients of the interpolant of f at the zeros of the last polynomial."""
    angles = [mp.pi * (k + mp.mpf(1) / 2) / NODES for k in range(NODES)]
    values = [f(mp.cos(a)) for a in angles]
    sums = [
        sum(v * mp.cos(j * a) for v, a in zip(values, angles, strict=True)) for j in range(NODES)
    ]
    return [(2 if j else 1) * s / NODES for j, s in enumerate(sums)]


def powers(coefficients: list[Number]) -> list[Number]:
    """The same sum in powers of the variable."""
    out = [mp.mpf(0)] * len(coefficients)
    now, after = [mp.mpf(1)], [mp.mpf(0), mp.mpf(1)]
    for c in coefficients:
        for i, v in enumerate(now):
            out[i] += c * v
        following = [mp.mpf(0), *(2 * v for v in after)]
        for i, v in enumerate(now):
            following[i] -= v
        now, after = after, following
    return out


def cut(f: Function, part: Number) -> list[Number]:
    """As many coefficients as count."""
    return kept(f, part * min(abs(f(mp.mpf(j) / 10)) for j in range(-10, 11)))


def kept(f: Function, error: Number) -> list[Number]:
    """As many coefficients as an error wants."""
    coefficients = chebyshev(f)
    left, count = mp.mpf(0), NODES
    while left + abs(coefficients[count - 1]) <= error:
        left += abs(coefficients[count - 1])
        count -= 1
    assert count < NODES, "the function is not smooth enough"
    return powers(coefficients[:count])


def line(f: Function, low: Number, high: Number) -> tuple[Function, tuple[Number, ...]]:
    """f of u = shift + scale x, and the two."""
    a, b = mp.mpf(low), mp.mpf(high)
    return (lambda u: f(a + (b - a) * (u + 1) / 2)), (-(a + b) / (b - a), 2 / (b - a))


def ray(
    f: Function, low: Number, high: Number, pole: Number
) -> tuple[Function, tuple[Number, ...]]:
    """f of u = shift + scale / (x + pole), which maps an interval up to infinity, and the three."""
    k = mp.mpf(pole)
    first, last = 1 / (mp.mpf(low) + k), (1 / (mp.mpf(high) + k) if high < mp.inf else mp.mpf(0))
    scale = 2 / (last - first)
    shift = 1 - scale * last

    def g(u: Number) -> Number:
        inverse = (u - shift) / scale
        return f(1 / inverse - k if inverse > END else mp.inf)

    return g, (shift, scale, k)


def asymptotic(term: Callable[[int], Number]) -> Number:
    """The sum of terms while they shrink."""
    total, last, j = mp.mpf(0), mp.inf, 0
    while END * abs(total) * END < abs(term(j)) < last:
        last = abs(term(j))
        total += term(j)
        j += 1
    return total


def erfcx(x: Number) -> Number:
    """(1 + 2 x) exp(x^2) erfc(x)."""
    if x == mp.inf:
        return 2 / mp.sqrt(mp.pi)
    if x < 30:
        return (1 + 2 * x) * mp.exp(x * x) * mp.erfc(x)
    tail = asymptotic(lambda j: (-1) ** j * mp.fac2(2 * j - 1) / (2 * x * x) ** j)
    return (1 + 2 * x) / (x * mp.sqrt(mp.pi)) * tail


def dawson(x: Number) -> Number:
    return mp.sqrt(mp.pi) / 2 * mp.exp(-x * x) * mp.erfi(x)


def dawson_near(q: Number) -> Number:
    """D(x) / x of q = x^2."""
    return dawson(mp.sqrt(q)) / mp.sqrt(q) if q > END else mp.mpf(1)


def dawson_far(y: Number) -> Number:
    """2 x D(x) of y = 1 / x^2."""
    if y < mp.mpf(1) / 400:
        return asymptotic(lambda j: mp.fac2(2 * j - 1) * (y / 2) ** j)
    return 2 / mp.sqrt(y) * dawson(1 / mp.sqrt(y))


def exp1(x: Number) -> Number:
    """x exp(x) E1(x)."""
    if x < 200:
        return x * mp.exp(x) * mp.e1(x)
    return asymptotic(lambda j: (-1) ** j * mp.factorial(j) / x**j)


def exp1_near(x: Number) -> Number:
    """(E1(x) + Euler's number + log x) / x."""
    return (mp.e1(x) + mp.euler + mp.log(x)) / x if x > END else mp.mpf(1)


def expi(x: Number) -> Number:
    """x exp(-x) Ei(x)."""
    if x < 200:
        return x * mp.exp(-x) * mp.ei(x)
    return asymptotic(lambda j: mp.factorial(j) / x**j)


EXPI_ROOT = mp.findroot(mp.ei, mp.mpf("0.37250741078136663446"))


def expi_near(x: Number) -> Number:
    """(Ei(x) - log(x / r)) / (x - r), r the zero of Ei."""
    x = max(x, END)
    x = x if abs(x - EXPI_ROOT) > END**0.5 else EXPI_ROOT + END**0.5
    return (mp.ei(x) - mp.log(x / EXPI_ROOT)) / (x - EXPI_ROOT)


def fresnel_parts(x: Number) -> tuple[Number, Number]:
    """f and g: S = 1/2 - f cos p - g sin p, C = 1/2 + f sin p - g cos p at p = pi x^2 / 2."""
    s, c, p = 0.5 - mp.fresnels(x), 0.5 - mp.fresnelc(x), mp.pi * x * x / 2
    return s * mp.cos(p) - c * mp.sin(p), s * mp.sin(p) + c * mp.cos(p)


def fresnel_f(q: Number) -> Number:
    """pi x f(x) of q = x^2."""
    if q < 60:
        return mp.pi * mp.sqrt(q) * fresnel_parts(mp.sqrt(q))[0]
    return asymptotic(lambda j: (-1) ** j * mp.fac2(4 * j - 1) / (mp.pi * q) ** (2 * j))


def fresnel_g(q: Number) -> Number:
    """pi^2 x^3 g(x) of q = x^2."""
    if q < 60:
        return mp.pi**2 * mp.sqrt(q) ** 3 * fresnel_parts(mp.sqrt(q))[1]
    return asymptotic(lambda j: (-1) ** j * mp.fac2(4 * j + 1) / (mp.pi * q) ** (2 * j))


def sici_f(x: Number) -> Number:
    """x f(x), where Si = pi/2 - f cos x - g sin x and Ci = f sin x - g cos x."""
    if x < 100:
        return x * (mp.ci(x) * mp.sin(x) + (mp.pi / 2 - mp.si(x)) * mp.cos(x))
    return asymptotic(lambda j: (-1) ** j * mp.factorial(2 * j) / x ** (2 * j))


def sici_g(x: Number) -> Number:
    """x^2 g(x)."""
    if x < 100:
        return x * x * ((mp.pi / 2 - mp.si(x)) * mp.sin(x) - mp.ci(x) * mp.cos(x))
    return asymptotic(lambda j: (-1) ** j * mp.factorial(2 * j + 1) / x ** (2 * j))


def atanh_rest(q: Number) -> Number:
    """(atanh(r) / r - 1) / q of q = r^2."""
    r = mp.sqrt(q)
    return (mp.atanh(r) / r - 1) / q if q > END else mp.mpf(1) / 3


FITS = {
    "ATANH_REST": line(atanh_rest, 0, mp.mpf(1) / 9),
    "GAMMA": line(lambda d: mp.gamma(2 + d), -0.5, 0.5),
    "ERFCX": ray(erfcx, 0, mp.inf, 3),
    "DAWSON_NEAR": line(dawson_near, 0, 1),
    "DAWSON_LOW": line(dawson, 1, 3),
    "DAWSON_HIGH": line(lambda x: 2 * x * dawson(x), 3, 6),
    "DAWSON_FAR": line(dawson_far, 0, mp.mpf(1) / 36),
    "EXP1_NEAR": line(exp1_near, 0, 0.5),
    "EXP1_FAR": ray(exp1, 0.5, mp.inf, 1.5),
    "EXPI_NEAR": line(expi_near, 0, 3),
    "EXPI_LOW": line(expi_near, 3, 6),
    "EXPI_MIDDLE": ray(expi, 6, 12, 9),
    "EXPI_HIGH": ray(expi, 12, 24, 18),
    "EXPI_FAR": ray(expi, 24, mp.inf, 36),
    "FRESNEL_F": ray(fresnel_f, 1, mp.inf, 2),
    "FRESNEL_G": ray(fresnel_g, 1, mp.inf, 2),
    "SICI_F": ray(sici_f, 2, mp.inf, 4),
    "SICI_G": ray(sici_g, 2, mp.inf, 4),
}
# Of Temme's expansion: how many orders, and from which a and up to which |eta| they suffice.
ORDERS, LEAST, MOST = {"single": 4, "double": 10}, 20, mp.mpf(1) / 2


def number(x: Number) -> str:
    return repr(float(x))


def rows(numbers: list[str]) -> str:
    return (
        fill(
            ", ".join(numbers) + ",\n",
            100,
            initial_indent=INDENT,
            subsequent_indent=INDENT,
            break_on_hyphens=False,
        )
        + "\n"
    )


def table(name: str, f: Function, variable: tuple[Number, ...]) -> str:
    parts = [rows([number(c) for c in cut(f, part)]) for part in PARTS.values()]
    arguments = "".join(f"    (\n{part}    ),\n" for part in parts)
    shown = "".join(f"    {number(v)},\n" for v in variable)
    return f"{name} = Fit(\n{arguments}{shown})\n"


def expansion(name: str) -> str:
    """The polynomials of Temme's expansion in eta / MOST, each to what counts of it."""
    series = temme(max(ORDERS.values()), NODES)
    parts = []
    for precision, part in PARTS.items():
        lines = ""
        for k, terms in enumerate(series[: ORDERS[precision]]):
            found = kept(lambda u, t=terms: mp.polyval(t[::-1], u * MOST), part * LEAST**k / 4)
            lines += f"        (\n{rows([number(c) for c in found])}        ),\n"
        parts.append(f"    (\n{lines}    ),\n")
    return f"{name} = Sum(\n{''.join(parts)})\n"


def main() -> None:
    tables = [table(name, *fit) for name, fit in FITS.items()] + [expansion("TEMME")]
    SOURCE.write_text(HEAD + "".join(tables) + "# fmt: on\n")


if __name__ == "__main__":
    main()
