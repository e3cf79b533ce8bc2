"""The tape: what one operation remembers (Node), and operations that record themselves.

    Primitive    the library's own operations; forward and backward see arrays
    Function     yours; forward and backward see tensors, as in PyTorch

Calling `apply` runs `forward` and wraps its arrays in tensors.  If some input requires a
gradient and recording is on, the outputs point to a Node, the Node points to where its
inputs came from, and that chain of pointers is the whole tape.  `backward.py` walks it.
"""
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..backend.device import Device
from .anomaly import calling_lines, detector
from .grad_mode import mode, no_grad

Tensor: Any = None                   # set by tensor.py: the two files need each other

CPU = Device("cpu")
_count = itertools.count()


class Node:
    """One recorded operation: `ctx` in forward and backward, `grad_fn` on its outputs.

    Attributes:
        function: the Primitive whose backward will be called.
        needs_input_grad: for each input, whether its gradient is wanted.
        device: where the outputs live; forward may change it.
        edges: for each input None (no gradient wanted), or (where it came from, which
            output of it): a Node for a computed tensor, the tensor itself for a leaf.
        number: Nodes count up as they are made, so an input's number is smaller than its
            user's.
        saved: the arrays that backward needs.
        called_at: the lines of the program that called it, see anomaly.py.
        outputs: the shape and dtype of each output.
    """

    number: int
    edges: Sequence = ()
    saved: tuple | None = ()
    versions: Sequence = ()
    outputs: Sequence = ()
    hooks: dict | None = None           # output number → {id: hook}
    retained: dict | None = None        # output number → weak reference to a tensor
    non_differentiable: Sequence = ()
    dirty: Sequence = ()
    materialize_grads = True
    called_at = ""
    copied = False                      # a view's forward had to copy after all

    def __init__(self, function: type["Primitive"], needs_input_grad: Sequence[bool],
                 device: Device) -> None:
        self.function = function
        self.needs_input_grad = needs_input_grad
        self.device = device

    def save_for_backward(self, *arrays: Any) -> None:
        """Keep what backward needs: inputs or outputs as they came, so that a later
        change in place can be noticed."""
        self.saved = arrays

    @property
    def saved_tensors(self) -> tuple:
        """What `save_for_backward` kept, as tensors."""
        if self.saved is None:
            raise RuntimeError(FREED)
        return tuple(a if a is None or isinstance(a, Tensor) else
                     Tensor._of(a, self.device) for a in self.saved)

    def mark_non_differentiable(self, *outputs: Any) -> None:
        """Say in forward that these outputs have no gradient (indices, masks)."""
        self.non_differentiable = outputs

    def mark_dirty(self, *inputs: Any) -> None:
        """Say in forward that these inputs were changed in place; forward returns
        them."""
        self.dirty = inputs
        for x in inputs:
            x._changed()

    def set_materialize_grads(self, value: bool) -> None:
        """Whether backward gets zeros (the default) or None for an unused output."""
        self.materialize_grads = value

    @property
    def next_functions(self) -> tuple:
        """(where an input came from, which output of it) for each input."""
        return tuple((None, 0) if e is None else e for e in self.edges)

    def name(self) -> str:
        """The operation's name, as PyTorch forms it: 'MulBackward'."""
        return f"{self.function.__name__}Backward"

    def __repr__(self) -> str:
        return f"<{self.name()}>"


FREED = ("backward through this graph a second time: what it had saved is freed after "
         "the first. Say retain_graph=True in the first call, or compute the loss again.")


