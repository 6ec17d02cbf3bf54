"""sparsify: a function of dense arrays as one of sparse arrays.

The function is staged on arrays of the sparse ones' shapes; its program is then run with sparse
values, each operation by its rule in the table here.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from ... import lax, tree
from ... import numpy as pnp
from ...control.call import jit_p
from ...control.custom_jvp_call import custom_jvp_call_p
from ...control.custom_vjp_call import custom_vjp_call_p
from ...control.name import checkpoint_name, name_p
from ...control.remat import checkpoint_p
from ...core.ir import Jaxpr, JaxprEqn, Var
from ...core.primitive import Primitive, registry
from ...core.stage import literal_value
from ...core.trace import Tracer, ensure_compile_time_eval, get_aval
from ...primitives import elementwise
from ...transforms.make_jaxpr import ShapeDtypeStruct, make_jaxpr
from ...transforms.named import wraps
from .bcoo import BCOO, bcoo_transpose
from .bcsr import BCSR
from .convolution import bcoo_conv_general_dilated
from .form import is_sparse
from .layout import bcoo_sum_duplicates
from .product import bcoo_dot_general, bcoo_multiply_sparse, on_each_place
from .shape import (
    bcoo_broadcast_in_dim,
    bcoo_concatenate,
    bcoo_dynamic_slice,
    bcoo_gather,
    bcoo_reduce_sum,
    bcoo_reshape,
    bcoo_rev,
    bcoo_slice,
    bcoo_squeeze,
)

DENSE = "pullback.experimental.sparse.todense"  # marks the operation that makes a value dense
Rule = Callable[..., Any]
RULES: dict[Primitive, Rule] = {}
ON_EACH = {registry[n] for n in elementwise.__all__ if n in registry}


class Spread:
    """A dense array along axes where it is the same: `lax.broadcast_in_dim`, not carried out."""

    def __init__(
        self, value: Any, shape: Sequence[int], broadcast_dimensions: Sequence[int]
    ) -> None:
        self.value, self.shape, self.dims = value, tuple(shape), tuple(broadcast_dimensions)

    def whole(self) -> Any:
        """The array."""
        return lax.broadcast_in_dim(self.value, self.shape, self.dims)

    def small(self) -> Any:
        """An array that broadcasts to it."""
        sizes = [1] * len(self.shape)
        for d, s in zip(self.dims, self.value.shape, strict=True):
            sizes[d] = s
        return self.value.reshape(sizes)


def todense(arr: Any) -> Any:
    """An array with all its elements, of a sparse or a dense one.

    >>> from pullback.experimental import sparse
    >>> sparse.todense(sparse.eye(2)).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    if is_sparse(arr):
        return arr.todense()
    return checkpoint_name(arr, DENSE) if isinstance(arr, Tracer) else arr


def sparsify(f: Callable[..., Any], use_tracer: bool = False) -> Callable[..., Any]:
    """A function written for dense arrays, of sparse ones.

    Args:
      f: function of arrays or pytrees of arrays. What is given by name, and is not sparse, goes
        to it as it is: an axis, a dtype.
      use_tracer: has no effect.

    Returns:
      A function some of whose arguments may be `BCOO` or `BCSR`. What stays sparse is returned so.

    Raises:
      NotImplementedError: an operation of the function has no meaning that keeps its result sparse.

    >>> from pullback.experimental import sparse
    >>> m = sparse.BCOO.fromdense(pnp.arange(12.0).reshape(3, 4))
    >>> sparse.sparsify(lambda m, v: 2 * m.T @ v)(m, pnp.array([3.0, 4.0, 2.0]))
    Array([ 64.,  82., 100., 118.], dtype=float32)
    """

    @wraps(f)
    def sparse_f(*args: Any, **kwargs: Any) -> Any:
        named = {k: v for k, v in kwargs.items() if any(map(is_sparse, tree.leaves(v, is_sparse)))}
        values, in_tree = tree.flatten((args, named), is_sparse)

        def flat(*leaves: Any) -> Any:
            args, named = in_tree.unflatten(leaves)
            return f(*args, **{**kwargs, **named})

        closed, shapes = make_jaxpr(flat, return_shape=True)(*map(_type, values))
        given = [v if is_sparse(v) else pnp.asarray(v) for v in values]
        outs = evaluate(closed.jaxpr, closed.consts, given)
        return tree.structure(shapes).unflatten([_dense(o) for o in outs])

    return sparse_f


