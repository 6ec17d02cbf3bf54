"""The rules of operations as tables, one for each kind of rule."""

from collections.abc import Callable
from typing import Any

from ..core.primitive import Primitive
from ..extend.primitive import Missing

Rule = Callable[..., Any]


class Rules:
    """From operations to their rules of one kind. Setting an item sets the rule."""

    def __init__(self, slot: str, what: str) -> None:
        self._slot = slot
        self._what = what

    def get(self, primitive: Primitive, default: Any = None) -> Any:
        """The rule of an operation, or the default."""
        rule = getattr(primitive, self._slot, None)
        return default if rule is None or isinstance(rule, Missing) else rule

    def __contains__(self, primitive: Primitive) -> bool:
        return self.get(primitive) is not None

    def __getitem__(self, primitive: Primitive) -> Rule:
        rule = self.get(primitive)
        if rule is None:
            raise KeyError(primitive)
        return rule

    def __setitem__(self, primitive: Primitive, rule: Rule) -> None:
        setattr(primitive, self._slot, rule)

    def __delitem__(self, primitive: Primitive) -> None:
        self[primitive] = Missing(f"{self._what} of {primitive.name}")

    def __repr__(self) -> str:
        return f"<the rules for {self._what.lower()}>"
