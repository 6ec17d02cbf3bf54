"""Coefficients of Temme's expansion of the incomplete gamma functions, in any precision.

With eta^2 / 2 = mu - log(1 + mu), x = a (1 + mu), eta and mu of one sign:
Q(a, x) = erfc(eta sqrt(a / 2)) / 2 + exp(-a eta^2 / 2) / sqrt(2 pi a) sum of c_k(eta) / a^k.

Source: NIST Digital Library of Mathematical Functions, 8.12.
"""

from typing import Any

import mpmath as mp

Number = Any


def _inverse(count: int) -> list[Number]:
    """mu as a power series in eta, from mu mu' = eta (1 + mu)."""
    out = [mp.mpf(0), mp.mpf(1)]
    for k in range(2, count + 1):
        products = sum(out[i] * (k + 1 - i) * out[k + 1 - i] for i in range(2, k))
        out.append((out[k - 1] - products) / (k + 1))
    return out


def _stirling(count: int) -> list[Number]:
    """Gamma(a) over its leading factor, sqrt(2 pi / a) (a / e)^a, as a series in 1 / a."""
    logarithm = [mp.mpf(0)] * (count + 2)
    for k in range(1, count // 2 + 2):
        logarithm[2 * k - 1 : 2 * k] = [mp.bernoulli(2 * k) / (2 * k * (2 * k - 1))]
    out = [mp.mpf(1)]
    for m in range(1, count + 1):
        out.append(sum(j * logarithm[j] * out[m - j] for j in range(1, m + 1)) / m)
    return out


def temme(orders: int, terms: int) -> list[list[Number]]:
    """Power series of c_0, c_1, ... in eta."""
    most = terms + 2 * orders
    inverse, gammas = _inverse(most + 2), _stirling(orders)
    first = [-mp.mpf(1) / 3, *((n + 2) * inverse[n + 2] for n in range(1, most))]
    out = [first]
    for k in range(1, orders):
        before = out[-1]
        out.append(
            [
                (-1) ** k * gammas[k] * first[n] + (n + 2) * before[n + 2]
                for n in range(len(before) - 2)
            ]
        )
    return [series[:terms] for series in out]