def _type(x: Any) -> Any:
    """What a function is staged on in place of a value."""
    if not is_sparse(x):
        aval = get_aval(pnp.asarray(x))
        return ShapeDtypeStruct(aval.shape, aval.dtype, weak_type=aval.weak_type)
    return ShapeDtypeStruct(x.shape, x.dtype, weak_type=get_aval(x.data).weak_type)


def evaluate(jaxpr: Jaxpr, consts: Sequence[Any], args: Sequence[Any]) -> list[Any]:
    """A program run with values some of which are sparse."""
    env: dict[Var, Any] = dict(zip(jaxpr.constvars, consts, strict=True))
    env.update(zip(jaxpr.invars, args, strict=True))

    def read(atom: Any) -> Any:
        return env[atom] if isinstance(atom, Var) else literal_value(atom)

    for eqn in jaxpr.eqns:
        outs = _operation(eqn, [read(v) for v in eqn.invars])
        env.update(zip(eqn.outvars, outs, strict=True))
    return [read(v) for v in jaxpr.outvars]


def _operation(eqn: JaxprEqn, values: list[Any]) -> Sequence[Any]:
    primitive, params = eqn.primitive, eqn.params
    if not any(is_sparse(v) for v in values):
        if primitive is lax.broadcast_in_dim_p and get_aval(_dense(values[0])).ndim:
            return [Spread(_dense(values[0]), **params)]
        out = primitive.bind(*map(_dense, values), **params)
        return out if primitive.multiple_results else [out]
    rule = RULES.get(primitive)
    if rule is None and primitive in ON_EACH:
        return [_on_each(primitive, values, params)]
    if rule is None:
        raise NotImplementedError(
            f"sparse: {primitive.name} of a sparse array is not there; if its result may be dense,"
            " write sparse.todense(x) for the argument"
        )
    out = rule(*values, **params)
    return out if primitive.multiple_results else [out]


def _dense(x: Any) -> Any:
    return x.whole() if isinstance(x, Spread) else x


def with_data(mat: Any, data: Any) -> Any:
    """A sparse array of the same places."""
    parts = (data, *mat.tree_flatten()[0][1:])
    return type(mat)(parts, **mat._info._asdict())


def _unique(mat: Any) -> Any:
    """An array that stores each place once, for what is not linear in the elements."""
    if mat.unique_indices:
        return mat
    if isinstance(mat, BCSR):
        return BCSR.from_bcoo(bcoo_sum_duplicates(mat.to_bcoo(), nse=mat.nse))
    return bcoo_sum_duplicates(mat, nse=mat.nse)


# f(x, s, ...) for known scalars s with f(0, s, ...) = 0 is f of the stored elements
def _on_each(primitive: Primitive, values: list[Any], params: dict[str, Any]) -> Any:
    places = [k for k, v in enumerate(values) if is_sparse(v)]
    others = [v for v in values if not is_sparse(v)]
    known = all(not isinstance(v, Tracer) and np.ndim(_dense(v)) == 0 for v in others)
    if len(places) != 1 or not known:
        raise NotImplementedError(
            f"sparse: {primitive.name} of a sparse array and others that are not known scalars"
            " would be dense; write sparse.todense(x) for the argument"
        )
    (k,) = places
    with ensure_compile_time_eval():
        zero = np.zeros((), values[k].dtype)
        keeps = bool(primitive.bind(*values[:k], zero, *values[k + 1 :], **params) == 0)
    if not keeps:
        raise NotImplementedError(
            f"sparse: {primitive.name} makes zeros into other numbers, so its result would be"
            " dense; write sparse.todense(x) for the argument"
        )
    mat = values[k] if primitive.linear else _unique(values[k])
    return with_data(mat, primitive.bind(*values[:k], mat.data, *values[k + 1 :], **params))


