"""Update rules: parameters that are moved by an operation on arrays.

A rule is an operation as all arithmetic of this library is: `rule(p, g, *memory,
*options)`, where the memory is what the optimiser remembers of a parameter.  The
reference returns new arrays, the kernels write into the arrays that they were given
(`kernels_in_place`).  On the CPU one call of a kernel moves all parameters of a group:
see backend/together.py.
"""
import functools
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from ..autograd.factories import zeros_like
from ..autograd.tensor import Tensor
from ..backend.launch import CudaKernel, contiguous, on_gpu
from ..backend.op import Op
from ..backend.together import run_together, table_of
from .optimizer import Optimizer, counter


class RuleOptimizer(Optimizer):
    """An optimiser whose steps are an operation.

    A subclass says which one (`rule`), and how a step is counted if not by a tensor
    "step" in the state (`count`, `counted`).
    """

    def rule(self, group: dict[str, Any], t: float) -> tuple[Op, list[str], tuple]:
        """The rule of a group for step number t, counted from 1; the names of what it
        remembers; its options."""
        raise TypeError(f"{self._name} must give the method rule(group, t)")

    def begin(self, name: str, p: Tensor, group: dict[str, Any]) -> Tensor:
        """What is remembered under `name` before the first step."""
        return zeros_like(p)

    def count(self, p: Tensor) -> float:
        """The number of the step that p comes to."""
        state = self.state[p]
        if "step" not in state:
            state["step"] = counter()
        return state["step"].array.item() + 1

    def counted(self, p: Tensor, t: float) -> None:
        """Note that p has made step number t."""
        self.state[p]["step"].array.fill(t)

    def update(self, p: Tensor, group: dict[str, Any]) -> None:
        """Move one parameter along its gradient."""
        self.update_all([p], group)

    def update_all(self, params: list[Tensor], group: dict[str, Any]) -> None:
        """Move the parameters of a group along their gradients, all or, if one does not
        fit, none."""
        counts = [self.count(p) for p in params]
        moves = []
        for t in set(counts):
            rule, names, options = self.rule(group, t)
            rows = [self._row(p, names, group)
                    for p, own in zip(params, counts) if own == t]
            moves.append((rule, options, *_fitting(rows)))
        for rule, options, tables, alone in moves:
            for table in tables:
                _KERNELS[rule](table, *options)
            for arrays in alone:
                _move(rule, arrays, options)
        for p, t in zip(params, counts):
            self.counted(p, t)
            p._changed()

    def _row(self, p: Tensor, names: list[str], group: dict[str, Any]) -> list[Tensor]:
        """A parameter, its gradient, and what is remembered of it."""
        row: list[Any] = [p, p._grad]
        if names:                                        # `state` gets no empty entries
            state = self.state[p]
            for name in names:
                memory = state.get(name)
                if memory is None:                       # at first, or switched on later
                    memory = state[name] = self.begin(name, p, group)
                row.append(memory)
        return row


def _move(rule, arrays, options):
    """Store what the rule makes of a parameter, its gradient and its memory."""
    p, _, *memory = arrays
    for target, result in zip((p, *memory), rule(*arrays, *options)):
        if result is not target:                # the kernels write where it belongs
            target[...] = result


def _fitting(rows):
    """Rows of tensors (a parameter, its gradient, its memory) → tables of those that can
    be moved in one call, and the arrays of each of the others.

    Raises:
        RuntimeError: a tensor differs from its parameter in shape, dtype or device.
    """
    together = [arrays for row in rows if (arrays := _on_one_device(row))]
    if len(together) == len(rows) and (table := table_of(together)) is not None:
        return [table], []                               # nearly always
    for row in rows:
        _check_fits(*row)
    by_dtype = defaultdict(list)
    for arrays in together:
        by_dtype[arrays[0].dtype if table_of([arrays]) else None].append(arrays)
    alone = by_dtype.pop(None, [])
    return [table_of(joined) for joined in by_dtype.values()], alone


def _on_one_device(tensors):
    """Their arrays, or None."""
    device, arrays = tensors[0].device, []
    for t in tensors:
        if t.device is not device:
            return None
        arrays.append(t.array)
    return arrays


def _check_fits(p, *others):
    kind = p.array.dtype, p.array.shape, p.device
    for t in others:
        if (t.array.dtype, t.array.shape, t.device) != kind:
            raise RuntimeError(
                f"a parameter is {kind[0]} of shape {kind[1]} on {kind[2]}, but its "
                f"gradient or its state is {t.array.dtype} of shape {t.array.shape} on "
                f"{t.device}. Convert and move a model before you make its optimiser")


_KERNELS: dict[Op, Callable] = {}        # rule → run(table, *options), on the CPU


def kernels_in_place(rule: Op, arrays: int, cpu: Any, cuda: CudaKernel) -> Callable:
    """Register kernels that write into their arrays, for an update rule (decorator).

    The rule is `rule(p, g, *memory, *options)`, with `arrays` arrays, all of one shape.
    The kernels see them flat, and after them the numbers that the decorated
    `numbers(*options)` computes.  What is returned is p and the memory: the very arrays
    that were given, or copies of those with gaps in memory.
    """
    def register(numbers: Callable) -> Callable:
        # In double, then rounded: 1 - 0.999 in float32 would be wrong by one part in
        # 100,000.
        @functools.lru_cache(maxsize=16)
        def rounded(dtype, *options):
            return tuple(map(dtype.type, numbers(*options)))

        def run_table(table: Any, *options: Any) -> None:
            run_together(cpu, table, *rounded(table.dtype, *options))

        def on_cpu(*args: Any) -> tuple:
            given = [a if a.flags.carray else a.copy() for a in args[:arrays]]
            run_table(table_of([given]), *args[arrays:])
            return given[0], *given[2:]

        def on_cuda(*args: Any) -> tuple:
            given = [contiguous(a) for a in args[:arrays]]
            on_gpu(cuda, (given[0].size,), *[a.reshape(-1) for a in given],
                   *rounded(given[0].dtype, *args[arrays:]))
            return given[0], *given[2:]

        _KERNELS[rule] = run_table
        rule.cpu(on_cpu)
        rule.cuda(on_cuda)
        rule.cuda_kernels.append(cuda)
        return numbers
    return register
