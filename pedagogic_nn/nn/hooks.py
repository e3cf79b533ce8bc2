"""Hooks: functions that a module calls around its forward and its backward pass.

    x  ─▶ forward pre-hooks ─▶ door ─▶ forward  ─▶ forward hooks ─▶ door ─▶ y
    dx ◀─── backward hooks ◀── door ◀─ backward ◀─ pre-hooks ◀───── door ◀─ dy

Forward hooks need no machinery: `call_with_hooks` calls them one after the other.  For
the way back, a module has no single backward function: it may record one node of the
graph or a thousand.  So the inputs and the outputs pass through a `Door`, an operation
that changes nothing but sees every gradient that comes back.
"""
import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple

from ..autograd.function import Primitive
from ..autograd.grad_mode import is_grad_enabled, no_grad
from ..autograd.tensor import RemovableHandle, Tensor

# ---- registering and removing --------------------------------------------------------


class Hook(NamedTuple):
    """A registered function, and how it wants to be called."""

    function: Callable
    with_kwargs: bool = False
    always_call: bool = False


def register(hooks: OrderedDict, hook: Hook, prepend: bool = False) -> RemovableHandle:
    """Add `hook` to the end of `hooks` (or to the front) and return its handle."""
    if not callable(hook.function):
        raise TypeError(
            f"a hook must be callable, got {type(hook.function).__name__}")
    handle = RemovableHandle(hooks, hook)
    if prepend:
        hooks.move_to_end(handle.id, last=False)
    return handle


# ---- the forward pass ----------------------------------------------------------------


def call_with_hooks(module: Any, args: tuple, kwargs: dict) -> Any:
    """module.forward(*args, **kwargs) with all hooks of `module` around it."""
    result, called = None, set()
    try:
        args, kwargs = _run_forward_pre_hooks(module, args, kwargs)
        doors = None
        if module._backward_hooks or module._backward_pre_hooks:
            doors = _Doors(module)
            args = doors.let_in(args)
        result = module.forward(*args, **kwargs)
        for key, hook in list(module._forward_hooks.items()):
            called.add(key)
            result = _run_forward_hook(module, hook, args, kwargs, result)
        return doors.let_out(result) if doors else result
    except Exception:
        _run_remaining_hooks(module, called, args, kwargs, result)
        raise


def _run_forward_pre_hooks(module, args, kwargs):
    """Each hook may replace the arguments for all that follow."""
    for hook in list(module._forward_pre_hooks.values()):
        if not hook.with_kwargs:
            new = hook.function(module, args)
            if new is not None:
                args = new if isinstance(new, tuple) else (new,)
            continue
        new = hook.function(module, args, kwargs)
        if new is None:
            continue
        if not (isinstance(new, tuple) and len(new) == 2):
            raise RuntimeError(
                f"{type(module).__name__}: a forward pre-hook with with_kwargs=True "
                f"returns None or a pair (args, kwargs), got {new!r}")
        args, kwargs = new
    return args, kwargs


def _run_forward_hook(module, hook, args, kwargs, result):
    """The hook may replace the result."""
    if hook.with_kwargs:
        new = hook.function(module, args, kwargs, result)
    else:
        new = hook.function(module, args, result)
    return result if new is None else new


def _run_remaining_hooks(module, called, args, kwargs, result):
    """After an error: the hooks that asked to be called always, and were not yet."""
    for key, hook in list(module._forward_hooks.items()):
        if hook.always_call and key not in called:
            try:
                result = _run_forward_hook(module, hook, args, kwargs, result)
            except Exception as error:            # the first error is the one to report
                warnings.warn(f"a forward hook with always_call=True failed after an "
                              f"error in {type(module).__name__}: {error}", stacklevel=2)


# ---- the backward pass ---------------------------------------------------------------


class Door(Primitive):
    """The identity.  On the way back, `passing` sees, and may replace, the gradients.

    Args:
        zeros: whether a tensor that nobody used has a gradient of zeros, or None.
    """

    @staticmethod
    def forward(ctx, *arrays, passing, zeros):
        ctx.set_materialize_grads(zeros)
        ctx.passing = passing
        needed = ctx.needs_input_grad
        outputs = [a if n else a.view() for a, n in zip(arrays, needed, strict=True)]
        ctx.mark_non_differentiable(*(
            y for y, n in zip(outputs, needed, strict=True) if not n))
        return tuple(outputs)

    @staticmethod
    def backward(ctx, *grads):
        with no_grad():
            grads = ctx.passing([
                None if g is None else Tensor._of(g, ctx.device) for g in grads])
        return tuple(None if g is None else g.array for g in grads)


