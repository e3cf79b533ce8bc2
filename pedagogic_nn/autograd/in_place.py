"""Changes in place: x += y, x.zero_(), x[0] = 1, and what the tape makes of them.

Three things must stay right when memory is overwritten.

    A saved array.   Every tensor on one memory shares a counter; each change adds one.  A
                     Node remembers the count at which it saved, and backward compares.
    The past of x.   `x *= 2` on a computed tensor gives x a new past: the product.  What
                     the old past needs of the old numbers is copied first.
    Views.           `row = x[0]; row += y` changes x too: x's past becomes "x with those
                     places overwritten", and a view that is used again after a change
                     takes its past from its base anew.
"""
from collections.abc import Callable
from typing import Any

import numpy as np

from ..backend import random
from ..backend.device import xp_of
from ..backend.kept import Memory
from . import function
from .arithmetic import Sub, is_bool
from .checks import check_number, check_real, check_tensor, check_whole_number
from .dtypes import cast, fitting, promote, rank, whole_range
from .function import CPU, Node, Primitive
from .grad_mode import enable_grad, mode, no_grad
from .indexing import Put
from .shaping import sizes


class Pick(Primitive):
    """The elements of x at `places`, counted through the flat x."""

    @staticmethod
    def forward(ctx, x, places):
        ctx.shape, ctx.places = x.shape, places
        return x.reshape(-1)[places]

    @staticmethod
    def backward(ctx, g):
        dx = xp_of(g).zeros(int(np.prod(ctx.shape)), g.dtype)
        xp_of(g).add.at(dx, ctx.places, g)
        return dx.reshape(ctx.shape)


class Overwrite(Primitive):
    """x, into whose memory `value` was written at `places`."""

    @staticmethod
    def forward(ctx, x, value, places):
        ctx.places = places
        return x

    @staticmethod
    def backward(ctx, g):
        dx = g.copy(order="C")
        dx.reshape(-1)[ctx.places] = 0
        return dx, g.reshape(-1)[ctx.places]


class Count:
    """How often memory was changed, for those who saved it.

    Attributes:
        changes: through a tensor that has this Count.
        memory: what is known of the memory itself, once somebody has asked.  x.data, of
            whose changes autograd is not to know, has another Count and the same Memory.
    """

    changes = 0
    memory: Memory | None = None


