"""Sparse arrays against JAX's, and against what dense arrays give."""

import importlib
import itertools
import warnings

import jax
import numpy as np
import pytest
import scipy.sparse
from jax.experimental import sparse as jax_sparse

import pullback as pb
from pullback import lax
from pullback import numpy as pnp
from pullback.experimental import sparse

KINDS = [(b, d) for b in range(3) for d in range(3) if b + d <= 3]


def drawn(shape, seed=0):
    """An array about half of whose elements are zero."""
    rng = np.random.default_rng(seed)
    return (rng.normal(size=shape) * (rng.random(shape) > 0.5)).astype(np.float32)


X = drawn((2, 3, 4))


def both(x, **kwargs):
    """A dense array as a BCOO here and in JAX."""
    return [s.BCOO.fromdense(x, **kwargs) for s in (sparse, jax_sparse)]


def check(ours, theirs):
    """Parts that are the same arrays."""
    assert type(ours).__name__ == type(theirs).__name__
    assert repr(ours) == repr(theirs)
    for mine, other in zip(*(m.tree_flatten()[0] for m in (ours, theirs)), strict=True):
        assert mine.dtype == other.dtype
        np.testing.assert_allclose(mine, other, rtol=1e-6)


def close(ours, wanted):
    """A sparse or dense array of these elements."""
    ours = sparse.todense(ours)
    assert ours.shape == np.shape(wanted)
    np.testing.assert_allclose(ours, wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("n_batch", "n_dense"), KINDS)
def test_made_of_dense_arrays_and_back(n_batch, n_dense):
    ours, theirs = both(X, n_batch=n_batch, n_dense=n_dense)
    check(ours, theirs)
    close(ours, X)
    assert len(ours) == len(theirs) and ours.size == theirs.size and ours.ndim == theirs.ndim


def test_more_and_fewer_stored_elements_than_needed():
    for nse in (2, 9, 20):
        check(*both(X[0], nse=nse))
    check(*both(np.zeros((2, 3)), nse=0))
    f = pb.jit(lambda x: sparse.BCOO.fromdense(x, nse=12))
    close(f(X[0]), X[0])
    with pytest.raises(TypeError, match="pass nse"):
        pb.jit(sparse.BCOO.fromdense)(X)


@pytest.mark.parametrize(("n_batch", "n_dense"), KINDS)
def test_layouts(n_batch, n_dense):
    (m, _) = both(X, n_batch=n_batch, n_dense=n_dense)
    for b, d in KINDS:
        other = sparse.bcoo_update_layout(m, n_batch=b, n_dense=d, on_inefficient=None)
        assert (other.n_batch, other.n_dense) == (b, d)
        close(other, X)
        close(other.sum_duplicates(), X)
        close(other.sum_duplicates(remove_zeros=False), X)
        close(other.sort_indices(), X)


def test_layouts_that_store_many_zeros_are_told():
    m, _ = both(X)
    with pytest.raises(sparse.SparseEfficiencyError, match="on_inefficient"):
        m.update_layout(n_batch=1)
    with pytest.warns(sparse.SparseEfficiencyWarning):
        close(m.update_layout(n_batch=1, on_inefficient="warn"), X)
    with pytest.raises(ValueError, match="do not fit"):
        m.update_layout(n_batch=2, n_dense=2)


def test_duplicates():
    data, indices = np.float32([1, 2, 3, 4]), np.int32([[1, 0], [0, 2], [1, 0], [5, 5]])
    ours, theirs = (s.BCOO((data, indices), shape=(2, 3)) for s in (sparse, jax_sparse))
    check(ours.sum_duplicates(), theirs.sum_duplicates())
    check(ours.sum_duplicates(nse=1), theirs.sum_duplicates(nse=1))
    check(ours.sort_indices(), theirs.sort_indices())
    close(ours, theirs.todense())
    close(ours.sum(), theirs.todense().sum())
    close(ours**2, np.asarray(theirs.todense()) ** 2)
    dense = np.arange(6.0, dtype=np.float32).reshape(2, 3)
    taken = [s.bcoo_extract(m, dense) for s, m in ((sparse, ours), (jax_sparse, theirs))]
    np.testing.assert_allclose(taken[0].data, taken[1].data)


