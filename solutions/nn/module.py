"""A small Module, written by hand: a tree that knows its parameters.

A module has three dictionaries: `_parameters`, `_buffers` and `_modules`. Everything else
walks the tree and reads them. Names of different levels are joined by dots.

Grade it with `pytest exercises -k module`.
"""

import numpy as np


class Parameter:
    """An array to be trained.

    Attributes:
        data: the numbers, a NumPy array; not a copy.
        grad: the gradient, an array of the same shape, or None.
    """

    def __init__(self, data):
        self.data = np.asarray(data)
        self.grad = None


class Handle:
    """What registering a hook returns: remove() takes that hook out of `hooks` again."""

    def __init__(self, hooks):
        self.hooks = hooks                      # a dict: Handle → hook

    def remove(self):
        """Take the hook away; a second call does nothing."""
        # BEGIN SOLUTION: the key of the hook is this handle
        self.hooks.pop(self, None)
        # END SOLUTION


def join(prefix, name):
    """The dotted path of `name` below `prefix`; an empty prefix adds no dot."""
    # BEGIN SOLUTION: a dot only between two names
    return f"{prefix}.{name}" if prefix else name
    # END SOLUTION


class Module:
    """The base of every layer.

    Attributes:
        training: True, or False after eval().
        _parameters: name → Parameter or None.
        _buffers: name → array.
        _modules: name → Module or None.
        _persistent: the names of the buffers that are part of the state.
        _forward_hooks: Handle → hook, in the order in which they were registered.
    """

    def __init__(self):
        new = super().__setattr__               # ours would look into the dictionaries
        new("training", True)
        new("_parameters", {})
        new("_buffers", {})
        new("_modules", {})
        new("_persistent", set())
        new("_forward_hooks", {})

    # ---- registration ----------------------------------------------------------------

    def __setattr__(self, name, value):
        """Put a Parameter into _parameters, a Module into _modules.

        A Parameter takes any name, a Module any but a parameter's. The name is taken out
        of everything else that holds it, and keeps its place in a dictionary that has it
        already. Any other value is a plain attribute, with two exceptions: an array for
        the name of a buffer becomes that buffer, and None for a registered name is kept
        in its dictionary.

        Raises:
            AttributeError: a Parameter or Module came before super().__init__().
            TypeError: a value that a registered name does not take: anything but a
                Parameter or None for the name of a parameter; a text for that of a
                buffer; an array for that of a child.
        """
        # BEGIN SOLUTION: look at the value, then at where the name is now
        kinds = {"_parameters": Parameter, "_buffers": np.ndarray, "_modules": Module}
        holder = self._holder(name)
        wanted = None
        if isinstance(value, Parameter):
            wanted = "_parameters"
        elif isinstance(value, Module) and holder != "_parameters":
            wanted = "_modules"
        if wanted is not None:
            if wanted not in self.__dict__:
                raise AttributeError("call super().__init__() first")
            if holder is not None and holder != wanted:
                del self.__dict__[holder][name]
            self.__dict__.pop(name, None)
            self.__dict__[wanted][name] = value
        elif holder is None:
            super().__setattr__(name, value)
        elif value is None or isinstance(value, kinds[holder]):
            self.__dict__[holder][name] = value
        else:
            raise TypeError(f"{name!r} takes a {kinds[holder].__name__} or None")
        # END SOLUTION

    def __getattr__(self, name):
        """Python calls this only for a name that it has not found.

        Raises:
            AttributeError: none of the three dictionaries has it either.
        """
        # BEGIN SOLUTION: look into the three dictionaries
        holder = self._holder(name)
        if holder is None:
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        return self.__dict__[holder][name]
        # END SOLUTION

    def __delattr__(self, name):
        """Take a registered name out of its dictionary, or delete a plain attribute."""
        # BEGIN SOLUTION: as __getattr__, but delete
        holder = self._holder(name)
        if holder is None:
            super().__delattr__(name)
        else:
            del self.__dict__[holder][name]
        # END SOLUTION

    def register_buffer(self, name, array, persistent=True):
        """Add an array that is saved (if persistent) and converted, but not trained."""
        self._buffers[name] = array
        if persistent:
            self._persistent.add(name)
        else:
            self._persistent.discard(name)

    def _holder(self, name):
        """The dictionary that has `name`: its own name, or None."""
        for holder in ("_parameters", "_buffers", "_modules"):
            if name in self.__dict__.get(holder, ()):
                return holder
        return None

    # ---- walking the tree ------------------------------------------------------------

    def named_modules(self, prefix="", seen=None):
        """A list of (dotted name, module): this one, then its children and theirs.

        A module that is reached by two names comes once, with the first; a child that is
        None does not come. `seen` is a set of the modules that are in the list already.
        """
        # BEGIN SOLUTION: itself, then named_modules of each child, with one set for all
        seen = set() if seen is None else seen
        if self in seen:
            return []
        seen.add(self)
        found = [(prefix, self)]
        for name, child in self._modules.items():
            if child is not None:
                found += child.named_modules(join(prefix, name), seen)
        return found
        # END SOLUTION

    def named_parameters(self, prefix=""):
        """A list of (dotted name, parameter) of the whole tree, each parameter once.

        The parameters of a module come before those of its children; None does not come.
        """
        # BEGIN SOLUTION: the parameters of each module of the tree
        seen, found = set(), []
        for path, module in self.named_modules(prefix):
            for name, parameter in module._parameters.items():
                if parameter is not None and parameter not in seen:
                    seen.add(parameter)
                    found.append((join(path, name), parameter))
        return found
        # END SOLUTION

    def train(self, mode=True):
        """Set `training` in the whole tree to `mode`; returns this module."""
        # BEGIN SOLUTION: every module of the tree
        for _, module in self.named_modules():
            module.training = mode
        return self
        # END SOLUTION

    def eval(self):
        """The same as train(False)."""
        return self.train(False)

    def convert(self, dtype):
        """Change the dtype of all parameters, their gradients and floating buffers.

        The Parameter objects stay the same: an optimiser may hold them. Buffers of whole
        numbers stay as they are. Returns this module.
        """
        # BEGIN SOLUTION: new arrays in the same objects
        for _, parameter in self.named_parameters():
            parameter.data = parameter.data.astype(dtype)
            if parameter.grad is not None:
                parameter.grad = parameter.grad.astype(dtype)
        for _, module in self.named_modules():
            for name, buffer in module._buffers.items():
                if buffer is not None and buffer.dtype.kind == "f":
                    module._buffers[name] = buffer.astype(dtype)
        return self
        # END SOLUTION

    # ---- state -----------------------------------------------------------------------

    def state_dict(self, prefix=""):
        """A dict: dotted name → array, the arrays themselves, not copies.

        For each module: its parameters, then its persistent buffers, then its children in
        turn. What is shared stands under each of its names. None does not come.
        """
        # BEGIN SOLUTION: the own arrays, then the state of each child
        state = {}
        for name, parameter in self._parameters.items():
            if parameter is not None:
                state[join(prefix, name)] = parameter.data
        for name, buffer in self._buffers.items():
            if buffer is not None and name in self._persistent:
                state[join(prefix, name)] = buffer
        for name, child in self._modules.items():
            if child is not None:
                state.update(child.state_dict(join(prefix, name)))
        return state
        # END SOLUTION

    def load_state_dict(self, state, strict=True):
        """Copy the arrays of `state` into the arrays of this tree, in place.

        Returns (missing, unexpected): the names of this tree that `state` lacks, and the
        names of `state` that this tree lacks.

        Raises:
            KeyError: strict, and there are missing or unexpected names. All of them are
                in the message.
            ValueError: a shape differs (strict or not). All such names are in the
                message. KeyError goes first if both are wrong.

        If it raises, nothing has been changed.
        """
        # BEGIN SOLUTION: find everything that is wrong; only then copy
        own = self.state_dict()
        missing = [name for name in own if name not in state]
        unexpected = [name for name in state if name not in own]
        if strict and (missing or unexpected):
            raise KeyError(f"missing: {missing}, unexpected: {unexpected}")
        both = [name for name in own if name in state]
        misfits = [name for name in both if own[name].shape != state[name].shape]
        if misfits:
            raise ValueError(f"shapes differ: {misfits}")
        for name in both:
            own[name][...] = state[name]
        return missing, unexpected
        # END SOLUTION

    # ---- calling ---------------------------------------------------------------------

    def register_forward_hook(self, hook):
        """Call hook(module, x, y) after each forward; returns a Handle for this hook."""
        # BEGIN SOLUTION: the handle is the key
        handle = Handle(self._forward_hooks)
        self._forward_hooks[handle] = hook
        return handle
        # END SOLUTION

    def __call__(self, x):
        """forward(x), then the hooks, in order.

        If a hook returns something else than None, that is the output from there on: the
        next hook is given it, and so is the caller. A hook may remove itself.
        """
        # BEGIN SOLUTION: y goes through all hooks
        y = self.forward(x)
        for hook in list(self._forward_hooks.values()):
            replacement = hook(self, x, y)
            if replacement is not None:
                y = replacement
        return y
        # END SOLUTION


class Sequential(Module):
    """Modules called one after the other, each on the output of the one before.

    Sequential(first, second, …) names its children "0", "1", …; a dict of names and
    modules as the only argument names them by its keys.
    """

    def __init__(self, *modules):
        super().__init__()
        # BEGIN SOLUTION: register each under its name
        if len(modules) == 1 and isinstance(modules[0], dict):
            named = modules[0].items()
        else:
            named = ((str(k), module) for k, module in enumerate(modules))
        for name, module in named:
            setattr(self, name, module)
        # END SOLUTION

    def forward(self, x):
        # BEGIN SOLUTION: call the modules, do not call their forward
        for module in self._modules.values():
            x = module(x)
        return x
        # END SOLUTION
