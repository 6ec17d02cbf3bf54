"""Programs of one device, run by all devices of a mesh: shard_map, and pmap as a form of it."""

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from . import config, tree
from ._native import DeviceArray
from .backends.devices import devices as all_devices
from .control.manual import scope, scopes
from .control.shard_map import local_shape, shard_map_p
from .control.varying import settled
from .core.abstract_mesh import AbstractMesh, concrete
from .core.aval import ShapedArray, type_name
from .core.mesh import Mesh
from .core.sharding import NamedSharding, PartitionSpec
from .core.stage import hoist, stage
from .core.trace import get_aval
from .jit import jit
from .numpy import expand_dims, moveaxis, squeeze
from .transforms.cells import borrow
from .transforms.flat import Flat, arguments, check_function
from .transforms.named import function_name, wraps

P = PartitionSpec


class Infer:
    """Stands for `in_specs`, or `in_axes`, that follow from the arguments."""

    def __repr__(self) -> str:
        return "Infer"


_INFER: Any = Infer()


def shard_map(
    f: Callable[..., Any] | None = None,
    /,
    *,
    out_specs: Any,
    in_specs: Any = _INFER,
    mesh: Mesh | None = None,
    axis_names: AbstractSet[Any] = frozenset(),
    check_vma: bool = True,
) -> Callable[..., Any]:
    """`f`, a function of one device's parts of arrays, run by all devices of a mesh.

    Inside, the axes of the mesh have names for psum, all_gather, ppermute, axis_index and others.

    Args:
      f: function of arrays or pytrees of arrays, by position.
      out_specs: how the parts of the results make up arrays: a `PartitionSpec`, or a pytree of
        them that is a prefix of the result. Along an axis that a spec does not name, all devices
        must have the same value.
      in_specs: how the arguments are cut: a pytree of `PartitionSpec`s that is a prefix of the
        tuple of arguments. Along an axis that a spec does not name, all devices get the same.
        An argument whose spec is None is given to `f` as it is.
      mesh: the devices; None: that of `set_mesh`.
      axis_names: axes of the mesh along which `f` is one device's program; along the others the
        compiler divides it. Empty: all.
      check_vma: whether to check that results are the same along axes that `out_specs` do not
        name; gradients inside `f` of values that are the same along an axis are then summed over
        it. Without it each device has its own.

    Returns:
      A function of whole arrays. Without `f`, a decorator.

    Raises:
      ValueError: an array cannot be cut evenly so, or a result may differ along an axis along
        which it must not.

    >>> import pullback as pb
    >>> mesh = pb.make_mesh((1,), ("x",), devices=pb.devices("xla"))
    >>> def f(part):
    ...     return pb.lax.psum(part.sum(), "x")
    >>> pb.shard_map(f, mesh=mesh, in_specs=pb.P("x"), out_specs=pb.P())(pb.numpy.ones(4))
    Array(4., dtype=float32)
    """
    if f is None:
        return lambda g: shard_map(
            g, out_specs=out_specs, in_specs=in_specs, mesh=mesh, axis_names=axis_names,
            check_vma=check_vma,
        )  # fmt: skip
    check_function(f, "shard_map")
    if in_specs is _INFER:
        raise NotImplementedError("shard_map: give in_specs; types of arrays hold no shardings")

    @wraps(f)
    def mapped(*args: Any) -> Any:
        found = _mesh(mesh, args)
        of_parts, parts, specs = _without_fixed(f, args, in_specs)
        program = _Program(of_parts, found, _axes(found, axis_names), check_vma)
        return program(parts, specs, out_specs)

    return mapped


def _without_fixed(f: Any, args: tuple[Any, ...], specs: Any) -> tuple[Any, Any, Any]:
    """A function, its arguments and their specs without those arguments that have none."""
    each = tree.broadcast_prefix(specs, args, is_leaf=lambda s: s is None)
    if None not in each:
        return f, args, specs
    leaves, structure = tree.flatten(args)

    @wraps(f)
    def of_parts(*parts: Any) -> Any:
        given = iter(parts)
        pairs = zip(leaves, each, strict=True)
        return f(*structure.unflatten([x if s is None else next(given) for x, s in pairs]))

    divided = [(x, s) for x, s in zip(leaves, each, strict=True) if s is not None]
    return of_parts, tuple([x for x, _ in divided]), tuple([s for _, s in divided])


def _mesh(mesh: Any, args: Any) -> Mesh:
    """The devices of a mesh; of an abstract one, those of an argument that lies on such a mesh."""
    there = config.current().mesh
    if isinstance(mesh, AbstractMesh) and not isinstance(there, Mesh):
        places = [x._place.sharding for x in tree.leaves(args) if isinstance(x, DeviceArray)]
        there = next((s.mesh for s in places if isinstance(s, NamedSharding)), there)
    found = concrete(mesh or there, there, "shard_map")
    if not isinstance(found, Mesh):
        raise ValueError(f"shard_map: wants a Mesh, or one set by set_mesh, got {found!r}")
    return found


