"""RecurrentLayer: what the modules RNN, LSTM and GRU share.

It keeps the weights of all layers and directions under PyTorch's names, checks the input,
and stacks: layer k + 1 reads what layer k wrote, with dropout in between.

    x ─→ layer 0 ─→ dropout ─→ layer 1 ─→ output        h_n: the last states of all layers
           ↑ h_0[0]              ↑ h_0[1]

With two directions a layer is computed forwards and backwards in time, and their outputs
stand side by side.
"""
import math
import numbers
import warnings
from typing import Any

from ...autograd.checks import check_tensor
from ...autograd.factories import empty
from ...autograd.shaping import cat
from ...autograd.tensor import Tensor
from .. import init
from ..dropping import drop_each
from ..module import Module
from ..packed_sequence import PackedSequence, checked_batch_sizes
from ..parameter import Parameter, follow
from .gates import weight_of
from .sequence import SequenceLayer, Steps


class RecurrentLayer(Module):
    """The parameters, the checks and the stack of RNN, LSTM and GRU.

    Subclasses say how many `gates` and `states` they have, and which Primitive computes a
    layer.
    """

    gates = 1
    states: tuple[str, ...] = ("hx",)
    mode, projects = "", False

    def __init__(self, input_size: int, hidden_size: int, num_layers: int = 1,
                 bias: bool = True, batch_first: bool = False, dropout: float = 0.0,
                 bidirectional: bool = False, device: Any = None, dtype: Any = None, *,
                 proj_size: int | None = None) -> None:
        super().__init__()
        if proj_size is not None and not self.projects:
            raise ValueError(f"{type(self).__name__} has no proj_size: of the recurrent "
                             "layers only LSTM can project its states")
        self.input_size, self.hidden_size = input_size, hidden_size
        self.num_layers, self.bias, self.batch_first = num_layers, bias, batch_first
        self.dropout, self.bidirectional = dropout, bidirectional
        self.proj_size = 0 if proj_size is None else proj_size
        self._check_arguments()
        self.dropout = float(dropout)
        self._out_size = self.proj_size or hidden_size
        self._suffixes = ["", "_reverse"] if bidirectional else [""]
        self._layout = [[place for suffix in self._suffixes
                         for place in self._make_direction(layer, suffix, device, dtype)]
                        for layer in range(num_layers)]
        self.reset_parameters()

    def _check_arguments(self) -> None:
        who = type(self).__name__
        for name, least in (("input_size", 1), ("hidden_size", 1), ("num_layers", 1),
                            ("proj_size", 0)):
            value = getattr(self, name)
            if not isinstance(value, int) or (isinstance(value, bool)
                                              and name != "num_layers"):
                raise TypeError(f"{who}: {name} must be a whole number, got {value!r}")
            if value < least:
                raise ValueError(f"{who}: {name} must be at least {least}, got {value}")
        for name in ("bias", "batch_first"):
            if not isinstance(getattr(self, name), bool):
                raise TypeError(f"{who}: {name} must be True or False, "
                                f"got {getattr(self, name)!r}")
        if self.proj_size >= self.hidden_size:
            raise ValueError(f"{who}: proj_size must be smaller than hidden_size, got "
                             f"{self.proj_size} and {self.hidden_size}")
        self._check_dropout()

    def _check_dropout(self) -> None:
        who, p = type(self).__name__, self.dropout
        if p is None:
            raise TypeError(f"{who}: dropout must be a number from 0 to 1, got None")
        if not isinstance(p, numbers.Real) or isinstance(p, bool) or not 0 <= p <= 1:
            raise ValueError(f"{who}: dropout must be a number from 0 to 1, got {p!r}")
        if p > 0 and self.num_layers == 1:
            warnings.warn(
                f"{who}: dropout={p} has no effect with num_layers=1: it is applied "
                "between layers. Add a layer, or put nn.Dropout behind this one",
                stacklevel=4 if type(self).__init__ is RecurrentLayer.__init__ else 5)

    def _make_direction(self, layer: int, suffix: str, device: Any,
                        dtype: Any) -> list[tuple[str, tuple[int, ...]] | None]:
        """Create the parameters of one direction of one layer.

        Returns the name and shape of each in the order of `sequence.Weights`; None for a
        bias that there is not.
        """
        rows, width = self.gates * self.hidden_size, self._out_size
        read = self.input_size if layer == 0 else width * len(self._suffixes)
        shapes: dict[str, tuple[int, ...]] = {
            "weight_ih": (rows, read), "weight_hh": (rows, width), "bias_ih": (rows,),
            "bias_hh": (rows,), "weight_hr": (self.proj_size, self.hidden_size)}
        if not self.proj_size:
            del shapes["weight_hr"]
        layout: list[tuple[str, tuple[int, ...]] | None] = []
        for kind, shape in shapes.items():
            name, there = f"{kind}_l{layer}{suffix}", self.bias or len(shape) > 1
            if there:
                made = empty(*shape, device=device, dtype=dtype)
                self.register_parameter(name, Parameter(made))
            layout.append((name, shape) if there else None)
        return layout

    def reset_parameters(self) -> None:
        """Draw the parameters anew, uniform in ±1/√H."""
        bound = 1 / math.sqrt(self.hidden_size)
        for p in self.parameters():
            init.uniform_(p, -bound, bound)

    def flatten_parameters(self) -> None:
        """Do nothing: in PyTorch it moves the weights together, for cuDNN."""

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The parameters of each layer and direction."""
        n = len(self._layout[0]) // len(self._suffixes)
        return [[getattr(self, place[0]) for place in places[k:k + n] if place]
                for places in self._layout for k in range(0, len(places), n)]

    def extra_repr(self) -> str:
        said = f"{self.input_size}, {self.hidden_size}"
        for name, usual in (("proj_size", 0), ("num_layers", 1), ("bias", True),
                            ("batch_first", False), ("dropout", 0.0),
                            ("bidirectional", False)):
            value = getattr(self, name)
            if value is not usual and (value != usual or name == "bidirectional"):
                said += f", {name}={value}"
        return said

    # ---- computing -------------------------------------------------------------------

    def _primitive(self) -> type[SequenceLayer]:
        raise TypeError("_primitive must be given by the subclass")

    def _run(self, input: Any, states: tuple | None) -> tuple[Any, tuple]:
        """Output and last states for any of the three kinds of input."""
        if isinstance(input, PackedSequence):
            return self._run_packed(input, states)
        for name, x in zip(("input", *self.states), (input, *(states or ()))):
            if not isinstance(x, Tensor):
                check_tensor(self._who, name, x)
        axes = input.array.ndim
        if axes not in (2, 3):
            raise ValueError(f"{self._who} reads input with 3 axes, or 2 without a "
                             f"batch, got shape {tuple(input.shape)}")
        self._check_input(input)
        alone = axes == 2
        if states is not None and any(s.ndim != axes for s in states):
            shapes = ", ".join(str(tuple(s.shape)) for s in states)
            raise RuntimeError(f"{self._who}: beside input of shape "
                               f"{tuple(input.shape)} the initial state has {axes} "
                               f"axes too, got shape {shapes}")
        if alone:
            input = input.unsqueeze(1)
            states = states and tuple(s.unsqueeze(1) for s in states)
        elif self.batch_first:
            input = input.transpose(0, 1)
        length, batch, _ = input.array.shape
        if length == 0:
            raise RuntimeError(f"{self._who} reads sequences of at least one step, got "
                               "input with none")
        if states is not None:
            self._check_states(states, batch)
        out, states = self._stack(input, states, Steps.padded(length, batch))
        if alone:
            return out.squeeze(1), tuple(s.squeeze(1) for s in states)
        return (out.transpose(0, 1) if self.batch_first else out), states

    def _run_packed(self, packed: PackedSequence,
                    states: tuple | None) -> tuple[PackedSequence, tuple]:
        data, _, order, back = packed
        if data.ndim != 2:
            raise RuntimeError(f"{self._who} reads packed data with 2 axes, got shape "
                               f"{tuple(data.shape)}")
        self._check_input(data)
        steps = Steps(checked_batch_sizes(self._who, packed))
        if states is not None:
            self._check_states(states, steps.batch)
            if order is not None:
                states = tuple(s.index_select(1, order) for s in states)
        out, states = self._stack(data, states, steps)
        if back is not None:
            states = tuple(s.index_select(1, back) for s in states)
        return PackedSequence(out, *packed[1:]), states

    def _stack(self, x: Any, states: tuple | None, steps: Steps) -> tuple[Any, tuple]:
        """All layers: x (T, B, D) or (S, D) → the last layer's output, last states."""
        primitive, directions, last = self._primitive(), len(self._suffixes), []
        for layer in range(self.num_layers):
            if layer and self.dropout and self.training:
                x = drop_each(x, self.dropout)
            part = slice(layer * directions, (layer + 1) * directions)
            first = (None,) * len(self.states) if states is None else (
                states if self.num_layers == 1 else [s[part] for s in states])
            x, *ends = primitive.apply(x, *first, *self._weights(layer), steps=steps,
                                       directions=directions)
            last.append(ends)
        if self.num_layers == 1:
            return x, tuple(ends)
        return x, tuple(cat(each) for each in zip(*last))

    def _weights(self, layer: int) -> list[Any]:
        """The weights of a layer in the order of `sequence.Weights`.

        Raises:
            RuntimeError: somebody replaced one by another size or dtype: kernels, which
                trust them, would read past its end.
        """
        found: list[Any] = []
        dtype = weight_of(self, "weight_ih_l0").array.dtype
        for place in self._layout[layer]:
            if place is None:
                found.append(None)
                continue
            name, shape = place
            w = weight_of(self, name)
            if w is None or w.array.shape != shape or w.array.dtype != dtype:
                got = w if w is None else f"{tuple(w.shape)} and {w.dtype}"
                raise RuntimeError(f"{self._who} expected the parameter {name} of shape "
                                   f"{shape} and {dtype}, got {got}")
            found.append(w)
        follow(*found)
        return found

    # ---- checks ----------------------------------------------------------------------

    @property
    def _who(self) -> str:
        return f"{type(self).__name__}({self.input_size}, {self.hidden_size})"

    def _check_input(self, x: Any) -> None:
        dtype, array = weight_of(self, "weight_ih_l0").dtype, x.array
        if array.dtype != dtype:
            raise ValueError(f"{self._who} has {dtype} weights, got {x.dtype} input; "
                             f"convert one, for example input.to({dtype})")
        if array.shape[-1] != self.input_size:
            raise RuntimeError(f"{self._who} reads {self.input_size} features at each "
                               f"step, got {x.shape[-1]} in input of shape "
                               f"{tuple(x.shape)}")

    def _check_states(self, states: tuple, batch: int) -> None:
        sizes = (self._out_size, self.hidden_size)
        for name, state, size in zip(self.states, states, sizes):
            expected = (self.num_layers * len(self._suffixes), batch, size)
            if tuple(state.shape) != expected:
                raise RuntimeError(f"{self._who} expected {name} of shape {expected} "
                                   f"(layers x directions, batch, size), got "
                                   f"{tuple(state.shape)}")
            if state.dtype != self.weight_ih_l0.dtype:
                raise RuntimeError(f"{self._who} has {self.weight_ih_l0.dtype} weights, "
                                   f"got {name} of {state.dtype}; convert one")
