"""Programs divided among 1 to 8 devices of the processor, and among 2 and 4 processes."""

from collections.abc import Callable
from typing import Any

import numpy as onp

from benchmarks.case import Case, jax

# Both sides run on the same XLA.
NOT_SLOWER = 1.1
WIDTH, HEADS, HIDDEN, LENGTH, BATCH, LAYERS = 128, 8, 512, 64, 16, 2
# How the matrices of each layer are cut: heads and hidden units.
CUT = {
    "qkv": (None, None, None, "i"),
    "out": (None, "i"),
    "up": (None, None, "i"),
    "down": (None, "i"),
}
WHOLE = dict.fromkeys(CUT, ())

# Makes a compiled function of a state and an input that returns the next state, and the two.
Program = Callable[[Any, Any], tuple[Any, Any, Any]]


def place(xp: Any, mesh: Any, x: onp.ndarray, spec: tuple[Any, ...]) -> Any:
    """An array divided among the devices of all processes."""
    sharding = xp.sharding.NamedSharding(mesh, xp.sharding.PartitionSpec(*spec))
    return xp.make_array_from_callback(x.shape, sharding, lambda index: x[index])


def weights(*shape: int, seed: int = 0) -> onp.ndarray:
    rng = onp.random.default_rng(seed)
    return (rng.normal(size=shape) / shape[-2] ** 0.5).astype("float32")


def matmul(xp: Any, mesh: Any) -> tuple[Any, Any, Any]:
    """A matrix of cut rows by one of cut rows, which all devices need whole."""
    f = xp.jit(lambda a, b: (a @ b,), donate_argnums=0)
    a, b = (place(xp, mesh, weights(1024, 1024, seed=k), ("i",)) for k in range(2))
    return f, a, b


def transformer(xp: Any, params: Any, x: Any) -> Any:
    """The loss of some blocks."""
    np = xp.np
    mask = onp.tril(onp.ones((LENGTH, LENGTH), bool))

    def norm(x: Any) -> Any:
        return x / np.sqrt(np.mean(x**2, -1, keepdims=True) + 1e-6)

    def block(x: Any, w: Any) -> Any:
        qkv = np.einsum("blw,wnhd->nblhd", norm(x), w["qkv"])
        scores = np.einsum("bqhd,bkhd->bhqk", qkv[0], qkv[1]) * (HEADS / WIDTH) ** 0.5
        mixed = np.einsum("bhqk,bkhd->bqhd", xp.nn.softmax(np.where(mask, scores, -1e9)), qkv[2])
        x = x + np.einsum("bqhd,hdw->bqw", mixed, w["out"])
        return x + xp.nn.gelu(norm(x) @ w["up"]) @ w["down"], None

    return np.mean(xp.lax.scan(block, x, params)[0] ** 2)


def step(xp: Any, mesh: Any, cut: Any, batch: tuple[Any, ...]) -> tuple[Any, Any, Any]:
    """A step of gradient descent, which gives its parameters away."""

    def update(params: Any, x: Any) -> Any:
        value, slopes = xp.value_and_grad(lambda p: transformer(xp, p, x))(params)
        params = xp.tree_util.tree_map(lambda p, g: p - 1e-3 * g, params, slopes)
        return params, value

    size = WIDTH // HEADS
    shapes = {
        "qkv": (LAYERS, WIDTH, 3, HEADS, size),
        "out": (LAYERS, HEADS, size, WIDTH),
        "up": (LAYERS, WIDTH, HIDDEN),
        "down": (LAYERS, HIDDEN, WIDTH),
    }
    params = {k: place(xp, mesh, weights(*s) / 4, cut[k]) for k, s in shapes.items()}
    x = place(xp, mesh, weights(BATCH, LENGTH, WIDTH), batch)
    return xp.jit(update, donate_argnums=0), params, x


def data_parallel(xp: Any, mesh: Any) -> tuple[Any, Any, Any]:
    """Each device has all parameters and a part of the batch."""
    return step(xp, mesh, WHOLE, ("i",))


def tensor_parallel(xp: Any, mesh: Any) -> tuple[Any, Any, Any]:
    """Each device has the whole batch and a part of each matrix."""
    return step(xp, mesh, CUT, ())


def mesh_of(xp: Any, count: int) -> Any:
    """The first devices in a row."""
    return xp.make_mesh((count,), ("i",), axis_types=(xp.sharding.AxisType.Auto,))


class Stepping:
    """One call after the other, each with the state that the one before returned."""

    def __init__(self, xp: Any, program: Program, count: int) -> None:
        self.wait = xp.block_until_ready
        self.f, self.state, self.x = program(xp, mesh_of(xp, count))

    def __call__(self) -> None:
        self.state = self.wait(self.f(self.state, self.x)[0])

    def device_bytes(self) -> int:
        """What the program holds on each device, as XLA says: its arguments, results and temporary
        arrays, less what shares memory."""
        found = self.f.lower(self.state, self.x).compile().memory_analysis()
        held = found.argument_size_in_bytes + found.output_size_in_bytes
        return held + found.temp_size_in_bytes - found.alias_size_in_bytes


PROGRAMS: dict[str, Program] = {
    "matmul": matmul,
    "data-parallel step": data_parallel,
    "tensor-parallel step": tensor_parallel,
}


def spread(name: str, devices: int, processes: int) -> Case:
    """A program on so many devices in each of so many processes."""
    count, program = devices * processes, PROGRAMS[name]
    number = f"{processes} processes" if processes > 1 else f"{devices} devices"
    return Case(
        f"{name}, {'1 device' if count == 1 else number}",
        "sharding",
        lambda xp: Stepping(xp, program, count),
        (jax(NOT_SLOWER),),
        device_bytes=True,
        devices=devices,
        processes=processes,
    )


PLACES = ((1, 1), (2, 1), (4, 1), (8, 1), (1, 2), (1, 4))
CASES = tuple(spread(name, *place) for place in PLACES for name in PROGRAMS)
