"""First-order optimizers as triples of functions, for parameters in any tree.

>>> from pullback.example_libraries import optimizers
>>> init, update, params = optimizers.sgd(0.5)
>>> float(params(update(0, 1.0, init(3.0))))
2.5
"""

from collections.abc import Callable, Sequence
from functools import reduce, wraps
from typing import Any, NamedTuple

from .. import numpy as pnp
from ..tree import flatten, leaves, register_node
from ..tree import map as tree_map

__all__ = [
    "JoinPoint", "Optimizer", "OptimizerState", "adagrad", "adam", "adamax", "clip_grads",
    "constant", "exponential_decay", "inverse_time_decay", "l2_norm", "make_schedule", "momentum",
    "nesterov", "optimizer", "pack_optimizer_state", "piecewise_constant", "polynomial_decay",
    "rmsprop", "rmsprop_momentum", "sgd", "sm3", "unpack_optimizer_state",
]  # fmt: skip

Function = Callable[..., Any]
# From the number of a step to its size.
Schedule = Callable[[Any], Any]


class OptimizerState(NamedTuple):
    """The leaves of the states of each parameter, the parameters' tree and the states' trees.

    >>> from pullback.example_libraries import optimizers
    >>> state = optimizers.sgd(0.1).init_fn({"w": pnp.ones(2)})
    >>> type(state).__name__
    'OptimizerState'
    """

    packed_state: Any
    tree_def: Any
    subtree_defs: Any


register_node(
    OptimizerState,
    lambda s: ((s.packed_state,), (s.tree_def, s.subtree_defs)),
    lambda trees, states: OptimizerState(*states, *trees),
)


class Optimizer(NamedTuple):
    """init_fn(params) -> state, update_fn(i, grads, state) -> state, params_fn(state) -> params.

    >>> from pullback.example_libraries import optimizers
    >>> opt = optimizers.sgd(0.5)
    >>> float(opt.params_fn(opt.update_fn(0, 1.0, opt.init_fn(3.0))))
    2.5
    """

    init_fn: Function
    update_fn: Function
    params_fn: Function


def optimizer(opt_maker: Function) -> Callable[..., Optimizer]:
    """Decorator: an optimizer of trees from a function that makes one of arrays.

    Args:
      opt_maker: returns (init, update, get_params), each for one array and its state, which may
        be a tree.

    >>> from pullback.example_libraries import optimizers
    >>> @optimizers.optimizer
    ... def signs(size):
    ...     return lambda x: x, lambda i, g, x: x - size * pnp.sign(g), lambda x: x
    >>> init, update, params = signs(0.5)
    >>> params(update(0, (2.0, -3.0), init((1.0, 1.0))))
    (Array(0.5, dtype=float32, weak_type=True), Array(1.5, dtype=float32, weak_type=True))
    """

    @wraps(opt_maker)
    def tree_opt_maker(*args: Any, **kwargs: Any) -> Optimizer:
        init, update, get_params = opt_maker(*args, **kwargs)

        def tree_init(params: Any) -> OptimizerState:
            arrays, treedef = flatten(params)
            return _packed([init(x) for x in arrays], treedef)

        def tree_update(i: Any, grads: Any, state: OptimizerState) -> OptimizerState:
            given, treedef = flatten(grads)
            if treedef != state.tree_def:
                raise TypeError(
                    f"optimizer: the gradient must have the parameters' structure"
                    f" {state.tree_def}, got {treedef}"
                )
            after = [update(i, g, s) for g, s in zip(given, _states(state), strict=True)]
            made = _packed(after, treedef)
            if made.subtree_defs != state.subtree_defs:
                raise TypeError(
                    f"optimizer: update must keep the structure of the state,"
                    f" {state.subtree_defs}, got {made.subtree_defs}"
                )
            return made

        def tree_get_params(state: OptimizerState) -> Any:
            return state.tree_def.unflatten([get_params(s) for s in _states(state)])

        return Optimizer(tree_init, tree_update, tree_get_params)

    return tree_opt_maker


def _packed(states: Sequence[Any], treedef: Any) -> OptimizerState:
    pairs = [flatten(s) for s in states]
    return OptimizerState(tuple(p[0] for p in pairs), treedef, tuple(p[1] for p in pairs))


def _states(state: OptimizerState) -> list[Any]:
    pairs = zip(state.subtree_defs, state.packed_state, strict=True)
    return [treedef.unflatten(values) for treedef, values in pairs]


