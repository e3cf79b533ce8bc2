"""The backward pass: walk the tape from the newest Node to the oldest.

Every Node has a number larger than those of its inputs.  So a heap that always gives
the largest number visits each Node after all of its users, when its gradient is
complete.  There is no recursion: a graph of 100,000 operations needs a list, not a
stack of 100,000 calls.
"""
import heapq
import sys
from typing import Any

import numpy as np

from ..backend.device import xp_of
from ..backend.locks import Lock
from . import function
from .function import Node, check_unchanged


class _Sum:
    """A gradient under construction: contributions are added in place once we own the
    memory."""

    __slots__ = ("array", "owned")

    def __init__(self, array: Any) -> None:
        self.array, self.owned = array, False

    def add(self, array: Any) -> None:
        if self.owned and self.array.dtype == array.dtype:
            self.array += array
        else:
            self.array, self.owned = xp_of(array).asarray(self.array + array), True


def sweep(roots: list, gradients: list, retain_graph: bool = False,
          wanted: set | None = None) -> tuple[dict, dict]:
    """Carry `gradients` of the tensors `roots` back to the leaves.

    Args:
        wanted: (Node, output number) pairs whose gradients are to be returned too.

    Returns:
        {leaf: its gradient, an array}, and {(Node, number): gradient} for `wanted`.
    """
    heap: list = []
    pending: dict[Node, dict[int, _Sum]] = {}
    leaves: dict[Any, _Sum] = {}
    found: dict = {}

    def send(edge, gradient):
        target, slot = edge
        if not isinstance(target, Node):
            sums, key = leaves, target
        else:
            if target not in pending:
                pending[target] = {}
                heapq.heappush(heap, (-target.number, target))
            sums, key = pending[target], slot
        if key in sums:
            sums[key].add(gradient)
        else:
            sums[key] = _Sum(gradient)

    for root, gradient in zip(roots, gradients, strict=True):
        send((root.node or root, root.slot), gradient)
    del root, gradient
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        while heap:
            node = heapq.heappop(heap)[1]
            sums = pending.pop(node)
            slots = _with_hooks(node, {k: s.array for k, s in sums.items()})
            if wanted:
                found.update({(node, k): g for k, g in slots.items()
                              if (node, k) in wanted})
            for edge, gradient in zip(node.edges, _inputs_of(node, slots), strict=True):
                if edge is not None and gradient is not None:
                    send(edge, gradient)
            if node.saved and not retain_graph:
                node.saved = None
    return {t: _leaf_hooks(t, s.array) for t, s in leaves.items()}, found


def _inputs_of(node: Node, slots: dict) -> tuple:
    """What the Node's backward returns for its inputs."""
    if node.saved is None:
        raise RuntimeError(function.FREED)
    check_unchanged(node)
    gradients = [_gradient_of(node, k, slots.get(k)) for k in range(len(node.outputs))]
    out = node.function.call_backward(node, *gradients)
    return out if type(out) is tuple else (out,)


def _gradient_of(node: Node, k: int, gradient: Any) -> Any:
    """The gradient of output k in the output's dtype; zeros if nobody used the
    output."""
    shape, dtype = node.outputs[k]
    if gradient is None:
        return node.device.put(np.zeros(shape, dtype)) if node.materialize_grads else None
    return gradient if gradient.dtype == dtype else gradient.astype(dtype)


def _with_hooks(node: Node, slots: dict) -> dict:
    """Let tensors' hooks see or replace the gradients, and keep those that were
    retained."""
    for k in node.hooks or ():
        if k in slots:
            slots[k] = _call_hooks(node.hooks[k], slots[k], node.device)  # type: ignore
    for k, reference in (node.retained or {}).items():
        tensor = reference()
        if k in slots and tensor is not None:
            _accumulate(tensor, slots[k].copy())
    return slots


def _leaf_hooks(leaf: Any, gradient: Any) -> Any:
    return _call_hooks(leaf._hooks, gradient, leaf.device) if leaf._hooks else gradient


def _call_hooks(hooks: dict, gradient: Any, device: Any) -> Any:
    for hook in list(hooks.values()):
        result = hook(function.Tensor._of(gradient, device))
        if result is not None:
            if not isinstance(result, function.Tensor):
                raise TypeError("a gradient hook returned "
                                f"{type(result).__name__}, expected a tensor or None")
            if tuple(result.shape) != gradient.shape:
                raise RuntimeError("a gradient hook returned shape "
                                   f"{tuple(result.shape)}, expected {gradient.shape}")
            gradient = result.array
    return gradient


