"""The tape: what one operation remembers (Node), and operations that record themselves.

    Primitive    the library's own operations; forward and backward see arrays
    Function     yours; forward and backward see tensors, as in PyTorch

Calling `apply` runs `forward` and wraps its arrays in tensors.  If some input requires a gradient
and recording is on, the outputs point to a Node, the Node points to where its inputs came
from, and that chain of pointers is the whole tape.  `backward.py` walks it.
"""
import itertools
from typing import Any

import numpy as np

from ..backend.device import Device
from .grad_mode import mode, no_grad

Tensor: Any = None                   # set by tensor.py: the two files need each other

_count = itertools.count()


class Node:
    """One recorded operation: `ctx` in forward and backward, `grad_fn` on its outputs.

    Attributes:
        function: the Primitive whose backward will be called.
        edges: for each input None (no gradient wanted), or (where it came from, which output of it):
            a Node for a computed tensor, the tensor itself for a leaf.
        number: Nodes count up as they are made, so an input's number is smaller than its user's.
        saved: the arrays that backward needs.
        needs_input_grad: for each input, whether its gradient is wanted.
    """

    edges: tuple = ()
    saved: tuple | None = ()
    versions: tuple = ()
    outputs: tuple = ()
    hooks: dict | None = None           # output number → {id: hook}
    retained: dict | None = None        # output number → weak reference to the tensor that keeps it
    non_differentiable: tuple = ()

    def __init__(self, function: type["Primitive"], needs_input_grad: tuple) -> None:
        self.function = function
        self.needs_input_grad = needs_input_grad

    def save_for_backward(self, *arrays: Any) -> None:
        """Keep what backward needs: inputs or outputs as they came, so that a later change in
        place can be noticed."""
        self.saved = arrays

    @property
    def saved_tensors(self) -> tuple:
        """What `save_for_backward` kept, as tensors."""
        if self.saved is None:
            raise RuntimeError(_FREED)
        return tuple(None if a is None else a if isinstance(a, Tensor) else
                     Tensor._of(a, self.device) for a in self.saved)

    def mark_non_differentiable(self, *outputs: Any) -> None:
        """Say in forward that these outputs have no gradient (indices, masks)."""
        self.non_differentiable = outputs

    def mark_dirty(self, *inputs: Any) -> None:
        """Say in forward that these inputs were changed in place."""
        for x in inputs:
            if isinstance(x, Tensor):
                x._changed()

    def set_materialize_grads(self, value: bool) -> None:
        """Whether backward gets zeros (the default) or None for an output that nobody used."""
        self.materialize_grads = value

    materialize_grads = True

    @property
    def next_functions(self) -> tuple:
        """(where an input came from, which output of it) for each input."""
        return tuple((None, 0) if e is None else e for e in self.edges)

    def name(self) -> str:
        """The operation's name, as PyTorch forms it: 'MulBackward'."""
        return f"{self.function.__name__}Backward"

    def __repr__(self) -> str:
        return f"<{self.name()}>"


_FREED = ("backward through this graph a second time: what it had saved is freed after the first. "
          "Say retain_graph=True in the first call, or compute the loss again.")


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
        raise TypeError("forward must be given by the subclass")

    @staticmethod
    def backward(ctx: Node, *gradients: Any) -> Any:
        raise TypeError("backward must be given by the subclass")

    @classmethod
    def apply(cls, *inputs: Any, **options: Any) -> Any:
        """Run forward; record it if an input requires a gradient."""
        arrays, needs, device = [], [], None
        recording = volatile = False
        for x in inputs:
            if isinstance(x, Tensor):
                arrays.append(x.array)
                needs.append(x._requires_grad)
                recording = recording or x._requires_grad
                volatile = volatile or x._volatile
                if device is None:
                    device = x.device
                elif x.device is not device:
                    return cls.apply(*_on_one_device(cls, inputs), **options)
            else:
                arrays.append(x)
                needs.append(False)
        recording = recording and mode.enabled and not volatile
        ctx = Node(cls, tuple(needs) if recording else (False,) * len(needs))
        ctx.device = device
        result = cls.forward(ctx, *arrays, **options)
        many = type(result) is tuple
        outputs = tuple(Tensor._of(a, device) for a in (result if many else (result,)))
        if cls.view:
            outputs[0]._becomes_view_of(inputs[0])
        if volatile:
            for y in outputs:
                y.volatile = True
        if recording:
            _record(ctx, inputs, outputs)
        return outputs if many else outputs[0]


