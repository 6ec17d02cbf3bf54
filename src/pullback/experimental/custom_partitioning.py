"""Functions that say how they are to be divided among devices; the partitioner divides them."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from ..transforms.named import function_name

__all__ = ["custom_partitioning"]


class custom_partitioning:
    """A function with rules of how to divide it, which XLA's own partitioner does not need.

    What `def_partition` gives computes the same as the function, so the function itself is run,
    and can be transformed like any other.

    Args:
      fun: a function of arrays.
      static_argnums: the positions of arguments that are no arrays; accepted.

    >>> from pullback.experimental.custom_partitioning import custom_partitioning
    >>> f = custom_partitioning(pnp.sin)
    >>> _ = f.def_partition(lambda mesh, args, out: None, sharding_rule="...i -> ...i")
    >>> f(0.0)
    Array(0., dtype=float32, weak_type=True)
    """

    def __init__(self, fun: Callable[..., Any], static_argnums: Sequence[int] = ()) -> None:
        self.fun = fun
        self.__name__, self.__doc__ = function_name(fun), inspect.getdoc(fun)

    def def_partition(
        self,
        partition: Callable[..., Any],
        infer_sharding_from_operands: Callable[..., Any] | None = None,
        propagate_user_sharding: Callable[..., Any] | None = None,
        decode_shardings: bool = True,
        sharding_rule: Any = None,
        *,
        reduction_factors: tuple[str, ...] = (),
        need_replication_factors: tuple[str, ...] = (),
        permutation_factors: tuple[str, ...] = (),
        **factor_sizes: int,
    ) -> Callable[..., Any]:
        """Say how the function is to be divided; all arguments are accepted.

        Returns:
          `partition`, so that this may decorate it.

        Raises:
          ValueError: factors are given without a rule in text.
        """
        factors = (reduction_factors, need_replication_factors, permutation_factors)
        if not isinstance(sharding_rule, str) and (any(factors) or factor_sizes):
            raise ValueError(
                f"def_partition of {self.__name__}: factors and their sizes belong to a"
                f" sharding_rule in text, got {sharding_rule!r}"
            )
        return partition

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.fun(*args, **kwargs)