def _of_arrays(step: Function, slots: int) -> tuple[Function, Function, Function]:
    """The triple for one array whose state is the array and some arrays of zeros.

    step(i, gradient, x, *slots) -> (x, *slots).
    """

    def init(x: Any) -> Any:
        return (x, *[pnp.zeros_like(x) for _ in range(slots)])

    return init, lambda i, g, state: step(i, g, *state), lambda state: state[0]


@optimizer
def sgd(step_size: Any) -> Any:
    """Gradient descent. The size of a step is a number, or a function of the step's number.

    >>> from pullback.example_libraries import optimizers
    >>> init, update, params = optimizers.sgd(0.5)
    >>> params(update(0, pnp.array([2.0]), init(pnp.array([3.0])))).round(3)
    Array([2.], dtype=float32)
    """
    size = make_schedule(step_size)
    return (lambda x: x), (lambda i, g, x: x - size(i) * g), (lambda x: x)


@optimizer
def momentum(step_size: Any, mass: float) -> Any:
    """Gradient descent with momentum: v <- mass v + g, x <- x - size v.

    >>> from pullback.example_libraries import optimizers
    >>> init, update, params = optimizers.momentum(0.5, mass=0.9)
    >>> params(update(0, pnp.array([2.0]), init(pnp.array([3.0])))).round(3)
    Array([2.], dtype=float32)
    """
    size = make_schedule(step_size)

    def step(i: Any, g: Any, x: Any, v: Any) -> Any:
        v = mass * v + g
        return x - size(i) * v, v

    return _of_arrays(step, 1)


@optimizer
def nesterov(step_size: Any, mass: float) -> Any:
    """Gradient descent with Nesterov's momentum: v <- mass v + g, x <- x - size (mass v + g).

    >>> from pullback.example_libraries import optimizers
    >>> init, update, params = optimizers.nesterov(0.5, mass=0.9)
    >>> params(update(0, pnp.array([2.0]), init(pnp.array([3.0])))).round(3)
    Array([1.1], dtype=float32)
    """
    size = make_schedule(step_size)

    def step(i: Any, g: Any, x: Any, v: Any) -> Any:
        v = mass * v + g
        return x - size(i) * (mass * v + g), v

    return _of_arrays(step, 1)


def _inverse_root(squares: Any) -> Any:
    """1 / sqrt where that is finite, else 0."""
    return pnp.where(squares > 0, 1.0 / pnp.sqrt(squares), 0.0)


@optimizer
def adagrad(step_size: Any, momentum: float = 0.9) -> Any:
    """Steps scaled by the root of the sum of squares: Duchi, Hazan, Singer, JMLR 12, 2011.

    >>> from pullback.example_libraries import optimizers
    >>> init, update, params = optimizers.adagrad(0.5)
    >>> params(update(0, pnp.array([2.0]), init(pnp.array([3.0])))).round(3)
    Array([2.95], dtype=float32)
    """
    size = make_schedule(step_size)

    def step(i: Any, g: Any, x: Any, squares: Any, m: Any) -> Any:
        squares = squares + pnp.square(g)
        m = (1.0 - momentum) * (g * _inverse_root(squares)) + momentum * m
        return x - size(i) * m, squares, m

    return _of_arrays(step, 2)


@optimizer
def rmsprop(step_size: Any, gamma: float = 0.9, eps: float = 1e-8) -> Any:
    """Steps scaled by the root of a running mean of squares.

    >>> from pullback.example_libraries import optimizers
    >>> init, update, params = optimizers.rmsprop(0.5)
    >>> params(update(0, pnp.array([2.0]), init(pnp.array([3.0])))).round(3)
    Array([1.419], dtype=float32)
    """
    size = make_schedule(step_size)

    def step(i: Any, g: Any, x: Any, squares: Any) -> Any:
        squares = squares * gamma + pnp.square(g) * (1.0 - gamma)
        return x - size(i) * g / pnp.sqrt(squares + eps), squares

    return _of_arrays(step, 1)


@optimizer
def rmsprop_momentum(
    step_size: Any, gamma: float = 0.9, eps: float = 1e-8, momentum: float = 0.9
) -> Any:
    """As `rmsprop`, with momentum.

    >>> from pullback.example_libraries import optimizers
    >>> init, update, params = optimizers.rmsprop_momentum(0.5)
    >>> params(update(0, pnp.array([2.0]), init(pnp.array([3.0])))).round(3)
    Array([1.419], dtype=float32)
    """
    size = make_schedule(step_size)

    def step(i: Any, g: Any, x: Any, squares: Any, m: Any) -> Any:
        squares = squares * gamma + pnp.square(g) * (1.0 - gamma)
        m = momentum * m + size(i) * g / pnp.sqrt(squares + eps)
        return x - m, squares, m

    return _of_arrays(step, 2)


