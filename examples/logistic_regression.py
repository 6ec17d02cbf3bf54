"""Logistic regression: Newton's method, cross-validation in one batch, errors from the Hessian.

Which measurements of a cell's nucleus tell malignant tumours from benign ones? The data are 569
samples of 30 measurements (Wisconsin diagnostic breast cancer, shipped with scikit-learn). The
coefficients are the mode of their posterior under independent normal priors; their errors are
those of Laplace's approximation, the inverse of the Hessian at the mode. The precision of the
priors is chosen by cross-validation: all fits, of every fold and precision, are one batch.

Newton's method with halved steps: Boyd and Vandenberghe, Convex Optimization (2004), section 9.5.
Logistic regression: Hastie, Tibshirani and Friedman, The Elements of Statistical Learning (2009),
section 4.4.
"""

from functools import partial
from pathlib import Path

import numpy as np
from commandline import PICTURES, command, panels, save
from sklearn.datasets import load_breast_cancer

import pullback as pb
from pullback import lax
from pullback import numpy as pnp

TOLERANCE, MOST_STEPS = 1e-20, 50


def log_losses(theta, x, y):
    """Minus the log-likelihood of each sample; `theta` is the intercept, then the coefficients."""
    logits = theta[0] + x @ theta[1:]
    return pnp.logaddexp(0.0, logits) - y * logits


def objective(theta, x, y, weights, precision):
    """Minus the log-posterior, up to a constant. The intercept has a flat prior."""
    return weights @ log_losses(theta, x, y) + 0.5 * precision * pnp.sum(theta[1:] ** 2)


def fit(x, y, weights, precision):
    """The minimum of the objective and the number of Newton steps to it."""
    f = partial(objective, x=x, y=y, weights=weights, precision=precision)

    def step(state):
        theta, _, count = state
        gradient = pb.grad(f)(theta)
        direction = -pnp.linalg.solve(pb.hessian(f)(theta), gradient)
        slope = gradient @ direction

        def too_long(size):
            return f(theta + size * direction) > f(theta) + 0.25 * size * slope + 1e-12

        size = lax.while_loop(too_long, lambda size: size / 2, 1.0)
        return theta + size * direction, -slope, count + 1

    def unfinished(state):
        _, decrement, count = state
        return (decrement > TOLERANCE) & (count < MOST_STEPS)

    start = pnp.zeros(x.shape[1] + 1, x.dtype)
    theta, _, count = lax.while_loop(unfinished, step, (start, pnp.inf, 0))
    return theta, count


@pb.jit
def standard_errors(theta, x, y, precision):
    """Standard deviations of the normal distribution that has the posterior's curvature."""
    ones = pnp.ones_like(y)
    return pnp.sqrt(pnp.diag(pnp.linalg.inv(pb.hessian(objective)(theta, x, y, ones, precision))))


@pb.jit
def validate(x, y, fold, precisions):
    """The mean loss on samples left out, for each fold and precision: (folds, precisions)."""

    def left_out(precision, k):
        theta, _ = fit(x, y, (fold != k).astype(x.dtype), precision)
        return pnp.mean(log_losses(theta, x, y), where=fold == k)

    over_precisions = pb.vmap(left_out, in_axes=(0, None))
    return pb.vmap(over_precisions, in_axes=(None, 0))(precisions, pnp.arange(5))


def draw(names, theta, errors, precisions, losses, out):
    """The coefficients with intervals of 95 %, and the losses on samples left out."""
    figure, (left, right) = panels(2)
    order = np.argsort(theta[1:])
    places = np.arange(len(order))
    left.errorbar(theta[1:][order], places, xerr=1.96 * errors[1:][order], fmt="o", ms=3)
    left.axvline(0.0, color="gray", lw=0.8)
    left.set_yticks(places, [names[i] for i in order], fontsize=5)
    left.set_xlabel("log-odds for a standard deviation")
    right.semilogx(precisions, losses.T, color="lightgray")
    right.semilogx(precisions, losses.mean(0), "o-", ms=3)
    right.set(xlabel="precision of the prior", ylabel="loss on samples left out")
    save(figure, out, "logistic_regression")


def main(samples: int = 569, features: int = 30, precisions: int = 25, out: Path = PICTURES):
    """Choose the prior, fit, and tell which coefficients are surely not zero."""
    data = load_breast_cancer()
    raw = data.data[:samples, :features]
    with pb.enable_x64():
        x = pnp.asarray((raw - raw.mean(0)) / raw.std(0))
        y = pnp.asarray(data.target[:samples], x.dtype)
        grid = pnp.logspace(-3, 2, precisions)
        losses = validate(x, y, pnp.arange(samples) % 5, grid)
        best = grid[pnp.argmin(losses.mean(0))]
        theta, steps = pb.jit(fit)(x, y, pnp.ones_like(y), best)
        errors = standard_errors(theta, x, y, best)
    print(f"precision {best:.3g}, loss on samples left out {losses.mean(0).min():.4f}")
    print(f"{steps} Newton steps; the coefficients that are surest not to be zero:")
    surest = np.argsort(-np.abs(theta / errors)[1:])[:5]
    for i in surest:
        print(f"{data.feature_names[i]:>25} {theta[i + 1]:6.2f} +- {errors[i + 1]:.2f}")
    numbers = [np.asarray(a) for a in (theta, errors, grid, losses)]
    draw(data.feature_names, *numbers, out)
    return {"x": x, "y": y, "theta": theta, "errors": errors, "precision": best, "losses": losses}


if __name__ == "__main__":
    command(main)
