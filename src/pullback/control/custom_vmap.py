"""custom_vmap: functions whose batching is given by their author."""

from collections.abc import Callable, Sequence
from typing import Any

from .. import tree
from ..core.stage import stage_hoisted
from ..core.trace import get_aval
from ..transforms.flat import Flat, arguments, check_function, result_text
from ..transforms.named import function_name
from .custom_call import Rule
from .custom_function import CustomFunction
from .custom_vmap_call import custom_vmap_p
from .loop import map


class custom_vmap(CustomFunction):
    """A function with a batching of its own, set by `def_vmap`.

    Args:
      fun: function of arrays or pytrees of arrays. It becomes a program at each call, so it must
        not branch on values.

    The rule is `rule(axis_size, in_batched, *args) -> (results, out_batched)`: `in_batched` is a
    list of pytrees like the arguments, of booleans that say which arrays have the batch, at axis
    0; `out_batched` is a pytree like the results. Derivatives of batches are those of the rule;
    reverse mode of single elements is that of the function.

    >>> from pullback import numpy as pnp, vmap
    >>> from pullback.custom_batching import custom_vmap
    >>> @custom_vmap
    ... def f(x, y):
    ...     return x + y
    >>> @f.def_vmap
    ... def f_vmap(axis_size, in_batched, xs, ys):
    ...     return xs * ys, True
    >>> vmap(f)(pnp.arange(3), pnp.arange(1, 4))
    Array([0, 2, 6], dtype=int32)
    """

    def __init__(self, fun: Callable[..., Any]) -> None:
        super().__init__(fun)
        self.vmap_rule: Callable[..., tuple[Any, Any]] | None = None

    def def_vmap(self, vmap_rule: Callable[..., tuple[Any, Any]]) -> Callable[..., tuple[Any, Any]]:
        """Set the rule `rule(axis_size, in_batched, *args) -> (results, out_batched)`; returns it.

        Raises:
          TypeError: the rule is not a function.
        """
        check_function(vmap_rule, "custom_vmap.def_vmap")
        self.vmap_rule = vmap_rule
        return vmap_rule

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        name = function_name(self.fun)
        if self.vmap_rule is None:
            raise AttributeError(f"custom_vmap: {name} has no rule: set one with @{name}.def_vmap")
        _, chosen, _, _ = self.arguments(args, kwargs, lambda x: x)
        flat, in_tree = arguments(chosen, "custom_vmap")
        f = Flat(self.fun, in_tree, name="custom_vmap")
        call, captured = stage_hoisted(f, [get_aval(x) for x in flat], "custom_vmap")
        rule = _FlatRule(self.vmap_rule, in_tree, f.out_tree, len(captured), name)
        return f.out_tree.unflatten(custom_vmap_p.bind(*captured, *flat, call=call, rule=rule))


class _FlatRule(Rule):
    """A user's batching rule on leaves; checks what it returns."""

    __slots__ = ("in_tree", "name", "num_consts", "out_tree", "rule")

    def __init__(
        self, rule: Callable[..., Any], in_tree: Any, out_tree: Any, num_consts: int, name: str
    ) -> None:
        super().__init__(rule, in_tree, out_tree, num_consts)
        self.rule, self.name, self.num_consts = rule, name, num_consts
        self.in_tree, self.out_tree = in_tree, out_tree

    def __call__(
        self, size: int, batched: Sequence[bool], *leaves: Any
    ) -> tuple[list[Any], list[bool]]:
        n = self.num_consts
        if any(batched[:n]):
            raise TypeError(
                f"custom_vmap: {self.name} captures a batched value, which its rule cannot see:"
                " pass the value as an argument"
            )
        in_batched = list(self.in_tree.unflatten(batched[n:]))
        pair = self.rule(size, in_batched, *self.in_tree.unflatten(leaves[n:]))
        if not (isinstance(pair, (tuple, list)) and len(pair) == 2):
            raise TypeError(
                f"custom_vmap: the rule of {self.name} must return a pair (results, out_batched),"
                f" got {result_text(pair)}"
            )
        outs, out_tree = arguments(pair[0], "custom_vmap")
        found, batched_tree = tree.flatten(pair[1])
        self._check(out_tree, self.out_tree, "results of the structure of the function's")
        self._check(batched_tree, out_tree, "out_batched of the structure of its results")
        return outs, [bool(b) for b in found]

    def _check(self, got: Any, wanted: Any, what: str) -> None:
        if got != wanted:
            raise ValueError(
                f"custom_vmap: the rule of {self.name} must return {what}, {wanted}, got {got}"
            )


def sequential_vmap(f: Callable[..., Any]) -> custom_vmap:
    """A function whose batches are computed one element after the other, in a loop.

    >>> from pullback import numpy as pnp, vmap
    >>> from pullback.custom_batching import sequential_vmap
    >>> vmap(sequential_vmap(lambda x: x + 1))(pnp.arange(3))
    Array([1, 2, 3], dtype=int32)
    """
    check_function(f, "sequential_vmap")
    function = custom_vmap(f)

    @function.def_vmap
    def _(axis_size: int, in_batched: list[Any], *args: Any) -> Any:
        mask = tree.leaves(in_batched)
        leaves, treedef = tree.flatten(args)
        mapped = [x for x, b in zip(leaves, mask, strict=True) if b]

        def one(slices: list[Any]) -> Any:
            rest = iter(slices)
            given = [next(rest) if b else x for x, b in zip(leaves, mask, strict=True)]
            return function(*treedef.unflatten(given))

        out = map(one, mapped)
        return out, tree.map(lambda _: True, out)

    return function
