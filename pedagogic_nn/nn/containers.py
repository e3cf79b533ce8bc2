"""Containers: modules that hold modules or parameters in order, or by name.

    Sequential      a list of modules, and forward calls them one after the other
    ModuleList      a list of modules; what to do with them is up to you
    ModuleDict      a dictionary of modules
    ParameterList   a list of parameters
    ParameterDict   a dictionary of parameters

Why not plain lists?  `self.layers = [nn.Linear(2, 2)]` assigns a list, and
`Module.__setattr__` registers only Parameters and Modules: the layer inside would not
be found by `parameters()`, would not move with `to()` and would not be saved.  A
container is itself a Module, so it is registered, and it registers what it holds under
the names '0', '1', … or under the keys.
"""
import operator
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..autograd.tensor import Tensor
from .module import Module, tree_text
from .parameter import Parameter

# ---- lists of modules ----------------------------------------------------------------


class _ModuleSequence(Module):
    """What Sequential and ModuleList share: the behaviour of a Python list of modules."""

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return self._slice(index)
        return list(self)[_position(self, index)]

    def __setitem__(self, index: int, module: Module) -> None:
        setattr(self, list(self._modules)[_position(self, index)], module)

    def __delitem__(self, index: int | slice) -> None:
        modules = list(self)
        if isinstance(index, slice):
            del modules[index]
        else:
            del modules[_position(self, index)]
        self._renumber(modules)

    def append(self, module: Module) -> Any:
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Any:
        """Add all modules at the end."""
        for module in _iterable(self, "extend", modules):
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> Any:
        """Add a module before the position `index`."""
        modules = list(self)
        modules.insert(operator.index(index), module)
        self._check_kind(str(index), module, "_modules")
        self._renumber(modules)
        return self

    def pop(self, index: int | slice = -1) -> Any:
        """Remove the module at `index` (the last one) and return it."""
        module = self[index]
        del self[index]
        return module

    def _slice(self, index):
        return type(self)(list(self)[index])

    def _renumber(self, modules):
        """Hold `modules` under the names '0', '1', …"""
        self._modules.clear()
        self._modules.update((str(k), module) for k, module in enumerate(modules))


class Sequential(_ModuleSequence):
    """Modules called one after the other, each on the result of the one before.

    Args:
        modules: the modules in order, or one OrderedDict of names and modules.

    Example:
        >>> net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
        >>> net(torch.zeros(5, 2)).shape
        torch.Size([5, 1])
        >>> net[1]
        Tanh()
        >>> len(net[:2])
        2
        >>> from collections import OrderedDict
        >>> net = nn.Sequential(OrderedDict(line=nn.Linear(2, 1), squash=nn.Tanh()))
        >>> net.squash
        Tanh()
    """

    def __init__(self, *modules: Any) -> None:
        super().__init__()
        if len(modules) == 1 and isinstance(modules[0], OrderedDict):
            for name, module in modules[0].items():
                self.add_module(name, module)
        else:
            self.extend(modules)

    def forward(self, x: Any) -> Any:
        for module in self:
            x = module(x)
        return x

    def insert(self, index: int, module: Module) -> "Sequential":
        """Add a module before the position `index`, which must be in -len … len."""
        if not -len(self) <= operator.index(index) <= len(self):
            raise IndexError(f"Sequential.insert: position {index} is outside "
                             f"{-len(self)} … {len(self)}")
        return super().insert(index, module)

    def __add__(self, other: "Sequential") -> "Sequential":
        return Sequential(*self, *self._other(other))

    def __iadd__(self, other: "Sequential") -> "Sequential":
        return self.extend(list(self._other(other)))

    def _other(self, other):
        if not isinstance(other, Sequential):
            raise ValueError("only a Sequential can be added to a Sequential, got "
                             f"{type(other).__name__}; append adds a single module")
        return other

    def _slice(self, index):
        """A slice keeps the names of its modules, as in PyTorch."""
        return type(self)(OrderedDict(list(self._modules.items())[index]))


