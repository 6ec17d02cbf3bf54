"""Densities estimated from samples by Gaussian kernels.

Source: Scott, Multivariate Density Estimation (1992).
"""

from collections.abc import Callable
from math import log, pi
from typing import Any, NoReturn

import numpy as np

from ... import dtypes, random
from ... import numpy as pnp
from ...numpy.elementwise import as_inexact
from ...numpy.values import as_array, describe, promote_arrays_inexact
from ...tree.nodes import register_node_class
from ..linalg import solve_triangular
from ..special import logsumexp, ndtr

# The kernel's width relative to the sample's, from how many numbers it has in how many dimensions.
BANDWIDTHS: dict[str, Callable[[Any, int], Any]] = {
    "scott": lambda neff, d: neff ** (-1 / (d + 4)),
    "silverman": lambda neff, d: (neff * (d + 2) / 4) ** (-1 / (d + 4)),
}


@register_node_class
class gaussian_kde:
    """The density of which `dataset`, of shape (n,) or (d, n), is a sample.

    The kernels' covariance is the sample's times a squared factor: `bw_method` is "scott" (the
    default), "silverman", a number, or a function of the estimate. `weights` has shape (n,).
    A pytree.

    >>> from pullback import numpy as pnp
    >>> from pullback.scipy.stats import gaussian_kde
    >>> gaussian_kde(pnp.array([-1.0, 0.0, 1.0]))(pnp.array([0.0])).round(3)
    Array([0.318], dtype=float32)
    """

    def __init__(self, dataset: Any, bw_method: Any = None, weights: Any = None) -> None:
        data = pnp.atleast_2d(_real("gaussian_kde", dataset))
        if data.size <= 1:
            raise ValueError("`dataset` input should have multiple elements.")
        n = data.shape[1]
        if weights is None:
            data = as_inexact("gaussian_kde", data)
            w = pnp.full(n, 1.0 / n, dtype=data.dtype)
        else:
            data, w = promote_arrays_inexact("gaussian_kde", data, weights)
            if w.shape != (n,):
                raise ValueError(f"`weights` input should be of shape ({n},), got {describe(w)}")
            w = w / pnp.sum(w)
        self.dataset, self.weights, self.neff = data, w, 1 / pnp.sum(w * w)
        factor = self._factor(bw_method)
        spread = pnp.atleast_2d(pnp.cov(data, rowvar=True, bias=False, aweights=w))
        self.covariance = spread * factor**2
        self.inv_cov = pnp.linalg.inv(spread) / factor**2

    def _factor(self, bw_method: Any) -> Any:
        if callable(bw_method):
            return bw_method(self)
        method = "scott" if bw_method is None else bw_method
        if isinstance(method, str) and method in BANDWIDTHS:
            return BANDWIDTHS[method](self.neff, self.d)
        if not pnp.isscalar(method) or isinstance(method, str):
            raise ValueError(
                "`bw_method` should be 'scott', 'silverman', a scalar, or a callable, got"
                f" {bw_method!r}"
            )
        return method

    def tree_flatten(self) -> tuple[Any, None]:
        """The arrays."""
        return (self.neff, self.dataset, self.weights, self.covariance, self.inv_cov), None

    @classmethod
    def tree_unflatten(cls, aux: None, children: Any) -> "gaussian_kde":
        """The estimate of these leaves, whatever they are."""
        new = object.__new__(cls)
        new.neff, new.dataset, new.weights, new.covariance, new.inv_cov = children
        return new

    @property
    def d(self) -> int:
        """The number of dimensions."""
        return self.dataset.shape[0]

    @property
    def n(self) -> int:
        """The number of points."""
        return self.dataset.shape[1]

    def evaluate(self, points: Any) -> Any:
        """The density at points of shape (d, m), or (m,) in one dimension."""
        return pnp.exp(self.logpdf(points))

    __call__ = pdf = evaluate

    def logpdf(self, x: Any) -> Any:
        """The logarithm of the density."""
        points = self._points(x)
        root = pnp.linalg.cholesky(self.inv_cov)
        here, there = pnp.dot(self.dataset.T, root), pnp.dot(points.T, root)
        squares = pnp.sum((there[:, None] - here) ** 2, -1)
        constant = pnp.sum(pnp.log(pnp.diag(root))) - 0.5 * self.d * log(2 * pi)
        return logsumexp(pnp.log(self.weights) - squares / 2, axis=-1) + constant

    def integrate_gaussian(self, mean: Any, cov: Any) -> Any:
        """The integral of the density times the normal one of this mean and covariance."""
        mean, cov = pnp.atleast_1d(pnp.squeeze(pnp.asarray(mean))), pnp.atleast_2d(cov)
        if mean.shape != (self.d,):
            raise ValueError(f"mean does not have dimension {self.d}")
        if cov.shape != (self.d, self.d):
            raise ValueError(f"covariance does not have dimension {self.d}")
        return self._overlaps(mean[:, None], cov)[0]

    def integrate_kde(self, other: "gaussian_kde") -> Any:
        """The integral of the product of two densities."""
        if other.d != self.d:
            raise ValueError("KDEs are not the same dimensionality")
        return pnp.sum(self._overlaps(other.dataset, other.covariance) * other.weights)

    def _overlaps(self, means: Any, cov: Any) -> Any:
        """The integrals of the density times normal ones of these means, columns."""
        root = pnp.linalg.cholesky(self.covariance + cov)
        here, there = (solve_triangular(root, v, lower=True) for v in (self.dataset, means))
        squares = pnp.sum((there[:, :, None] - here[:, None, :]) ** 2, 0)
        norm = (2 * pi) ** (self.d / 2) * pnp.prod(pnp.diag(root))
        return pnp.dot(pnp.exp(-squares / 2), self.weights) / norm

    def integrate_box_1d(self, low: Any, high: Any) -> Any:
        """The probability between two numbers, in one dimension."""
        if self.d != 1:
            raise ValueError("integrate_box_1d() only handles 1D pdfs")
        if np.ndim(low) or np.ndim(high):
            raise ValueError("the limits of integration in integrate_box_1d must be scalars")
        sigma = pnp.sqrt(self.covariance[0, 0])
        a, b = ((limit - self.dataset[0]) / sigma for limit in (low, high))
        return pnp.sum(self.weights * (ndtr(b) - ndtr(a)))

    def resample(self, key: Any, shape: Any = ()) -> Any:
        """Random points of the density, of shape (d, *shape)."""
        which, noise = random.split(key)
        chosen = random.choice(which, self.n, shape=shape, p=self.weights)
        zero = pnp.zeros(self.d, self.covariance.dtype)
        moved = random.multivariate_normal(
            noise, zero, self.covariance, shape=shape, dtype=self.dataset.dtype
        )
        return self.dataset[:, chosen] + moved.T

    def integrate_box(self, low_bounds: Any, high_bounds: Any, maxpts: Any = None) -> NoReturn:
        """Not there: `integrate_box_1d` is."""
        raise NotImplementedError("only 1D box integrations are supported; use `integrate_box_1d`")

    def set_bandwidth(self, bw_method: Any = None) -> NoReturn:
        """Not there: estimates do not change."""
        raise NotImplementedError(
            "dynamically changing the bandwidth method is not supported: make another estimate"
        )

    def _points(self, points: Any) -> Any:
        x = pnp.atleast_2d(_real("gaussian_kde", points))
        if x.shape[0] == self.d:
            return x
        if x.shape == (1, self.d):
            return x.reshape(self.d, 1)
        raise ValueError(f"points have dimension {x.shape[0]}, dataset has dimension {self.d}")


def _real(name: str, x: Any) -> Any:
    x = as_array(name, x)
    if dtypes.kind(x.dtype) == "complex":
        raise NotImplementedError(f"{name} does not support complex numbers")
    return x
