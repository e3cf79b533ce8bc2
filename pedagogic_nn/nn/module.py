"""Module: a tree of layers that knows its parameters.

A module is a Python object with three dictionaries:

    _parameters   name → Parameter   what training changes
    _buffers      name → Tensor      what is saved and moved, but not trained
    _modules      name → Module      its children: this is what makes a tree

Nobody fills them by hand.  Python calls `__setattr__` for every `self.name = value`,
and ours looks at the value: a Parameter goes into the first dictionary, a Module into
the last, and everything else where Python would have put it.  Reading them back goes
through `__getattr__`, which Python calls for names that it cannot find itself.

All the rest follows: `parameters()` walks the tree and yields what the dictionaries hold,
`to()` replaces what they hold, `state_dict()` writes their names down with dots between.
"""
import itertools
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

from ..autograd.tensor import Tensor, as_dtype
from ..backend.device import Device
from . import hooks as _hooks
from . import state_dict as _state
from .hooks import Hook, RemovableHandle
from .parameter import Parameter

_REGISTRIES = ("_parameters", "_buffers", "_modules")


class Module:
    """The base of every layer and every network.

    Subclass it, create parameters and children in `__init__` (after
    `super().__init__()`), and say in `forward` what to compute.  Call the module, not
    `forward`: the call also runs the hooks.

    Attributes:
        training: True after `train()`, False after `eval()`; Dropout and BatchNorm look.

    Example:
        >>> class Scale(nn.Module):
        ...     def __init__(self, features):
        ...         super().__init__()
        ...         self.weight = nn.Parameter(torch.ones(features))     # registered
        ...         self.note = "any other value is a plain attribute"
        ...
        ...     def forward(self, x):
        ...         return x * self.weight
        >>> scale = Scale(3)
        >>> [name for name, parameter in scale.named_parameters()]
        ['weight']
        >>> scale(torch.zeros(2, 3)).shape
        torch.Size([2, 3])
    """

    _version = 1           # of the layout of the state, kept in state_dict()._metadata
    _added_in: dict[str, int] = {}     # tensors that older layouts lack: they keep theirs
    training: bool

    def __init__(self) -> None:
        new = super().__setattr__       # ours would look into dictionaries not yet there
        new("training", True)
        new("_parameters", {})
        new("_buffers", {})
        new("_non_persistent_buffers_set", set())
        new("_modules", {})
        new("_forward_pre_hooks", OrderedDict())
        new("_forward_hooks", OrderedDict())
        new("_backward_pre_hooks", OrderedDict())
        new("_backward_hooks", OrderedDict())

    # ---- calling ---------------------------------------------------------------------

    def forward(self, *inputs: Any) -> Any:
        """What the module computes; every subclass gives its own."""
        raise NotImplementedError(
            f"{type(self).__name__} has no forward method; define "
            "`def forward(self, x): …` in the class")

    def __call__(self, *inputs: Any, **kwargs: Any) -> Any:
        """forward(*inputs, **kwargs), with the hooks around it."""
        if (self._forward_hooks or self._forward_pre_hooks
                or self._backward_hooks or self._backward_pre_hooks):
            return _hooks.call_with_hooks(self, inputs, kwargs)
        return self.forward(*inputs, **kwargs)

    # ---- registration: what `self.name = value` does ---------------------------------

    def __setattr__(self, name: str, value: Any) -> None:
        """Register a Parameter or a Module; keep anything else as a plain attribute.

        A name that is registered already takes another value of its kind, or None; a
        Parameter takes any name.

        Raises:
            TypeError: a Tensor that is no Parameter for a parameter's name, and the like.
            AttributeError: `super().__init__()` was not called before.
        """
        registry = self._registry_of(name)
        if isinstance(value, Parameter):
            self._free_name(name, for_registry="_parameters")
            self.register_parameter(name, value)
        elif isinstance(value, Module) and registry != "_parameters":
            modules = self._registry("_modules", value)
            self._free_name(name, for_registry="_modules")
            modules[name] = value
        elif registry is None:
            super().__setattr__(name, value)
        else:
            self._check_kind(name, value, registry)
            self.__dict__[registry][name] = value

    def __getattr__(self, name: str) -> Any:
        """Python calls this for a name that it did not find: look into the registries."""
        for registry in _REGISTRIES:
            registered = self.__dict__.get(registry, ())
            if name in registered:
                return registered[name]
        hint = "" if "_parameters" in self.__dict__ else (
            "; call super().__init__() first, it makes the dictionaries of a Module")
        raise AttributeError(
            f"'{type(self).__name__}' object has no attribute '{name}'{hint}",
            name=name, obj=self)

    def __delattr__(self, name: str) -> None:
        registry = self._registry_of(name)
        if registry is None:
            super().__delattr__(name)
        else:
            del self.__dict__[registry][name]
            self._non_persistent_buffers_set.discard(name)

    def __dir__(self) -> list[str]:
        """All attributes, the registered ones too, but not '0', '1' …: no identifiers."""
        registered = itertools.chain(*(self.__dict__.get(r, ()) for r in _REGISTRIES))
        names = {*super().__dir__(), *registered}
        return sorted(name for name in names if not name[:1].isdigit())

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter: `self.name = param` with the name in a string.

        None reserves the name of a parameter that this module does without (bias=False).

        Raises:
            TypeError: `param` is neither a Parameter nor None.
            KeyError: the name is empty, has a dot in it, or is taken.
        """
        parameters = self._registry("_parameters", param)
        self._check_name(name, "_parameters")
        self._check_kind(name, param, "_parameters")
        parameters[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None,
                        persistent: bool = True) -> None:
        """Add a tensor that is part of the state but not trained, as a running mean is.

        Args:
            persistent: whether `state_dict()` includes it.

        Example:
            >>> layer = nn.Module()
            >>> layer.register_buffer("running_mean", torch.zeros(3))
            >>> layer.running_mean
            tensor([0., 0., 0.])
            >>> list(layer.parameters()), list(layer.state_dict())
            ([], ['running_mean'])
        """
        buffers = self._registry("_buffers", tensor)
        self._check_name(name, "_buffers")
        self._check_kind(name, tensor, "_buffers")
        buffers[name] = tensor
        if persistent:
            self._non_persistent_buffers_set.discard(name)
        else:
            self._non_persistent_buffers_set.add(name)

    def add_module(self, name: str, module: "Module | None") -> None:
        """Add a child: `self.name = module` with the name in a string."""
        modules = self._registry("_modules", module)
        self._check_name(name, "_modules")
        self._check_kind(name, module, "_modules")
        modules[name] = module

    def register_module(self, name: str, module: "Module | None") -> None:
        """The same as `add_module`."""
        self.add_module(name, module)

    def _registry_of(self, name):
        """Which of the three dictionaries holds `name`, or None."""
        for registry in _REGISTRIES:
            if name in self.__dict__.get(registry, ()):
                return registry
        return None

    def _registry(self, registry, value):
        """The dictionary of that name; without super().__init__() there is none yet."""
        if registry not in self.__dict__:
            raise AttributeError(
                f"{type(self).__name__}: cannot register a {type(value).__name__} before "
                "super().__init__() has run; make it the first line of __init__")
        return self.__dict__[registry]

    def _free_name(self, name, for_registry):
        """Take `name` out of everything but `for_registry`: a new value replaces it."""
        self.__dict__.pop(name, None)
        for registry in _REGISTRIES:
            if registry != for_registry:
                self.__dict__.get(registry, {}).pop(name, None)

    def _check_name(self, name, registry):
        kind, owner = _KINDS[registry][0], type(self).__name__
        if not isinstance(name, str):
            raise TypeError(f"{owner}: the name of a {kind} must be a string, "
                            f"got {type(name).__name__}")
        if name == "":
            raise KeyError(f"{owner}: the name of a {kind} cannot be empty")
        if "." in name:
            raise KeyError(f"{owner}: the name of a {kind} cannot contain a dot, got "
                           f"{name!r}; dots separate the levels of the tree")
        if hasattr(self, name) and name not in self.__dict__[registry]:
            raise KeyError(f"{owner}: attribute {name!r} already exists")

    def _check_kind(self, name, value, registry):
        kind, accepted = _KINDS[registry]
        if value is not None and not isinstance(value, accepted):
            way_out = " (wrap it: nn.Parameter(tensor))" if (
                registry == "_parameters" and isinstance(value, Tensor)) else ""
            raise TypeError(
                f"{type(self).__name__}: {name!r} is a {kind}, which takes a "
                f"{accepted.__name__} or None, got {type(value).__name__}{way_out}")

    # ---- walking the tree ------------------------------------------------------------

    def named_children(self) -> Iterator[tuple[str, "Module"]]:
        """(name, child) for each direct child; one reached by two names comes once."""
        seen = set()
        for name, child in self._modules.items():
            if child is not None and child not in seen:
                seen.add(child)
                yield name, child

    def children(self) -> Iterator["Module"]:
        """The direct children."""
        for _, child in self.named_children():
            yield child

    def named_modules(self, memo: set | None = None, prefix: str = "",
                      remove_duplicate: bool = True) -> Iterator[tuple[str, "Module"]]:
        """(dotted name, module) for this module, its children, their children …

        Args:
            memo: modules to leave out; what is yielded is added to it.
            prefix: put before every name.
            remove_duplicate: a module reached by two names comes once.

        Example:
            >>> shared = nn.Linear(2, 2)
            >>> net = nn.Sequential(shared, nn.Tanh(), shared)
            >>> [name for name, module in net.named_modules()]
            ['', '0', '1']
        """
        memo = set() if memo is None else memo
        if remove_duplicate and self in memo:
            return
        memo.add(self)
        yield prefix, self
        for name, child in self._modules.items():
            if child is not None:
                yield from child.named_modules(
                    memo, _join(prefix, name), remove_duplicate)

    def modules(self) -> Iterator["Module"]:
        """This module and everything below it, each once."""
        for _, module in self.named_modules():
            yield module

    def named_parameters(self, prefix: str = "", recurse: bool = True,
                         remove_duplicate: bool = True, *, memo: set | None = None,
                         ) -> Iterator[tuple[str, Parameter]]:
        """(dotted name, parameter) for all parameters of the tree.

        Args:
            prefix: put before every name.
            recurse: False stays at this module.
            remove_duplicate: a parameter reached by two names comes once.
            memo: parameters to leave out, the spelling of 0.1.
        """
        return self._named("_parameters", prefix, recurse, remove_duplicate, memo)

    def parameters(self, recurse: bool = True, *, memo: set | None = None,
                   ) -> Iterator[Parameter]:
        """All parameters of the tree, as an optimiser wants them."""
        if recurse is None or isinstance(recurse, set):       # 0.1 wrote parameters(memo)
            recurse, memo = True, recurse
        for _, parameter in self.named_parameters(recurse=recurse, memo=memo):
            yield parameter

    def named_buffers(self, prefix: str = "", recurse: bool = True,
                      remove_duplicate: bool = True) -> Iterator[tuple[str, Tensor]]:
        """(dotted name, buffer) for all buffers of the tree, persistent or not."""
        return self._named("_buffers", prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """All buffers of the tree."""
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    def _named(self, registry, prefix, recurse, remove_duplicate, memo=None):
        memo = set() if memo is None else memo
        owners = (self.named_modules(None, prefix, remove_duplicate) if recurse
                  else [(prefix, self)])
        for path, owner in owners:
            for name, value in owner.__dict__[registry].items():
                if value is None or (remove_duplicate and value in memo):
                    continue
                memo.add(value)
                yield _join(path, name), value

    def get_submodule(self, target: str) -> "Module":
        """The module at a dotted path: `net.get_submodule('encoder.0')`; '' is this one.

        Raises:
            AttributeError: no such name, or no Module of that name.
        """
        module = self
        for name in target.split(".") if target else ():
            module = _get(module, name, "_modules", target)
        return module

    def get_parameter(self, target: str) -> Parameter:
        """The parameter at a dotted path: `net.get_parameter('encoder.0.weight')`."""
        path, _, name = target.rpartition(".")
        return _get(self.get_submodule(path), name, "_parameters", target)

    def get_buffer(self, target: str) -> Tensor:
        """The buffer at a dotted path: `net.get_buffer('norm.running_mean')`."""
        path, _, name = target.rpartition(".")
        return _get(self.get_submodule(path), name, "_buffers", target)

    def apply(self, fn: Callable[["Module"], None]) -> "Module":
        """Call `fn` with every module of the tree, children first; for initialisation.

        Example:
            >>> def all_ones(module):
            ...     if isinstance(module, nn.Linear):
            ...         nn.init.ones_(module.weight)
            >>> net = nn.Sequential(nn.Linear(2, 1), nn.Tanh()).apply(all_ones)
            >>> net[0].weight.tolist()
            [[1.0, 1.0]]
        """
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    # ---- modes and gradients ---------------------------------------------------------

    def train(self, mode: bool = True) -> "Module":
        """Set `training` in the whole tree."""
        if not isinstance(mode, bool):
            raise ValueError(f"train: mode must be True or False, got {mode!r}")
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> "Module":
        """train(False): dropout passes everything, BatchNorm uses its running values."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> "Module":
        """Set requires_grad of every parameter: False freezes the tree."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or fill them with zeros."""
        for parameter in self.parameters():
            if set_to_none:
                parameter.grad = None
            elif parameter.grad is not None:
                parameter.grad.zero_()

    # ---- moving and converting -------------------------------------------------------

    def _apply(self, fn: Callable[[Tensor], Tensor]) -> "Module":
        """Replace every parameter's, gradient's and buffer's memory by what `fn` makes.

        The Parameter objects stay the same, so an optimiser that holds them goes on
        working.
        """
        for parameter in self.parameters():
            parameter.data = fn(parameter.data)
            if parameter.grad is not None:
                parameter.grad = fn(parameter.grad)
        for module in self.modules():
            for name, buffer in module._buffers.items():
                if buffer is not None:
                    module._buffers[name] = fn(buffer)
        return self

    def to(self, *args: Any, **kwargs: Any) -> "Module":
        """Move the tree to a device, convert it to a floating dtype, or both, in place.

        to(device), to(dtype), to(device, dtype), to(tensor): like that tensor.  Buffers
        of whole numbers are moved but not converted.

        Example:
            >>> layer = nn.Linear(2, 2).to("cpu", torch.float64)
            >>> layer.weight.dtype == torch.float64
            True
        """
        device, dtype = _device_and_dtype(*args, **kwargs)
        if dtype is not None and dtype.kind != "f":
            raise TypeError(
                f"{type(self).__name__}.to wants floating-point dtypes, got {dtype}: "
                "whole numbers have no gradient")

        def convert(tensor):
            kind = dtype if tensor.is_floating_point() else None
            return tensor.to(dtype=kind, device=device)

        return self._apply(convert)

    def cpu(self, device_id: int | None = None) -> "Module":
        """Move the tree to the CPU; `device_id` picks a virtual one ('cpu:1')."""
        return self.to(Device("cpu", device_id))

    def cuda(self, device_id: Any = None, *, device: Any = None) -> "Module":
        """Move the tree to a GPU: the first one, or the one with this number."""
        wanted = device if device is not None else device_id
        return self.to(Device("cuda" if wanted is None else wanted))

    def type(self, dst_type: Any) -> "Module":
        """Convert every parameter and buffer, those of whole numbers too."""
        dtype = as_dtype(dst_type)
        if dtype.kind != "f" and any(p.requires_grad for p in self.parameters()):
            raise RuntimeError(
                f"{type(self).__name__}.type: parameters that require a gradient cannot "
                f"become {dtype}; say requires_grad_(False) first")
        return self._apply(lambda tensor: tensor.to(dtype=dtype))

    def half(self) -> "Module":
        """Convert floating parameters and buffers to float16."""
        return self.to(dtype="float16")

    def float(self) -> "Module":
        """Convert floating parameters and buffers to float32."""
        return self.to(dtype="float32")

    def double(self) -> "Module":
        """Convert floating parameters and buffers to float64."""
        return self.to(dtype="float64")

    # ---- state -----------------------------------------------------------------------

    def state_dict(self, destination: OrderedDict | None = None, prefix: str = "",
                   keep_vars: bool = False) -> OrderedDict:
        """All parameters and persistent buffers by dotted name, in the order of the tree.

        The tensors share memory with the module: copy them (`copy.deepcopy`) to keep a
        snapshot.  The attribute `_metadata` holds the version of each module's layout.

        Args:
            destination: a dictionary to add to.
            prefix: put before every name.
            keep_vars: give the Parameters themselves instead of detached tensors.

        Example:
            >>> list(nn.Sequential(nn.Linear(1, 2), nn.Tanh()).state_dict())
            ['0.weight', '0.bias']
        """
        return _state.collect(self, destination, prefix, keep_vars)

    def load_state_dict(self, state_dict: Any, strict: bool = True,
                        assign: bool = False) -> "_state.IncompatibleKeys":
        """Copy the tensors of `state_dict` into the parameters and buffers of this tree.

        Args:
            strict: the names must be exactly those of `state_dict()`.  False loads the
                names that match.
            assign: put the given tensors in place of the old ones instead of copying;
                their dtype and device come with them.

        Returns:
            (missing_keys, unexpected_keys), both empty if strict.

        Raises:
            RuntimeError: names are missing or unexpected (if strict), or shapes differ
                (always).  The message lists all of them; the module is as it was before.
        """
        return _state.load(self, state_dict, strict, assign)

    # ---- hooks -----------------------------------------------------------------------

    def register_forward_pre_hook(self, hook: Callable, *, prepend: bool = False,
                                  with_kwargs: bool = False) -> RemovableHandle:
        """Call hook(module, args) before each forward.

        What it returns replaces the arguments; None leaves them.  With `with_kwargs` it
        is hook(module, args, kwargs) → None or (args, kwargs).
        """
        return _hooks.register(self._forward_pre_hooks, Hook(hook, with_kwargs), prepend)

    def register_forward_hook(self, hook: Callable, *, prepend: bool = False,
                              with_kwargs: bool = False,
                              always_call: bool = False) -> RemovableHandle:
        """Call hook(module, args, output) after each forward.

        What it returns replaces the output; None leaves it.  With `with_kwargs` it is
        hook(module, args, kwargs, output).  With `always_call` it runs (with output None)
        even if forward failed.

        Example:
            >>> shapes = []
            >>> layer = nn.Linear(3, 5)
            >>> handle = layer.register_forward_hook(
            ...     lambda module, args, output: shapes.append(tuple(output.shape)))
            >>> y = layer(torch.zeros(2, 3))
            >>> handle.remove()
            >>> y = layer(torch.zeros(4, 3))
            >>> shapes
            [(2, 5)]
        """
        new = Hook(hook, with_kwargs, always_call)
        return _hooks.register(self._forward_hooks, new, prepend)

    def register_full_backward_pre_hook(self, hook: Callable,
                                        prepend: bool = False) -> RemovableHandle:
        """Call hook(module, grad_output) when the gradients of the outputs have arrived.

        What it returns replaces them; None leaves them.
        """
        return _hooks.register(self._backward_pre_hooks, Hook(hook), prepend)

    def register_full_backward_hook(self, hook: Callable,
                                    prepend: bool = False) -> RemovableHandle:
        """Call hook(module, grad_input, grad_output) when both gradients are known.

        Both are tuples, with an entry for each positional input and each output of
        forward: None for what is no Tensor.  An input or output that is itself a tuple,
        list or dict has an entry of that form (in PyTorch: None).  What the hook returns
        replaces grad_input.

        Example:
            >>> layer = nn.Tanh()
            >>> handle = layer.register_full_backward_hook(
            ...     lambda module, grad_input, grad_output: (grad_input[0] * 10,))
            >>> x = torch.zeros(2, requires_grad=True)
            >>> layer(x).sum().backward()
            >>> x.grad
            tensor([10., 10.])
        """
        return _hooks.register(self._backward_hooks, Hook(hook), prepend)

    def register_backward_hook(self, hook: Callable) -> RemovableHandle:
        """The old name of `register_full_backward_hook`, and here the same.

        In PyTorch the old one looks only at the last operation of forward, so that its
        grad_input belongs to something inside the module; the full one gives what the
        documentation of both promises.
        """
        return self.register_full_backward_hook(hook)

    # ---- printing --------------------------------------------------------------------

    def extra_repr(self) -> str:
        """What stands in the parentheses of the repr; subclasses give their arguments."""
        return ""

    def __repr__(self) -> str:
        """The tree, one child a line, indented."""
        extra = self.extra_repr().split("\n") if self.extra_repr() else []
        children = [f"({name}): {child!r}" for name, child in self._modules.items()]
        return tree_text(type(self).__name__, extra, children)


