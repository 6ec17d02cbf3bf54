"""The programs of examples/ find what other programs find, and what is known."""

from pathlib import Path

import digits_network
import gaussian_process
import graph_network
import hamiltonian_monte_carlo
import heat_source
import kalman_smoother
import logistic_regression
import n_body
import neural_ode
import numpy as np
import pytest
import scipy.integrate
import scipy.signal
import scipy.sparse
import scipy.stats
import transformer
from matplotlib.image import imread
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import kneighbors_graph

import pullback as pb
from pullback import lax, nn, random
from pullback import numpy as pnp

EXAMPLES = Path(__file__).parents[1] / "examples"
MOST_BYTES = 60_000


def shows_something(path):
    """A picture that is small and not one color."""
    assert path.stat().st_size < MOST_BYTES
    return imread(path)[..., :3].std() > 0.02


def differences(f, x, step=1e-6):
    """The derivative of f, a function of a vector, by central differences: (outputs, inputs)."""
    steps = step * np.eye(len(x))
    return np.stack([(np.asarray(f(x + d)) - np.asarray(f(x - d))) / (2 * step) for d in steps], -1)


def test_the_page_shows_every_program():
    programs = {p.stem for p in EXAMPLES.glob("*.py")} - {"commandline"}
    assert len(programs) == 10
    page = (EXAMPLES / "README.md").read_text()
    for name in programs:
        assert f"({name}.py)" in page
        assert f"(pictures/{name}.png)" in page
        assert shows_something(EXAMPLES / "pictures" / f"{name}.png")


def test_logistic_regression_agrees_with_scikit_learn(tmp_path):
    found = logistic_regression.main(samples=200, features=6, precisions=4, out=tmp_path)
    x, y, theta = (np.asarray(found[k]) for k in ("x", "y", "theta"))
    precision = float(found["precision"])
    theirs = LogisticRegression(C=1 / precision, tol=1e-10, max_iter=10_000).fit(x, y)
    np.testing.assert_allclose(theta, [*theirs.intercept_, *theirs.coef_[0]], rtol=1e-5)

    design = np.c_[np.ones(len(x)), x]
    p = 1 / (1 + np.exp(-design @ theta))
    fisher = design.T @ (design * (p * (1 - p))[:, None]) + precision * np.diag([0] + [1] * 6)
    np.testing.assert_allclose(found["errors"], np.sqrt(np.diag(np.linalg.inv(fisher))), rtol=1e-8)

    out = np.arange(len(x)) % 5 == 2
    fold = LogisticRegression(C=1e3, tol=1e-10, max_iter=10_000).fit(x[~out], y[~out])
    loss = -fold.predict_log_proba(x[out])[np.arange(out.sum()), y[out].astype(int)].mean()
    np.testing.assert_allclose(found["losses"][2, 0], loss, rtol=1e-5)
    assert shows_something(tmp_path / "logistic_regression.png")


def test_gaussian_process_agrees_with_scikit_learn(tmp_path):
    found = gaussian_process.main(count=60, starts=2, out=tmp_path)
    x, y, theta, at = (np.asarray(found[k]) for k in ("x", "y", "theta", "at"))
    length, amplitude, noise = np.exp(theta)
    kernel = ConstantKernel(amplitude**2) * Matern(length, nu=2.5) + WhiteKernel(noise**2)
    theirs = GaussianProcessRegressor(kernel, alpha=0, optimizer=None).fit(x[:, None], y)
    mean, covariance = theirs.predict(at[:, None], return_cov=True)
    covariance -= noise**2 * np.eye(len(at))  # theirs is that of measurements
    np.testing.assert_allclose(found["posterior"][0], mean, atol=1e-8)
    np.testing.assert_allclose(found["posterior"][1], covariance, atol=1e-8)
    slope = np.gradient(mean, at)
    np.testing.assert_allclose(found["posterior"][2][1:-1], slope[1:-1], atol=0.02)
    with pb.enable_x64():
        f, guess = gaussian_process.negative_log_likelihood, np.array([0.1, -0.2, -1.2])
        np.testing.assert_allclose(-theirs.log_marginal_likelihood_value_, f(theta, x, y))
        exact = pb.grad(f)(guess, x, y)
        np.testing.assert_allclose(exact, differences(lambda t: f(t, x, y), guess), rtol=1e-6)
        assert pnp.abs(pb.grad(f)(theta, x, y)).max() < 1e-4
    assert shows_something(tmp_path / "gaussian_process.png")