def _corrected(mean: Any, decay: float, i: Any) -> Any:
    """A running mean that started at zero, without the bias of that start."""
    return mean / (1 - pnp.asarray(decay, mean.dtype) ** (i + 1))


@optimizer
def adam(step_size: Any, b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8) -> Any:
    """Running means of gradients and of their squares: Kingma, Ba, arXiv 1412.6980, algorithm 1.

    >>> from pullback.example_libraries import optimizers
    >>> init, update, params = optimizers.adam(0.5)
    >>> params(update(0, pnp.array([2.0]), init(pnp.array([3.0])))).round(3)
    Array([2.5], dtype=float32)
    """
    size = make_schedule(step_size)

    def step(i: Any, g: Any, x: Any, m: Any, v: Any) -> Any:
        m = (1 - b1) * g + b1 * m
        v = (1 - b2) * pnp.square(g) + b2 * v
        x = x - size(i) * _corrected(m, b1, i) / (pnp.sqrt(_corrected(v, b2, i)) + eps)
        return x, m, v

    return _of_arrays(step, 2)


@optimizer
def adamax(step_size: Any, b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8) -> Any:
    """As `adam`, with a running maximum in place of the squares: algorithm 2 of the same paper.

    >>> from pullback.example_libraries import optimizers
    >>> init, update, params = optimizers.adamax(0.5)
    >>> params(update(0, pnp.array([2.0]), init(pnp.array([3.0])))).round(3)
    Array([2.5], dtype=float32)
    """
    size = make_schedule(step_size)

    def step(i: Any, g: Any, x: Any, m: Any, u: Any) -> Any:
        m = (1 - b1) * g + b1 * m
        u = pnp.maximum(b2 * u, pnp.abs(g))
        return x - size(i) / (1 - pnp.asarray(b1, m.dtype) ** (i + 1)) * m / (u + eps), m, u

    return _of_arrays(step, 2)


@optimizer
def sm3(step_size: Any, momentum: float = 0.9) -> Any:
    """Squares kept as a vector for each axis: Anil, Gupta, Koren, Singer, arXiv 1901.11150.

    >>> from pullback.example_libraries import optimizers
    >>> init, update, params = optimizers.sm3(0.5)
    >>> params(update(0, pnp.array([2.0]), init(pnp.array([3.0])))).round(3)
    Array([2.95], dtype=float32)
    """
    size = make_schedule(step_size)

    def init(x: Any) -> Any:
        wide = pnp.atleast_1d(x)
        return wide, pnp.zeros_like(wide), [pnp.zeros(n, wide.dtype) for n in wide.shape], x.shape

    def update(i: Any, g: Any, state: Any) -> Any:
        x, m, vectors, shape = state
        g = pnp.reshape(g, x.shape)
        along = [
            pnp.expand_dims(v, [a for a in range(x.ndim) if a != k]) for k, v in enumerate(vectors)
        ]
        squares = reduce(pnp.minimum, along) + pnp.square(g)
        m = (1.0 - momentum) * (g * _inverse_root(squares)) + momentum * m
        kept = [squares.max([a for a in range(x.ndim) if a != k]) for k in range(x.ndim)]
        return x - size(i) * m, m, kept, shape

    return init, update, lambda state: state[0].reshape(state[3])


def constant(step_size: Any) -> Schedule:
    """Steps of one size.

    >>> from pullback.example_libraries import optimizers
    >>> optimizers.constant(0.1)(5)
    0.1
    """
    return lambda i: step_size


def exponential_decay(step_size: Any, decay_steps: Any, decay_rate: Any) -> Schedule:
    """size * rate ** (i / steps).

    >>> from pullback.example_libraries import optimizers
    >>> optimizers.exponential_decay(1.0, decay_steps=10, decay_rate=0.5)(20)
    0.25
    """
    return lambda i: step_size * decay_rate ** (i / decay_steps)


def inverse_time_decay(
    step_size: Any, decay_steps: Any, decay_rate: Any, staircase: bool = False
) -> Schedule:
    """size / (1 + rate * i / steps); with `staircase` the quotient is rounded down.

    >>> from pullback.example_libraries import optimizers
    >>> optimizers.inverse_time_decay(1.0, decay_steps=10, decay_rate=1.0)(10)
    0.5
    """
    if staircase:
        return lambda i: step_size / (1 + decay_rate * pnp.floor(i / decay_steps))
    return lambda i: step_size / (1 + decay_rate * i / decay_steps)


