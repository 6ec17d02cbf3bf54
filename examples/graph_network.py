"""A graph network: fifty labels, and a graph that says who is alike, label 1797 digits.

Nodes are the handwritten digits shipped with scikit-learn; each has edges to the images nearest to
it. Five of each digit are labelled. A network whose layers average over neighbours is trained on
those; beside it one without edges, which can learn from the labelled images alone.

Kipf and Welling, Semi-Supervised Classification with Graph Convolutional Networks (2017). Adam:
Kingma and Ba (2015). Dropout: Srivastava et al. (2014).
"""

from itertools import pairwise
from pathlib import Path

import numpy as np
from commandline import PICTURES, command, panels, save
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

import pullback as pb
from pullback import lax, nn, random
from pullback import numpy as pnp
from pullback.example_libraries.optimizers import adam
from pullback.ops import segment_sum

optimizer = adam(0.01)


def neighbours(features, count):
    """Edges (senders, receivers) between each node and its nearest, both ways, and to itself."""
    squares = pnp.sum(features**2, 1)
    distances = squares[:, None] - 2 * features @ features.T + squares
    nodes = pnp.arange(len(features))
    _, nearest = lax.top_k(-distances.at[nodes, nodes].set(pnp.inf), count)
    near, far = nearest.ravel(), pnp.repeat(nodes, count)
    return pnp.concatenate([near, far, nodes]), pnp.concatenate([far, near, nodes])


def normalized(edges, nodes):
    """The weight of each edge: one over the geometric mean of its ends' degrees."""
    senders, receivers = edges
    degrees = segment_sum(pnp.ones(len(senders)), receivers, nodes)
    return lax.rsqrt(degrees[senders] * degrees[receivers])


def gather(x, edges, weights):
    """Each node's weighted sum over its edges: (nodes, features) -> (nodes, features)."""
    senders, receivers = edges
    return segment_sum(weights[:, None] * x[senders], receivers, len(x))


def network(key, sizes):
    """The weights of the layers."""
    glorot = nn.initializers.glorot_uniform()
    keys = random.split(key, len(sizes) - 1)
    return [glorot(k, shape) for k, shape in zip(keys, pairwise(sizes), strict=True)]


def logits(params, x, edges, weights, key=None):
    """Ten numbers a node. With a key, half of the hidden features are dropped at random."""
    *hidden, last = params
    for layer in hidden:
        x = nn.relu(gather(x @ layer, edges, weights))
        if key is not None:
            x = pnp.where(random.bernoulli(key, 0.5, x.shape), 2 * x, 0.0)
    return gather(x @ last, edges, weights)


def loss(params, x, edges, weights, labelled, labels, key):
    """The mean cross-entropy at the labelled nodes, and a little weight decay."""
    log_probabilities = nn.log_softmax(logits(params, x, edges, weights, key)[labelled])
    decay = 5e-4 * sum(pnp.sum(layer**2) for layer in params)
    return decay - pnp.mean(pnp.take_along_axis(log_probabilities, labels[:, None], axis=1))


@pb.jit
def train(params, x, edges, labelled, labels, keys):
    """A step of Adam for each key; then the digit of every node, and the losses."""
    weights = normalized(edges, len(x))

    def step(state, turn):
        count, key = turn
        here = optimizer.params_fn(state)
        value, slope = pb.value_and_grad(loss)(here, x, edges, weights, labelled, labels, key)
        return optimizer.update_fn(count, slope, state), value

    turns = pnp.arange(len(keys)), keys
    state, losses = lax.scan(step, optimizer.init_fn(params), turns)
    return logits(optimizer.params_fn(state), x, edges, weights).argmax(1), losses


def draw(features, digits, truth, labelled, curves, out):
    """The nodes on a plane with their labels, and the losses."""
    figure, (left, right) = panels(2)
    plane = PCA(2).fit_transform(features)
    wrong = digits != truth
    left.scatter(*plane[~wrong].T, c=digits[~wrong], cmap="tab10", s=2)
    left.plot(*plane[wrong].T, "kx", ms=4, label="wrong")
    left.plot(*plane[labelled].T, "o", mec="k", mfc="none", ms=5, label="labelled")
    left.set(xticks=[], yticks=[])
    left.legend()
    for name, losses in curves.items():
        right.semilogy(losses, label=name)
    right.set(xlabel="step", title="loss")
    right.legend()
    save(figure, out, "graph_network")


def main(
    nodes: int = 1797, labels: int = 5, nearest: int = 8, steps: int = 200, out: Path = PICTURES
):
    """Train with edges and without; compare on the nodes that were not labelled."""
    data = load_digits()
    truth = data.target[:nodes]
    labelled = np.concatenate([np.flatnonzero(truth == k)[:labels] for k in range(10)])
    others = np.setdiff1d(np.arange(nodes), labelled)
    x = pnp.asarray(data.data[:nodes] / 16, pnp.float32)
    alone = pnp.arange(nodes), pnp.arange(nodes)
    for_network, for_steps = random.split(random.key(0))
    start, keys = network(for_network, [64, 64, 10]), random.split(for_steps, steps)
    found, curves = {}, {}
    close = pb.jit(neighbours, static_argnums=1)(x, nearest)
    for name, edges in (("with edges", close), ("without", alone)):
        digits, curves[name] = train(start, x, edges, labelled, truth[labelled], keys)
        found[name] = np.asarray(digits)
        accuracy = np.mean(found[name][others] == truth[others])
        print(f"{name}: {accuracy:.1%} of {len(others)} nodes right")
    draw(np.asarray(x), found["with edges"], truth, labelled, curves, out)
    right = {name: np.mean((digits == truth)[others]) for name, digits in found.items()}
    return {"accuracies": right, "losses": curves}


if __name__ == "__main__":
    command(main)
