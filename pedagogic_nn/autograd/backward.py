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
from ..backend.launch import like
from ..backend.locks import Lock
from . import function
from .anomaly import detector, gradients_of
from .function import Node, check_unchanged


@np.errstate(divide="ignore", invalid="ignore", over="ignore")
def sweep(roots: list, gradients: list, retain_graph: bool = False,
          wanted: set | None = None) -> tuple[dict, dict]:
    """Carry `gradients` of the tensors `roots` back to the leaves.

    Args:
        wanted: (Node, output number) pairs whose gradients are to be returned too.

    Returns:
        {leaf: its gradient, an array}, and {(Node, number): gradient} for `wanted`.
    """
    heap: list = []
    sums: dict[Any, list] = {}          # Node or leaf → gradient of each output, so far
    ours: set = set()                   # sums that we allocated: more is added in place
    found: dict = {}

    def send(edge, gradient):
        target, slot = edge
        slots = sums.get(target)
        if slots is None:
            computed = isinstance(target, Node)
            slots = sums[target] = [None] * (len(target.outputs) if computed else 1)
            if computed:
                heapq.heappush(heap, (-target.number, target))
        so_far = slots[slot]
        if so_far is None:
            slots[slot] = gradient
        elif edge in ours and so_far.dtype == gradient.dtype:
            so_far += gradient
        else:
            slots[slot] = xp_of(gradient).asarray(so_far + gradient)
            ours.add(edge)

    for root, gradient in zip(roots, gradients):
        send((root.node or root, root.slot), gradient)
    del root, gradient
    while heap:
        node = heapq.heappop(heap)[1]
        slots = sums.pop(node)
        if node.hooks or node.retained:
            _call_node_hooks(node, slots)
        if wanted:
            found.update({(node, k): g for k, g in enumerate(slots)
                          if (node, k) in wanted})
        for edge, gradient in zip(node.edges, _inputs_of(node, slots), strict=True):
            if edge is not None and gradient is not None:
                send(edge, gradient)
        if node.saved and not retain_graph:
            node.saved = None
    return {leaf: _call_hooks(leaf._hooks, g, leaf.device) if leaf._hooks else g
            for leaf, (g,) in sums.items()}, found


def _inputs_of(node: Node, slots: list) -> tuple:
    """What the Node's backward returns for its inputs."""
    if node.saved is None:
        raise RuntimeError(function.FREED)
    if node.versions:
        check_unchanged(node)
    gradients = []
    for g, (shape, dtype) in zip(slots, node.outputs):
        if g is None and node.materialize_grads:         # nobody used this output
            g = node.device.put(np.zeros(shape, dtype))
        elif g is not None and g.dtype != dtype:
            g = g.astype(dtype)
        gradients.append(g)
    out = (gradients_of(node, gradients) if detector.on else
           node.function.call_backward(node, *gradients))
    return out if type(out) is tuple else (out,)


def _call_node_hooks(node: Node, slots: list) -> None:
    """Let tensors' hooks see or replace the gradients, and keep those that were
    retained."""
    for k, hooks in (node.hooks or {}).items():
        if slots[k] is not None:
            slots[k] = _call_hooks(hooks, slots[k], node.device)
    for k, reference in (node.retained or {}).items():
        tensor = reference()
        if slots[k] is not None and tensor is not None:
            _accumulate(tensor, slots[k].copy())


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
    return roots, list(map(_seed, roots, gradients))


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
        one = like(a)
        one.fill(1)
        return one
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
    changes it in place.  A kernel's result in another shape is a view: it counts if it
    is all that is left of the array it looks at.
    """
    if holders > _HELD_BY_ONE or not gradient.flags.c_contiguous:
        return False
    base = gradient.base                           # for the GPU there is one rule: copy
    if type(base) is np.ndarray and base.size == gradient.size:
        return (base.flags.owndata and gradient.flags.writeable
                and sys.getrefcount(base) <= _HELD_BY_ONE + 1)
    return gradient.flags.owndata


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
    with _accumulating.lock:
        if tensor._grad is None:
            tensor._grad = function.Tensor._of(gradient, tensor.device)
        else:
            tensor._grad.array += gradient
