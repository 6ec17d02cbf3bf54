"""A kernel that selects by one condition for all its elements becomes two, of which one runs: what
is not selected is not computed, and a state that stays as it is is not touched."""

from . import loops
from .expr import Graph, Node, loads
from .index import ZERO
from .loops import Block, Branch, Kernel, Nest, Program, Reduction, Stmt, Store
from .schedule import points, work

# The least work that a choice saves on average, in additions, and the part of all the work.
WORTH = 4000.0
PART = 0.25


def chosen(program: Program) -> None:
    """Choose between two kernels where that saves work."""
    program.body = _block(program, program.body)


def _block(program: Program, block: Block) -> Block:
    out: Block = []
    for stmt in block:
        stmt = loops.inside(stmt, lambda b: _block(program, b))
        out.extend(_choice(program, stmt) if isinstance(stmt, Nest) else [stmt])
    return out


def _choice(program: Program, nest: Nest) -> list[Stmt]:
    """The nest, or a choice between two."""
    if nest.axes or len(nest.kernels) != 1 or nest.kernels[0].ordered:
        return [nest]
    (kernel,) = nest.kernels
    for condition in _conditions(kernel):
        cases = [_case(program.graph, kernel, condition, k) for k in (0, 1)]
        whole = work(kernel)
        saved = whole - sum([work(c) for c in cases if c is not None]) / 2
        if saved >= PART * whole and saved * points(kernel) >= WORTH:
            return _branch(program, condition, cases)
    return [nest]


def _conditions(kernel: Kernel) -> list[Node]:
    """Conditions of selections that are the same for all elements, and known before."""
    written = {b for b, _ in loops.kernel_writes(kernel)}
    found = dict.fromkeys([n.args[0] for n in loops.kernel_nodes(kernel) if _is_selection(n)])
    known = [n for n in found if not n.deps and n.op != "const"]
    return [n for n in known if written.isdisjoint([b for b, _ in loads([n])])]


def _is_selection(node: Node) -> bool:
    return node.op == "select_n" and len(node.args) == 3 and node.args[0].dtype == "bool"


def _case(graph: Graph, kernel: Kernel, condition: Node, k: int) -> Kernel | None:
    """The kernel where the condition is k; None where it does nothing then."""
    memo: dict[Node, Node] = {}

    def value(node: Node) -> Node:
        found = memo.get(node)
        if found is None:
            found = memo[node] = rewritten(node)
        return found

    def rewritten(node: Node) -> Node:
        if _is_selection(node) and node.args[0] is condition:
            return value(node.args[1 + k])
        args = tuple([value(a) for a in node.args])
        same = all(new is old for new, old in zip(args, node.args, strict=True))
        return node if same else graph.node(node.op, node.dtype, args, node.data)

    stores = [
        Store(s.buffer, s.offset, value(s.value), s.combine, s.mask and value(s.mask))
        for s in kernel.stores
    ]
    stores = [s for s in stores if not _is_idle(s)]
    reductions = [
        Reduction(r.op, r.buffer, r.offset, value(r.value), r.dtype, r.prefix)
        for r in kernel.reductions
    ]
    if not stores and not reductions:
        return None
    return Kernel(kernel.axes, kernel.reduce, tuple(stores), tuple(reductions))


def _is_idle(store: Store) -> bool:
    """Whether an element is stored where it was read."""
    plain = store.combine is None and store.mask is None
    return plain and store.value.op == "load" and store.value.data == (store.buffer, store.offset)


def _branch(program: Program, condition: Node, cases: list[Kernel | None]) -> list[Stmt]:
    """One of two kernels."""
    name = f"c{len(program.buffers)}"
    program.buffers[name] = loops.Buffer(name, "int32", 1, "temp")
    index = program.graph.node("convert_element_type", "int32", (condition,))
    before = Nest((), (Kernel((), (), (Store(name, ZERO, index),)),))
    return [before, Branch(name, tuple([[] if c is None else [Nest((), (c,))] for c in cases]))]
