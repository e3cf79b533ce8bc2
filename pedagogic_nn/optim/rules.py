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

import numpy as np

from ..autograd.factories import zeros_like
from ..autograd.tensor import Tensor
from ..backend.launch import CudaKernel, contiguous, on_gpu
from ..backend.op import Op
from ..backend.together import can_join, run_together
from .optimizer import Optimizer, counter


class RuleOptimizer(Optimizer):
    """An optimiser whose steps are an operation.

    A subclass says which one (`rule`), and how a step is counted if not by a tensor
    "step" in the state (`count`).
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

    def update(self, p: Tensor, group: dict[str, Any]) -> None:
        """Move one parameter along its gradient."""
        self.update_all([p], group)

    def update_all(self, params: list[Tensor], group: dict[str, Any]) -> None:
        """Move the parameters of a group along their gradients, all or, if one does not
        fit, none."""
        counts = [self.count(p) for p in params]
        rules = {t: self.rule(group, t) for t in set(counts)}
        rows: dict[float, list] = {t: [] for t in rules}
        for p, t in zip(params, counts):
            memory = [self.remembered(name, p, group) for name in rules[t][1]]
            rows[t].append(fitting(p, p._grad, *memory))                    # type: ignore
        for t, (rule, _, options) in rules.items():
            _move(rule, rows[t], options)
        for p, t in zip(params, counts):
            if p in self.state and (step := self.state[p].get("step")) is not None:
                step.array.fill(t)
            p._changed()

    def remembered(self, name: str, p: Tensor, group: dict[str, Any]) -> Tensor:
        """What is remembered of p under `name`."""
        state = self.state[p]
        if state.get(name) is None:                      # at first, or switched on later
            state[name] = self.begin(name, p, group)
        return state[name]


def _move(rule, rows, options):
    """Store what the rule makes of each row: a parameter, its gradient, its memory."""
    together = defaultdict(list)
    for arrays in rows:
        if can_join(*arrays):
            together[arrays[0].dtype].append(arrays)
        else:
            p, _, *memory = arrays
            for target, result in zip((p, *memory), rule(*arrays, *options)):
                if result is not target:            # the kernels write where it belongs
                    target[...] = result
    for dtype, joined in together.items():
        _KERNELS[rule](joined, dtype, *options)


def fitting(p: Tensor, *others: Tensor) -> list:
    """The arrays of p, its gradient and its memory, which must fit to each other.

    Raises:
        RuntimeError: one differs from p in shape, dtype or device.
    """
    arrays = [p.array]
    shape, dtype, device = p.array.shape, p.array.dtype, p.device
    for t in others:
        b = t.array
        if b.shape != shape or b.dtype != dtype or t.device is not device:
            raise RuntimeError(
                f"a parameter is {dtype} of shape {shape} on {device}, but its "
                f"gradient or its state is {b.dtype} of shape {b.shape} on {t.device}. "
                "Convert and move a model before you make its optimiser")
        arrays.append(b)
    return arrays


_KERNELS: dict[Op, Callable] = {}        # rule → run(rows, dtype, *options), on the CPU


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

        def run_rows(rows: list, dtype: np.dtype, *options: Any) -> None:
            run_together(cpu, rows, *rounded(dtype, *options))

        def on_cpu(*args: Any) -> tuple:
            given = [a if a.flags.carray else a.copy() for a in args[:arrays]]
            run_rows([given], given[0].dtype, *args[arrays:])
            return given[0], *given[2:]

        def on_cuda(*args: Any) -> tuple:
            given = [contiguous(a) for a in args[:arrays]]
            on_gpu(cuda, (given[0].size,), *[a.reshape(-1) for a in given],
                   *rounded(given[0].dtype, *args[arrays:]))
            return given[0], *given[2:]

        _KERNELS[rule] = run_rows
        rule.cpu(on_cpu)
        rule.cuda(on_cuda)
        rule.cuda_kernels.append(cuda)
        return numbers
    return register