class InPlace:
    """The methods of a tensor that change it, all with _ at the end."""

    array: Any
    device: Any
    node: Node | None
    slot: int
    _requires_grad: bool
    _counter: Count | None = None       # how often the memory was changed
    _origin: tuple | None = None        # of a view: (base, operation, its options)
    _seen = 0                           # the count at which a view's past was right

    # ---- the counter -----------------------------------------------------------------

    @property
    def _version(self) -> int:
        return self._counter.changes if self._counter else 0

    def _share_version(self) -> Count:
        if self._counter is None:
            self._counter = Count()
        return self._counter

    def _changed(self) -> None:
        count = self._counter or self._share_version()
        count.changes += 1
        if count.memory is not None:
            count.memory.writes += 1

    def _share_memory(self) -> Memory:
        count = self._counter or self._share_version()
        if count.memory is None:
            count.memory = Memory()
        return count.memory

    # ---- views -----------------------------------------------------------------------

    def _becomes_view_of(self, base: Any, operation: Any = None,
                         options: dict | None = None) -> None:
        """Remember that this tensor shares the memory of `base`, and how it came about.

        Without an operation it can be changed in place only while nothing is recorded.
        """
        self._counter = base._share_version()
        if mode.enabled:
            self._origin, self._seen = (base, operation, options), self._counter.changes

    def _refresh(self) -> None:
        """Take the past from the base anew if the memory was changed since."""
        assert self._origin is not None and self._counter is not None
        if self._seen != self._counter.changes and self._origin[1] is not None:
            self._seen = self._counter.changes
            base, road = self._road()
            if base._requires_grad:
                with enable_grad():
                    self._adopt(Pick.apply(base, places=_places(base, road)))
            else:
                self.node, self.slot, self._requires_grad = None, 0, False

    def _road(self) -> tuple[Any, list]:
        """The tensor at the start of a chain of views, and the operations from there."""
        base, road = self, []
        while base._origin is not None:
            base, operation, options = base._origin
            road.append((operation, options))
        return base, road[::-1]

    def _adopt(self, other: Any) -> None:
        """The past of `other` becomes this tensor's."""
        self._requires_grad, self.node, self.slot = (
            other._requires_grad, other.node, other.slot)

    # ---- changing --------------------------------------------------------------------

    def _in_place(self, recorded: Callable, plain: Callable, *others: Any,
                  alike: bool = False) -> Any:
        """Change this tensor: `recorded(x)` computes a new one when a gradient is
        needed, else `plain(array)` changes the memory.

        With `alike` every element gets the same number, so that it does no harm if some
        of them share their memory.
        """
        if self._origin is not None:
            self._refresh()
        if 0 in self.array.strides and not alike:
            _check_apart(self.array)
        needed = self._requires_grad or any(isinstance(o, function.Tensor) and
                                            o.requires_grad for o in others)
        if not (needed and mode.enabled):
            self._write(plain)
            self._changed()
            return self
        self._check_recorded()
        before = function.Tensor._of(self.array.copy(), self.device)
        before._adopt(self)
        result = recorded(before)
        if result.shape != self.array.shape:
            raise RuntimeError(f"a change in place keeps the shape: {self.array.shape} "
                               f"cannot become {tuple(result.shape)}")
        self._write(lambda a: a.__setitem__(..., result.array))
        self._become(result)
        self._changed()
        return self

    def _become(self, result: Any) -> None:
        """The past of `result`, whose numbers this tensor has now, becomes this tensor's;
        if this is a view, its base becomes the base with those places overwritten."""
        base, road = self._road()
        if road:
            base._adopt(Overwrite.apply(base, result, places=_places(base, road)))
        else:
            self._adopt(result)

    def _write(self, change: Callable) -> None:
        try:
            change(self.array)
        except (ValueError, OverflowError) as error:
            if "read-only" in str(error):
                raise RuntimeError(
                    "this memory cannot be written: it belongs to a read-only array, "
                    "or an expanded tensor shows one element many times; use "
                    ".clone()") from None
            raise RuntimeError(f"a change in place of shape {self.array.shape}: "
                               f"{error}") from None

    def _check_recorded(self) -> None:
        """Raise if a recorded change in place is not possible."""
        base, road = self._road()
        if base._requires_grad and base.node is None:
            what = "a view of a leaf" if road else "a leaf"
            raise RuntimeError(f"{what} that requires a gradient cannot be changed in "
                               "place while recording; do it inside `with "
                               "torch.no_grad():`, or on a copy")
        if any(operation is None for operation, _ in road):
            raise RuntimeError("the input or output of a module with backward hooks "
                               "cannot be changed in place while recording; change a "
                               "copy")

    def _arithmetic_in_place(self, name: str, ufunc: Any, other: Any) -> Any:
        value = other.array if isinstance(other, function.Tensor) else other
        met = promote(self.array, value)
        if ufunc is np.true_divide and met.kind != "f":
            met = promote(self.array, 1.0)
        if rank(met) > rank(self.array.dtype):
            raise RuntimeError(f"{name}_: the result is {met} and does not fit into "
                               f"{self.array.dtype}")
        if not hasattr(value, "dtype"):
            if self.array.dtype.kind in "iu":
                value = cast(value, self.array.dtype)          # -1 is 255 in uint8
        elif value.dtype != self.array.dtype:
            value = value.astype(self.array.dtype)
        return self._in_place(lambda x: getattr(x, name)(other),
                              lambda a: ufunc(a, value, out=a), other)

    def add_(self, other: Any, *, alpha: float = 1) -> Any:
        """self += alpha · other."""
        other = other if alpha == 1 else other * alpha
        return self._arithmetic_in_place("add", np.add, other)

    def sub_(self, other: Any, *, alpha: float = 1) -> Any:
        """self -= alpha · other."""
        Sub.before_meeting(self.array, getattr(other, "array", other))    # no bools
        other = other if alpha == 1 else other * alpha
        return self._arithmetic_in_place("sub", np.subtract, other)

    def mul_(self, other: Any) -> Any:
        """self *= other."""
        return self._arithmetic_in_place("mul", np.multiply, other)

    def div_(self, other: Any) -> Any:
        """self /= other."""
        return self._arithmetic_in_place("div", np.true_divide, other)

    def pow_(self, other: Any) -> Any:
        """self **= other."""
        if is_bool(self.array) and is_bool(getattr(other, "array", other)):
            raise NotImplementedError("pow_ is not there for bools; say .int()")
        return self._arithmetic_in_place("pow", np.power, other)

    __iadd__, __isub__, __imul__, __itruediv__, __ipow__ = add_, sub_, mul_, div_, pow_

    def __ifloordiv__(self, other: Any) -> Any:
        return self._replace("floor_divide", other)

    def __imod__(self, other: Any) -> Any:
        return self._replace("remainder", other)

    def _replace(self, name: str, *args: Any, **options: Any) -> Any:
        """x.name_(…): x becomes x.name(…)."""
        def plain(a: Any) -> None:
            with no_grad():
                x = function.Tensor._of(a, self.device)
                result = getattr(x, name)(*args, **options)
            if rank(result.dtype) > rank(a.dtype):
                raise RuntimeError(f"{name}_: the result is {result.dtype} and does not "
                                   f"fit into {a.dtype}")
            if result.shape != a.shape:
                raise RuntimeError(f"{name}_: the result has shape {tuple(result.shape)} "
                                   f"and does not fit into {a.shape}")
            a[...] = result.array
        return self._in_place(lambda x: getattr(x, name)(*args, **options), plain,
                              *args, *options.values())

    def addcmul_(self, x: Any, y: Any, *, value: float = 1) -> Any:
        """self += value · x · y."""
        return self.add_(x * y * value)

    def addcdiv_(self, x: Any, y: Any, *, value: float = 1) -> Any:
        """self += value · x / y."""
        return self.add_(x / y * value)

    def fill_(self, value: Any) -> Any:
        """Every element becomes `value`, a number or a tensor without axes."""
        if not isinstance(value, function.Tensor):
            number = fitting("fill_", value, self.array.dtype)
        elif value.ndim:
            raise RuntimeError("fill_: expected a single number, got a tensor of shape "
                               f"{tuple(value.shape)}; use copy_")
        else:
            number = self.device.put(value.array)
        return self._in_place(lambda x: Put.apply(x, value, index=...),
                              lambda a: a.__setitem__(..., number), value, alike=True)

    def zero_(self) -> Any:
        """Every element becomes 0."""
        return self.fill_(0)

    def copy_(self, source: Any, non_blocking: bool = False) -> Any:
        """The elements become those of `source` (broadcast, converted, moved)."""
        if not isinstance(source, (function.Tensor, int, float, np.generic)):
            check_tensor("copy_", "source", source)
        if not isinstance(source, function.Tensor):
            source = function.Tensor._of(np.asarray(source), CPU)
        return self._in_place(
            lambda x: Put.apply(x, source.to(x.device, x.dtype), index=...),
            lambda a: a.__setitem__(..., self.device.put(source.array)), source)

    # ---- another shape ---------------------------------------------------------------

    def _rearrange(self, name: str, *args: Any) -> Any:
        """x.name_(…) for an operation that gives a view: x becomes that view."""
        if self._requires_grad and self.node is None and mode.enabled:
            raise RuntimeError(f"{name}_: a leaf that requires a gradient keeps its "
                               "shape")
        before = function.Tensor._of(self.array, self.device)
        before._adopt(self)
        before._counter, before._origin, before._seen = (
            self._counter, self._origin, self._seen)
        view = getattr(before, name)(*args)
        self.array, self._counter = view.array, view._counter
        self._origin, self._seen = view._origin, view._seen
        self._adopt(view)
        return self

    def unsqueeze_(self, dim: int) -> Any:
        """A new axis of size 1 at `dim`."""
        return self._rearrange("unsqueeze", dim)

    def squeeze_(self, dim: Any = None) -> Any:
        """Without the axes of size 1."""
        return self._rearrange("squeeze", dim)

    def transpose_(self, dim0: int, dim1: int) -> Any:
        """Two axes exchanged."""
        return self._rearrange("transpose", dim0, dim1)

    def t_(self) -> Any:
        """Rows and columns of a matrix exchanged."""
        return self._rearrange("t")

    def set_(self, source: Any) -> Any:
        """This tensor becomes `source`: its memory, its shape."""
        self.data = source
        return self

    def resize_(self, *shape: Any) -> Any:
        """Another shape, keeping the elements that still fit (in their flat order)."""
        if self._requires_grad:
            raise RuntimeError("resize_: a tensor that requires a gradient keeps its "
                               "size")
        new = np.zeros(sizes(shape), self.array.dtype)
        kept = min(new.size, self.array.size)
        array = self.device.put(new)
        array.reshape(-1)[:kept] = self.array.reshape(-1)[:kept]
        self.array, self._origin = array, None
        return self

    def resize_as_(self, other: Any) -> Any:
        """The shape of another tensor, keeping the elements that still fit."""
        return self.resize_(*other.shape)

    # ---- random fillings -------------------------------------------------------------

    def _fill_random(self, draw: Callable, *args: Any, generator: Any = None) -> Any:
        shape, dtype = self.array.shape, self.array.dtype
        drawn = draw(shape, *args, dtype, self.device, generator)
        return self._in_place(lambda x: Put.apply(x, drawn, index=...),
                              lambda a: a.__setitem__(..., drawn))

    def uniform_(self, from_: float = 0, to: float = 1, *, generator: Any = None,
                 **old: Any) -> Any:
        """Elements drawn evenly from [from, to)."""
        low = old.get("from", from_)
        check_real("uniform_", "self", self)
        most = np.finfo(self.array.dtype).max
        if not -most <= low <= to <= most:
            raise RuntimeError("uniform_: expected from <= to, both finite numbers of "
                               f"{self.array.dtype}, got {low} and {to}")
        return self._fill_random(random.uniform, low, to, generator=generator)

    def normal_(self, mean: float = 0, std: float = 1, *, generator: Any = None) -> Any:
        """Elements drawn from the normal distribution."""
        check_real("normal_", "self", self)
        if not std >= 0:
            raise RuntimeError(f"normal_: std must not be negative, got {std}")
        return self._fill_random(random.normal, mean, std, generator=generator)

    def random_(self, from_: int | None = None, to: int | None = None, *,
                generator: Any = None, **old: Any) -> Any:
        """Whole numbers drawn evenly from from … to - 1; random_(n) means 0 … n - 1.

        random_() draws what the dtype can hold: up to 2^24 for float32.
        """
        low, dtype = old.get("from", from_), self.array.dtype
        least, most = whole_range(dtype)
        if to is None:
            low, to = 0, most + 1 if low is None else low
        low, to = (check_whole_number("random_", "from", low or 0),
                   check_whole_number("random_", "to", to))
        if to <= low:
            raise RuntimeError(f"random_: expected from < to, got {low} and {to}")
        if dtype.kind != "f" and not least <= low < to <= most + 1:
            raise RuntimeError(f"random_: {low} … {to - 1} does not fit into {dtype}")
        return self._fill_random(random.integers, low, to, generator=generator)

    def bernoulli_(self, p: Any = 0.5, *, generator: Any = None) -> Any:
        """1 with probability p (a number, or one for each element), else 0.

        Raises:
            RuntimeError: p is not from 0 to 1.
        """
        p = p.array if isinstance(p, function.Tensor) else check_number("bernoulli_", "p",
                                                                        p)
        drawn = random.bernoulli("bernoulli_", p, self.array.shape, self.device,
                                 generator)
        return self.copy_(function.Tensor._of(drawn, self.device))


