"""A Kalman smoother: a path from noisy positions, and the noise from the path.

A target is seen once a second, with errors, and not at all behind a wall. Its velocity wanders.
The filter goes forward and gives the likelihood of what was seen, whose gradient finds how much
the velocity wanders and how large the errors are; the smoother goes back and gives, for every
moment, the distribution of place and velocity given all that was seen.

Rauch, Tung and Striebel, AIAA Journal 3 (1965); Sarkka, Bayesian Filtering and Smoothing (2013),
theorems 4.2 and 8.2, and section 12.3.1 (the likelihood).
"""

from pathlib import Path

import numpy as np
from commandline import PICTURES, command, panels, save

import pullback as pb
from pullback import lax, random
from pullback import numpy as pnp
from pullback.scipy.linalg import cho_factor, cho_solve
from pullback.scipy.optimize import minimize
from pullback.scipy.stats import multivariate_normal

PLACE = np.eye(2, 4)  # what is seen of a state: x and y, not their velocities
START = np.zeros(4), np.diag([1.0, 1.0, 0.25, 0.25])
TRUTH = np.log([0.05, 0.4])


def model(theta):
    """Transition, its covariance, and the errors' covariance; `theta` holds logarithms."""
    wander, error = pnp.exp(theta)
    one = pnp.array([[1.0, 1.0], [0.0, 1.0]])
    noise = pnp.array([[1 / 3, 1 / 2], [1 / 2, 1.0]])
    eye = pnp.eye(2)
    return pnp.kron(one, eye), wander**2 * pnp.kron(noise, eye), error**2 * eye


def filtered(theta, seen, visible):
    """Predicted and updated means and covariances of every moment, and the log-likelihood."""
    transition, wander, error = model(theta)

    def step(state, observation):
        mean, covariance = state
        place, can_see = observation
        spread = PLACE @ covariance @ PLACE.T + error
        gain = pnp.where(can_see, cho_solve(cho_factor(spread), PLACE @ covariance).T, 0.0)
        surprise = place - PLACE @ mean
        log_density = multivariate_normal.logpdf(surprise, pnp.zeros(2), spread)
        updated = mean + gain @ surprise, covariance - gain @ spread @ gain.T
        after = transition @ updated[0], transition @ updated[1] @ transition.T + wander
        return after, (state, updated, pnp.where(can_see, log_density, 0.0))

    start = tuple(map(pnp.asarray, START))
    _, (predicted, updated, log_densities) = lax.scan(step, start, (seen, visible))
    return predicted, updated, log_densities.sum()


@pb.jit
def smoothed(theta, seen, visible):
    """Mean (moments, 4) and covariance (moments, 4, 4) of each state, given all that was seen."""
    transition, _, _ = model(theta)
    predicted, updated, _ = filtered(theta, seen, visible)

    def step(later, moment):
        (mean, covariance), (next_mean, next_covariance) = moment
        gain = cho_solve(cho_factor(next_covariance), transition @ covariance).T
        mean = mean + gain @ (later[0] - next_mean)
        covariance = covariance + gain @ (later[1] - next_covariance) @ gain.T
        return (mean, covariance), (mean, covariance)

    last = pb.tree.map(lambda a: a[-1], updated)
    before = pb.tree.map(lambda a: a[:-1], updated), pb.tree.map(lambda a: a[1:], predicted)
    _, path = lax.scan(step, last, before, reverse=True)
    return pb.tree.map(lambda a, b: pnp.concatenate([a, b[None]]), path, last)


@pb.jit
def learn(guess, seen, visible):
    """The most likely parameters, and their standard errors from the Hessian."""

    def objective(theta):
        return -filtered(theta, seen, visible)[2]

    theta = minimize(objective, guess, method="BFGS").x
    return theta, pnp.sqrt(pnp.diag(pnp.linalg.inv(pb.hessian(objective)(theta))))


def simulate(key, count):
    """True states, and places seen with errors."""
    transition, wander, error = model(TRUTH)
    for_wander, for_error = random.split(key)
    kicks = random.multivariate_normal(for_wander, pnp.zeros(4), wander, (count,))

    def step(state, kick):
        return transition @ state + kick, state

    _, states = lax.scan(step, pnp.array([0.0, 0.0, 0.3, 0.1]), kicks)
    errors = random.normal(for_error, (count, 2)) @ pnp.sqrt(error)
    return states, states @ PLACE.T + errors


def draw(states, seen, visible, path, out):
    """The path on the plane, and the error of one coordinate within its interval."""
    mean, covariance = map(np.asarray, path)
    visible = np.asarray(visible)
    figure, (left, right) = panels(2)
    left.plot(*np.asarray(seen)[visible].T, ".", color="gray", ms=3, label="seen")
    left.plot(*states[:, :2].T, "k--", lw=0.8, label="truth")
    left.plot(*mean[:, :2].T, label="smoothed")
    left.set(aspect="equal", title="the path")
    left.legend()
    spread = 1.96 * np.sqrt(covariance[:, 0, 0])
    right.fill_between(np.arange(len(mean)), -spread, spread, alpha=0.3, lw=0)
    right.plot(mean[:, 0] - states[:, 0])
    right.set(xlabel="second", title="error of x, with its interval of 95 %")
    save(figure, out, "kalman_smoother")


def main(count: int = 400, seed: int = 1, out: Path = PICTURES):
    """Simulate, learn the two scales, smooth."""
    with pb.enable_x64():
        states, seen = simulate(random.key(seed), count)
        moments = pnp.arange(count)
        visible = (moments < count // 2) | (moments > count // 2 + count // 10)
        theta, errors = learn(pnp.zeros(2), seen, visible)
        mean, covariance = path = smoothed(theta, seen, visible)
        for name, log, error, truth in zip(("wander", "error"), theta, errors, TRUTH, strict=True):
            print(
                f"{name}: {np.exp(log):.4f}, give or take {error:.0%} (truth {np.exp(truth):.4f})"
            )
        spreads = pnp.sqrt(pnp.diagonal(covariance, axis1=1, axis2=2))
        inside = np.mean(np.abs(mean - states) < 1.96 * spreads)
        raw, smooth = (np.sqrt(np.mean((a - states[:, :2]) ** 2)) for a in (seen, mean[:, :2]))
        print(f"error of places {raw:.3f} seen, {smooth:.3f} smoothed; in intervals {inside:.1%}")
        draw(states, seen, visible, path, out)
    return {"theta": theta, "seen": seen, "visible": visible, "path": path, "states": states}


if __name__ == "__main__":
    command(main)