@pytest.mark.parametrize(("n_batch", "n_dense"), KINDS)
def test_shapes(n_batch, n_dense):
    m, _ = both(X, n_batch=n_batch, n_dense=n_dense)
    for r in range(4):
        for axes in itertools.combinations(range(3), r):
            close(sparse.bcoo_reduce_sum(m, axes=axes), X.sum(axes))
            close(sparse.bcoo_rev(m, axes), np.flip(X, axes))
    for cuts in [((0, 1, 1), (2, 3, 3), (1, 1, 2)), ((1, 0, 0), (1, 2, 4), (1, 2, 3))]:
        starts, limits, strides = cuts
        got = sparse.bcoo_slice(m, start_indices=starts, limit_indices=limits, strides=strides)
        close(got, X[tuple(map(slice, *cuts))])
        sizes = [b - a for a, b in zip(starts, limits, strict=True)]
        got = sparse.bcoo_dynamic_slice(m, [a - 1 for a in starts], sizes)
        close(got, lax.dynamic_slice(X, [a - 1 for a in starts], sizes))
    for axis in range(3 - n_dense):
        close(sparse.bcoo_concatenate([m, m], dimension=axis), np.concatenate([X, X], axis))
    close(
        sparse.bcoo_broadcast_in_dim(m, shape=(5, 2, 3, 4), broadcast_dimensions=(1, 2, 3)), [X] * 5
    )
    first = sparse.BCOO.fromdense(X[:1], n_batch=n_batch, n_dense=n_dense)
    close(sparse.bcoo_squeeze(first, dimensions=(0,)), X[0])


@pytest.mark.parametrize("shape", [(24,), (6, 4), (2, 12), (2, 1, 3, 4), (3, 2, 2, 2), (4, 6, 1)])
def test_reshape(shape):
    close(sparse.BCOO.fromdense(X).reshape(shape), X.reshape(shape))
    with pytest.raises(ValueError, match="mixes"):
        sparse.bcoo_reshape(sparse.BCOO.fromdense(X, n_batch=1), new_sizes=(24,))
    close(sparse.BCOO.fromdense(X, n_batch=1).reshape(2, 12), X.reshape(2, 12))


def test_transpose():
    close(sparse.BCOO.fromdense(X).T, X.T)
    m, theirs = both(X, n_batch=1)
    check(m.transpose((0, 2, 1)), theirs.transpose((0, 2, 1)))
    with pytest.raises(NotImplementedError, match="among"):
        m.transpose((1, 0, 2))


CONTRACTIONS = [
    (contracted, batch)
    for contracted in [(), (0,), (1,), (2,), (0, 2), (2, 1)]
    for batch in [(), (0,), (1,), (1, 0)]
    if not set(contracted) & set(batch)
]


@pytest.mark.parametrize(("contracted", "batch"), CONTRACTIONS)
def test_dot_general(contracted, batch):
    other = drawn((*(X.shape[a] for a in contracted), 5, *(X.shape[a] for a in batch)), 1)
    ours = (tuple(range(len(contracted))), tuple(range(len(contracted) + 1, other.ndim)))
    dims = ((contracted, ours[0]), (batch, ours[1]))
    turned = tuple(tuple(d[::-1]) for d in dims)
    want, back = lax.dot_general(X, other, dims), lax.dot_general(other, X, turned)
    for n_batch, n_dense in KINDS:
        m = sparse.BCOO.fromdense(X, n_batch=n_batch, n_dense=n_dense)
        if max(contracted, default=0) >= 3 - n_dense or max(batch, default=-1) >= n_batch:
            with pytest.raises(NotImplementedError):
                sparse.bcoo_dot_general(m, other, dimension_numbers=dims)
            continue
        close(sparse.bcoo_dot_general(m, other, dimension_numbers=dims), want)
        close(sparse.bcoo_dot_general(other, m, dimension_numbers=turned), back)
        if not batch and not n_dense:
            second = sparse.BCOO.fromdense(other)
            close(sparse.bcoo_dot_general(m, second, dimension_numbers=dims), want)


def test_products_in_batches():
    m, y = both(X, n_batch=1)[0], drawn((2, 4, 3), 1)
    other = sparse.BCOO.fromdense(y, n_batch=1)
    dims = (((2,), (1,)), ((0,), (0,)))
    close(sparse.bcoo_dot_general(m, other, dimension_numbers=dims), X @ y)
    close(m @ y, X @ y)


