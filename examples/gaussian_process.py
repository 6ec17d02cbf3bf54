"""Gaussian process regression: hyperparameters by gradients of the marginal likelihood.

A signal is measured with noise at a few hundred times, with a gap. Its prior is a Gaussian process
with a Matern kernel (smoothness 5/2); the length, the amplitude and the noise are those that make
the measurements most probable, found by BFGS from several starts at once. What comes out is the
signal's posterior, its derivative, and draws from it.

Rasmussen and Williams, Gaussian Processes for Machine Learning (2006): algorithm 2.1 (regression),
equation 4.17 (kernel), section 5.4.1 (marginal likelihood).
"""

from pathlib import Path

import numpy as np
from commandline import PICTURES, command, panels, save

import pullback as pb
from pullback import numpy as pnp
from pullback import random
from pullback.scipy.linalg import cho_solve, solve_triangular
from pullback.scipy.optimize import minimize


def signal(x):
    """What is to be found."""
    return pnp.sin(x) + 0.5 * pnp.sin(0.25 * x**2)


def measure(key, count, noise):
    """Times in [-5, 5] without (0.5, 2), and noisy values there."""
    for_times, for_noise = random.split(key)
    u = random.uniform(for_times, (count,), maxval=8.5)
    x = pnp.sort(pnp.where(u < 5.5, u - 5, u - 3.5))
    return x, signal(x) + noise * random.normal(for_noise, (count,))


def kernel(theta, a, b):
    """Covariances of the signal at times `a` and `b`; `theta` holds logarithms."""
    length, amplitude = pnp.exp(theta[:2])
    r = pnp.sqrt(5.0) * pnp.abs(a[:, None] - b) / length
    return amplitude**2 * (1 + r + r**2 / 3) * pnp.exp(-r)


def factor(theta, x):
    """The Cholesky factor of the covariance of the measurements."""
    noise = pnp.exp(theta[2])
    return pnp.linalg.cholesky(kernel(theta, x, x) + noise**2 * pnp.eye(len(x)))


def negative_log_likelihood(theta, x, y):
    """Minus the logarithm of the density of the measurements, given the hyperparameters."""
    lower = factor(theta, x)
    z = solve_triangular(lower, y, lower=True)
    return 0.5 * z @ z + pnp.sum(pnp.log(pnp.diag(lower))) + 0.5 * len(y) * pnp.log(2 * pnp.pi)


@pb.jit
def learn(starts, x, y):
    """The best of the minima that BFGS finds from each start, and the values of all."""
    found = pb.vmap(lambda theta: minimize(negative_log_likelihood, theta, (x, y), method="BFGS"))
    results = found(starts)
    return results.x[pnp.argmin(results.fun)], results.fun


def mean(theta, x, y, at):
    """The posterior mean at times `at`."""
    return kernel(theta, at, x) @ cho_solve((factor(theta, x), True), y)


@pb.jit
def predict(theta, x, y, at):
    """Mean, covariance and derivative of the mean of the signal's posterior."""
    cross = solve_triangular(factor(theta, x), kernel(theta, x, at), lower=True)
    covariance = kernel(theta, at, at) - cross.T @ cross
    slope = pb.vmap(pb.grad(lambda t: mean(theta, x, y, t[None])[0]))(at)
    return mean(theta, x, y, at), covariance, slope


def draw(x, y, at, posterior, paths, out):
    """The posterior beside the truth, and the derivative."""
    average, covariance, slope = posterior
    spread = 1.96 * np.sqrt(np.diag(covariance))
    figure, (left, right) = panels(2)
    left.fill_between(at, average - spread, average + spread, color="C0", alpha=0.2, lw=0)
    left.plot(at, paths.T, color="C0", lw=0.4)
    left.plot(at, average, color="C0")
    left.plot(at, signal(at), "k--", lw=0.8)
    left.plot(x, y, "k.", ms=2)
    left.set(title="signal: posterior and truth (dashed)", xlabel="time")
    right.plot(at, slope, color="C1")
    right.plot(at, pb.vmap(pb.grad(signal))(at), "k--", lw=0.8)
    right.set(title="its derivative", xlabel="time")
    save(figure, out, "gaussian_process")


def main(count: int = 200, starts: int = 4, seed: int = 0, out: Path = PICTURES):
    """Learn the hyperparameters, then the signal."""
    for_data, for_starts, for_paths = random.split(random.key(seed), 3)
    with pb.enable_x64():
        x, y = measure(for_data, count, noise=0.2)
        guesses = pnp.array([0.0, 0.0, -1.0]) + random.normal(for_starts, (starts, 3))
        theta, minima = learn(guesses, x, y)
        at = pnp.linspace(-6.0, 6.0, 241)
        posterior = predict(theta, x, y, at)
        average, covariance, _ = posterior
        jitter = 1e-9 * pnp.eye(len(at))
        paths = random.multivariate_normal(for_paths, average, covariance + jitter, (5,))
        length, amplitude, noise = np.exp(theta)
        print(f"length {length:.3f}, amplitude {amplitude:.3f}, noise {noise:.3f} (truth 0.2)")
        print(f"minus log-likelihoods found: {np.sort(minima)}")
        error = np.abs(average - signal(at))[(at > x[0]) & (at < x[-1])]
        print(f"largest error within the data {error.max():.3f}, median {np.median(error):.3f}")
        draw(x, y, at, posterior, paths, out)
    return {"x": x, "y": y, "theta": theta, "at": at, "posterior": posterior}


if __name__ == "__main__":
    command(main)