def test_neural_ode_adjoint_is_the_derivative_of_the_solver(tmp_path, monkeypatch):
    found = neural_ode.main(trajectories=2, steps=30, width=8, out=tmp_path)
    assert found["losses"][-1] < 0.5 * found["losses"][0]
    assert shows_something(tmp_path / "neural_ode.png")

    def through_steps(params, times, measured):
        """The loss by forty steps of Runge and Kutta between the times."""
        size = (times[1] - times[0]) / 40

        def step(y, _):
            a = neural_ode.field(y, 0.0, params)
            b = neural_ode.field(y + size / 2 * a, 0.0, params)
            c = neural_ode.field(y + size / 2 * b, 0.0, params)
            d = neural_ode.field(y + size * c, 0.0, params)
            return y + size / 6 * (a + 2 * b + 2 * c + d), y

        count = 40 * (len(times) - 1) + 1
        _, path = lax.scan(step, measured[:, 0], None, length=count)
        return pnp.mean((path[::40].swapaxes(0, 1) - measured) ** 2)

    monkeypatch.setattr(neural_ode, "TOLERANCES", {"rtol": 1e-9, "atol": 1e-9})
    with pb.enable_x64():
        wide = pb.tree.map(lambda a: pnp.asarray(a, pnp.float64), found)
        args = wide["params"], wide["times"], wide["data"]
        adjoint, direct = (pb.jit(pb.grad(f))(*args) for f in (neural_ode.loss, through_steps))
    for a, b in zip(pb.tree.leaves(adjoint), pb.tree.leaves(direct), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-8)


def test_hamiltonian_monte_carlo_has_the_moments_of_the_posterior(tmp_path):
    found = hamiltonian_monte_carlo.main(chains=4, count=4000, out=tmp_path)
    mu, log_tau = np.meshgrid(np.linspace(-25, 35, 401), np.linspace(-8, 6, 401), indexing="ij")
    tau = np.exp(log_tau)
    # The effects are integrated out: a report is normal with both variances.
    log_density = scipy.stats.norm.logpdf(mu, 0, 5) + scipy.stats.cauchy.logpdf(tau / 5) + log_tau
    for effect, error in zip(
        hamiltonian_monte_carlo.EFFECTS, hamiltonian_monte_carlo.ERRORS, strict=True
    ):
        log_density += scipy.stats.norm.logpdf(effect, mu, np.hypot(error, tau))
    density = np.exp(log_density - log_density.max())
    density /= density.sum()
    shrunk = (28 * tau**2 + mu * 15**2) / (tau**2 + 15**2)  # the first effect, given mu and tau
    first = found["effects"][..., 0]
    for draws, values in ((found["mu"], mu), (np.log(found["tau"]), log_tau), (first, shrunk)):
        r_hat, size = hamiltonian_monte_carlo.diagnose(draws)
        assert r_hat < 1.01
        assert abs(draws.mean() - np.sum(density * values)) < 4.5 * draws.std() / np.sqrt(size)
    spread = np.sqrt(np.sum(density * mu**2) - np.sum(density * mu) ** 2)
    assert found["mu"].std() == pytest.approx(spread, rel=0.05)
    assert shows_something(tmp_path / "hamiltonian_monte_carlo.png")


def test_digits_network_reads(tmp_path):
    found = digits_network.main(epochs=10, out=tmp_path)
    assert found["accuracy"] > 0.95
    assert found["losses"][-1] < 0.1 * found["losses"][0]
    layer = found["params"]["second"]
    x = np.random.default_rng(0).normal(size=(1, 8, 8, 16)).astype(np.float32)
    weights = np.asarray(layer["weights"])
    planes = [
        sum(scipy.signal.correlate2d(x[0, ..., i], weights[..., i, o], "same") for i in range(16))
        for o in range(32)
    ]
    expected = np.stack(planes, -1) + np.asarray(layer["biases"])
    np.testing.assert_allclose(digits_network.convolve(layer, x)[0], expected, atol=1e-4)
    assert shows_something(tmp_path / "digits_network.png")


