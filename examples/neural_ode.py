"""A neural ordinary differential equation: a vector field learnt from noisy trajectories.

The populations of a predator and its prey are measured at twenty times, with noise, along several
trajectories of the equations of Lotka and Volterra. A small network is the right-hand side of a
differential equation whose solutions shall pass through the measurements. The solver chooses its
steps; its derivative is that of the adjoint equation, solved backward in time.

Chen, Rubanova, Bettencourt and Duvenaud, Neural Ordinary Differential Equations (2018). Adam:
Kingma and Ba (2015).
"""

from pathlib import Path

from commandline import PICTURES, command, panels, save

import pullback as pb
from pullback import lax, random
from pullback import numpy as pnp
from pullback.example_libraries.optimizers import adam, exponential_decay
from pullback.experimental.ode import odeint

TOLERANCES = {"rtol": 1e-4, "atol": 1e-5}
optimizer = adam(exponential_decay(0.02, decay_steps=400, decay_rate=0.3))


def lotka_volterra(state, t):
    """The rates of the logarithms of the populations, prey and predators."""
    prey, predators = pnp.exp(state)
    return pnp.array([1.5 - predators, prey - 3.0])


def network(key, width):
    """Parameters of a network of two hidden layers: pairs of weights and biases."""
    sizes = [2, width, width, 2]
    keys = random.split(key, len(sizes) - 1)
    return [
        (random.normal(k, (m, n)) / pnp.sqrt(m), pnp.zeros(n))
        for k, m, n in zip(keys, sizes[:-1], sizes[1:], strict=True)
    ]


def field(state, t, params):
    """The network's rates."""
    for weights, biases in params[:-1]:
        state = pnp.tanh(state @ weights + biases)
    weights, biases = params[-1]
    return state @ weights + biases


def solve(params, starts, times):
    """The trajectories of the network's equation: (trajectories, times, 2)."""
    return pb.vmap(lambda start: odeint(field, start, times, params, **TOLERANCES))(starts)


def loss(params, times, measured):
    """The mean square of the errors."""
    return pnp.mean((solve(params, measured[:, 0], times) - measured) ** 2)


@pb.jit
def train(params, times, measured, steps):
    """Adam over as many steps as `steps` has elements: parameters and losses."""

    def step(state, i):
        value, gradient = pb.value_and_grad(loss)(optimizer.params_fn(state), times, measured)
        return optimizer.update_fn(i, gradient, state), value

    state, losses = lax.scan(step, optimizer.init_fn(params), steps)
    return optimizer.params_fn(state), losses


def measure(key, count, times, noise):
    """Trajectories from random starts, exact and measured but for the starts: (count, times, 2)."""
    for_starts, for_noise = random.split(key)
    starts = random.uniform(for_starts, (count, 2), minval=-0.3, maxval=1.2)
    exact = pb.vmap(lambda start: odeint(lotka_volterra, start, times))(starts)
    errors = noise * random.normal(for_noise, exact.shape)
    return exact, exact + errors.at[:, 0].set(0.0)


def draw(times, exact, measured, learnt, losses, out):
    """Learnt and exact trajectories, and the loss."""
    figure, (left, right) = panels(2)
    for k in range(min(4, len(exact))):
        left.plot(*pnp.exp(learnt[k].T), color=f"C{k}")
        left.plot(*pnp.exp(exact[k].T), color="k", ls="--", lw=0.6)
        left.plot(*pnp.exp(measured[k].T), ".", color=f"C{k}", ms=3)
    left.set(xlabel="prey", ylabel="predators", title="learnt, exact (dashed), measured")
    right.semilogy(losses)
    right.set(xlabel="step", title="mean square of errors")
    save(figure, out, "neural_ode")


def main(trajectories: int = 8, steps: int = 600, width: int = 32, out: Path = PICTURES):
    """Learn from the first trajectories; judge by those of other starts."""
    for_data, for_network = random.split(random.key(1))
    times = pnp.linspace(0.0, 3.0, 20)
    exact, measured = measure(for_data, 2 * trajectories, times, noise=0.05)
    start = network(for_network, width)
    params, losses = train(start, times, measured[:trajectories], pnp.arange(steps))
    learnt = pb.jit(solve)(params, exact[:, 0], times)
    errors = pnp.sqrt(pnp.mean((learnt - exact) ** 2, axis=(1, 2)))
    seen, unseen = pnp.mean(errors[:trajectories]), pnp.mean(errors[trajectories:])
    print(
        f"loss {losses[0]:.3f} -> {losses[-1]:.5f} (that of the noise is {0.05**2 * 19 / 20:.5f})"
    )
    print(f"relative error of trajectories learnt from {seen:.3f}, of others {unseen:.3f}")
    draw(times, exact[trajectories:], measured[trajectories:], learnt[trajectories:], losses, out)
    return {"params": params, "losses": losses, "unseen": unseen, "times": times, "data": measured}


if __name__ == "__main__":
    command(main)