def rule(primitive: Primitive) -> Callable[[Rule], Rule]:
    """Set the rule of an operation on sparse arrays."""

    def setter(f: Rule) -> Rule:
        RULES[primitive] = f
        return f

    return setter


@rule(lax.add_p)
def _add(x: Any, y: Any) -> Any:
    if not (is_sparse(x) and is_sparse(y)):
        return _with_dense(lax.add, x, y)
    if x.shape != y.shape:
        raise NotImplementedError(f"sparse: the sum of arrays of shapes {x.shape} and {y.shape}")
    if x.indices is y.indices:
        return with_data(x, x.data + y.data)
    if (x.n_batch, x.n_dense) != (y.n_batch, y.n_dense):
        raise NotImplementedError(
            f"sparse: the sum of {x} and {y}, which differ in batch or dense axes: see"
            " bcoo_update_layout"
        )
    n = x.n_batch
    sizes = np.broadcast_shapes(*(p.shape[:n] for m in (x, y) for p in (m.data, m.indices)))
    data, indices = (
        pnp.concatenate([pnp.broadcast_to(p, sizes + p.shape[n:]) for p in parts], n)
        for parts in ((x.data, y.data), (x.indices, y.indices))
    )
    return BCOO((data, indices), shape=x.shape)


def _with_dense(f: Callable[..., Any], x: Any, y: Any) -> Any:
    """Of a sparse and a dense array, whose result is dense anyway."""
    whole = x if is_sparse(x) else y
    other = _dense(y if whole is x else x)
    if np.shape(other) != whole.shape:
        raise NotImplementedError(
            f"sparse: {f.__name__} of {whole} and an array of shape {np.shape(other)} would be"
            " dense; write sparse.todense(x) for the argument"
        )
    dense = whole.todense()
    return f(dense, other) if whole is x else f(other, dense)


@rule(lax.sub_p)
def _sub(x: Any, y: Any) -> Any:
    if is_sparse(x) and is_sparse(y):
        return _add(x, with_data(y, -y.data))
    return _with_dense(lax.sub, x, y)


@rule(lax.mul_p)
def _mul(x: Any, y: Any) -> Any:
    if not (is_sparse(x) and is_sparse(y)):
        mat, other = (x, y) if is_sparse(x) else (y, x)
        return _each_place(lax.mul, mat, other)
    if x.indices is y.indices and x.unique_indices:
        return with_data(x, x.data * y.data)
    return bcoo_multiply_sparse(x, y)


@rule(lax.div_p)
def _div(x: Any, y: Any) -> Any:
    if is_sparse(y):
        raise NotImplementedError(
            "sparse: division by a sparse array would be dense; write sparse.todense(y)"
        )
    return _each_place(lax.div, x, y)


def _each_place(f: Callable[..., Any], mat: Any, other: Any) -> Any:
    other = other.small() if isinstance(other, Spread) else other
    if isinstance(mat, BCSR):
        return with_data(mat, on_each_place(f, mat.to_bcoo(), other))
    return with_data(mat, on_each_place(f, mat, other))


@rule(lax.reduce_sum_p)
def _reduce_sum(x: Any, *, axes: Sequence[int]) -> Any:
    total = bcoo_reduce_sum(x, axes=axes)
    return total if total.shape else total.data.sum(dtype=total.dtype)


@rule(lax.dot_general_p)
def _dot_general(x: Any, y: Any, **params: Any) -> Any:
    x, y = (m.to_bcoo() if isinstance(m, BCSR) else _dense(m) for m in (x, y))
    return bcoo_dot_general(x, y, **params)


@rule(lax.conv_general_dilated_p)
def _convolution(x: Any, y: Any, **params: Any) -> Any:
    return bcoo_conv_general_dilated(_dense(x), _dense(y), **params)


