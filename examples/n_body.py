"""Gravity: the figure-eight orbit of three bodies, found by shooting with exact derivatives.

Three equal masses can chase one another along an eight. From velocities and a period known to one
digit, Newton's method finds those with which the bodies are, after the period, where they were.
The derivatives are those of the integrator, thousands of steps through: forward mode, since there
are three unknowns. The integrator is symplectic and of fourth order, so the energy does not drift.

The orbit: Chenciner and Montgomery, Annals of Mathematics 152 (2000). The integrator: Yoshida,
Physics Letters A 150 (1990).
"""

from pathlib import Path

import numpy as np
from commandline import PICTURES, command, panels, save

import pullback as pb
from pullback import lax
from pullback import numpy as pnp

# Yoshida's three leapfrog steps: forward, back, forward.
OUTER = 1 / (2 - 2 ** (1 / 3))
SUBSTEPS = np.array([OUTER, 1 - 2 * OUTER, OUTER])


def potential(positions, masses):
    """The potential energy of any number of bodies: positions (bodies, dimensions), G = 1."""
    i, j = np.triu_indices(len(masses), 1)
    distances = pnp.linalg.norm(positions[i] - positions[j], axis=-1)
    return -pnp.sum(masses[i] * masses[j] / distances)


def energy(state, masses):
    """Kinetic and potential energy together."""
    positions, velocities = state
    return 0.5 * pnp.sum(masses[:, None] * velocities**2) + potential(positions, masses)


def advance(state, size, masses):
    """One step of fourth order."""
    positions, velocities = state
    for part in SUBSTEPS:
        positions = positions + 0.5 * part * size * velocities
        force = -pb.grad(potential)(positions, masses)
        velocities = velocities + part * size * force / masses[:, None]
        positions = positions + 0.5 * part * size * velocities
    return positions, velocities


def integrate(state, duration, masses, steps):
    """The state after every one of `steps` equal steps."""

    def step(state, _):
        after = advance(state, duration / steps, masses)
        return after, after

    return lax.scan(step, state, None, length=steps)[1]


def eight(unknowns):
    """Three bodies on a line: the outer ones move alike, the middle one against both."""
    outer = pnp.array([-1.0, 0.0])
    velocity = unknowns[:2]
    positions = pnp.stack([outer, -outer, pnp.zeros(2)])
    return positions, pnp.stack([velocity, velocity, -2 * velocity])


def miss(unknowns, steps):
    """How far from their starts the bodies are after the period: positions and velocities."""
    start = eight(unknowns)
    path = integrate(start, unknowns[2], pnp.ones(3), steps)
    return pnp.concatenate([(new[-1] - old).ravel() for new, old in zip(path, start, strict=True)])


def newton_step(unknowns, steps):
    """The unknowns after a step of Gauss and Newton, and the length of the residual before it."""
    residual = miss(unknowns, steps)
    slopes = pb.jacfwd(miss)(unknowns, steps)
    return unknowns - pnp.linalg.lstsq(slopes, residual)[0], pnp.linalg.norm(residual)


def shoot(guess, steps, turns):
    """The unknowns and the residuals of `turns` steps."""

    def turn(unknowns, _):
        return newton_step(unknowns, steps)

    return lax.scan(turn, guess, None, length=turns)


def draw(path, drift, residuals, out):
    """The orbit, and what is left of the miss and of the energy's error."""
    figure, (left, right) = panels(2)
    positions = np.asarray(path[0])
    for k, (x, y) in enumerate(positions.transpose(1, 2, 0)):
        third = len(x) // 3
        left.plot(x[:third], y[:third], color=f"C{k}")
        left.plot(x[third - 1], y[third - 1], "o", color=f"C{k}")
    left.set(aspect="equal", title="a third of the period")
    right.semilogy(residuals, "o-", label="miss, by Newton step")
    places = np.linspace(0, len(residuals) - 1, len(drift))
    right.semilogy(places, drift + 1e-17, lw=0.6, label="error of the energy, over the period")
    right.legend()
    save(figure, out, "n_body")


def main(steps: int = 2000, turns: int = 10, out: Path = PICTURES):
    """Find the orbit from a guess to one digit."""
    with pb.enable_x64():
        guess = pnp.array([0.3, 0.5, 6.0])
        search = pb.jit(shoot, static_argnums=(1, 2))
        unknowns, residuals = search(guess, steps, turns)
        start, masses = eight(unknowns), pnp.ones(3)
        path = pb.jit(integrate, static_argnums=3)(start, unknowns[2], masses, steps)
        energies = pb.vmap(energy, in_axes=(0, None))(path, masses)
        drift = np.abs(energies / energy(start, masses) - 1)
        print("misses", " ".join(f"{r:.1e}" for r in residuals))
        print("velocity {:.10f} {:.10f}, period {:.10f}".format(*np.asarray(unknowns)))
        print(f"largest relative error of the energy {drift.max():.1e}")
        draw(path, drift, residuals, out)
    return {"unknowns": unknowns, "residuals": residuals, "drift": drift, "path": path}


if __name__ == "__main__":
    command(main)