def _check_apart(array: Any) -> None:
    """Raise if two elements of the array are one place in memory."""
    if array.size and any(n > 1 and not s for n, s in zip(array.shape, array.strides)):
        raise RuntimeError(f"a tensor of shape {array.shape} in which several elements "
                           "are one place in memory (as `expand` makes it) cannot be "
                           "changed in place: each would be changed several times; use "
                           ".clone()")


def _places(base: Any, road: list) -> Any:
    """For each element of a view, its place in the flat base.

    The numbers of the places walk the road that the elements walked.
    """
    places = xp_of(base.array).arange(base.array.size).reshape(base.array.shape)
    for operation, options in road:
        places = operation.forward(Node(operation, (False,), CPU), places, **options)
    return places


def _made_from(name: str) -> Callable:
    def changed(self: Any, *args: Any, **options: Any) -> Any:
        return self._replace(name, *args, **options)
    changed.__name__ = changed.__qualname__ = f"{name}_"
    changed.__doc__ = f"`x.{name}(…)`, written into x."
    return changed


for _name in """exp log log2 log10 log1p expm1 sqrt rsqrt reciprocal square sin cos tan
        neg abs sign floor ceil trunc round clamp clip lerp remainder floor_divide
        masked_fill masked_scatter scatter scatter_add index_add index_fill index_copy
        tril triu addmm eq ne lt le gt ge logical_and logical_or logical_not logical_xor
        cumsum cumprod nan_to_num erf sigmoid tanh relu""".split():
    setattr(InPlace, f"{_name}_", _made_from(_name))