def polynomial_decay(
    step_size: Any, decay_steps: Any, final_step_size: Any, power: float = 1.0
) -> Schedule:
    """From one size to another in some steps, by a power of what is left of them.

    >>> from pullback.example_libraries import optimizers
    >>> float(optimizers.polynomial_decay(1.0, decay_steps=10, final_step_size=0.5)(10))
    0.5
    """

    def schedule(i: Any) -> Any:
        left = 1 - pnp.minimum(i, decay_steps) / decay_steps
        return (step_size - final_step_size) * left**power + final_step_size

    return schedule


def piecewise_constant(boundaries: Any, values: Any) -> Schedule:
    """One size up to each boundary, and one after the last.

    >>> from pullback.example_libraries import optimizers
    >>> float(optimizers.piecewise_constant([10, 20], [1.0, 0.5, 0.25])(15))
    0.5
    """
    edges, sizes = pnp.array(boundaries), pnp.array(values)
    if not edges.ndim == sizes.ndim == 1:
        raise ValueError("piecewise_constant: boundaries and values must be sequences")
    if edges.shape[0] != sizes.shape[0] - 1:
        raise ValueError("piecewise_constant: wants one more value than boundaries")
    return lambda i: sizes[pnp.sum(i > edges)]


def make_schedule(scalar_or_schedule: Any) -> Schedule:
    """A number as a schedule; schedules as they are.

    >>> from pullback.example_libraries import optimizers
    >>> optimizers.make_schedule(0.1)(7)
    0.1
    """
    if callable(scalar_or_schedule):
        return scalar_or_schedule
    if pnp.ndim(scalar_or_schedule) == 0:
        return constant(scalar_or_schedule)
    raise TypeError(f"make_schedule: wants a number or a function, got {scalar_or_schedule!r}")


def l2_norm(tree: Any) -> Any:
    """The root of the sum of squares of all leaves.

    >>> from pullback.example_libraries import optimizers
    >>> optimizers.l2_norm({"w": pnp.array([3.0]), "b": pnp.array([4.0])})
    Array(5., dtype=float32)
    """
    return pnp.sqrt(sum(pnp.vdot(x, x) for x in leaves(tree)))


def clip_grads(grad_tree: Any, max_norm: Any) -> Any:
    """Gradients scaled so that their norm is at most this.

    >>> from pullback.example_libraries import optimizers
    >>> optimizers.clip_grads({"w": pnp.array([3.0, 4.0])}, 1.0)
    {'w': Array([0.6, 0.8], dtype=float32)}
    """
    norm = l2_norm(grad_tree)
    scale = pnp.where(norm < max_norm, 1.0, max_norm / norm)
    return tree_map(lambda g: g * scale, grad_tree)


class JoinPoint:
    """Marks, in a tree of states, the state of one parameter.

    >>> from pullback.example_libraries import optimizers
    >>> optimizers.JoinPoint(3.0).subtree
    3.0
    """

    def __init__(self, subtree: Any) -> None:
        self.subtree = subtree

    def __iter__(self) -> Any:
        yield self.subtree


def unpack_optimizer_state(opt_state: OptimizerState) -> Any:
    """The states in the parameters' tree, each in a `JoinPoint`: a plain tree to be stored.

    >>> from pullback.example_libraries import optimizers
    >>> state = optimizers.sgd(0.1).init_fn({"w": 1.0})
    >>> optimizers.unpack_optimizer_state(state)["w"].subtree
    1.0
    """
    return opt_state.tree_def.unflatten([JoinPoint(s) for s in _states(opt_state)])


def pack_optimizer_state(marked_pytree: Any) -> OptimizerState:
    """The inverse of `unpack_optimizer_state`.

    >>> from pullback.example_libraries import optimizers
    >>> state = optimizers.momentum(0.1, mass=0.9).init_fn({"w": pnp.ones(2)})
    >>> plain = optimizers.unpack_optimizer_state(state)
    >>> optimizers.pack_optimizer_state(plain).tree_def == state.tree_def
    True
    """
    marks, treedef = flatten(marked_pytree)
    if not all(isinstance(m, JoinPoint) for m in marks):
        raise TypeError("pack_optimizer_state: each leaf must be a JoinPoint")
    return _packed([m.subtree for m in marks], treedef)
