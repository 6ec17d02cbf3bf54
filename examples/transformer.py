"""A transformer that writes, character by character.

It learns from the reference pages of Python's own `help()` to tell the next character from the 64
before it. Layers are alike, so their parameters are stacked and the network is a scan over layers;
training is a scan over batches. It is judged on pages it has not seen, beside the tables of single
characters and of pairs, and then it writes.

Vaswani et al., Attention Is All You Need (2017), with the normalization before each part, as in
Xiong et al., On Layer Normalization in the Transformer Architecture (2020).
"""

from pathlib import Path
from pydoc_data.topics import topics

import numpy as np
from commandline import PICTURES, command, panels, save

import pullback as pb
from pullback import lax, nn, random
from pullback import numpy as pnp
from pullback.example_libraries.optimizers import adam

CONTEXT, HEADS = 64, 4
PROMPT = "The following example shows how a class is defined and used. When the statement "
optimizer = adam(lambda step: 4e-3 * pnp.minimum((step + 1) / 50, (50 / (step + 1)) ** 0.5))


def read(most):
    """The text as numbers, those of the training part and of the rest, and its characters."""
    text = "\n".join(topics.values())[:most]
    characters = sorted(set(text))
    number = {c: i for i, c in enumerate(characters)}
    codes = np.array([number[c] for c in text], np.int32)
    cut = len(codes) * 9 // 10
    return pnp.asarray(codes[:cut]), pnp.asarray(codes[cut:]), characters


def network(key, characters, width, layers):
    """Parameters; those of the layers have an axis for the layer."""
    shapes = {
        "attention": (layers, width, 3 * width),
        "mix": (layers, width, width),
        "widen": (layers, width, 4 * width),
        "narrow": (layers, 4 * width, width),
    }
    for_layers, for_letters, for_places = random.split(key, 3)
    keys = random.split(for_layers, len(shapes))
    scaled = nn.initializers.variance_scaling(1.0, "fan_in", "normal", batch_axis=0)
    return {
        "letters": 0.1 * random.normal(for_letters, (characters, width)),
        "places": 0.1 * random.normal(for_places, (CONTEXT, width)),
        "layers": {k: scaled(s, shapes[k]) for k, s in zip(shapes, keys, strict=True)},
    }


def block(x, layer):
    """Attention to earlier characters, then two dense layers: (batch, context, width)."""
    shape = (*x.shape[:2], HEADS, -1)
    q, k, v = pnp.split(nn.standardize(x) @ layer["attention"], 3, axis=-1)
    heads = nn.dot_product_attention(*(a.reshape(shape) for a in (q, k, v)), is_causal=True)
    x = x + heads.reshape(x.shape) @ layer["mix"]
    return x + nn.gelu(nn.standardize(x) @ layer["widen"]) @ layer["narrow"]


def logits(params, codes):
    """A number for each possible next character, at each place: (batch, context, characters)."""
    x = params["letters"][codes] + params["places"]
    x, _ = lax.scan(lambda x, layer: (block(x, layer), None), x, params["layers"])
    return nn.standardize(x) @ params["letters"].T


def loss(params, windows):
    """Mean bits a character, in windows of CONTEXT + 1 characters."""
    log_probabilities = nn.log_softmax(logits(params, windows[:, :-1]))
    chosen = pnp.take_along_axis(log_probabilities, windows[:, 1:, None], axis=2)
    return -pnp.mean(chosen) / pnp.log(2.0)


def windows(codes, starts):
    """The windows that begin at `starts`."""
    return codes[starts[:, None] + pnp.arange(CONTEXT + 1)]


@pb.jit
def train(first, state, keys, codes):
    """A step of Adam on 32 random windows for each key: the optimizer's state and the losses."""

    def step(state, turn):
        count, key = turn
        starts = random.randint(key, (32,), 0, len(codes) - CONTEXT)
        params = optimizer.params_fn(state)
        value, gradient = pb.value_and_grad(loss)(params, windows(codes, starts))
        return optimizer.update_fn(count, gradient, state), value

    return lax.scan(step, state, (first + pnp.arange(len(keys)), keys))


@pb.jit
def judge(params, codes):
    """Bits a character in text that was not trained on."""
    starts = pnp.arange(0, len(codes) - CONTEXT, 4 * CONTEXT)
    return loss(params, windows(codes, starts))


@pb.jit
def write(params, start, keys, temperature):
    """A character for each key, after the `CONTEXT` characters of `start`."""

    def step(before, key):
        scores = logits(params, before[None])[0, -1] / temperature
        new = random.categorical(key, scores).astype(before.dtype)
        return pnp.append(before[1:], new), new

    return lax.scan(step, start, keys)[1]


def tables(seen, unseen, characters):
    """Bits a character in the unseen text, by counts of single characters and of pairs."""
    pairs = pnp.ones((characters, characters)).at[seen[:-1], seen[1:]].add(1)
    singles = pairs.sum(0) / pairs.sum()
    following = pairs / pairs.sum(1, keepdims=True)
    known, new = unseen[:-1], unseen[1:]
    return -pnp.log2(singles[new]).mean(), -pnp.log2(following[known, new]).mean()


def draw(losses, steps, judged, single, pair, out):
    """The loss while training, beside the tables'."""
    figure, axis = panels(1)
    axis.plot(losses, lw=0.5, label="training")
    axis.plot(steps, judged, "o-", ms=3, label="unseen text")
    axis.axhline(single, color="gray", ls=":", label="table of characters")
    axis.axhline(pair, color="gray", ls="--", label="table of pairs")
    axis.set(xlabel="step", ylabel="bits a character", ylim=(0, 1.2 * losses[0]))
    axis.legend()
    save(figure, out, "transformer")


def main(
    steps: int = 500, width: int = 64, layers: int = 2, most: int = 400_000, out: Path = PICTURES
):
    """Train in ten parts, judge after each, and write a few lines."""
    seen, unseen, characters = read(most)
    for_network, for_training, for_writing = random.split(random.key(0), 3)
    state = optimizer.init_fn(network(for_network, len(characters), width, layers))
    parts = random.split(for_training, (10, steps // 10))
    losses, judged = [], []
    for number, keys in enumerate(parts):
        state, values = train(number * len(keys), state, keys, seen)
        losses.extend(np.asarray(values))
        judged.append(float(judge(optimizer.params_fn(state), unseen)))
    params = optimizer.params_fn(state)
    single, pair = tables(seen, unseen, len(characters))
    print(f"bits a character: {judged[-1]:.2f}; by counts of single characters {single:.2f},")
    print(f"by counts of pairs {pair:.2f}")
    start = pnp.array([characters.index(c) for c in PROMPT[-CONTEXT:]])
    text = write(params, start, random.split(for_writing, 300), 0.7)
    print(PROMPT + "".join(characters[i] for i in text))
    draw(losses, len(parts[0]) * (1 + np.arange(10)), judged, single, pair, out)
    return {"params": params, "judged": judged, "pair": float(pair), "unseen": unseen}


if __name__ == "__main__":
    command(main)