class _Doors:
    """The two doors of one call of a module, and what the first tells the second.

    Gradients reach the outer door first, as dy, then the inner one, as dx; the backward
    hooks want both.  Only the patterns of the inputs and outputs are kept (which leaf
    has a gradient), never the tensors: they would hold the graph, which holds this
    object.
    """

    def __init__(self, module):
        self.module = module
        self.name = type(module).__name__
        self.has_inner_door = False
        self.grad_output = None

    def let_in(self, args):
        """The arguments behind a door, if one of them requires a gradient.

        Then every Tensor beside it goes through too and will have a gradient, of zeros
        where it requires none, as in PyTorch.  One on another device stays outside.
        """
        homes = [leaf.device for leaf in _leaves(args) if _needs_gradient(leaf)]
        self.has_inner_door = bool(homes) and is_grad_enabled()
        if not self.has_inner_door:
            self.inputs = _map_leaves(lambda leaf: False, args)
            return args

        def beside(leaf):
            return isinstance(leaf, Tensor) and leaf.device is homes[0]

        self.inputs = _map_leaves(beside, args)
        return _through_door(args, beside, self._at_inner_door, zeros=True)

    def let_out(self, result):
        """The result behind a door, if it has a gradient at all."""
        several = type(result) is tuple
        outputs = result if several else (result,)
        self.outputs = _map_leaves(_needs_gradient, outputs)
        if is_grad_enabled() and any(_leaves(self.outputs)):
            outputs = _through_door(
                outputs, _needs_gradient, self._at_outer_door, zeros=False)
        return outputs if several else outputs[0]

    def _at_outer_door(self, grads):
        """dy arrives: run the pre-hooks, and the hooks too if no dx will follow."""
        self.grad_output = _fill(self.outputs, grads)
        for hook in list(self.module._backward_pre_hooks.values()):
            new = hook.function(self.module, self.grad_output)
            self.grad_output = self._replaced(self.grad_output, new, "grad_output")
        leaving = _wanted(self.outputs, self.grad_output)
        if not self.has_inner_door:
            self._run_backward_hooks(_fill(self.inputs, ()))
        return leaving

    def _at_inner_door(self, grads):
        """dx arrives: run the backward hooks."""
        if self.grad_output is None:       # it came past the outer door: somebody took a
            return grads                   # tensor out of the module on another way
        return _wanted(self.inputs, self._run_backward_hooks(_fill(self.inputs, grads)))

    def _run_backward_hooks(self, grad_input):
        for hook in list(self.module._backward_hooks.values()):
            new = hook.function(self.module, grad_input, self.grad_output)
            grad_input = self._replaced(grad_input, new, "grad_input")
            wanted = any(g is not None for g in _leaves(grad_input))
            if wanted and not self.has_inner_door:
                raise RuntimeError(
                    f"{self.name}: no input of this call requires a gradient, so its "
                    "backward hook has nothing to replace; let it return None")
        self.grad_output = None
        return grad_input

    def _replaced(self, old, new, what):
        """`old`, or what a hook returned for it; a single Tensor is a tuple of one."""
        if new is None:
            return old
        new = (new,) if isinstance(new, Tensor) else tuple(new)
        if len(new) != len(old) or len(_leaves(new)) != len(_leaves(old)):
            raise RuntimeError(
                f"{self.name}: a backward hook returned {len(new)} gradients in place of "
                f"{what}, which has {len(old)}; return one for each (None for those "
                "without), or None to leave them as they are")
        for before, after in zip(_leaves(old), _leaves(new), strict=True):
            if after is not None and not isinstance(after, Tensor):
                raise RuntimeError(f"{self.name}: a backward hook must return Tensors or "
                                   f"None, got {type(after).__name__}")
            if before is not None and after is not None and before.shape != after.shape:
                raise RuntimeError(
                    f"{self.name}: a backward hook returned a gradient of shape "
                    f"{tuple(after.shape)} in {what}, expected {tuple(before.shape)}")
        return new


# ---- tensors inside tuples, lists and dicts ------------------------------------------


def _map_leaves(function, value):
    """`value` with function(v) in place of every v that is no tuple, list or dict."""
    if isinstance(value, tuple) and hasattr(value, "_make"):            # a namedtuple
        return value._make(_map_leaves(function, v) for v in value)
    if isinstance(value, (tuple, list)):
        return type(value)(_map_leaves(function, v) for v in value)
    if isinstance(value, dict):
        new = value.copy()
        new.update((key, _map_leaves(function, v)) for key, v in value.items())
        return new
    return function(value)


def _leaves(value):
    found = []
    _map_leaves(found.append, value)
    return found


def _needs_gradient(value):
    return isinstance(value, Tensor) and value.requires_grad


def _fill(pattern, grads):
    """`pattern` with the next gradient for each True and None for each False."""
    grads = iter(grads)
    return _map_leaves(lambda wanted: next(grads, None) if wanted else None, pattern)


def _wanted(pattern, grads):
    """Undo `_fill`: the gradients for which `pattern` says True."""
    pairs = zip(_leaves(pattern), _leaves(grads), strict=True)
    return [grad for wanted, grad in pairs if wanted]


def _through_door(value, chosen, passing, zeros):
    """`value` with those of its leaves behind one Door for which `chosen` says True."""
    before = [leaf for leaf in _leaves(value) if chosen(leaf)]
    behind = Door.apply(*before, passing=passing, zeros=zeros)
    for old, new in zip(before, behind, strict=True):
        new._becomes_view_of(old)              # one memory: a change in place is noticed
    queue = iter(behind)
    return _map_leaves(lambda leaf: next(queue) if chosen(leaf) else leaf, value)
