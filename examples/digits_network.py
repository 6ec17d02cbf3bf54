"""A convolutional network that reads handwritten digits.

1797 images of 8 by 8 pixels (shipped with scikit-learn), two layers of convolutions, one of
pooling, and shifted copies of the images as further examples. An epoch is one compiled program: a
scan over batches, each a step of Adam on the gradient of the cross-entropy.

LeCun, Bottou, Bengio and Haffner, Gradient-Based Learning Applied to Document Recognition (1998).
Adam: Kingma and Ba (2015). Initial weights: He et al. (2015).
"""

from pathlib import Path

import numpy as np
from commandline import PICTURES, command, panels, save
from sklearn.datasets import load_digits

import pullback as pb
from pullback import lax, nn, random
from pullback import numpy as pnp
from pullback.example_libraries.optimizers import adam

LAYOUT = ("NHWC", "HWIO", "NHWC")
optimizer = adam(2e-3)


def network(key, channels, hidden):
    """Parameters: two convolutions and two dense layers."""
    shapes = {
        "first": (3, 3, 1, channels),
        "second": (3, 3, channels, 2 * channels),
        "dense": (4 * 4 * 2 * channels, hidden),
        "last": (hidden, 10),
    }
    he = nn.initializers.he_normal()
    keys = random.split(key, len(shapes))
    return {
        name: {"weights": he(k, shape), "biases": pnp.zeros(shape[-1])}
        for k, (name, shape) in zip(keys, shapes.items(), strict=True)
    }


def convolve(layer, x):
    """A convolution whose result has the size of the image."""
    y = lax.conv_general_dilated(x, layer["weights"], (1, 1), "SAME", dimension_numbers=LAYOUT)
    return y + layer["biases"]


def logits(params, images):
    """Ten numbers for each image: (batch, 8, 8) -> (batch, 10)."""
    x = nn.relu(convolve(params["first"], images[..., None]))
    x = nn.relu(convolve(params["second"], x))
    x = lax.reduce_window(x, -pnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    x = x.reshape(len(x), -1)
    x = nn.relu(x @ params["dense"]["weights"] + params["dense"]["biases"])
    return x @ params["last"]["weights"] + params["last"]["biases"]


def loss(params, images, labels):
    """The mean cross-entropy."""
    log_probabilities = nn.log_softmax(logits(params, images))
    return -pnp.mean(pnp.take_along_axis(log_probabilities, labels[:, None], axis=1))


def shifted(key, images):
    """Each image moved by up to one pixel along each axis, by a shift of its own."""
    shifts = random.randint(key, (len(images), 2), 0, 3)
    wide = pnp.pad(images, ((0, 0), (1, 1), (1, 1)))
    return pb.vmap(lambda image, shift: lax.dynamic_slice(image, shift, (8, 8)))(wide, shifts)


@pb.jit
def epoch(number, state, key, images, labels):
    """One pass through batches of 32 in random order: the optimizer's state and the mean loss."""
    for_order, for_shifts = random.split(key)
    order = random.permutation(for_order, len(images))
    order = order[: len(images) // 32 * 32].reshape(-1, 32)

    steps = number * len(order) + pnp.arange(len(order))

    def step(state, batch):
        count, places, key = batch
        params = optimizer.params_fn(state)
        x = shifted(key, images[places])
        value, gradient = pb.value_and_grad(loss)(params, x, labels[places])
        return optimizer.update_fn(count, gradient, state), value

    batches = steps, order, random.split(for_shifts, len(order))
    state, losses = lax.scan(step, state, batches)
    return state, losses.mean()


@pb.jit
def predict(params, images):
    """The digit of each image, and its probability."""
    probabilities = nn.softmax(logits(params, images))
    return probabilities.argmax(1), probabilities.max(1)


def draw(losses, accuracies, images, labels, digits, out):
    """Progress, and digits that were read wrongly."""
    figure, (left, right) = panels(2)
    left.semilogy(losses, label="loss")
    left.semilogy(1 - np.array(accuracies), label="errors on test images")
    left.set_xlabel("epoch")
    left.legend()
    wrong = np.flatnonzero(digits != labels)[:10]
    sheet = np.zeros((18, 45))
    for k, i in enumerate(wrong):
        row, column = divmod(k, 5)
        sheet[9 * row : 9 * row + 8, 9 * column : 9 * column + 8] = images[i]
        right.text(9 * column, 9 * row + 8, f"{digits[i]} not {labels[i]}", color="w", fontsize=6)
    right.imshow(sheet, cmap="gray")
    right.set_axis_off()
    right.set_title("read wrongly")
    save(figure, out, "digits_network")


def main(
    train: int = 1400, epochs: int = 20, channels: int = 16, seed: int = 0, out: Path = PICTURES
):
    """Train on the first images, test on the others."""
    data = load_digits()
    images = pnp.asarray(data.images / 16, pnp.float32)
    labels = pnp.asarray(data.target)
    for_network, for_epochs = random.split(random.key(seed))
    state = optimizer.init_fn(network(for_network, channels, 64))
    losses, accuracies = [], []
    for number, key in enumerate(random.split(for_epochs, epochs)):
        state, value = epoch(number, state, key, images[:train], labels[:train])
        digits, _ = predict(optimizer.params_fn(state), images[train:])
        losses.append(float(value))
        accuracies.append(float(pnp.mean(digits == labels[train:])))
    print(f"loss {losses[0]:.3f} -> {losses[-1]:.4f}")
    print(f"accuracy on {len(digits)} test images: {accuracies[-1]:.1%}")
    tests = (np.asarray(a) for a in (images[train:], labels[train:], digits))
    draw(losses, accuracies, *tests, out)
    params = optimizer.params_fn(state)
    return {"params": params, "losses": losses, "accuracy": accuracies[-1]}


if __name__ == "__main__":
    command(main)