def _axes(mesh: Mesh, names: AbstractSet[Any]) -> tuple[Any, ...]:
    unknown = [n for n in names if n not in mesh.axis_names]
    if unknown:
        raise ValueError(f"shard_map: axis_names {unknown} are not among {mesh.axis_names}")
    around = [n for s in scopes() for n in s.sizes]
    axes = tuple([n for n in mesh.axis_names if n in names or (not names and n not in around)])
    if not axes or any(n in around for n in axes):
        raise ValueError(
            f"shard_map inside another, of the axes {around}: axis_names must be others of"
            f" {mesh.axis_names}, got {sorted(names)}"
        )
    if any(s.mesh != mesh for s in scopes()):
        raise ValueError("shard_map inside another: both must have the same mesh")
    return axes


class _Program:
    """A function as a program of one device."""

    def __init__(self, f: Callable[..., Any], mesh: Mesh, axes: tuple[Any, ...], checks: bool):
        self.f = f
        self.mesh = mesh
        self.axes = axes
        self.checks = checks
        self.what = f"shard_map of {function_name(f)}"

    def __call__(self, args: tuple[Any, ...], in_specs: Any, out_specs: Any) -> Any:
        """Stage it for the parts of some arguments, and run it on all devices.

        Inside another it is settled with that one.
        """
        args, loans = borrow(args, self.what)
        leaves, in_tree = arguments(args, self.what)
        given = specs = self.specs(in_specs, args, "in_specs")
        avals = [self.part(get_aval(x), s) for x, s in zip(leaves, specs, strict=True)]
        flat = Flat(self.f, in_tree, name=self.what)
        inner = bool(scopes())
        with scope(self.mesh, self.axes, self.checks), config.override(mesh=self.mesh):
            closed = stage(loans.lent(flat), avals, self.what)
            specs = [P()] * len(closed.consts) + specs
            names = tuple([frozenset(s.all_names) for s in specs])
            program = hoist(closed.jaxpr)
            jaxpr, found = settled(program, names, self.axes if self.checks else ())
        n = flat.out_tree.num_leaves
        outs = self.specs(out_specs, flat.out_tree.unflatten(range(n)), "out_specs")
        outs += [given[i] for i in loans.written]
        self.check(outs, found, jaxpr.out_avals)
        results = shard_map_p.bind(
            *closed.consts, *leaves, jaxpr=program if inner else jaxpr,
            name=function_name(self.f), mesh=self.mesh, axes=self.axes, in_specs=tuple(specs),
            out_specs=tuple(outs), check_vma=self.checks,
        )  # fmt: skip
        loans.settle(results[n:])
        return flat.out_tree.unflatten(results[:n])

    def specs(self, prefix: Any, value: Any, what: str) -> list[PartitionSpec]:
        """The spec of each leaf."""
        found = tree.broadcast_prefix(prefix, value, is_leaf=lambda s: s is None)
        for spec in found:
            if not isinstance(spec, PartitionSpec):
                raise TypeError(f"{self.what}: {what} must hold PartitionSpecs, got {spec!r}")
            NamedSharding(self.mesh, spec)
            others = [n for n in spec.all_names if n not in self.axes]
            if others:
                raise ValueError(f"{self.what}: {what} {spec} names {others}, not in axis_names")
        return found

    def part(self, aval: ShapedArray, spec: PartitionSpec) -> ShapedArray:
        """The type of a device's part of an argument."""
        NamedSharding(self.mesh, spec).check(aval.shape, self.what)
        return aval.update(shape=local_shape(aval.shape, spec, self.mesh))

    def check(
        self, specs: Sequence[PartitionSpec], found: Any, avals: Sequence[ShapedArray]
    ) -> None:
        """Raise unless results are what the specs promise."""
        for spec, names, aval in zip(specs, found, avals, strict=True):
            if len(spec) > aval.ndim:
                raise ValueError(
                    f"{self.what}: out_specs {spec} is for arrays of {len(spec)} axes at least, got"
                    f" {type_name(aval)}"
                )
            more = [n for n in self.axes if n in names and n not in spec.all_names]
            if self.checks and more:
                raise ValueError(
                    f"{self.what}: out_specs {spec} says that a result is the same along the mesh"
                    f" axes {more}, and it may differ there: name them, make it the same"
                    " (psum, pmean), or pass check_vma=False"
                )