class Primitive:
    """An operation with its gradient.  Subclasses give two static methods on arrays:

        forward(ctx, *arrays, **options) → an array or a tuple of arrays
        backward(ctx, *gradients)        → for each input its gradient, or None

    Inputs that are not tensors (numbers, shapes, None) are passed on as they are.
    `view = True` says that the output shares memory with the first input.
    """

    view = False

    @staticmethod
    def forward(ctx: Node, *arrays: Any, **options: Any) -> Any:
        """The outputs, an array or a tuple of arrays."""
        raise TypeError("forward must be given by the subclass")

    @staticmethod
    def backward(ctx: Node, *gradients: Any) -> Any:
        """For each input its gradient, or None; for each output there is one."""
        raise TypeError("backward must be given by the subclass")

    @classmethod
    def apply(cls, *inputs: Any, **options: Any) -> Any:
        """Run forward; record it if an input requires a gradient."""
        arrays, needs, device, volatile = [], [], None, False
        for x in inputs:                # this loop runs for every operation: keep it lean
            if not isinstance(x, Tensor):
                arrays.append(x)
                needs.append(False)
                continue
            if x._origin is not None:
                x._refresh()
            if x.device is not device:
                if device is not None:
                    return cls.apply(*_on_one_device(cls, inputs), **options)
                device = x.device
            if x._volatile:
                volatile = True
            arrays.append(x.array)
            needs.append(x._requires_grad)
        if device is None:
            raise TypeError(f"{cls.__name__.lower()} expected a tensor, got "
                            f"{', '.join(type(x).__name__ for x in inputs) or 'nothing'}")
        recording = True in needs
        if recording and (volatile or not mode.enabled):
            recording, needs = False, [False] * len(needs)
        ctx = Node(cls, tuple(needs), device)
        result = cls.forward(ctx, *arrays, **options)
        one = type(result) is not tuple
        outputs = ((Tensor._of(result, ctx.device),) if one else
                   tuple([Tensor._of(a, ctx.device) for a in result]))
        if cls.view and not ctx.copied:
            outputs[0]._becomes_view_of(inputs[0], cls, options)
        if volatile:
            for y in outputs:
                y.volatile = True
        if recording:
            _record(ctx, inputs, outputs)
        return outputs[0] if one else outputs

    @classmethod
    def call_backward(cls, ctx: Node, *gradients: Any) -> Any:
        """The gradients of the inputs; the backward pass calls this."""
        return cls.backward(ctx, *gradients)


def _record(ctx: Node, inputs: Sequence, outputs: Sequence) -> None:
    """Tie a Node to where its inputs came from, and its outputs to the Node."""
    edges, shapes, fixed = [], [], ctx.non_differentiable
    for x, needed in zip(inputs, ctx.needs_input_grad):
        edges.append((x.node or x, x.slot) if needed else None)
    for k, y in enumerate(outputs):
        array = y.array
        shapes.append((array.shape, array.dtype))
        if array.dtype.kind == "f" and not (fixed and _is_one_of(array, fixed)):
            y._requires_grad, y.node, y.slot = True, ctx, k
    # Tuples, not lists: Python's garbage collector soon forgets tuples of plain values.
    ctx.number, ctx.edges, ctx.outputs = next(_count), tuple(edges), tuple(shapes)
    if detector.on:
        ctx.called_at = calling_lines()
    if ctx.saved:
        ctx.versions = _versions(ctx.saved, (*inputs, *outputs))


def _is_one_of(array: Any, arrays: Sequence) -> bool:
    for a in arrays:
        if a is array:
            return True
    return False


def _versions(saved: Sequence, tensors: Sequence) -> list:
    """(counter of changes, its value now) for each saved array that a tensor holds.

    The counter is shared by all tensors on the memory; keeping it keeps none of them.
    """
    found = []
    for t in tensors:
        if isinstance(t, Tensor):
            array = t.array
            for a in saved:
                if a is array:
                    counter = t._counter or t._share_version()
                    found.append((counter, counter.changes))
                    break
    return found


def check_unchanged(node: Node) -> None:
    """Raise if an array that `node` saved was changed in place afterwards."""
    for counter, version in node.versions:
        if counter.changes != version:
            raise RuntimeError(
                f"{node.function.__name__}: a tensor that its gradient needs was changed "
                f"in place (it was saved at version {version} and is at version "
                f"{counter.changes} now). Change a copy instead: x = x + 1, not x += 1.")


def _on_one_device(cls: type, inputs: tuple) -> list:
    """A single number on the CPU may meet any device, as in PyTorch; all else is an
    error."""
    tensors = [x for x in inputs if isinstance(x, Tensor)]
    home = next((x.device for x in tensors if x.array.ndim or x.device.type != "cpu"),
                tensors[0].device)
    for x in tensors:
        if x.device is not home and (x.array.ndim or x.device.type != "cpu"):
            raise RuntimeError(
                f"{cls.__name__} expected all tensors on one device, got {home} and "
                f"{x.device}; move one with .to('{home}') or .to('{x.device}')")
    return [x.to(home) if isinstance(x, Tensor) else x for x in inputs]


