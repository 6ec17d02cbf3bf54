"""What functions with rules of their own are: decorators that keep a function and its arguments."""

import inspect
from collections.abc import Callable, Sequence
from functools import partial, update_wrapper
from typing import Any

from .custom_call import runs_alone
from .signature import has_defaults, positional, without_nondiff


class CustomFunction:
    """A function that carries rules: `custom_jvp`, `custom_vjp` and `custom_vmap` are of this kind.

    `nondiff_argnums` are the positions of arguments that rules take apart from the others.
    """

    def __init__(
        self,
        fun: Callable[..., Any],
        nondiff_argnums: Sequence[int] = (),
        nondiff_argnames: Sequence[str] = (),
    ) -> None:
        update_wrapper(self, fun)
        self.fun = fun
        named = list(inspect.signature(fun).parameters) if nondiff_argnames else []
        found = {*nondiff_argnums, *[named.index(name) for name in nondiff_argnames]}
        self.nondiff_argnums = tuple(sorted(found))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The function's result; the rules are for those who transform it."""
        raise NotImplementedError

    def __getattr__(self, name: str) -> Any:
        """The `def...` methods of the function, itself one with rules of another kind."""
        if name.startswith("def"):
            return getattr(self.fun, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else partial(self, instance)

    def is_alone(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        """Whether a call is just its function, as can be seen before arguments are looked at."""
        if kwargs or has_defaults(self.fun):
            return False
        apart = self.nondiff_argnums
        return runs_alone([a for i, a in enumerate(args) if i not in apart] if apart else args)

    def arguments(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], aside: Callable[[Any], Any]
    ) -> tuple[Callable[..., Any], tuple[Any, ...], tuple[Any, ...], tuple[Any, ...]]:
        """The function of the arguments not set aside, those, the ones set aside, and all.

        `aside` is applied to each that is set aside.
        """
        args = positional(self.fun, args, kwargs, type(self).__name__)
        if not self.nondiff_argnums:
            return self.fun, args, (), args
        apart = {i % len(args) for i in self.nondiff_argnums} if args else set()
        args = tuple([aside(x) if i in apart else x for i, x in enumerate(args)])
        return *without_nondiff(self.fun, self.nondiff_argnums, (), args), args
