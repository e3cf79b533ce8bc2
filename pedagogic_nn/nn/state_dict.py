"""The state of a module as a flat dictionary, and back.

`collect` walks the tree and writes down each parameter and each persistent buffer under
its dotted name, in PyTorch's order: parameters, then buffers, then the children in
turn.  Files of either library can therefore be read by the other.

`load` first compares everything and prepares every tensor, and only then touches the
module: a load that fails changes nothing.
"""
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, NamedTuple

from ..autograd.tensor import Tensor
from .parameter import Parameter


class IncompatibleKeys(NamedTuple):
    """What `load_state_dict` returns: the names that did not match."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return (f"IncompatibleKeys(missing_keys={self.missing_keys}, "
                f"unexpected_keys={self.unexpected_keys})")


def collect(module: Any, destination: Any = None, prefix: str = "",
            keep_vars: bool = False) -> OrderedDict:
    """See `Module.state_dict`."""
    if destination is None:
        destination = OrderedDict()
        destination._metadata = OrderedDict()
    if hasattr(destination, "_metadata"):
        destination._metadata[prefix.removesuffix(".")] = {"version": module._version}
    for name, tensor in _own_tensors(module):
        destination[prefix + name] = tensor if keep_vars else tensor.detach()
    for name, child in module._modules.items():
        if child is not None:
            child.state_dict(destination=destination, prefix=f"{prefix}{name}.",
                             keep_vars=keep_vars)
    return destination


def _own_tensors(module):
    """The parameters and persistent buffers of `module` itself."""
    for name, parameter in module._parameters.items():
        if parameter is not None:
            yield name, parameter
    for name, buffer in module._buffers.items():
        if buffer is not None and name not in module._non_persistent_buffers_set:
            yield name, buffer


def load(module: Any, state: Any, strict: bool = True,
         assign: bool = False) -> IncompatibleKeys:
    """See `Module.load_state_dict`."""
    if not isinstance(state, Mapping):
        raise TypeError("load_state_dict: expected a dictionary of names and tensors, "
                        f"as state_dict() returns, got {type(state).__name__}")
    own = module.state_dict(keep_vars=True)
    missing = [name for name in own if name not in state
               and not _came_later(module, name, state)]
    unexpected = [name for name in state if name not in own]
    shared = {name: state[name] for name in own if name in state}
    misfits = [m for name in shared if (m := _misfit(name, own[name], state[name]))]
    if misfits or (strict and (missing or unexpected)):
        raise RuntimeError(_complaint(module, strict, missing, unexpected, misfits))
    if assign:
        _assign(module, own, shared)
    else:
        _copy(own, shared)
    return IncompatibleKeys(missing, unexpected)


def _came_later(module, path, state):
    """Is this a tensor that the state cannot have: it was saved in an older layout?"""
    owner, _, name = path.rpartition(".")
    since = module.get_submodule(owner)._added_in.get(name)
    if since is None:
        return False
    version = getattr(state, "_metadata", {}).get(owner, {}).get("version")
    return version is None or version < since


def _misfit(name, own, given):
    """Why `given` cannot be loaded into `own`, or None."""
    if not isinstance(given, Tensor):
        return f"{name}: expected a Tensor, got {type(given).__name__}"
    if given.shape != own.shape:
        return (f"size mismatch for {name}: shape {tuple(given.shape)} in the state, "
                f"{tuple(own.shape)} in the module")
    return None


def _complaint(module, strict, missing, unexpected, misfits):
    """One message with everything that is wrong."""
    lines = [f"load_state_dict: the state does not fit {type(module).__name__}; "
             "nothing was changed."]
    for names, what in ((missing, "Missing"), (unexpected, "Unexpected")):
        if strict and names:
            keys = "key" if len(names) == 1 else "keys"
            lines.append(f"{what} {keys} in state_dict: " + ", ".join(map(repr, names)))
    lines += misfits
    if strict and missing and all(f"module.{name}" in unexpected for name in missing):
        lines.append("The names begin with 'module.', as DataParallel writes them: load "
                     "the state into the DataParallel, or take the prefix off.")
    elif strict and not misfits:
        lines.append("strict=False loads the names that match and returns the others.")
    return "\n    ".join(lines)


def _copy(own, given):
    """Copy in two steps: what can fail (moving, converting) first, for all tensors."""
    ready = {name: tensor.detach().to(own[name])
             for name, tensor in given.items()}
    for name, tensor in ready.items():
        own[name].detach().copy_(tensor)


def _assign(module, own, given):
    """Put the given tensors in place of the old ones, as Parameters where those were."""
    ready = {path: _as_kind_of(own[path], tensor) for path, tensor in given.items()}
    for path, tensor in ready.items():
        owner, _, name = path.rpartition(".")
        setattr(module.get_submodule(owner), name, tensor)


def _as_kind_of(own, tensor):
    if not isinstance(own, Parameter):
        return tensor
    if isinstance(tensor, Parameter):
        return tensor.requires_grad_(own.requires_grad)
    return Parameter(tensor, own.requires_grad)
