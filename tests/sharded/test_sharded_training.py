"""A small transformer, trained on one device, with its data divided, its matrices, and by hand."""

import numpy as np
import pytest

import pullback as pb
from pullback import P, lax
from pullback import numpy as pnp
from pullback.sharding import NamedSharding

WIDTH, HEADS, HIDDEN, WORDS, LENGTH, BATCH, LAYERS, STEPS = 16, 4, 32, 24, 8, 8, 2, 4


def parameters():
    """The parameters of all layers, stacked."""
    rng = np.random.default_rng(0)

    def weights(*shape):
        return (rng.normal(size=shape) / np.sqrt(shape[-2])).astype(np.float32)

    return {
        "embed": weights(WORDS, WIDTH),
        "qkv": weights(LAYERS, 3, WIDTH, WIDTH),
        "out": weights(LAYERS, WIDTH, WIDTH),
        "up": weights(LAYERS, WIDTH, HIDDEN),
        "down": weights(LAYERS, HIDDEN, WIDTH),
    }


def same(x):
    """What one device does where several exchange."""
    return x


def forward(p, tokens, gather=same):
    """Logits; `gather` sums what heads and hidden units contribute, where these are divided."""
    heads = p["qkv"].shape[-1] // (WIDTH // HEADS)
    x = p["embed"][tokens]
    mask = np.tril(np.ones((LENGTH, LENGTH), bool))

    def layer(x, w):
        h = x / pnp.sqrt((x**2).mean(-1, keepdims=True) + 1e-6)
        q, k, v = ((h @ w["qkv"][i]).reshape(*h.shape[:2], heads, WIDTH // HEADS) for i in range(3))
        scores = pnp.einsum("bqhd,bkhd->bhqk", q, k) / 2.0
        attention = pb.nn.softmax(pnp.where(mask, scores, -1e9), -1)
        mixed = pnp.einsum("bhqk,bkhd->bqhd", attention, v).reshape(*h.shape[:2], -1)
        x = x + gather(mixed @ w["out"])
        h = x / pnp.sqrt((x**2).mean(-1, keepdims=True) + 1e-6)
        return x + gather(pb.nn.gelu(h @ w["up"]) @ w["down"]), None

    x, _ = lax.scan(layer, x, {k: p[k] for k in ("qkv", "out", "up", "down")})
    return x @ p["embed"].T


def loss(p, tokens, gather=same):
    """The mean cross entropy of each next word."""
    logits = forward(p, tokens, gather)[:, :-1]
    wanted = pb.nn.one_hot(tokens[:, 1:], WORDS)
    return -(pb.nn.log_softmax(logits) * wanted).sum(-1).mean()


def step(p, tokens):
    """One step of gradient descent."""
    value, grads = pb.value_and_grad(loss)(p, tokens)
    return pb.tree.map(lambda w, g: w - 0.1 * g, p, grads), value


def batches():
    rng = np.random.default_rng(1)
    return [rng.integers(0, WORDS, (BATCH, LENGTH)).astype(np.int32) for _ in range(STEPS)]


def train(step, p, place=same):
    """The losses of some steps."""
    losses = []
    for tokens in batches():
        p, value = step(p, place(tokens))
        losses.append(float(value))
    return losses


@pytest.fixture(scope="module")
def wanted():
    """The losses on one device, by Pullback's own compiler."""
    found = train(pb.jit(step), parameters())
    assert found[-1] < found[0]
    return found


def named(mesh, specs):
    return {k: NamedSharding(mesh, spec) for k, spec in specs.items()}


def test_data_divided_by_the_compiler(line, wanted):
    rows, whole = NamedSharding(line, P("i")), NamedSharding(line, P())
    p = pb.device_put(parameters(), whole)
    run = pb.jit(step, donate_argnums=0)
    np.testing.assert_allclose(train(run, p, lambda t: pb.device_put(t, rows)), wanted, rtol=1e-5)
    text = run.lower(pb.device_put(parameters(), whole), pb.device_put(batches()[0], rows))
    assert "all-reduce" in text.compile().as_text()


MATRICES = {
    "embed": P(),
    "qkv": P(None, None, None, "x"),
    "out": P(None, "x"),
    "up": P(None, None, "x"),
    "down": P(None, "x"),
}


def test_matrices_and_data_divided_by_the_compiler(mesh, wanted):
    shardings = named(mesh, MATRICES)
    p = pb.device_put(parameters(), shardings)
    run = pb.jit(
        step,
        in_shardings=(shardings, NamedSharding(mesh, P("y"))),
        out_shardings=(shardings, NamedSharding(mesh, P())),
    )
    np.testing.assert_allclose(train(run, p), wanted, rtol=1e-5)
    after, _ = run(p, batches()[0])
    assert {k: v.sharding for k, v in after.items()} == shardings


def test_data_divided_by_hand(line, wanted):
    """Each device has the gradient of its part; the mean is the gradient of all."""

    def part(p, tokens):
        value, grads = pb.value_and_grad(lambda q: lax.pmean(loss(q, tokens), "i"))(p)
        return pb.tree.map(lambda w, g: w - 0.1 * g, p, grads), value

    mapped = pb.shard_map(part, mesh=line, in_specs=(P(), P("i")), out_specs=P())
    np.testing.assert_allclose(train(pb.jit(mapped), parameters()), wanted, rtol=1e-5)


def test_matrices_and_data_divided_by_hand(mesh, wanted):
    """Heads and hidden units are divided along x, the batch along y; gradients from outside."""

    def part(p, tokens):
        return lax.pmean(loss(p, tokens, lambda x: lax.psum(x, "x")), "y")

    whole = pb.shard_map(part, mesh=mesh, in_specs=(MATRICES, P("y")), out_specs=P())

    def by_hand(p, tokens):
        value, grads = pb.value_and_grad(whole)(p, tokens)
        return pb.tree.map(lambda w, g: w - 0.1 * g, p, grads), value

    np.testing.assert_allclose(train(pb.jit(by_hand), parameters()), wanted, rtol=1e-5)


def test_pictures(mesh, capsys, monkeypatch):
    x = pb.device_put(np.ones((8, 8), np.float32), NamedSharding(mesh, P("x", "y")))
    pb.debug.visualize_array_sharding(x)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0][0] == "┌" and lines[-1][0] == "└"
    cells = [line.strip("│").split("│") for line in lines if "XLA" in line]
    assert [[c.strip() for c in row] for row in cells] == [
        [f"XLA {2 * i}", f"XLA {2 * i + 1}"] for i in range(4)
    ]
    pb.debug.visualize_sharding((16,), NamedSharding(mesh, P("y")))
    assert "XLA 0,2,4,6" in capsys.readouterr().out
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    pb.debug.visualize_array_sharding(x)
    assert capsys.readouterr().out.count("\x1b[48;5;") > 8
    pb.debug.visualize_array_sharding(x, color_map=lambda v: (v, 0.5, 1.0))
    assert "\x1b[48;2;0;128;255m" in capsys.readouterr().out
    with pytest.raises(ValueError, match="one or two dimensions"):
        pb.debug.visualize_sharding((), NamedSharding(mesh, P()))