@rule(lax.transpose_p)
def _transpose(x: Any, *, permutation: Sequence[int]) -> Any:
    return bcoo_transpose(x, permutation=permutation)


@rule(lax.broadcast_in_dim_p)
def _broadcast(x: Any, **params: Any) -> Any:
    return bcoo_broadcast_in_dim(x, **params)


@rule(lax.concatenate_p)
def _concatenate(*operands: Any, dimension: int) -> Any:
    return bcoo_concatenate(operands, dimension=dimension)


@rule(lax.gather_p)
def _gather(x: Any, indices: Any, **params: Any) -> Any:
    return bcoo_gather(x, _dense(indices), **params)


@rule(lax.reshape_p)
def _reshape(x: Any, **params: Any) -> Any:
    return bcoo_reshape(x, **params)


@rule(lax.rev_p)
def _rev(x: Any, *, dimensions: Sequence[int]) -> Any:
    return bcoo_rev(x, dimensions)


@rule(lax.slice_p)
def _slice(x: Any, **params: Any) -> Any:
    return bcoo_slice(x, **params)


@rule(lax.dynamic_slice_p)
def _dynamic_slice(x: Any, *starts: Any, slice_sizes: Sequence[int]) -> Any:
    return bcoo_dynamic_slice(x, starts, slice_sizes)


@rule(lax.squeeze_p)
def _squeeze(x: Any, *, dimensions: Sequence[int]) -> Any:
    return bcoo_squeeze(x, dimensions=dimensions)


@rule(lax.copy_p)
def _copy(x: Any) -> Any:
    return x


@rule(name_p)
def _name(x: Any, *, name: str) -> Any:
    return x.todense() if name == DENSE else with_data(x, checkpoint_name(x.data, name))


# Operations that hold programs. A rule of its author is not kept: the program's own is used.
@rule(jit_p)
@rule(checkpoint_p)
def _call(*values: Any, jaxpr: Jaxpr, **_: Any) -> Any:
    return evaluate(jaxpr, (), values)


@rule(custom_jvp_call_p)
@rule(custom_vjp_call_p)
def _custom_call(*values: Any, call: Any, **_: Any) -> Any:
    return evaluate(call.jaxpr, (), values)


def _run(jaxpr: Jaxpr, *values: Any) -> list[Any]:
    return [_dense(o) for o in evaluate(jaxpr, (), values)]


@rule(lax.while_p)
def _while(
    *values: Any, cond_jaxpr: Jaxpr, cond_nconsts: int, body_jaxpr: Jaxpr, body_nconsts: int
) -> Any:
    values = tuple(map(_dense, values))
    n = cond_nconsts + body_nconsts
    cond_consts, body_consts = values[:cond_nconsts], values[cond_nconsts:n]
    return lax.while_loop(
        lambda carry: _run(cond_jaxpr, *cond_consts, *carry)[0],
        lambda carry: _run(body_jaxpr, *body_consts, *carry),
        list(values[n:]),
    )


@rule(lax.scan_p)
def _scan(*values: Any, jaxpr: Jaxpr, num_consts: int, num_carry: int, **params: Any) -> Any:
    values = tuple(map(_dense, values))
    n = num_consts + num_carry
    consts, init, xs = values[:num_consts], values[num_consts:n], values[n:]
    if any(is_sparse(x) for x in xs):
        raise NotImplementedError("sparse: scan over a sparse array; carry it, or close over it")

    def body(carry: Any, x: Any) -> Any:
        outs = _run(jaxpr, *consts, *carry, *x)
        return outs[:num_carry], outs[num_carry:]

    carry, ys = lax.scan(body, list(init), list(xs), **params)
    return [*carry, *ys]


@rule(lax.cond_p)
def _cond(index: Any, *values: Any, branches: Sequence[Jaxpr]) -> Any:
    return lax.switch(index, [partial(_run, b) for b in branches], *map(_dense, values))