def test_sampled_products():
    a, b = drawn((3, 4), 1), drawn((5, 4), 2)
    places = np.int32([[0, 1], [2, 4], [9, 9]])
    dims = (((1,), (1,)), ((), ()))
    run = [s.bcoo_dot_general_sampled for s in (sparse, jax_sparse)]
    ours, theirs = (f(a, b, places, dimension_numbers=dims) for f in run)
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)
    dims, places = (((2,), (2,)), ((0,), (0,))), np.int32([[[0, 0]], [[1, 2]]])
    batched = [f(X, X, places, dimension_numbers=dims) for f in run]
    np.testing.assert_allclose(*batched, rtol=1e-6)


M = drawn((3, 4), 3)
V, W = np.float32([3, 4, 2]), np.float32([1, 2, 3, 4])
OPERATORS = {
    "neg": lambda m: -m, "abs": abs, "twice": lambda m: 2 * m, "half": lambda m: m / 2,
    "square": lambda m: m**2, "columns": lambda m: m * W, "rows": lambda m: m / V[:, None],
    "sum": lambda m: m + m, "none": lambda m: m - m, "product": lambda m: m * m,
    "with_dense": lambda m: m + M, "from_dense": lambda m: M - m, "greater": lambda m: m > 1,
    "nonzero": lambda m: m != 0, "vector": lambda m: m @ W, "left": lambda m: V @ m,
    "gram": lambda m: m.T @ m, "total": lambda m: m.sum(), "sums": lambda m: m.sum(1),
    "flat": lambda m: m.reshape(-1), "int": lambda m: m.astype(int), "row": lambda m: m[1],
    "last": lambda m: m[-1], "element": lambda m: m[1, 2], "part": lambda m: m[1:, ::2],
    "back": lambda m: m[::-1], "new": lambda m: m[None], "some": lambda m: m[np.array([2, 0])],
    "some_columns": lambda m: m[:, np.array([2, 0])], "rest": lambda m: m[..., 1:3],
}  # fmt: skip


@pytest.mark.parametrize("name", OPERATORS)
def test_operators(name):
    f = OPERATORS[name]
    m = sparse.BCOO.fromdense(M)
    want = f(pnp.asarray(M))
    close(f(m), want)
    assert f(m).dtype == want.dtype
    close(pb.jit(lambda m: sparse.todense(f(m)))(m), want)


def test_operators_that_would_be_dense_are_refused():
    m = sparse.BCOO.fromdense(M)
    for f in (pnp.cos, pnp.exp, lambda m: m + 1, lambda m: m == 0, lambda m: 1 / m):
        with pytest.raises(NotImplementedError, match="todense"):
            sparse.sparsify(f)(m)
    with pytest.raises(TypeError, match="unhashable"):
        hash(m)


def test_sparsified_programs():
    m = sparse.BCOO.fromdense(M)
    programs = [
        pb.nn.relu,
        pb.jit(pnp.sin),
        pb.checkpoint(pnp.tanh),
        lambda x: lax.fori_loop(0, 3, lambda i, c: c * 2, x),
        lambda x: lax.while_loop(lambda c: c[1] < 3, lambda c: (c[0] * 2, c[1] + 1), (x, 0))[0],
        lambda x: lax.cond(x.sum() > 0, lambda y: y * 2, lambda y: -y, x),
        lambda x: pnp.stack([x, x]),
        lambda x: pnp.concatenate([x, x], 1),
        lambda x: sparse.todense(x) + 1,
        lambda x: pnp.einsum("ij,j->i", x, W),
        lambda x: pnp.dot(x, W).sum() + x.mean(),
        lambda x: {"a": pnp.expand_dims(x, 1), "b": (W,)}["a"],
    ]
    for f in programs:
        close(sparse.sparsify(f)(m), f(pnp.asarray(M)))


def test_sparsified_functions_take_arguments_by_name():
    m, dense = sparse.BCOO.fromdense(M), pnp.asarray(M)
    theirs = jax_sparse.sparsify(jax.numpy.sum)(jax_sparse.BCOO.fromdense(M), axis=1)
    close(sparse.sparsify(pnp.sum)(m, axis=1), theirs.todense())
    close(sparse.sparsify(lambda x, y: x @ y)(m, y=W), dense @ W)
    close(sparse.sparsify(lambda x, y: x + y)(m, y=m), 2 * dense)
    close(pb.jit(lambda y: sparse.sparsify(pnp.matmul)(m, y))(W), dense @ W)


def test_a_vector_is_not_spread_over_a_large_matrix():
    n = 10**6
    m = sparse.eye(n) * np.ones(n, np.float32)
    assert m.nse == n