def pmap(
    fun: Callable[..., Any],
    axis_name: Any = None,
    *,
    in_axes: Any = 0,
    out_axes: Any = 0,
    static_broadcasted_argnums: int | Iterable[int] = (),
    devices: Sequence[Any] | None = None,
    backend: str | None = None,
    axis_size: int | None = None,
    donate_argnums: int | Iterable[int] = (),
) -> Callable[..., Any]:
    """`fun` mapped over an axis of its arguments, an element a device: a compiled `shard_map`.

    Args:
      fun: function of arrays or pytrees of arrays.
      axis_name: of the mapped axis, for psum and others.
      in_axes: the axis of each argument, an integer or None (the same for all), or a pytree of
        them that is a prefix of the tuple of arguments. Of arguments by name it is axis 0.
      out_axes: where the mapped axis stands in the results; None: take one of equal values.
      static_broadcasted_argnums: positions of arguments that are hashable values, compiled in.
      devices: the devices; by default the first ones of the platform.
      backend: the platform.
      axis_size: the size of the mapped axis.
      donate_argnums: arguments whose memory results may take.

    Raises:
      ValueError: the mapped axes differ in size, or there are fewer devices.

    >>> import pullback as pb
    >>> double = pb.pmap(lambda x: 2 * x, devices=pb.devices("xla")[:1])
    >>> double(pb.numpy.ones((1, 2)))
    Array([[2., 2.]], dtype=float32)
    """
    check_function(fun, "pmap")
    name = "_pmap" if axis_name is None else axis_name
    static = (
        (static_broadcasted_argnums,)
        if isinstance(static_broadcasted_argnums, int)
        else tuple(static_broadcasted_argnums)
    )

    def whole(*args: Any, **kwargs: Any) -> Any:
        if any(i >= len(args) for i in static):
            raise ValueError(
                f"pmap of {function_name(fun)}: pass the arguments {static} of"
                f" static_broadcasted_argnums by position; {len(args)} were passed so"
            )
        fixed = {i: args[i] for i in static}
        dynamic = tuple([a for i, a in enumerate(args) if i not in fixed])
        axes = tree.broadcast_prefix(_dynamic(in_axes, static), dynamic, lambda a: a is None)
        given = dynamic, kwargs
        axes += [0] * len(tree.leaves(kwargs))
        size = _size(fun, given, axes, axis_size)
        there = list(devices) if devices is not None else all_devices(backend)
        if size > len(there):
            raise ValueError(f"pmap: {size} elements need as many devices; there are {len(there)}")
        return _on_devices(fun, name, given, fixed, axes, out_axes, Mesh(there[:size], name))

    whole.__name__ = function_name(fun)
    donated = (donate_argnums,) if isinstance(donate_argnums, int) else tuple(donate_argnums)
    return jit(whole, static_argnums=static, donate_argnums=donated)


def _dynamic(in_axes: Any, static: tuple[int, ...]) -> Any:
    if not isinstance(in_axes, (tuple, list)):
        return in_axes
    return tuple([a for i, a in enumerate(in_axes) if i not in static])


def _size(fun: Any, args: Any, axes: Sequence[Any], given: int | None) -> int:
    leaves = tree.leaves(args)
    pairs = zip(leaves, axes, strict=True)
    sizes = {get_aval(x).shape[a] for x, a in pairs if a is not None} | {given} - {None}
    if len(sizes) != 1:
        raise ValueError(
            f"pmap of {function_name(fun)}: the mapped axes must have one size, got {sizes or None}"
        )
    (size,) = sizes
    assert size is not None
    return size


def _on_devices(
    fun: Any, name: Any, args: Any, fixed: Any, axes: Sequence[Any], out_axes: Any, mesh: Mesh
) -> Any:
    """The mapped axes come to the front, and go where the results have them."""
    leaves, structure = tree.flatten(args)
    pairs = list(zip(leaves, axes, strict=True))
    front = [x if a is None else moveaxis(x, a, 0) for x, a in pairs]

    def one(*parts: Any) -> Any:
        own = [x if a is None else squeeze(x, 0) for x, a in zip(parts, axes, strict=True)]
        given: Any = structure.unflatten(own)
        mine, named = list(given[0]), given[1]
        for i, value in sorted(fixed.items()):
            mine.insert(i, value)
        return tree.map(lambda x: expand_dims(x, 0), fun(*mine, **named))

    one.__name__ = function_name(fun)
    specs = tuple([P() if a is None else P(name) for a in axes])
    out = shard_map(one, mesh=mesh, in_specs=specs, out_specs=P(name), check_vma=False)(*front)
    places = tree.broadcast_prefix(out_axes, out, lambda a: a is None)
    results, shape = tree.flatten(out)
    ends = zip(results, places, strict=True)
    return shape.unflatten([x[0] if a is None else moveaxis(x, 0, a) for x, a in ends])