class Function(Primitive):
    """Your own operation: subclass it, write `forward` and `backward`, call `apply`.

        class Exp(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                y = x.exp()
                ctx.save_for_backward(y)
                return y

            @staticmethod
            def backward(ctx, grad):
                (y,) = ctx.saved_tensors
                return grad * y

    Both see tensors, and in both nothing is recorded.  `backward` gets one gradient for
    each output, and returns one for each argument of forward (None where there is none).

    Raises:
        RuntimeError: backward returned too few gradients, or one of another shape than
            its input.
        TypeError: forward returned something else than tensors.
    """

    @classmethod
    def apply(cls, *inputs: Any, **options: Any) -> Any:
        """Run forward on the tensors; record it if an input requires a gradient."""
        tensors = [x for x in inputs if isinstance(x, Tensor)]
        needs = tuple([isinstance(x, Tensor) and x.requires_grad for x in inputs])
        volatile = any(x.volatile for x in tensors)
        recording = mode.enabled and not volatile and any(needs)
        ctx: Any = Node(cls, needs if recording else (False,) * len(needs),
                        tensors[0].device if tensors else CPU)
        with no_grad():
            result = cls.forward(ctx, *inputs, **options)
        many = isinstance(result, tuple)
        results = result if many else (result,)
        outputs = [_output_of(cls, y) for y in results]
        ctx.saved = tuple(map(_array, ctx.saved))
        ctx.non_differentiable = tuple(map(_array, ctx.non_differentiable))
        if outputs:
            ctx.device = outputs[0].device
        for y in outputs:
            y._volatile = volatile
        if recording:
            ctx.shapes = [x.shape if isinstance(x, Tensor) else None for x in inputs]
            _record(ctx, inputs, outputs)
        for k, x in enumerate(results):
            if any(x is changed for changed in ctx.dirty):
                if recording:
                    x._check_recorded()
                    x._become(outputs[k])
                outputs[k] = x
        return tuple(outputs) if many else outputs[0]

    @classmethod
    def call_backward(cls, ctx: Any, *gradients: Any) -> tuple:
        """Run backward on tensors; the gradients that it returns as arrays."""
        with no_grad():
            out = cls.backward(ctx, *(
                None if g is None else Tensor._of(g, ctx.device) for g in gradients))
        out = list(out) if isinstance(out, (tuple, list)) else [out]
        while len(out) > len(ctx.shapes) and out[-1] is None:
            out.pop()
        if len(out) != len(ctx.shapes):
            raise RuntimeError(f"{cls.__name__}.backward must return one gradient for "
                               f"each argument of forward: expected {len(ctx.shapes)}, "
                               f"got {len(out)}")
        for k, (g, shape) in enumerate(zip(out, ctx.shapes, strict=True)):
            _check_gradient(cls, k, g, shape)
        return tuple(map(_array, out))


def _check_gradient(cls: type, k: int, gradient: Any, shape: tuple | None) -> None:
    """Raise unless a gradient is None, or a tensor of the shape of argument k."""
    if gradient is None:
        return
    who = f"{cls.__name__}.backward returned"
    if not isinstance(gradient, Tensor):
        raise TypeError(f"{who} {type(gradient).__name__} for argument {k}; expected a "
                        "tensor or None")
    if shape is None:
        raise RuntimeError(f"{who} a gradient for argument {k}, which is no tensor; "
                           "return None there")
    if gradient.shape != shape:
        raise RuntimeError(f"{who} a gradient of shape {tuple(gradient.shape)} for "
                           f"argument {k}, which has shape {tuple(shape)}")


def _output_of(cls: type, y: Any) -> Any:
    """An output of forward as a tensor of its own; one memory with what was returned."""
    if not isinstance(y, Tensor):
        raise TypeError(f"{cls.__name__}.forward must return tensors, got "
                        f"{type(y).__name__}")
    fresh = Tensor._of(y.array, y.device)
    fresh._counter = y._share_version()
    return fresh


def _array(t: Any) -> Any:
    if isinstance(t, Tensor):
        return t.array
    return None if t is None else np.asarray(t)
