"""Mistakes that a type checker finds; the rule that each breaks stands beside it."""

import pullback as pb
from pullback import lax, random
from pullback import numpy as pnp


def loss(w: pb.Array, x: pb.Array) -> pb.Array:
    return (w * x).sum()


w = pnp.ones(3)
pnp.sinn(w)  # reportAttributeAccessIssue
pnp.linalg.svdd(w)  # reportAttributeAccessIssue
pnp.linspaces(0, 1)  # reportAttributeAccessIssue
random.norml(random.key(0))  # reportAttributeAccessIssue
lax.scann(None, None)  # reportAttributeAccessIssue
pb.gradient(loss)  # reportAttributeAccessIssue
w.summ()  # reportAttributeAccessIssue
print(pnp.sin(w).shapes)  # reportAttributeAccessIssue
pnp.sum(w, axes=0)  # reportCallIssue
pnp.sin(x=w)  # reportCallIssue
pnp.pad(w)  # reportCallIssue
w.sum(axes=0)  # reportCallIssue
random.normal(key=random.key(0), shap=(3,))  # reportCallIssue
pb.grad(loss, argnum=0)  # reportCallIssue
pb.grad(loss)(w)  # reportCallIssue
pb.grad(3.0)  # reportArgumentType
pb.value_and_grad(loss)(w, x=w, y=w)  # reportCallIssue
pb.jit(loss, static_argnum=0)  # reportCallIssue
pb.jit(loss)(w)  # reportCallIssue
pb.jit(loss)(w, "text")  # reportArgumentType
print(pb.jit(loss)(w, w).shapes)  # reportAttributeAccessIssue
pb.vmap(loss)(w)  # reportCallIssue
pb.checkpoint(loss)(w)  # reportCallIssue
w[0] = 1.0  # reportIndexIssue