def test_transformer_learns_and_does_not_look_ahead(tmp_path, capsys):
    found = transformer.main(steps=200, width=48, layers=2, most=100_000, out=tmp_path)
    assert found["judged"][-1] < found["pair"] < 4.5
    assert transformer.PROMPT in capsys.readouterr().out
    params, codes = found["params"], found["unseen"][None, : transformer.CONTEXT]
    whole = transformer.logits(params, codes)
    changed = transformer.logits(params, codes.at[0, 40].set(codes[0, 40] + 1))
    np.testing.assert_array_equal(whole[0, :40], changed[0, :40])
    assert np.all(np.any(np.asarray(whole != changed)[0, 40:], axis=-1))

    x = params["letters"][codes] + params["places"]
    for k in range(2):
        x = transformer.block(x, pb.tree.map(lambda a, k=k: a[k], params["layers"]))
    unrolled = nn.standardize(x) @ params["letters"].T
    np.testing.assert_allclose(whole, unrolled, rtol=1e-3, atol=1e-3)
    assert shows_something(tmp_path / "transformer.png")


def test_n_body_finds_the_figure_eight(tmp_path):
    found = n_body.main(steps=1000, out=tmp_path)
    assert found["residuals"][-1] < 1e-10
    assert found["drift"].max() < 1e-7
    with pb.enable_x64():
        x, v = (np.asarray(a) for a in n_body.eight(found["unknowns"]))
        period, ones = float(found["unknowns"][2]), np.ones(3)

        # The values that Simo found, in Chenciner and Montgomery (2000). Their scale is another.
        place, velocity = np.array([0.97000436, -0.24308753]), np.array([0.93240737, 0.86473146])
        theirs = (
            np.stack([place, -place, 0 * place]),
            np.stack([velocity / 2, velocity / 2, -velocity]),
        )
        scaled = [
            n_body.energy(state, ones) * t ** (2 / 3)
            for state, t in ((theirs, 6.32591398), ((x, v), period))
        ]
        np.testing.assert_allclose(*scaled, rtol=1e-7)

        guess = np.array([0.3, 0.5, 6.0])
        slopes = pb.jacfwd(n_body.miss)(guess, 50)
        by_differences = differences(lambda u: n_body.miss(u, 50), guess)
        np.testing.assert_allclose(slopes, by_differences, rtol=1e-5, atol=1e-4)

    def rates(t, y):
        place, velocity = y.reshape(2, 3, 2)
        arms = place[None] - place[:, None]
        cubes = np.sum(arms**2, -1) ** 1.5 + np.eye(3)
        return np.stack([velocity, np.sum(arms / cubes[..., None], 1)]).ravel()

    start = np.stack([x, v]).ravel()
    end = scipy.integrate.solve_ivp(rates, (0, period), start, "DOP853", rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(end.y[:, -1], start, atol=1e-6)
    assert shows_something(tmp_path / "n_body.png")


def test_heat_source_is_the_mode_of_the_posterior(tmp_path):
    n, strength = 12, 10.0
    found = heat_source.main(n=n, sensors=100, strength=strength, out=tmp_path)
    truth, source = np.asarray(found["truth"]), np.asarray(found["found"])
    assert np.corrcoef(truth.ravel(), source.ravel())[0, 1] > 0.95
    with pb.enable_x64():
        basis = pnp.eye(n * n).reshape(-1, n, n)
        each = pb.jit(pb.vmap(lambda s: heat_source.temperatures(s, found["places"]).ravel()))
        forward = np.asarray(each(basis)).T
        laplacian = np.asarray(pb.vmap(heat_source.laplace)(basis)).reshape(n * n, -1).T
        prior = strength * (np.eye(n * n) - laplacian / 400)
        precision = forward.T @ forward / heat_source.NOISE**2 + prior
        right = forward.T @ np.ravel(found["measured"]) / heat_source.NOISE**2
        np.testing.assert_allclose(source.ravel(), np.linalg.solve(precision, right), atol=1e-3)

        # A product of sines warms as one number does.
        wave = np.sin(np.pi * np.arange(1, n + 1) / (n + 1))
        decay = 8 * (n + 1) ** 2 * np.sin(np.pi / (2 * (n + 1))) ** 2
        times = heat_source.DURATION * np.arange(1, 6) / 5
        told = heat_source.temperatures(pnp.outer(wave, wave), (np.array([3]), np.array([5])))
        expected = wave[3] * wave[5] * (1 - np.exp(-decay * times)) / decay
        np.testing.assert_allclose(told[:, 0], expected, rtol=0.03)  # Euler's steps are the rest
    assert shows_something(tmp_path / "heat_source.png")


def dense_posterior(theta, seen, visible):
    """Mean and covariance of all states as one Gaussian vector, and the log-likelihood."""
    transition, wander, error = (np.asarray(a) for a in kalman_smoother.model(theta))
    count = len(seen)
    covariance = np.zeros((count, 4, count, 4))
    covariance[0, :, 0] = kalman_smoother.START[1]
    for t in range(1, count):
        covariance[t, :, t] = transition @ covariance[t - 1, :, t - 1] @ transition.T + wander
        for s in range(t):
            covariance[t, :, s] = transition @ covariance[t - 1, :, s]
            covariance[s, :, t] = covariance[t, :, s].T
    prior = covariance.reshape(4 * count, -1)
    look = np.kron(np.eye(count)[visible], kalman_smoother.PLACE)
    spread = look @ prior @ look.T + np.kron(np.eye(visible.sum()), error)
    gain = np.linalg.solve(spread, look @ prior).T
    places = seen[visible].ravel()
    log_likelihood = scipy.stats.multivariate_normal(cov=spread).logpdf(places)
    return gain @ places, prior - gain @ look @ prior, log_likelihood


def test_kalman_smoother_is_the_gaussian_posterior(tmp_path):
    found = kalman_smoother.main(count=40, out=tmp_path)
    theta, seen, visible = (np.asarray(found[k]) for k in ("theta", "seen", "visible"))
    with pb.enable_x64():
        mean, covariance, log_likelihood = dense_posterior(theta, seen, visible)
        np.testing.assert_allclose(np.ravel(found["path"][0]), mean, atol=1e-9)
        blocks = covariance.reshape(40, 4, 40, 4)[np.arange(40), :, np.arange(40)]
        np.testing.assert_allclose(found["path"][1], blocks, atol=1e-9)

        def f(t):
            return kalman_smoother.filtered(t, seen, visible)[2]

        np.testing.assert_allclose(f(theta), log_likelihood)
        guess = np.array([-2.0, -0.5])
        np.testing.assert_allclose(pb.grad(f)(guess), differences(f, guess), rtol=1e-6)
        for direction in np.eye(2):
            assert f(theta) >= max(f(theta + 0.01 * direction), f(theta - 0.01 * direction))
    assert shows_something(tmp_path / "kalman_smoother.png")


def test_graph_network_is_better_with_edges(tmp_path):
    found = graph_network.main(nodes=600, steps=80, out=tmp_path)
    right = found["accuracies"]
    assert right["with edges"] > right["without"] + 0.03
    x = np.asarray(random.normal(random.key(0), (50, 4)))
    edges = graph_network.neighbours(x, 3)
    near = kneighbors_graph(x, 3)
    matrix = near + near.T + scipy.sparse.eye(50)
    roots = scipy.sparse.diags(1 / np.sqrt(np.asarray(matrix.sum(1)).ravel()))
    mine = graph_network.gather(x, edges, graph_network.normalized(edges, 50))
    np.testing.assert_allclose(mine, roots @ matrix @ roots @ x, atol=1e-6)
    assert shows_something(tmp_path / "graph_network.png")
