"""The contract of the library, row by row, with its state: a page made by code.

contract.txt has a line of Python for each promise; here is what the lines may use, and
here they are run.  A promise is open if its line raises, or is not true.
"""
import copy
import html
import io
import warnings
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pedagogic_nn as torch
from pedagogic_nn import autograd, nn, optim
from pedagogic_nn.nn.utils import rnn as rnn_utils

TEXT = Path(__file__).with_suffix(".txt")


def rows():
    """(group, name, line of code) of every promise."""
    group = ""
    for line in TEXT.read_text("utf-8").splitlines():
        if line.startswith("== "):
            group = line[3:]
        elif line and not line.startswith("#"):
            name, code = line.split(": ", 1)
            yield group, name, code


def open_because(code):
    """Why the promise is open; an empty text if it holds."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return "" if eval(code, _names()) else "not true"
    except Exception as error:
        return f"{type(error).__name__}: {error}"


# ---- the page ------------------------------------------------------------------------


def page():
    """A table for each group, and the number of promises that are open."""
    found = [(group, name, code, open_because(code)) for group, name, code in rows()]
    left = sum(bool(why) for *_, why in found)
    groups = dict.fromkeys(group for group, *_ in found)
    return "\n".join([f"<p><strong>{len(found)} promises, {left} open.</strong></p>",
                      *(_table(g, [row[1:] for row in found if row[0] == g])
                        for g in groups)])


def _table(group, promises):
    lines = "\n".join(
        f'<tr><th scope="row">{html.escape(name)}</th>'
        f"<td><code>{html.escape(code)}</code></td>"
        f"<td>{'open: ' + html.escape(why) if why else 'holds'}</td></tr>"
        for name, code, why in promises)
    head = "".join(f'<th scope="col">{name}</th>'
                   for name in ("promise", "must be true", "state"))
    group = html.escape(group)
    box = f'class="pnn-table" tabindex="0" role="region" aria-label="{group}"'
    return (f"<div {box}><table><caption>{group}</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>")


# ---- what the lines may use ----------------------------------------------------------


class Holder(nn.Module):
    pass


def _names() -> dict[str, Any]:
    """Fresh tensors, modules and helpers: no line depends on another."""
    torch.manual_seed(0)
    small = nn.Linear(3, 2)
    x, y = torch.randn(2, 3), torch.randn(2, 3)
    leaf = torch.tensor([1.0, 2.0], requires_grad=True)
    return {**HELPERS, "torch": torch, "nn": nn, "F": nn.functional, "optim": optim,
            "autograd": autograd, "Variable": autograd.Variable, "copy": copy.deepcopy,
            "rnn_utils": rnn_utils, "OrderedDict": OrderedDict,
            "x": x, "y": y, "p": torch.rand(2, 3) * 0.8 + 0.1,
            "signs": torch.tensor([[1.0, -1, 1], [-1, 1, 1]]),
            "labels": torch.tensor([2, 0]), "image": torch.randn(2, 4, 6, 6),
            "ids6": torch.randint(4, (2, 6, 6)), "seq": torch.randn(5, 2, 3),
            "ids": torch.randint(7, (2, 3)), "small": small,
            "tree": nn.Sequential(small, nn.BatchNorm1d(2), nn.ReLU()),
            "leaf": lambda: leaf, "the_leaf": leaf,
            "hooked": lambda register: _hooked(small, x, register)}


def same(a, b):
    """Equal to rounding."""
    a, b = torch.as_tensor(a).detach(), torch.as_tensor(b).detach()
    return a.shape == b.shape and (a.numel() == 0 or (a - b).abs().max().item() < 1e-5)


def shapes(outputs):
    """The shapes of nested outputs."""
    if isinstance(outputs, torch.Tensor):
        return [tuple(outputs.shape)]
    return [shape for part in outputs for shape in shapes(part)]


def error_of(action):
    """What it raises."""
    try:
        action()
    except Exception as error:
        return error
    raise AssertionError("no error was raised")


def holding(value):
    module = Holder()
    module.held = value
    return module


def names_of(module):
    return [name for name, _ in module.named_parameters()]


def under_no_grad(action):
    with torch.no_grad():
        return action()


def without(module, name):
    delattr(module, name)
    return module


def with_bias(module, value):
    module.bias = value
    return module


def inserted_and_deleted():
    layers = nn.ModuleList([nn.Linear(1, 1)])
    layers.insert(0, nn.ReLU())
    del layers[1]
    return [type(layer).__name__ for layer in layers]


def _hooked(module, x, register):
    """The hook is called until its handle is removed."""
    calls = []
    handle = getattr(module, register)(lambda *args: calls.append(len(args)))
    for _ in range(2):
        module(x.clone().requires_grad_()).sum().backward()
        handle.remove()
    return len(calls) == 1


def replaced_gradient():
    module, x = nn.Linear(3, 2), torch.ones(1, 3, requires_grad=True)
    module.register_full_backward_hook(lambda m, dx, dy: (dx[0] * 0,))
    module(x).sum().backward()
    return x.grad.abs().sum().item()


def zero_state(make, x, state):
    """Without a state, the cell gives what it gives for zeros."""
    cell = make()
    return same(cell(x), cell(x, state))


def clipped(clip, limit, norm_type):
    """(norm before, norm after) of gradients 3 and 4."""
    p = nn.Parameter(torch.zeros(2))
    p.grad = torch.tensor([3.0, 4.0])
    total = clip([p], limit, norm_type)
    return round(float(total), 5), round(p.grad.norm().item(), 5)


def clipped_values(limit):
    p = nn.Parameter(torch.zeros(2))
    p.grad = torch.tensor([3.0, 4.0])
    nn.utils.clip_grad_value_([p], limit)
    return p.grad.tolist()


def drawn_twice():
    torch.manual_seed(5)
    first = torch.rand(3)
    torch.manual_seed(5)
    return same(first, torch.rand(3))


def gradient_of_square():
    x = torch.tensor(3.0, requires_grad=True)
    (x * x).backward()
    return x.grad.item()


def stepped(make, **options):
    """One step changes the parameter, and the state can be saved and loaded."""
    p = nn.Parameter(torch.ones(2))
    optimiser = make([p], **options)
    (p * p).sum().backward()
    optimiser.step()
    optimiser.load_state_dict(optimiser.state_dict())
    return p[0].item() < 1


def scheduled():
    optimiser = optim.SGD([nn.Parameter(torch.ones(1))], lr=0.1)
    schedule = optim.lr_scheduler.StepLR(optimiser, step_size=1, gamma=0.5)
    first = schedule.get_last_lr()[0]
    optimiser.step()
    schedule.step()
    return [first, schedule.get_last_lr()[0]]


def saved_and_loaded():
    module, file = nn.Linear(3, 2), io.BytesIO()
    torch.save(module.state_dict(), file)
    file.seek(0)
    return same(torch.load(file)["weight"], module.weight)


HELPERS = {f.__name__: f for f in (
    same, shapes, error_of, holding, names_of, under_no_grad, without, with_bias,
    inserted_and_deleted, replaced_gradient, zero_state, clipped, clipped_values,
    drawn_twice, gradient_of_square, stepped, scheduled, saved_and_loaded)}
HELPERS["refuses"] = lambda action: bool(error_of(action))
