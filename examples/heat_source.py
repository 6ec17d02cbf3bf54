"""An inverse problem: where is the heat coming from?

A plate with cold edges is heated by sources that are not known; a few thermometers tell, with
noise, how it warms. Temperatures depend linearly on the sources, through hundreds of steps of the
heat equation, and the adjoint of that program is found by transposing it. So the sources that fit
best, among smooth ones, solve linear equations whose matrix is never formed: conjugate gradients
do with the program and its transpose.

Tarantola, Inverse Problem Theory (2005), section 3.2: the mode of the posterior for a Gaussian
prior, here with a precision made of Laplace's operator. Heat equation: explicit Euler on five
points, LeVeque, Finite Difference Methods (2007), section 9.1.
"""

from functools import partial
from pathlib import Path

import numpy as np
from commandline import PICTURES, command, panels, save

import pullback as pb
from pullback import lax, random
from pullback import numpy as pnp
from pullback.scipy.sparse.linalg import cg

DURATION, SNAPSHOTS, NOISE = 0.1, 5, 1e-4


def laplace(u):
    """The Laplacian on the unit square, by five points; the edges are at zero."""
    n = u.shape[0]
    wide = pnp.pad(u, 1)
    neighbours = wide[2:, 1:-1] + wide[:-2, 1:-1] + wide[1:-1, 2:] + wide[1:-1, :-2]
    return (neighbours - 4 * u) * (n + 1) ** 2


def temperatures(source, sensors):
    """What the sensors tell at each snapshot: (snapshots, sensors). The plate starts cold."""
    n = source.shape[0]
    steps = int(np.ceil(5 * DURATION * (n + 1) ** 2 / SNAPSHOTS))
    size = DURATION / SNAPSHOTS / steps

    def snapshot(u, _):
        u = lax.fori_loop(0, steps, lambda _, u: u + size * (laplace(u) + source), u)
        return u, u[sensors]

    return lax.scan(snapshot, pnp.zeros_like(source), None, length=SNAPSHOTS)[1]


@partial(pb.jit, static_argnums=2)
def invert(measured, sensors, n, strength):
    """The mode of the posterior, and how far the normal equations are from being solved."""
    forward = partial(temperatures, sensors=sensors)
    plate = pnp.zeros((n, n), measured.dtype)
    adjoint = pb.linear_transpose(forward, plate)

    def precision(source):
        (fit,) = adjoint(forward(source))
        return fit / NOISE**2 + strength * (source - laplace(source) / 400)

    (right,) = adjoint(measured / NOISE**2)
    source, _ = cg(precision, right, tol=1e-8, maxiter=2000)
    return source, pnp.linalg.norm(precision(source) - right) / pnp.linalg.norm(right)


def hot_spots(n):
    """The sources: a round one and a bar."""
    x = pnp.arange(1, n + 1) / (n + 1)
    x, y = pnp.meshgrid(x, x, indexing="ij")
    spot = pnp.exp(-((x - 0.3) ** 2 + (y - 0.65) ** 2) / 0.01)
    bar = pnp.exp(-((x - 0.7) ** 2) / 0.004 - ((y - 0.4) ** 2) / 0.04)
    return spot + 0.8 * bar


def draw(truth, found, sensors, out):
    """The sources and what was found, and where the thermometers are."""
    figure, axes = panels(2)
    for axis, values, title in zip(axes, (truth, found), ("sources", "found"), strict=True):
        picture = axis.imshow(np.asarray(values), vmin=-0.2, vmax=1.0, cmap="inferno")
        axis.plot(sensors[1], sensors[0], "w+", ms=4)
        axis.set_title(title)
        figure.colorbar(picture, ax=axis)
    save(figure, out, "heat_source")


def main(n: int = 32, sensors: int = 80, strength: float = 10.0, out: Path = PICTURES):
    """Measure, invert, compare."""
    for_places, for_noise = random.split(random.key(0))
    places = pnp.unravel_index(random.choice(for_places, n * n, (sensors,), replace=False), (n, n))
    truth = hot_spots(n)
    with pb.enable_x64():
        exact = pb.jit(temperatures)(truth.astype(float), places)
        measured = exact + NOISE * random.normal(for_noise, exact.shape)
        found, residual = invert(measured, places, n, strength)
    alike = np.corrcoef(np.ravel(truth), np.ravel(found))[0, 1]
    error = np.linalg.norm(found - truth) / np.linalg.norm(truth)
    print(f"{exact.size} measurements up to {exact.max():.4f}, noise {NOISE}")
    print(f"normal equations solved to {residual:.1e}")
    print(f"relative error of the sources {error:.3f}, correlation {alike:.4f}")
    draw(truth, found, places, out)
    return {"truth": truth, "found": found, "measured": measured, "places": places}


if __name__ == "__main__":
    command(main)
