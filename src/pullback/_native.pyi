"""The native core: arrays, the state of tracing, compiled calls, the runtime of compiled code."""

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, ParamSpec, Protocol, Self, TypeAlias, TypeVar, final

import numpy as np
from numpy.typing import DTypeLike, NDArray

_Ndarray: TypeAlias = NDArray[Any]
_P = ParamSpec("_P")
_R = TypeVar("_R")

class _Ufunc(Protocol):
    def __call__(self, *args: Any) -> Any: ...

# Arrays

@final
class ArrayImpl:
    """An immutable array around an ndarray, which is not copied and which nobody may write again.

    Takes bools and numbers in the machine's byte order, as an ndarray or a NumPy scalar. Operators,
    `repr`, indexing and methods like `sum` are set on the class from Python.
    """

    def __init__(self, npy: _Ndarray | np.generic, weak_type: bool = False) -> None: ...
    @property
    def _npy(self) -> _Ndarray:
        """The ndarray that holds the values; RuntimeError if the array was deleted."""
    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def dtype(self) -> np.dtype[Any]: ...
    @property
    def aval(self) -> Any:
        """What the factory made for (dtype, shape, weak_type): the same object for equal types."""
    @property
    def ndim(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def nbytes(self) -> int: ...
    @property
    def itemsize(self) -> int: ...
    @property
    def weak_type(self) -> bool: ...
    def is_deleted(self) -> bool: ...
    def delete(self) -> None:
        """Give the memory up; any later use of the values is a RuntimeError."""
    def block_until_ready(self) -> ArrayImpl: ...
    def is_ready(self) -> bool: ...
    def copy_to_host_async(self) -> None: ...
    def item(self, *args: int) -> bool | int | float | complex: ...
    def tolist(self) -> Any: ...
    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> _Ndarray: ...
    def __buffer__(self, flags: int, /) -> memoryview: ...
    def __len__(self) -> int: ...
    def __bool__(self) -> bool: ...
    def __int__(self) -> int: ...
    def __float__(self) -> float: ...
    def __complex__(self) -> complex: ...
    def __index__(self) -> int: ...
    def __copy__(self) -> ArrayImpl: ...
    def __deepcopy__(self, memo: Any, /) -> ArrayImpl: ...

@final
class DeviceArray:
    """An immutable array whose values lie on a device that is not the host.

    `buffer` is what the device's runtime knows the values by. Methods that need the values are set
    on the class from Python; they ask the device. A committed array was placed by the user: other
    operands come to it.
    """

    _host: _Ndarray | None

    def __init__(
        self,
        buffer: Any,
        dtype: np.dtype[Any],
        shape: Sequence[int],
        weak_type: bool,
        device: Any,
        committed: bool,
    ) -> None: ...
    @property
    def _buffer(self) -> Any:
        """RuntimeError if the array was deleted."""
    @property
    def _place(self) -> Any: ...
    @property
    def committed(self) -> bool: ...
    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def dtype(self) -> np.dtype[Any]: ...
    @property
    def aval(self) -> Any: ...
    @property
    def ndim(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def nbytes(self) -> int: ...
    @property
    def itemsize(self) -> int: ...
    @property
    def weak_type(self) -> bool: ...
    def is_deleted(self) -> bool: ...
    def delete(self) -> None: ...
    def __len__(self) -> int: ...
    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> _Ndarray: ...
    def block_until_ready(self) -> DeviceArray: ...
    def copy_to_host_async(self) -> None: ...

def live_device_arrays() -> list[DeviceArray]:
    """All arrays on devices that are not the host, the oldest first."""

def outlast_threads() -> None:
    """From now on no thread but the main one aborts the process: it waits for its end."""

def set_traceback_filter(
    filter: Callable[[BaseException, TracebackType], TracebackType | None],
) -> None:
    """What users see of (error, traceback) of an error under `jit`."""

def add_opaque_dtype(dtype: np.dtype[Any]) -> None:
    """Lets arrays hold a structured dtype besides bools and numbers."""

def set_aval_factory(make: Callable[[np.dtype[Any], tuple[int, ...], bool], Any]) -> None:
    """Set what makes `ArrayImpl.aval`. It is called once for each (dtype, shape, weak_type)."""

# The state of this thread

def current_trace() -> Any:
    """The trace that interprets operations in this thread."""

def swap_trace(trace: Any, /) -> Any:
    """Set this thread's trace; return the one before, which the caller must put back."""

def set_eager_trace(trace: Any, /) -> None:
    """Set the trace that each thread starts with."""

# Trees

def flatten(tree: Any, /) -> tuple[list[Any], Any]:
    """The leaves of a tree, and its structure: the same object for trees of the same one."""

def leaves(tree: Any, is_leaf: Callable[[Any], bool] | None, /) -> list[Any]:
    """The leaves of a tree."""

def flatten_with_path(tree: Any, /) -> tuple[list[tuple[tuple[Any, ...], Any]], Any] | None:
    """Pairs of path and leaf, and the structure; None of a tree that only optree takes apart."""

def leaves_with_path(
    tree: Any, is_leaf: Callable[[Any], bool], /
) -> list[tuple[tuple[Any, ...], Any]] | None:
    """Pairs of path and leaf; None of a tree that only optree takes apart."""

def forget_structures() -> None:
    """Make structures again."""

def add_node(
    cls: type, flatten: Callable[[Any], Any], with_keys: Callable[[Any], Any] | None, /
) -> None:
    """Make a class a node, by functions to (children, data) and (pairs of key and child, data)."""

def add_attributes_node(
    cls: type, children: tuple[str, ...], data: tuple[str, ...], keys: tuple[Any, ...], /
) -> None:
    """Make a class a node by its attributes; `keys` are those of the children."""

def make_named(cls: type, names: tuple[str, ...], values: Any, others: Any, /) -> Any:
    """What a class makes of values by name, which are in two tuples."""

def set_trees(
    namespace: str,
    sequence_key: type,
    dict_key: type,
    flat_key: type,
    describe: Callable[[type], Any],
    /,
) -> None:
    """Set the classes of keys, and what says of a class that it is a leaf (None) or a named tuple
    (its keys); False where only optree knows."""

def is_eager() -> bool:
    """Are operations computed in this thread at once, on the host?"""

def is_traced() -> bool:
    """Is this thread's trace one that does not compute at once?"""

def set_context(key: int, x64: bool, eager: Any = None, /) -> None:
    """Set this thread's configuration, named by a small integer: part of every call's signature.

    `eager` is the eager trace where it is not the host's. The caller keeps it alive.
    """

def set_default_context(key: int, x64: bool, eager: Any = None, /) -> None:
    """Set the configuration of every thread that set none of its own."""

def reset_context() -> None:
    """Give this thread the process's configuration again."""

def get_context() -> tuple[int, bool]:
    """The (key, x64) in force in this thread."""

# Eager operations

class Elementwise:
    """Computes at once what `ufunc` computes alike; `function` decides about anything else.

    Calls with keywords go to a method `_call_named` of the class derived from this one.
    """

    def __new__(cls, ufunc: np.ufunc | None, function: Callable[..., Any], /) -> Self: ...
    @property
    def _eager(self) -> np.ufunc | None: ...
    @property
    def _general(self) -> Callable[..., Any]: ...
    def __call__(self, *args: Any, out: None = None, where: None = None) -> Any: ...

def binary(ufunc: _Ufunc, x: Any, y: Any, /) -> Any:
    """The ufunc of two arrays of one dtype, or of an array and a Python number that fits its dtype.

    NotImplemented where the general path must decide: another trace is in force, the dtypes or the
    ranks differ (unless one is 0-d), sizes neither agree nor are 1, or the result is neither of the
    operands' dtype nor bool.
    """

def unary(ufunc: _Ufunc, x: Any, /) -> Any:
    """The ufunc of an array, or NotImplemented as in `binary`."""

def call_quiet(function: Callable[_P, _R], /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
    """A call of a NumPy function without floating-point warnings, in a context of its own."""

# Views of ndarrays, all read-only but where `expand` must copy

def broadcast_in_dim(x: _Ndarray, shape: Sequence[int], dims: Sequence[int], /) -> _Ndarray:
    """Axis i of x becomes axis dims[i] of the result; dims increase."""

def transpose(x: _Ndarray, perm: Sequence[int], /) -> _Ndarray:
    """Axis i of the result is axis perm[i] of x."""

def slice(
    x: _Ndarray, start: Sequence[int], stop: Sequence[int], step: Sequence[int], /
) -> _Ndarray:
    """x[start:stop:step] on each axis, where 0 <= start <= stop <= size and step > 0."""

def expand(x: _Ndarray, shape: Sequence[int], /) -> _Ndarray:
    """x with another shape of the same size: a view if there is one, else a copy."""

# Compiled programs

@final
class Callback:
    """A Python function that compiled code calls as `pb_callback`.

    `fn(*arrays)` takes read-only ndarrays of the types `ins` and returns a sequence of arrays of
    exactly the types `outs`. Without `copy` the arguments lie in the program's own memory, which is
    gone once `fn` returns: only for functions that keep no reference to them.
    """

    def __init__(
        self,
        fn: Callable[..., Sequence[Any]],
        ins: Sequence[tuple[np.dtype[Any], tuple[int, ...]]],
        outs: Sequence[tuple[np.dtype[Any], tuple[int, ...]]],
        copy: bool = True,
    ) -> None: ...

@final
class Executable:
    """A compiled program: `int32_t fn(void** args, void** outs, char* scratch, void** externals)`.

    `args` holds the data of the leaves in `kept`, then of `consts`, all C-contiguous and aligned;
    `outs` the data of the results that are "new", in order. Status 0: done; 1: a callback raised;
    2: MemoryError; 3: KeyboardInterrupt.

    outs: ("new", dtype, shape, weak) is computed; ("arg", leaf, weak) and ("const", i, weak)
        forward an argument or a constant.
    scratch_bytes: 64-byte aligned memory for the length of one call.
    externals: Callbacks, or ints that are addresses; each entry's address is passed as it is.
    donated: (leaf, out or -1). The leaf's array is deleted; a new result of its dtype and shape
        takes its memory if nobody else holds it. Then the pointers in args and outs are equal.
    out_tree: an optree PyTreeSpec, or None where the result is a single leaf.
    release_gil: let other threads run meanwhile; pays from about a microsecond of work.
    nanoseconds: about what a call takes, until calls tell. A long one returns before it is done.
    name: what errors call it.
    """

    def __init__(
        self,
        address: int,
        keepalive: object,
        num_args: int,
        kept: Sequence[int],
        consts: Sequence[ArrayImpl],
        outs: Sequence[tuple[Any, ...]],
        scratch_bytes: int,
        externals: Sequence[Callback | int],
        donated: Sequence[tuple[int, int]],
        out_tree: Any | None,
        release_gil: bool,
        nanoseconds: float = 0.0,
        name: str = "",
    ) -> None: ...
    def improve_after(self, nanoseconds: float, improve: Callable[[], tuple[int, object]]) -> None:
        """Ask for better code when so many calls were made: its address and what keeps it alive."""

    def __call__(self, leaves: Sequence[Any]) -> list[ArrayImpl]:
        """Run on the flat arguments, whose types the caller vouches for; the flat results."""

@final
class DeviceProgram:
    """A program of another device as a function on arrays.

    `execute` maps a list of buffers, of the `kept` leaves and then `consts`, to a list of buffers,
    results of the types `outs`: (dtype, shape, weak_type), which lie at `out_places`. `put` gives
    the buffer of a leaf that does not lie at the one of `places`, one a kept leaf, which it is also
    given. `donated` leaves are deleted by a call. Called with leaves it gives a list.
    """

    def __init__(
        self,
        execute: Callable[[list[Any]], list[Any]],
        put: Callable[[Any, Any], Any],
        places: Sequence[Any],
        out_places: Sequence[Any],
        num_args: int,
        kept: Sequence[int],
        consts: Sequence[Any],
        outs: Sequence[tuple[Any, ...]],
        donated: Sequence[int],
        out_tree: Any,
        committed: bool,
    ) -> None: ...
    def __call__(self, leaves: Sequence[Any]) -> list[Any]: ...

@final
class JitFunction:
    """Runs the Executable of its arguments' signature, and asks `miss` for new ones.

    The signature is the context's key, the tree of the arguments, the types of the leaves and the
    static values by type, hash and ==. The leaves of (args, kwargs) without the static ones stand
    in optree's order. Python's numbers are weak scalars of the context's default dtypes.

    miss(self, args, kwargs) -> (executable, _): it is stored and run; or (None, result): the result
        of a call that cannot be cached (another trace is in force, a leaf is not an array, a static
        argument has no hash).
    convert(leaf) -> ArrayImpl, or anything else if no compiled call takes the leaf. A new
        ArrayImpl may share the leaf's memory: results never do.
    static_argnums: not negative. static_argnames: values passed by these names.
    """

    __wrapped__: Callable[..., Any]
    __name__: str
    __qualname__: str

    def __init__(
        self,
        fun: Callable[..., Any],
        miss: Callable[[JitFunction, tuple[Any, ...], dict[str, Any]], tuple[Any, Any]],
        convert: Callable[[Any], ArrayImpl | None],
        static_argnums: tuple[int, ...],
        static_argnames: tuple[str, ...],
        namespace: str,
    ) -> None: ...
    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...
    def __get__(self, instance: Any, owner: Any = None, /) -> Any: ...
    def __getattr__(self, name: str) -> Any: ...
    _miss: Any
    # Set by `pullback.jit`.
    def trace(self, *args: Any, **kwargs: Any) -> Any: ...
    def lower(self, *args: Any, **kwargs: Any) -> Any: ...
    def eval_shape(self, *args: Any, **kwargs: Any) -> Any: ...
    def clear_cache(self) -> None: ...
    def _clear_cache(self) -> None: ...
    def _cache_size(self) -> int: ...

# The runtime

def launch_above(nanoseconds: float) -> int:
    """Compiled calls that take as long return before they are done; the limit until now."""

def symbols() -> dict[str, int]:
    """The addresses of the C functions that generated code may call.

    Those that give int32_t give the status that the program is to return, unless it is 0.

    int32_t pb_callback(void* callback, void** ins, void** outs)
    int32_t pb_parallel_for(fn: void (*)(void*, int64_t, int64_t), void* ctx, int64_t n,
        int64_t block)
    void pb_threefry2x32(key, x0, x1, y0, y1: uint32_t*, int64_t n)
    void* pb_alloc(int64_t bytes): 64-byte aligned, null when memory ran out
    void pb_free(void*)
    int32_t pb_contract(const Contraction*): as in native/contraction.h
    int32_t pb_sort(void** operands, void** out, int64_t* plan)
    int32_t pb_matrices(void** operands, void** out, int64_t* plan): as in native/linalg.h
    int32_t pb_check_interrupt()
    """

def library(level: str) -> dict[str, tuple[str, int]]:
    """The functions that were compiled with the package for a level of processors: LLVM's
    declaration and the address of each."""

def load(
    objects: Sequence[bytes], names: Sequence[str], symbols: Mapping[str, int]
) -> tuple[dict[str, int], Any] | None:
    """Object files in memory: the addresses of `names`, and what must live as long as these are
    used. None where the objects need a linker that knows more."""

def library_digest() -> str:
    """What the library was compiled from, in short."""

def get_num_threads() -> int:
    """How many threads share out a loop, the calling one included."""

def set_num_threads(threads: int, /) -> None: ...
def use_lapack(capsules: dict[str, Any], /) -> None:
    """Takes the routines that operations on matrices call, by their names in LAPACK and BLAS."""

def matrix_operations() -> dict[str, int]:
    """The operations on matrices, by the numbers that plans have for them."""

def threefry2x32(key0: Any, key1: Any, x0: Any, x1: Any) -> tuple[_Ndarray, _Ndarray]:
    """Threefry-2x32 with 20 rounds; keys are 0-d, or one for each counter."""

def threefry_places(key0: int, key1: int, shape: Sequence[int]) -> tuple[_Ndarray, _Ndarray]:
    """The hashes of 0, 1, 2, ... under one key."""

def erf_inv(x: Any) -> _Ndarray:
    """The inverse error function of float32, to 4 ulp where |x| < 1; infinite at 1 and -1."""

def fourier(x: Any, out: Any, plan: Sequence[int]) -> None:
    """Transforms one ndarray into another, of any strides.

    The plan is the kind of transform, the bytes of a real number, the number of axes, and how many
    of the last ones are transformed; for each axis its length, that of the real array where there
    is one, and the strides of both arrays in elements. Without the interpreter's lock.
    """

def sort(operands: Sequence[Any], out: Sequence[Any], plan: Sequence[int]) -> None:
    """Sorts contiguous ndarrays (outer, n, inner) along the middle axis into others.

    The plan is outer, n, inner, keep, the numbers of keys and of results; for each key its operand,
    the bytes of an element, the offset and the bytes of the key in it, its form and the bits of
    infinity; for each result its operand, or -1 for places, and the bytes of an element.
    """

def cached_memory() -> int:
    """The bytes of freed arrays that are kept for new ones."""

def trim_memory() -> None:
    """Give kept memory back to the system."""

# DLPack

def to_dlpack(npy: _Ndarray, code: int, bits: int, versioned: bool, flags: int, /) -> Any:
    """A capsule over an ndarray's memory, with the flags where it is versioned."""

def dlpack_header(capsule: Any, /) -> tuple[int, int, int, int, int, int]:
    """(code, bits, lanes, device type, device id, flags) of a capsule that nobody has used."""

def from_dlpack(capsule: Any, dtype: DTypeLike, /) -> ArrayImpl:
    """An array over the memory of a capsule, which is used up."""