def backward(roots: Any, gradients: Any = None, retain_graph: bool | None = None,
             create_graph: bool = False, inputs: Any = None) -> None:
    """Add the gradients of `roots` to `.grad` of the leaves they were computed from.

    Args:
        roots: a tensor or several; each holds one number unless its gradient is given.
        gradients: the gradient of each root; None means 1.
        retain_graph: keep what the graph has saved, for another backward.
        inputs: only these tensors, leaves or computed ones, get their gradient.

    Raises:
        RuntimeError: a root requires no gradient, or holds several numbers and no
            gradient is given; the graph was freed; a saved tensor was changed in place.
    """
    roots, gradients = _seeds(roots, gradients, create_graph)
    only = None
    if inputs is not None:
        only = {id(t) for t in _as_list(inputs)}
        if not only:
            raise RuntimeError("backward: inputs must hold at least one tensor")
        for x in _as_list(inputs):
            x.retain_grad()
    leaves, _ = sweep(roots, gradients, bool(retain_graph))
    while leaves:            # popped, so that an array we alone hold need not be copied
        leaf, gradient = leaves.popitem()
        if only is None or id(leaf) in only:
            holders = sys.getrefcount(gradient)     # inside a call it would be one more
            if not _is_ours(gradient, holders):
                gradient = gradient.copy(order="C")
            _accumulate(leaf, gradient)


def grad(outputs: Any, inputs: Any, grad_outputs: Any = None,
         retain_graph: bool | None = None, create_graph: bool = False,
         allow_unused: bool = False) -> tuple:
    """The gradients of `outputs` with respect to `inputs`; no `.grad` is touched.

    Example:
        >>> x = torch.tensor([3.0], requires_grad=True)
        >>> torch.autograd.grad((x * x).sum(), x)
        (tensor([6.]),)
    """
    inputs = _as_list(inputs)
    roots, gradients = _seeds(outputs, grad_outputs, create_graph)
    for k, x in enumerate(inputs):
        if not x.requires_grad:
            raise RuntimeError(f"grad: inputs[{k}] does not require a gradient")
    wanted = {(x.node, x.slot) for x in inputs if x.node is not None}
    leaves, found = sweep(roots, gradients, bool(retain_graph), wanted)
    result = []
    for k, x in enumerate(inputs):
        g = leaves.get(x) if x.node is None else found.get((x.node, x.slot))
        if g is None and not allow_unused:
            raise RuntimeError(f"grad: inputs[{k}] was not used to compute the outputs; "
                               "say allow_unused=True to get None for it")
        result.append(None if g is None else function.Tensor._of(g.copy(), x.device))
    return tuple(result)


def _seeds(roots: Any, gradients: Any, create_graph: bool) -> tuple[list, list]:
    if create_graph:
        raise RuntimeError("create_graph=True: this library computes first derivatives "
                           "only")
    roots = _as_list(roots)
    gradients = [None] * len(roots) if gradients is None else _as_list(gradients)
    if len(gradients) != len(roots):
        raise RuntimeError(f"backward: expected {len(roots)} gradients, got "
                           f"{len(gradients)}")
    return roots, [_seed(r, g) for r, g in zip(roots, gradients, strict=True)]


def _seed(root: Any, gradient: Any) -> Any:
    if not root.requires_grad:
        raise RuntimeError("backward: this tensor does not require a gradient and was "
                           "not computed from one that does; say requires_grad=True "
                           "where it starts")
    a = root.array
    if gradient is None:
        if a.size != 1:
            raise RuntimeError("backward: only a single number has a gradient of its "
                               f"own, and this tensor has shape {tuple(a.shape)}; "
                               "reduce it with .sum() or .mean(), or give the gradient "
                               "as an argument")
        return root.device.put(np.ones(a.shape, a.dtype))
    is_tensor = isinstance(gradient, function.Tensor)
    g = gradient.array if is_tensor else root.device.put(gradient)
    if g.shape != a.shape:
        raise RuntimeError(f"backward: the gradient has shape {tuple(g.shape)}, "
                           f"the tensor has shape {tuple(a.shape)}")
    return g.astype(a.dtype, copy=False)


def _as_list(value: Any) -> list:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _is_ours(gradient: Any, holders: int) -> bool:
    """Whether an array is held by nobody else and may become a `.grad`.

    Two inputs may be given one array (x + y passes its gradient on to both), and a
    saved array may be returned.  Their `.grad` must not share memory, since clipping
    changes it in place.
    """
    flags = gradient.flags
    return flags.owndata and flags.c_contiguous and holders <= _HELD_BY_ONE


def _count_one() -> int:
    """What getrefcount says of an array that one variable holds; it differs by Python's
    version."""
    fresh = np.empty(1)
    return sys.getrefcount(fresh)


_HELD_BY_ONE = _count_one()
_accumulating = Lock()                   # replicas in several threads share parameters


def _accumulate(tensor: Any, gradient: Any) -> None:
    """tensor.grad += gradient, in place."""
    if gradient.dtype != tensor.array.dtype:
        gradient = gradient.astype(tensor.array.dtype)
    with _accumulating:
        if tensor.grad is None:
            tensor._grad = function.Tensor._of(gradient, tensor.device)
        else:
            tensor.grad.array += gradient
