"""Optimizer: parameters in groups, a state for each parameter, and the loop over them.

A subclass says how one parameter moves (`update`), or how those of a group do
(`update_all`); the optimisers of this library are made of update rules, see rules.py.
"""
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from ..autograd.factories import zeros
from ..autograd.grad_mode import enable_grad
from ..autograd.tensor import Tensor


class Optimizer:
    """The base class of all optimisers.

    Args:
        params: the parameters, as `model.parameters()` gives them; or a list of groups,
            each a dictionary with "params" and the options that differ from the defaults.
        defaults: the options of groups that do not give their own.

    Optimisers accept PyTorch's `foreach`, `fused` and `capturable`, which choose among
    its implementations of one and the same step.  Here there is one: a kernel that goes
    over all parameters of a group.

    Attributes:
        param_groups: a list of dictionaries, each with "params" and all options.  Change
            an option here while training: `optimizer.param_groups[0]["lr"] = 0.01`.
        state: what the optimiser remembers of each parameter, a dictionary by tensor.
        defaults: as given.

    Raises:
        TypeError: params is a single tensor, a set, or holds something else than tensors.
        ValueError: there are no parameters, one comes twice, one is not a leaf, or an
            option is out of range.
        RuntimeError: an option contradicts another, or asks for recorded steps
            (`differentiable`).

    Example:
        >>> class SignDescent(optim.Optimizer):
        ...     def update(self, p, group):
        ...         with torch.no_grad():
        ...             p -= group["lr"] * p.grad.sign()
        >>> w = torch.tensor([3.0, -4.0], requires_grad=True)
        >>> optimizer = SignDescent([w], defaults={"lr": 0.5})
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([ 2.5000, -3.5000], requires_grad=True)
    """

    def __init__(self, params: Iterable, defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        self.state: defaultdict[Tensor, dict[str, Any]] = defaultdict(dict)
        self.param_groups: list[dict[str, Any]] = []
        self._steps = 0                 # lr_scheduler warns if it steps before the first
        given = self._listed(params)
        if not given:
            raise ValueError(
                f"{self._name}: the list of parameters is empty. A generator, such as "
                "model.parameters(), is empty after one loop over it")
        groups = given if isinstance(given[0], dict) else [{"params": given}]
        for group in groups:
            self.add_param_group(group)

    @property
    def _name(self) -> str:
        return type(self).__name__

    # ---- groups ----------------------------------------------------------------------

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Optimise more parameters, with options of their own.

        Args:
            param_group: "params" (a tensor, or several) and the options that differ from
                the defaults.
        """
        if not isinstance(param_group, dict) or "params" not in param_group:
            raise TypeError(f"{self._name}: a group is a dictionary with the key "
                            f"'params', got {_shown(param_group)}")
        params = param_group["params"]
        params = [params] if isinstance(params, Tensor) else self._listed(params)
        group = {"params": params, **self.defaults,
                 **{k: v for k, v in param_group.items() if k != "params"}}
        self._check_params(params)
        self._check(group)
        self.param_groups.append(group)

    def _listed(self, params: Any) -> list:
        if isinstance(params, (Tensor, dict)) or not isinstance(params, Iterable):
            raise TypeError(f"{self._name}: params is a list of tensors or of groups, "
                            f"got {_shown(params)}; for a single one say [it]")
        if isinstance(params, (set, frozenset)):
            raise TypeError(f"{self._name}: params is a set, whose order changes from "
                            "run to run; checkpoints need an order, which a list keeps")
        return list(params)

    def _check_params(self, params: list) -> None:
        seen = {id(p) for group in self.param_groups for p in group["params"]}
        for k, p in enumerate(params):
            if not isinstance(p, Tensor):
                raise TypeError(f"{self._name}: params[{k}] is {_shown(p)}, not a "
                                "tensor; pass model.parameters(), or a list of tensors")
            if not p.is_leaf:
                raise ValueError(
                    f"{self._name}: params[{k}] is not a leaf: it was computed, by "
                    f"{p.grad_fn}, so it gets no .grad. Pass the tensor that it was "
                    "computed from, or .detach().requires_grad_()")
            if id(p) in seen:
                raise ValueError(
                    f"{self._name}: params[{k}], of shape {tuple(p.shape)}, comes a "
                    "second time; it would be moved twice in each step")
            seen.add(id(p))

    def _check(self, group: dict[str, Any]) -> None:
        if group.get("fused") and group.get("foreach"):
            raise RuntimeError(f"{self._name}: fused and foreach are two ways to make a "
                               "step; choose one, or leave both out")
        if group.get("differentiable"):
            raise RuntimeError(
                f"{self._name}: steps are not recorded here, so nothing could be "
                "differentiated through them; leave differentiable=True out")
        self._check_options(group)

    def _check_options(self, group: dict[str, Any]) -> None:
        """Complain about options out of range; subclasses know theirs."""

    def _check_at_least_0(self, group: dict[str, Any], *names: str) -> None:
        for name in names:
            if not group[name] >= 0:                         # nan is not, either
                raise ValueError(
                    f"{self._name}: {name} must be at least 0, got {group[name]}")

    # ---- a step ----------------------------------------------------------------------

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, before the next backward adds to them.

        Args:
            set_to_none: let `.grad` be None; otherwise it is kept and filled with zeros.
        """
        for group in self.param_groups:
            for p in group["params"]:
                if set_to_none:
                    p.grad = None
                elif p.grad is not None:
                    p.grad.detach_().zero_()

    def step(self, closure: Callable | None = None) -> Any:
        """Move every parameter that has a gradient.

        Args:
            closure: computes the loss and its gradients anew; called first, with
                recording on.

        Returns:
            What the closure returned, or None.
        """
        self._steps += 1
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        for group in self.param_groups:
            self.update_all([p for p in group["params"] if p._grad is not None], group)
        return loss

    def update_all(self, params: list[Tensor], group: dict[str, Any]) -> None:
        """Move those parameters of a group that have a gradient, one by one."""
        for p in params:
            self.update(p, group)

    def update(self, p: Tensor, group: dict[str, Any]) -> None:
        """Move one parameter along its gradient.  Subclasses give this method.

        Args:
            p: the parameter; `p.grad` is not None.
            group: the options of its group.
        """
        raise TypeError(f"{self._name} must give the method update(p, group)")

    # ---- checkpoints -----------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """The state and the options as a dictionary, in PyTorch's form.

        Returns:
            {"state": {0: {...}, 1: {...}},
             "param_groups": [{"lr": ..., "params": [0, 1]}]}
            Parameters are numbered through all groups.  The tensors are not copied.
        """
        numbers = {id(p): k for k, p in enumerate(self._all_params())}
        return {
            "state": {numbers[id(p)]: dict(state) for p, state in self.state.items()},
            "param_groups": [
                {**{k: v for k, v in group.items() if k != "params"},
                 "params": [numbers[id(p)] for p in group["params"]]}
                for group in self.param_groups]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from what `state_dict` returned; a load that fails changes nothing.

        The tensors are copied, to the dtypes and devices of the parameters.

        Raises:
            ValueError: groups, or the parameters in them, differ in number; or a tensor
                differs in shape from its parameter.
        """
        saved = state_dict["param_groups"]
        theirs, ours = _sizes(saved), _sizes(self.param_groups)
        if theirs != ours:
            raise ValueError(f"{self._name}: the state was saved for groups of {theirs} "
                             f"parameters, this optimiser has groups of {ours}")
        groups = [{**self.defaults, **new, "params": old["params"]}
                  for old, new in zip(self.param_groups, saved)]
        for group in groups:
            self._check(group)
        numbers = [k for g in saved for k in g["params"]]
        state = {p: {name: self._fitted(name, value, p)
                     for name, value in state_dict["state"][k].items()}
                 for k, p in zip(numbers, self._all_params()) if k in state_dict["state"]}
        self.param_groups[:] = groups
        self.state = defaultdict(dict, state)

    def _all_params(self) -> list[Tensor]:
        return [p for group in self.param_groups for p in group["params"]]

    def _fitted(self, name: str, value: Any, p: Tensor) -> Any:
        """A copy of one item of the state, for parameter p."""
        if name == "step":                  # PyTorch's older files hold a number here
            return counter(float(value))
        if not isinstance(value, Tensor):
            return value
        if value.shape != p.shape:
            raise ValueError(f"{self._name}: {name} has shape {tuple(value.shape)} in "
                             f"the state, its parameter has {tuple(p.shape)}")
        return value.detach().to(p.device, p.dtype, copy=True)

    def __repr__(self) -> str:
        lines = [f"{self._name} ("]
        for k, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {k}")
            lines += [f"    {name}: {group[name]}" for name in sorted(group)
                      if name != "params"]
        return "\n".join([*lines, ")"])


def counter(value: float = 0.0) -> Tensor:
    """A count of steps: a float32 tensor on the CPU, which is how PyTorch keeps it."""
    made = zeros(())
    made.array[...] = value
    return made


def _sizes(groups: list[dict[str, Any]]) -> list[int]:
    return [len(group["params"]) for group in groups]


def _shown(value: Any) -> str:
    return f"a {type(value).__name__}"
