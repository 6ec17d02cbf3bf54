"""Products that are used transposed alone are computed transposed: the other way round.

With x[b.., m.., k..] and y[b.., k.., n..] the result z[b.., m.., n..] is that of y and x with the
groups m and n exchanged. Gradients of weights are such results.
"""

from collections import Counter

from ...core.ir import Atom, Jaxpr, JaxprEqn, Var
from ...core.memo import weak_memo
from ...core.rewrite import each, inside
from ...primitives.contract import dot_general_p
from ...primitives.shape import transpose_p


@weak_memo
def turned(jaxpr: Jaxpr) -> Jaxpr:
    """The program with products in place of their transposes."""
    if any(e.primitive is transpose_p for e in jaxpr.eqns):
        jaxpr = _with_products(jaxpr)
    return each(jaxpr, lambda e: inside(e, turned))


def _with_products(jaxpr: Jaxpr) -> Jaxpr:
    uses = Counter([v for e in jaxpr.eqns for v in e.invars] + jaxpr.outvars)
    products: dict[Atom, JaxprEqn] = {
        e.outvars[0]: e
        for e in jaxpr.eqns
        if e.primitive is dot_general_p and uses[e.outvars[0]] == 1
    }
    new: dict[JaxprEqn, JaxprEqn | None] = {}
    for eqn in jaxpr.eqns:
        product = products.get(eqn.invars[0]) if eqn.primitive is transpose_p else None
        other = None if product is None else exchanged(product, eqn)
        if product is not None and other is not None:
            new[product], new[eqn] = None, other
    if not new:
        return jaxpr
    eqns = [new.get(e, e) for e in jaxpr.eqns]
    return jaxpr.replace(eqns=[e for e in eqns if e is not None])


def exchanged(product: JaxprEqn, transpose: JaxprEqn) -> JaxprEqn | None:
    """The product with its operands exchanged, where that is what a transposition makes of it."""
    x, y = product.invars
    (cx, cy), (bx, by) = product.params["dimension_numbers"]
    batch = len(bx)
    rows, columns = len(x.aval.shape) - len(cx) - batch, len(y.aval.shape) - len(cy) - batch
    order = transpose.params["permutation"]
    left, right = range(batch, batch + rows), range(batch + rows, batch + rows + columns)
    if tuple(order[batch:]) != (*right, *left):
        return None
    numbers = (cy, cx), (tuple(by[d] for d in order[:batch]), tuple(bx[d] for d in order[:batch]))
    precision = product.params["precision"]
    if isinstance(precision, tuple):
        precision = precision[::-1]
    params = {**product.params, "dimension_numbers": numbers, "precision": precision}
    (out,) = transpose.outvars
    assert isinstance(out, Var)
    return product.replace(invars=[y, x], outvars=[out], params=params)