def test_derivatives():
    def loss(s, m, y):
        return ((m @ y) ** 2).sum()

    for chosen in (0, 1, (0, 1)):
        ours, theirs = (
            s.value_and_grad(lambda *a, s=s: loss(s, *a), argnums=chosen)(s.BCOO.fromdense(M), W)
            for s in (sparse, jax_sparse)
        )
        for mine, other in zip(pb.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
            np.testing.assert_allclose(mine, other, rtol=1e-5)
    for name in ("jacfwd", "jacrev"):
        ours, theirs = (
            getattr(s, name)(lambda m, y: m @ y)(s.BCOO.fromdense(M), W)
            for s in (sparse, jax_sparse)
        )
        check(ours, theirs)
    _, aux = sparse.grad(lambda m: (m.sum(), 3), has_aux=True)(sparse.BCOO.fromdense(M))
    assert aux == 3
    dense = pb.grad(lambda x: (sparse.BCOO.fromdense(x, nse=12) @ W).sum())(M)
    np.testing.assert_allclose(dense, np.where(M != 0, W, 0))


def test_batches():
    m, _ = both(X, n_batch=1)
    close(pb.vmap(lambda a: a @ W)(m), X @ W)
    close(pb.vmap(lambda a: a.T)(m), X.transpose(0, 2, 1))
    out = pb.vmap(lambda a, k: (a * k, a.todense()), in_axes=(0, None), out_axes=(0, 1))(m, 2.0)
    close(out[0], 2 * X)
    close(out[1], X.transpose(1, 0, 2))
    made = pb.vmap(lambda x: sparse.BCOO.fromdense(x, nse=8))(X)
    assert made.n_batch == 1
    close(made, X)
    close(pb.jit(pb.vmap(lambda a: sparse.BCSR.from_bcoo(a)))(m), X)
    with pytest.raises(ValueError, match="is none of them"):
        pb.vmap(lambda a: a.todense(), in_axes=1)(m)


@pytest.mark.parametrize(("n_batch", "n_dense"), [(0, 0), (1, 0), (0, 1)])
def test_compressed_rows_in_batches(n_batch, n_dense):
    x = M if n_batch + n_dense == 0 else X
    ours, theirs = (
        s.BCSR.fromdense(x, n_batch=n_batch, n_dense=n_dense) for s in (sparse, jax_sparse)
    )
    check(ours, theirs)
    close(ours, x)
    close(ours.to_bcoo(), x)
    close(ours * 2, 2 * x)
    close(ours.sum_duplicates(nse=ours.nse), x)
    got, want = (
        s.bcsr_extract(m.indices, m.indptr, x) for s, m in ((sparse, ours), (jax_sparse, theirs))
    )
    np.testing.assert_allclose(got, want)


def test_compressed_rows():
    m = sparse.BCSR.fromdense(M, nse=12)
    close(m @ W, M @ W)
    close(V @ m, V @ M)
    close(sparse.bcsr_concatenate([m, m], dimension=0), np.concatenate([M, M]))
    made = sparse.BCSR.from_scipy_sparse(scipy.sparse.csr_matrix(M))
    close(made, M)
    close(sparse.BCOO.from_scipy_sparse(scipy.sparse.csr_matrix(M)), M)


@pytest.mark.parametrize("form", ["COO", "CSR", "CSC"])
def test_single_matrices(form):
    ours, theirs = (getattr(s, form).fromdense(M) for s in (sparse, jax_sparse))
    check(ours, theirs)
    close(ours, M)
    close(pb.jit(lambda m: m @ W)(ours), M @ W)
    close(ours.T @ V, V @ M)
    close(ours @ M.T, M @ M.T)
    for k in (-4, -1, 0, 2, 5):
        mine, other = (s.eye(3, 5, k, sparse_format=form.lower()) for s in (sparse, jax_sparse))
        assert repr(mine) == repr(other)
        close(mine, np.eye(3, 5, k))
    assert repr(sparse.empty((2, 3), sparse_format=form.lower())) == f"{form}(float32[2, 3], nse=0)"


def test_identities():
    for k in (-4, -1, 0, 2, 5):
        check(*(s.eye(3, 5, k) for s in (sparse, jax_sparse)))
    for n_batch, n_dense in [(1, 0), (0, 1), (1, 1), (2, 0)]:
        close(sparse.eye(3, n_batch=n_batch, n_dense=n_dense), np.eye(3))


def test_random_arrays():
    kind = {"dtype": np.float32, "indices_dtype": np.int32}
    options = [{}, {"nse": 5}, {"n_batch": 1, "sorted_indices": True}, {"n_dense": 1}]
    for kwargs in options:
        check(
            sparse.random_bcoo(pb.random.key(1), (4, 5, 6), **kind, **kwargs),
            jax_sparse.random_bcoo(jax.random.key(1), (4, 5, 6), **kind, **kwargs),
        )


def test_products_of_two():
    a, b = drawn((3, 4), 5), drawn((3, 1), 6)
    mine = [sparse.BCOO.fromdense(x) for x in (a, b)]
    close(sparse.bcoo_multiply_sparse(*mine), a * b)
    batch = sparse.BCOO.fromdense(a, n_batch=1)
    close(sparse.bcoo_multiply_sparse(batch, mine[1]), a * b)


def test_convolutions():
    x, k = drawn((1, 1, 9), 7), drawn((1, 1, 3), 8)
    for padding in ("SAME", "VALID", [(2, 1)]):
        want = lax.conv_general_dilated(x, k, (1,), padding)
        ours = sparse.bcoo_conv_general_dilated(
            sparse.BCOO.fromdense(x), sparse.BCOO.fromdense(k), window_strides=(1,), padding=padding
        )
        close(ours, want)
    y, filters = drawn((2, 3, 6, 5), 9), drawn((4, 3, 2, 3), 10)
    options = {"window_strides": (2, 1), "padding": [(1, 0), (2, 2)], "rhs_dilation": (1, 2)}
    want = lax.conv_general_dilated(y, filters, **options)
    close(sparse.bcoo_conv_general_dilated(sparse.BCOO.fromdense(y), filters, **options), want)
    close(
        sparse.sparsify(lambda y: lax.conv_general_dilated(y, filters, **options))(
            sparse.BCOO.fromdense(y)
        ),
        want,
    )


def test_direct_solver():
    a = drawn((5, 5), 11) + 5 * np.eye(5, dtype=np.float32)
    m, b = sparse.CSR.fromdense(a), np.arange(5, dtype=np.float32)

    def found(data, b):
        return sparse.linalg.spsolve(data, m.indices, m.indptr, b)

    def wanted(data, b):
        return pnp.linalg.solve(sparse.CSR((data, m.indices, m.indptr), shape=(5, 5)).todense(), b)

    close(pb.jit(found)(m.data, b), wanted(m.data, b))
    ours, theirs = (
        pb.grad(lambda d, b, f=f: (f(d, b) ** 2).sum(), (0, 1))(m.data, b) for f in (found, wanted)
    )
    for mine, other in zip(ours, theirs, strict=True):
        close(mine, other)


def test_errors():
    with pytest.raises(ValueError, match="BCOO: data"):
        sparse.BCOO((np.ones(3), np.zeros((2, 1), int)), shape=(4,))
    with pytest.raises(ValueError, match="BCSR: data"):
        sparse.BCSR((np.ones(2), np.zeros(2, int), np.zeros(2, int)), shape=(4, 4))
    with pytest.raises(ValueError, match="sparse_format"):
        sparse.empty((2, 2), sparse_format="dok")
    with pytest.raises(TypeError, match="contracted"):
        sparse.eye(3) @ np.ones(4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert sparse.empty((0, 3)).todense().shape == (0, 3)


def test_names_are_those_of_jax():
    """But for primitives, which compositions have none of."""
    missing = {n for n in dir(jax_sparse) if n[0] != "_" and not n.endswith("_p")}
    missing -= set(dir(sparse))
    modules = {"ad", "api", "coo", "csr", "random", "transform", "util"}
    assert missing - modules == {"SparseTracer"}


MODULES = "ad api bcoo bcsr coo csr linalg random transform util"


@pytest.mark.parametrize("module", MODULES.split())
def test_submodules_have_what_jax_has_there(module):
    ours, theirs = (
        importlib.import_module(f"{top}.experimental.sparse.{module}")
        for top in ("pullback", "jax")
    )
    shared = [n for n in dir(theirs) if n in sparse.__all__ and hasattr(jax_sparse, n)]
    for name in shared:
        home = getattr(getattr(theirs, name), "__module__", "")
        if home.endswith(f"sparse.{module}"):
            assert getattr(ours, name) is getattr(sparse, name)
