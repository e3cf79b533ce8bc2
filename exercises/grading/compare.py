"""Is what came what was expected? If not: where, in words, with both numbers.

All of this runs in the grader's process on plain numbers; a learner's code is long
finished.
"""

from dataclasses import dataclass, field

import numpy as np

TOLERANCE = 1e-9             # right answers in float64 differ by 1e-12 or less


@dataclass
class Difference:
    """A sentence about the first difference, and the way to it through the result."""

    words: str
    path: tuple = ()


@dataclass
class Comparison:
    """Compares values at one tolerance; remembers how near to it right answers came."""

    tolerance: float = TOLERANCE
    names: tuple = ()                      # what to call the results of a tuple
    who: str = "the function"
    worst: float = field(default=0.0)      # largest error seen, in tolerances

    def difference(self, expected, got):
        """The first Difference, or None. Shapes, then dtypes, then values."""
        return self._walk(expected, got, ())

    def same(self, expected, got):
        return self._walk(expected, got, ()) is None

    def _walk(self, expected, got, path):
        if isinstance(expected, (tuple, list)):
            return self._sequence(expected, got, path)
        if isinstance(expected, dict):
            return self._mapping(expected, got, path)
        if isinstance(expected, np.ndarray) and expected.ndim:
            return self._array(expected, got, path)
        if isinstance(expected, (float, complex, np.ndarray)):
            return self._number(expected, got, path)
        if type(expected) is not type(_plain(got)) or _plain(got) != expected:
            words = f"{self._name(path)} is {show(got)}; it should be {show(expected)}."
            return Difference(words, path)
        return None

    def _sequence(self, expected, got, path):
        if not isinstance(got, (tuple, list)):
            return Difference(f"{self._name(path)} should be {self._list_of(expected)}; "
                              f"you have {show(got)}.", path)
        for k in range(min(len(expected), len(got))):
            found = self._walk(expected[k], got[k], (*path, k))
            if found:
                return found
        if len(got) != len(expected):
            return Difference(f"{self._name(path)} should be {self._list_of(expected)}; "
                              f"you have {len(got)} of them.", path)
        return None

    def _mapping(self, expected, got, path):
        if not isinstance(got, dict):
            words = f"{self._name(path)} should be a dict; you have {show(got)}."
            return Difference(words, path)
        for key in expected:
            if key not in got:
                return Difference(f"{self._name(path)} has no entry {key!r}.", path)
            found = self._walk(expected[key], got[key], (*path, key))
            if found:
                return found
        extra = [key for key in got if key not in expected]
        if extra:
            words = f"{self._name(path)} has an entry too many: {show(extra[0])}."
            return Difference(words, path)
        return None

    def _array(self, expected, got, path):
        name = self._name(path)
        if not isinstance(got, np.ndarray):
            return Difference(f"{name} should be an array of shape {expected.shape}; "
                              f"you have {show(got)}.", path)
        if got.shape != expected.shape:
            return Difference(f"{name} has shape {got.shape}; "
                              f"it should be {expected.shape}.", path)
        if got.dtype != expected.dtype:
            return Difference(f"{name} has dtype {got.dtype}; "
                              f"it should be {expected.dtype}.", path)
        wrong = self._wrong(expected, got)
        if not wrong.any():
            return None
        entry = _worst_entry(expected, got, wrong)
        where = ", ".join(str(k) for k in entry)
        pair = show_pair(got[entry], expected[entry])
        return Difference(f"{name}, entry ({where}): {pair}", path)

    def _number(self, expected, got, path):
        got = _plain(got)
        if isinstance(got, bool) or not isinstance(got, (int, float, complex)):
            return Difference(f"{self._name(path)} should be a number; "
                              f"you have {show(got)}.", path)
        expected = np.asarray(expected)
        if self._wrong(expected, np.asarray(_bounded(got))):
            pair = show_pair(_bounded(got), expected[()])
            return Difference(f"{self._name(path)}: {pair}", path)
        return None

    def _wrong(self, expected, got):
        """A mask of the entries that differ by more than the tolerance."""
        if expected.dtype.kind in "biu":
            return expected != got
        with np.errstate(all="ignore"):
            error = np.abs(got - expected) / (self.tolerance * (1 + np.abs(expected)))
        equal = (got == expected) | (np.isnan(got) & np.isnan(expected))
        error = np.where(equal, 0.0, error)
        wrong = ~(error <= 1)              # also true where the error is not a number
        if error.size and not wrong.any():
            self.worst = max(self.worst, float(error.max()))
        return wrong

    def _name(self, path):
        """(0, "weight") → "h' of cell, weight"."""
        parts = list(path)
        head = f"the result of {self.who}"
        if parts and isinstance(parts[0], str):
            head = parts.pop(0)
        elif parts:
            k = parts.pop(0)
            label = self.names[k] if k < len(self.names) else f"result {k}"
            head = f"{label} of {self.who}"
        elif len(self.names) == 1:
            head = f"{self.names[0]} of {self.who}"
        return ", ".join([head, *(f"[{part!r}]" for part in parts)])

    def _list_of(self, expected):
        names = f" ({', '.join(self.names)})" if len(self.names) == len(expected) else ""
        return f"{len(expected)} results{names}"


def _plain(value):
    """An array of one number without axes → the number."""
    return value.item() if isinstance(value, np.ndarray) and value.ndim == 0 else value


def _bounded(number):
    """Python's ints have no bound; NumPy's numbers have."""
    if isinstance(number, int) and abs(number) >= 2**63:
        return float("inf") if number > 0 else float("-inf")
    return number


def _worst_entry(expected, got, wrong):
    """The index of a NaN or an infinity if there is one, else of the largest error."""
    with np.errstate(all="ignore"):
        error = np.abs(got.astype(complex) - expected)
    error = np.where(wrong, np.nan_to_num(error, nan=np.inf, posinf=np.inf), -1.0)
    return tuple(int(k) for k in np.unravel_index(np.argmax(error), error.shape))


def show(value):
    """A value in a few words: "None", "True, a bool", "an array of shape (3, 5)"."""
    value = _plain(value)
    if value is None:
        return "None (is a return statement missing?)"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, (tuple, list, dict)) and len(value) > 8:
        return f"a {type(value).__name__} of {len(value)}"
    text = repr(value)
    return text if len(text) <= 80 else text[:78] + " …"


def show_pair(got, expected):
    """Both numbers, with as many digits as it takes to see that they differ."""
    if np.asarray(expected).dtype.kind in "bc":
        return f"you have {got}, expected {expected}."
    for digits in (6, 9, 12, 16):
        yours, ours = f"{got + 0.0:.{digits}g}", f"{expected + 0.0:.{digits}g}"   # no -0
        if yours != ours:
            break
    return f"you have {yours}, expected {ours}."