class ModuleList(_ModuleSequence):
    """A list of modules; there is no forward, the module that holds the list uses it.

    Args:
        modules: what to hold at first.

    Example:
        >>> class Residual(nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.layers = nn.ModuleList([nn.Linear(4, 4) for _ in range(3)])
        ...
        ...     def forward(self, x):
        ...         for layer in self.layers:
        ...             x = x + layer(x)
        ...         return x
        >>> Residual()
        Residual(
          (layers): ModuleList(
            (0-2): 3 x Linear(in_features=4, out_features=4, bias=True)
          )
        )
    """

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        self.extend(() if modules is None else modules)

    def __add__(self, other: Iterable[Module]) -> "ModuleList":
        return ModuleList([*self, *_iterable(self, "+", other)])

    def __iadd__(self, other: Iterable[Module]) -> "ModuleList":
        return self.extend(other)

    def __repr__(self) -> str:
        """As Module's, but equal neighbours take one line: '(0-2): 3 x Linear(…)'."""
        runs: list[list] = []                                  # [first, last, repr]
        for k, text in enumerate(map(repr, self)):
            if runs and runs[-1][2] == text:
                runs[-1][1] = k
            else:
                runs.append([k, k, text])
        return tree_text(type(self).__name__, [], [
            f"({first}): {text}" if first == last else
            f"({first}-{last}): {last - first + 1} x {text}"
            for first, last, text in runs])


# ---- a dictionary of modules ---------------------------------------------------------


class ModuleDict(Module):
    """A dictionary of modules, in the order in which the keys were added.

    Args:
        modules: a mapping of names and modules, or pairs of them.

    Example:
        >>> heads = nn.ModuleDict({"digit": nn.Linear(8, 10), "parity": nn.Linear(8, 2)})
        >>> heads["parity"](torch.zeros(1, 8)).shape
        torch.Size([1, 2])
    """

    def __init__(self, modules: Any = None) -> None:
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key: str) -> Module:
        return self._modules[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: str) -> bool:
        return key in self._modules

    def clear(self) -> None:
        """Remove everything."""
        self._modules.clear()

    def pop(self, key: str) -> Module:
        """Remove the module of this key and return it."""
        return self._modules.pop(key)

    def keys(self) -> Any:
        """The keys."""
        return self._modules.keys()

    def values(self) -> Any:
        """The modules."""
        return self._modules.values()

    def items(self) -> Any:
        """(key, module) pairs."""
        return self._modules.items()

    def update(self, modules: Any) -> None:
        """Add or replace modules: a mapping, or pairs of a key and a module."""
        for key, module in _pairs(self, modules):
            self[key] = module


# ---- parameters ----------------------------------------------------------------------