def _record(ctx: Node, inputs: tuple, outputs: tuple) -> None:
    ctx.number = next(_count)
    ctx.edges = tuple([
        ((x.node or x, x.slot) if needed else None)
        for x, needed in zip(inputs, ctx.needs_input_grad, strict=True)])
    ctx.outputs = tuple([(y.array.shape, y.array.dtype) for y in outputs])
    for k, y in enumerate(outputs):
        if y.array.dtype.kind == "f" and not any(y.array is a for a in ctx.non_differentiable):
            y._requires_grad, y.node, y.slot = True, ctx, k
    if ctx.saved:
        ctx.versions = tuple([
            (t, t._version) for a in ctx.saved for t in (*inputs, *outputs)
            if isinstance(t, Tensor) and t.array is a and t._share_version()])
        # The counter is shared by all tensors on the memory; keeping it does not keep them alive.
        ctx.versions = tuple([(t._counter, v) for t, v in ctx.versions])


def check_unchanged(node: Node) -> None:
    """Raise if an array that `node` saved was changed in place afterwards."""
    for counter, version in node.versions:
        if counter[0] != version:
            raise RuntimeError(
                f"{node.function.__name__}: a tensor that its gradient needs was changed in place "
                f"(it was saved at version {version} and is at version {counter[0]} now). "
                "Change a copy instead: x = x + 1, not x += 1.")


def _on_one_device(cls: type, inputs: tuple) -> list:
    """A single number on the CPU may meet any device, as in PyTorch; anything else is an error."""
    tensors = [x for x in inputs if isinstance(x, Tensor)]
    home = next((x.device for x in tensors if x.array.ndim or x.device.type != "cpu"),
                tensors[0].device)
    for x in tensors:
        if x.device is not home and (x.array.ndim or x.device.type != "cpu"):
            raise RuntimeError(
                f"{cls.__name__} expected all tensors on one device, got {home} and {x.device}; "
                f"move one with .to('{home}') or .to('{x.device}')")
    return [x.to(home) if isinstance(x, Tensor) else x for x in inputs]


class Function(Primitive):
    """Your own operation: subclass it, write `forward` and `backward` on tensors, call `apply`.

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

    In both, nothing is recorded.  `backward` gets one gradient for each output, and returns one for
    each argument of forward (None where there is none).

    Raises:
        RuntimeError: backward returned too few gradients, or one of another shape than its input.
    """

    @classmethod
    def apply(cls, *inputs: Any, **options: Any) -> Any:
        """Run forward on the tensors; record it if an input requires a gradient."""
        return _Call.apply(*inputs, written=cls, tensors=inputs, options=options)


class _Call(Primitive):
    """Carries a user's Function on the tape: arrays outside, tensors inside."""

    @staticmethod
    def forward(ctx, *arrays, written, tensors, options):
        ctx.function = type(written.__name__, (_Call,), {})
        ctx.written = written
        ctx.shapes = [x.shape if isinstance(x, Tensor) else None for x in tensors]
        ctx.device = next((x.device for x in tensors if isinstance(x, Tensor)), Device("cpu"))
        with no_grad():
            out = written.forward(ctx, *tensors, **options)
        saved, ctx.saved = ctx.saved, None
        ctx.saved = tuple(_array(t) for t in saved or ())
        ctx.non_differentiable = tuple(_array(t) for t in ctx.non_differentiable)
        for y in out if isinstance(out, tuple) else (out,):
            if not isinstance(y, Tensor):
                raise TypeError(f"{written.__name__}.forward must return tensors, "
                                f"got {type(y).__name__}")
        return tuple(_array(y) for y in out) if isinstance(out, tuple) else _array(out)

    @staticmethod
    def backward(ctx, *gradients):
        with no_grad():
            out = ctx.written.backward(ctx, *(
                None if g is None else Tensor._of(g, ctx.device) for g in gradients))
        out = list(out) if isinstance(out, (tuple, list)) else [out]
        name = ctx.written.__name__
        while len(out) > len(ctx.shapes) and out[-1] is None:
            out.pop()
        if len(out) != len(ctx.shapes):
            raise RuntimeError(f"{name}.backward must return one gradient for each argument of "
                               f"forward: expected {len(ctx.shapes)}, got {len(out)}")
        for k, (g, shape) in enumerate(zip(out, ctx.shapes, strict=True)):
            if g is not None and shape is not None and tuple(g.shape) != tuple(shape):
                raise RuntimeError(f"{name}.backward returned a gradient of shape {tuple(g.shape)} "
                                   f"for argument {k}, which has shape {tuple(shape)}")
        return tuple(_array(g) for g in out)


def _array(t):
    return t.array if isinstance(t, Tensor) else t if t is None else np.asarray(t)