_KINDS = {
    "_parameters": ("parameter", Parameter),
    "_buffers": ("buffer", Tensor),
    "_modules": ("child module", Module),
}


def _device_and_dtype(*args, device=None, dtype=None, non_blocking=False):
    """What the arguments of `to` ask for; None for what they leave as it is."""
    for arg in args:
        if isinstance(arg, Tensor):
            device, dtype = arg.device, arg.dtype
        elif isinstance(arg, (str, int, Device)) and not isinstance(arg, bool):
            device = arg
        elif arg is not None and not isinstance(arg, bool):      # a bool is non_blocking
            dtype = arg
    return (None if device is None else Device(device),
            None if dtype is None else as_dtype(dtype))


def _join(prefix, name):
    return f"{prefix}.{name}" if prefix else name


def _get(module, name, registry, target):
    """The entry `name` of one registry of `module`, on the way to `target`."""
    kind = _KINDS[registry][0]
    if not hasattr(module, name):
        raise AttributeError(
            f"{target!r}: {type(module).__name__} has no {kind} {name!r}")
    if name not in module.__dict__[registry]:
        raise AttributeError(
            f"{target!r}: {name!r} of {type(module).__name__} is no {kind} but a "
            f"{type(getattr(module, name)).__name__}")
    return module.__dict__[registry][name]


def tree_text(name, extra_lines, children):
    """Name(extra), or the name, and what it contains on indented lines."""
    if len(extra_lines) == 1 and not children:
        return f"{name}({extra_lines[0]})"
    lines = extra_lines + [child.replace("\n", "\n  ") for child in children]
    return "\n  ".join([f"{name}(", *lines]) + ("\n)" if lines else ")")
