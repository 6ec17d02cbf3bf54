"""Hamiltonian Monte Carlo: the posterior of a hierarchical model, by several chains at once.

Eight schools report the effect of coaching on their pupils' scores, with standard errors. The
schools' true effects are normal around a common mean `mu` with an unknown spread `tau`: how much
do they differ? The effects are written as mu + tau * z, z being standard normal, so that small
spreads do not make a funnel. Step sizes come from dual averaging while the chains warm up.

The data: Rubin (1981), in Gelman et al., Bayesian Data Analysis (2013), section 5.5. The sampler:
Neal, MCMC using Hamiltonian dynamics (2011). Step sizes: Hoffman and Gelman, The No-U-Turn Sampler
(2014), algorithm 5. R-hat and effective sizes: Bayesian Data Analysis, sections 11.4 and 11.5.
"""

from pathlib import Path

import numpy as np
from commandline import PICTURES, command, panels, save

import pullback as pb
from pullback import lax, random
from pullback import numpy as pnp
from pullback.scipy import stats

EFFECTS = np.array([28.0, 8.0, -3.0, 7.0, -1.0, 1.0, 18.0, 12.0], np.float32)
ERRORS = np.array([15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0], np.float32)
WANTED = 0.8  # the mean probability of accepting a proposal


def unpack(q):
    """Mean, spread and effects from the ten unbounded numbers that are sampled."""
    mu, tau = 5 * q[0], 5 * pnp.exp(q[1])
    return mu, tau, mu + tau * q[2:]


def log_density(q):
    """The logarithm of the posterior density: mu ~ normal(0, 5), tau ~ half-Cauchy(5)."""
    _, tau, effects = unpack(q)
    prior = stats.norm.logpdf(q[0]) + stats.cauchy.logpdf(tau / 5) + q[1]
    prior += stats.norm.logpdf(q[2:]).sum()
    return prior + stats.norm.logpdf(EFFECTS, effects, ERRORS).sum()


def leapfrog(q, p, size, steps):
    """Hamilton's equations by `steps` steps of a size."""

    def step(_, state):
        q, p = state
        q = q + size * p
        return q, p + size * pb.grad(log_density)(q)

    p = p + 0.5 * size * pb.grad(log_density)(q)
    q, p = lax.fori_loop(0, steps, step, (q, p))
    return q, p - 0.5 * size * pb.grad(log_density)(q)


def transition(key, q, size):
    """The chain's next place, and the probability with which the proposal was accepted."""
    for_momentum, for_steps, for_choice = random.split(key, 3)
    p = random.normal(for_momentum, q.shape)
    # Lengths vary, so that no trajectory returns to its start for ever.
    steps = random.randint(for_steps, (), 1, 20)
    new_q, new_p = leapfrog(q, p, size, steps)
    gain = log_density(new_q) - log_density(q) + 0.5 * (p @ p - new_p @ new_p)
    accept = pnp.where(pnp.isnan(gain), 0.0, pnp.exp(pnp.minimum(gain, 0.0)))
    return pnp.where(random.uniform(for_choice) < accept, new_q, q), accept


def warm_up(key, q, count):
    """A place in the bulk of the posterior, and the step size that accepts as often as wanted."""
    center = pnp.log(10 * 0.1)

    def step(state, key):
        q, log_size, log_mean, error, t = state
        q, accept = transition(key, q, pnp.exp(log_size))
        error += (WANTED - accept - error) / (t + 10)
        log_size = center - pnp.sqrt(t) / 0.05 * error
        log_mean += t**-0.75 * (log_size - log_mean)
        return (q, log_size, log_mean, error, t + 1), None

    start = (q, pnp.log(0.1), 0.0, 0.0, 1.0)
    (q, _, log_size, _, _), _ = lax.scan(step, start, random.split(key, count))
    return q, pnp.exp(log_size)


def chain(key, count, warm):
    """`count` places of a chain from a random start, its step size, and its acceptance."""
    for_start, for_warm, for_chain = random.split(key, 3)
    q, size = warm_up(for_warm, random.normal(for_start, (10,)), warm)

    def step(q, key):
        q, accept = transition(key, q, size)
        return q, (q, accept)

    _, (places, accepts) = lax.scan(step, q, random.split(for_chain, count))
    return pb.vmap(unpack)(places), size, accepts.mean()


def diagnose(draws):
    """R-hat and the effective sample size of draws of a number, of shape (chains, count)."""
    m, n = draws.shape
    within, between = draws.var(1, ddof=1).mean(), draws.mean(1).var(ddof=1)
    variance = within * (n - 1) / n + between
    spectrum = np.abs(np.fft.rfft(draws - draws.mean(1, keepdims=True), 2 * n)) ** 2
    covariance = np.fft.irfft(spectrum)[:, :n].mean(0) / n
    correlation = 1 - (within - covariance) / variance
    pairs = correlation[1 : n - 1 : 2] + correlation[2:n:2]
    first_negative = np.argmax(np.append(pairs, -1.0) < 0)
    return np.sqrt(variance / within), m * n / (1 + 2 * pairs[:first_negative].sum())


def draw(mu, tau, effects, out):
    """The joint posterior of mean and spread, and the effects beside what was reported."""
    figure, (left, right) = panels(2)
    left.plot(mu.ravel()[::4], tau.ravel()[::4], ",", alpha=0.5)
    left.set(xlabel="mean of the effects", ylabel="their spread", yscale="log", ylim=(0.05, 50))
    places = np.arange(8)
    low, middle, high = np.quantile(effects.reshape(-1, 8), [0.025, 0.5, 0.975], axis=0)
    right.errorbar(places - 0.1, EFFECTS, 1.96 * ERRORS, fmt="o", color="gray", label="reported")
    spans = [middle - low, high - middle]
    right.errorbar(places + 0.1, middle, spans, fmt="o", label="posterior")
    right.set(xlabel="school", ylabel="effect of coaching")
    right.legend()
    save(figure, out, "hamiltonian_monte_carlo")


def main(chains: int = 8, count: int = 5000, warm: int = 500, seed: int = 0, out: Path = PICTURES):
    """Sample, and tell how far the chains can be trusted."""
    sample = pb.jit(pb.vmap(chain, in_axes=(0, None, None)), static_argnums=(1, 2))
    draws, sizes, accepts = sample(random.split(random.key(seed), chains), count, warm)
    mu, tau, effects = (np.asarray(a, np.float64) for a in draws)
    print(f"step sizes {sizes.min():.2f} to {sizes.max():.2f}, accepted {accepts.mean():.2f}")
    for name, values in {
        "mu": mu,
        "tau": tau,
        "effect of the first school": effects[..., 0],
    }.items():
        r_hat, size = diagnose(values)
        summary = f"{values.mean():.2f} +- {values.std():.2f}"
        print(f"{name}: {summary}, R-hat {r_hat:.4f}, effective draws {size:.0f} of {values.size}")
    draw(mu, tau, effects, out)
    return {"mu": mu, "tau": tau, "effects": effects, "accepts": accepts}


if __name__ == "__main__":
    command(main)