class ParameterList(Module):
    """A list of parameters.  A Tensor that is put in becomes a Parameter.

    Values that are no tensors may be mixed in, as in PyTorch; they are kept as they are.

    Args:
        values: what to hold at first.

    Example:
        >>> class Polynomial(nn.Module):
        ...     def __init__(self, degree):
        ...         super().__init__()
        ...         self.c = nn.ParameterList([torch.ones(1) for _ in range(degree + 1)])
        ...
        ...     def forward(self, x):
        ...         return sum(c * x**k for k, c in enumerate(self.c))
        >>> polynomial = Polynomial(2)
        >>> len(list(polynomial.parameters()))
        3
        >>> polynomial(torch.tensor([3.0])).item()
        13.0
    """

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        super().__init__()
        self._size = 0
        self.extend(() if values is None else values)

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Any]:
        return (self[k] for k in range(len(self)))

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return type(self)(list(self)[index])
        return getattr(self, str(_position(self, index)))

    def __setitem__(self, index: int, value: Any) -> None:
        setattr(self, str(_position(self, index)), _as_parameter(value))

    def __delitem__(self, index: int | slice) -> None:
        values = list(self)
        if isinstance(index, slice):
            del values[index]
        else:
            del values[_position(self, index)]
        self._hold(values)

    def __iadd__(self, values: Iterable[Any]) -> "ParameterList":
        return self.extend(values)

    def append(self, value: Any) -> "ParameterList":
        """Add a parameter at the end."""
        setattr(self, str(self._size), _as_parameter(value))
        self._size += 1
        return self

    def extend(self, values: Iterable[Any]) -> "ParameterList":
        """Add all parameters at the end."""
        for value in list(_iterable(self, "extend", values)):
            self.append(value)
        return self

    def insert(self, index: int, value: Any) -> None:
        """Add a parameter before the position `index`."""
        values = list(self)
        values.insert(operator.index(index), value)
        self._hold(values)

    def pop(self, index: int = -1) -> Any:
        """Remove the parameter at `index` (the last one) and return it."""
        value = self[index]
        del self[index]
        return value

    def _hold(self, values):
        """Hold `values` instead of what is there."""
        for k in range(len(self)):
            delattr(self, str(k))
        self._size = 0
        self.extend(values)

    def extra_repr(self) -> str:
        return _describe(enumerate(self), lambda tensor: f"torch.{tensor.dtype}")

    def __call__(self, *inputs: Any, **kwargs: Any) -> Any:
        raise RuntimeError("a ParameterList holds parameters and computes nothing; "
                           "index it and use what you get")


class ParameterDict(Module):
    """A dictionary of parameters.  A Tensor that is put in becomes a Parameter.

    Args:
        parameters: a mapping of names and parameters, or pairs of them.

    Example:
        >>> weights = nn.ParameterDict({"left": torch.ones(2), "right": torch.zeros(2)})
        >>> weights["left"]
        Parameter containing:
        tensor([1., 1.], requires_grad=True)
        >>> "up" in weights, sorted(weights.keys())
        (False, ['left', 'right'])
    """

    def __init__(self, parameters: Any = None) -> None:
        super().__init__()
        self._keys: dict[str, None] = {}                  # a dict keeps the order
        if parameters is not None:
            self.update(parameters)

    def __getitem__(self, key: str) -> Any:
        if key not in self._keys:
            raise KeyError(f"ParameterDict has no key {key!r}; it has {list(self._keys)}")
        return getattr(self, key)

    def __setitem__(self, key: str, value: Any) -> None:
        if not isinstance(key, str):
            raise TypeError("the keys of a ParameterDict are names of attributes and "
                            f"must be strings, got {type(key).__name__}")
        if key not in self._keys and hasattr(self, key):
            raise KeyError(f"ParameterDict: attribute {key!r} already exists")
        setattr(self, key, _as_parameter(value))
        self._keys[key] = None

    def __delitem__(self, key: str) -> None:
        self[key]                                         # a KeyError if it is not there
        del self._keys[key]
        delattr(self, key)

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __reversed__(self) -> Iterator[str]:
        return reversed(self._keys)

    def __contains__(self, key: str) -> bool:
        return key in self._keys

    def __or__(self, other: Any) -> "ParameterDict":
        new = self.copy()
        new.update(other)
        return new

    def __ror__(self, other: Any) -> "ParameterDict":
        new = ParameterDict(other)
        new.update(self)
        return new

    def __ior__(self, other: Any) -> "ParameterDict":
        self.update(other)
        return self

    def keys(self) -> Any:
        """The keys."""
        return self._keys.keys()

    def values(self) -> Iterator[Any]:
        """The parameters."""
        return (self[key] for key in self._keys)

    def items(self) -> Iterator[tuple[str, Any]]:
        """(key, parameter) pairs."""
        return ((key, self[key]) for key in self._keys)

    def get(self, key: str, default: Any = None) -> Any:
        """The parameter of this key, or `default`."""
        return self[key] if key in self else default

    def setdefault(self, key: str, default: Any = None) -> Any:
        """The parameter of this key, which becomes `default` if there is none."""
        if key not in self:
            self[key] = default
        return self[key]

    def pop(self, key: str) -> Any:
        """Remove the parameter of this key and return it."""
        value = self[key]
        del self[key]
        return value

    def popitem(self) -> tuple[str, Any]:
        """Remove the pair that was added last and return it."""
        if not self._keys:
            raise KeyError("popitem: the ParameterDict is empty")
        key = next(reversed(self._keys))
        return key, self.pop(key)

    def clear(self) -> None:
        """Remove everything."""
        for key in list(self._keys):
            del self[key]

    def copy(self) -> "ParameterDict":
        """Another ParameterDict with the same parameters."""
        return ParameterDict(self.items())

    def fromkeys(self, keys: Iterable[str], default: Any = None) -> "ParameterDict":
        """A new ParameterDict with `default` for each key."""
        return ParameterDict((key, default) for key in keys)

    def update(self, parameters: Any) -> None:
        """Add or replace parameters: a mapping, or pairs of a key and a parameter.

        A plain dict is added in alphabetical order.  PyTorch does so, and the order of
        the parameters is part of an optimiser's checkpoint.
        """
        pairs = _pairs(self, parameters)
        if isinstance(parameters, Mapping) and not isinstance(parameters, OrderedDict):
            pairs = sorted(pairs, key=operator.itemgetter(0))
        for key, value in pairs:
            self[key] = value

    def extra_repr(self) -> str:
        return _describe(self.items(), lambda tensor: tensor.type())

    def __call__(self, *inputs: Any, **kwargs: Any) -> Any:
        raise RuntimeError("a ParameterDict holds parameters and computes nothing; "
                           "index it and use what you get")


