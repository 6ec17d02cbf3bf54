"""Policies of `checkpoint`: which values the backward pass keeps instead of computing them again.

A policy is asked about each operation of the function, `policy(primitive, *types, **parameters)`,
and says whether its results may be kept.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple

from ..core.ir import JaxprEqn
from ..core.primitive import Primitive
from ..primitives.contract import dot_general_p
from ..primitives.conv import conv_general_dilated_p
from .name import name_p


class _Answer:
    """An answer of a policy besides True and False."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name


Recompute = _Answer("Recompute")
Saveable = _Answer("Saveable")


class Offloadable(NamedTuple):
    """The answer: keep the value in another memory. The CPU has one memory, so it is kept there.

    >>> from pullback.ad_checkpoint import Offloadable
    >>> Offloadable(src="device", dst="pinned_host").dst
    'pinned_host'
    """

    src: str
    dst: str


Policy = Callable[..., Any]


def is_saved(policy: Policy | None, eqn: JaxprEqn) -> bool:
    """Whether the policy lets the results of an operation be kept."""
    if policy is None:
        return False
    answer = policy(eqn.primitive, *[v.aval for v in eqn.invars], **eqn.params)
    if isinstance(answer, bool):
        return answer
    if answer is Saveable or answer is Recompute or isinstance(answer, Offloadable):
        return answer is not Recompute
    raise TypeError(
        f"checkpoint: the policy must return a bool, Recompute, Saveable or Offloadable(src, dst),"
        f" got {answer!r} for {eqn.primitive.name}"
    )


def everything_saveable(*_: Any, **__: Any) -> bool:
    """Keep all: as if there were no `checkpoint`."""
    return True


def nothing_saveable(*_: Any, **__: Any) -> bool:
    """Keep the arguments only: what `checkpoint` does without a policy."""
    return False


@dataclass(frozen=True)
class DotsSaveable:
    """Keep the results of contractions, all or those without batch axes."""

    only_if_no_batch_dims: bool

    def __call__(self, primitive: Primitive, *_: Any, **params: Any) -> bool:
        if self.only_if_no_batch_dims:
            return primitive is dot_general_p and not any(params["dimension_numbers"][1])
        return primitive is dot_general_p or primitive is conv_general_dilated_p


@dataclass(frozen=True)
class Names:
    """Keep the values that have one of the names; `but` those, if it is set."""

    names: frozenset[str]
    but: bool = False

    def __call__(self, primitive: Primitive, *_: Any, **params: Any) -> bool:
        return primitive is name_p and (params["name"] in self.names) != self.but


@dataclass(frozen=True)
class AllBut:
    """Keep all values but those that have one of the names."""

    names: frozenset[str]

    def __call__(self, primitive: Primitive, *_: Any, **params: Any) -> bool:
        return primitive is not name_p or params["name"] not in self.names


@dataclass(frozen=True)
class Either:
    """Keep what one of two policies keeps."""

    first: Policy
    second: Policy

    def __call__(self, primitive: Primitive, *types: Any, **params: Any) -> bool:
        answers = [p(primitive, *types, **params) for p in (self.first, self.second)]
        if not all(isinstance(a, bool) for a in answers):
            raise ValueError(
                "save_from_both_policies: both policies must return a bool, got"
                f" {answers[0]!r} and {answers[1]!r}: write one policy that asks the two"
            )
        return any(answers)


@dataclass(frozen=True)
class Offloaded:
    """Keep what one policy keeps in another memory, and what the other keeps where it is."""

    moved: Policy
    source: str
    destination: str
    saved: Policy = nothing_saveable

    def __call__(self, primitive: Primitive, *types: Any, **params: Any) -> Any:
        if self.moved(primitive, *types, **params):
            return Offloadable(self.source, self.destination)
        return Saveable if self.saved(primitive, *types, **params) else Recompute


def offload_dot_with_no_batch_dims(offload_src: str, offload_dst: str) -> Policy:
    """Keep the results of contractions without batch axes, in the memory `offload_dst`."""
    return Offloaded(DotsSaveable(True), offload_src, offload_dst)


def save_anything_except_these_names(*names_not_to_save: str) -> Policy:
    """Keep all values but those that have one of the names."""
    return AllBut(frozenset(names_not_to_save))


def save_any_names_but_these(*names_not_to_save: str) -> Policy:
    """Keep the values that have a name, but not one of these."""
    return Names(frozenset(names_not_to_save), but=True)


def save_only_these_names(*names_which_can_be_saved: str) -> Policy:
    """Keep the values that have one of the names."""
    return Names(frozenset(names_which_can_be_saved))


def save_from_both_policies(policy_1: Policy, policy_2: Policy) -> Policy:
    """Keep what one of the policies keeps."""
    return Either(policy_1, policy_2)


def save_and_offload_only_these_names(
    *,
    names_which_can_be_saved: Any,
    names_which_can_be_offloaded: Any,
    offload_src: str,
    offload_dst: str,
) -> Policy:
    """Keep the values that have one of the names, some of them in the memory `offload_dst`."""
    saved, moved = frozenset(names_which_can_be_saved), frozenset(names_which_can_be_offloaded)
    if saved & moved:
        raise ValueError(
            "save_and_offload_only_these_names: a name must be saved or offloaded, not both, got"
            f" {sorted(saved & moved)} in both"
        )
    return Offloaded(Names(moved), offload_src, offload_dst, Names(saved))


dots_saveable = DotsSaveable(False)
dots_with_no_batch_dims_saveable = DotsSaveable(True)

checkpoint_policies = SimpleNamespace(
    everything_saveable=everything_saveable,
    nothing_saveable=nothing_saveable,
    dots_saveable=dots_saveable,
    checkpoint_dots=dots_saveable,
    dots_with_no_batch_dims_saveable=dots_with_no_batch_dims_saveable,
    checkpoint_dots_with_no_batch_dims=dots_with_no_batch_dims_saveable,
    offload_dot_with_no_batch_dims=offload_dot_with_no_batch_dims,
    save_anything_except_these_names=save_anything_except_these_names,
    save_any_names_but_these=save_any_names_but_these,
    save_only_these_names=save_only_these_names,
    save_from_both_policies=save_from_both_policies,
    save_and_offload_only_these_names=save_and_offload_only_these_names,
)