# ---- helpers -------------------------------------------------------------------------


def _position(container, index):
    """`index` as a position from 0; negative ones count from the end."""
    index, size = operator.index(index), len(container)
    if not -size <= index < size:
        raise IndexError(f"index {index} is out of range: {type(container).__name__} "
                         f"has {size} entries")
    return index % size


def _iterable(container, method, values):
    if not isinstance(values, Iterable) or isinstance(values, Tensor):
        raise TypeError(f"{type(container).__name__}.{method} takes several values, such "
                        f"as a list, got {type(values).__name__}")
    return values


def _pairs(container, values):
    """(key, value) pairs of a mapping, or of a sequence of pairs."""
    owner = type(container).__name__
    if isinstance(values, (Mapping, ModuleDict, ParameterDict)):
        return list(values.items())
    if not isinstance(values, Iterable):
        raise TypeError(f"{owner}.update takes a mapping or (key, value) pairs, "
                        f"got {type(values).__name__}")
    pairs = []
    for k, pair in enumerate(values):
        if not isinstance(pair, Iterable):
            raise TypeError(f"{owner}.update: element {k} is no (key, value) pair "
                            f"but a {type(pair).__name__}")
        pair = tuple(pair)
        if len(pair) != 2:
            raise ValueError(f"{owner}.update: element {k} has {len(pair)} items; "
                             "a pair has 2")
        pairs.append(pair)
    return pairs


def _as_parameter(value):
    """A Tensor becomes a Parameter; everything else stays what it is."""
    if isinstance(value, Tensor) and not isinstance(value, Parameter):
        return Parameter(value)
    return value


def _describe(pairs, dtype_of):
    """One line for each entry of a ParameterList or ParameterDict, in PyTorch's form."""
    lines = []
    for key, value in pairs:
        what = f"Object of type: {type(value).__name__}"
        if isinstance(value, Tensor):
            size = "x".join(map(str, value.shape))
            place = f" ({value.device})" if value.device.type == "cuda" else ""
            kind = type(value).__name__
            what = f"{kind} containing: [{dtype_of(value)} of size {size}{place}]"
        lines.append(f"  ({key}): {what}")
    return "\n".join(lines)
