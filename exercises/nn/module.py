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
        # TODO: the key of the hook is this handle
        raise NotImplementedError("Handle.remove is still to be written")


def join(prefix, name):
    """The dotted path of `name` below `prefix`; an empty prefix adds no dot."""
    # TODO: a dot only between two names
    raise NotImplementedError("join is still to be written")


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
        # TODO: look at the value, then at where the name is now
        raise NotImplementedError("Module.__setattr__ is still to be written")

    def __getattr__(self, name):
        """Python calls this only for a name that it has not found.

        Raises:
            AttributeError: none of the three dictionaries has it either.
        """
        # TODO: look into the three dictionaries
        raise NotImplementedError("Module.__getattr__ is still to be written")

    def __delattr__(self, name):
        """Take a registered name out of its dictionary, or delete a plain attribute."""
        # TODO: as __getattr__, but delete
        raise NotImplementedError("Module.__delattr__ is still to be written")

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
        # TODO: itself, then named_modules of each child, with one set for all
        raise NotImplementedError("Module.named_modules is still to be written")

    def named_parameters(self, prefix=""):
        """A list of (dotted name, parameter) of the whole tree, each parameter once.

        The parameters of a module come before those of its children; None does not come.
        """
        # TODO: the parameters of each module of the tree
        raise NotImplementedError("Module.named_parameters is still to be written")

    def train(self, mode=True):
        """Set `training` in the whole tree to `mode`; returns this module."""
        # TODO: every module of the tree
        raise NotImplementedError("Module.train is still to be written")

    def eval(self):
        """The same as train(False)."""
        return self.train(False)

    def convert(self, dtype):
        """Change the dtype of all parameters, their gradients and floating buffers.

        The Parameter objects stay the same: an optimiser may hold them. Buffers of whole
        numbers stay as they are. Returns this module.
        """
        # TODO: new arrays in the same objects
        raise NotImplementedError("Module.convert is still to be written")

    # ---- state -----------------------------------------------------------------------

    def state_dict(self, prefix=""):
        """A dict: dotted name → array, the arrays themselves, not copies.

        For each module: its parameters, then its persistent buffers, then its children in
        turn. What is shared stands under each of its names. None does not come.
        """
        # TODO: the own arrays, then the state of each child
        raise NotImplementedError("Module.state_dict is still to be written")

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
        # TODO: find everything that is wrong; only then copy
        raise NotImplementedError("Module.load_state_dict is still to be written")

    # ---- calling ---------------------------------------------------------------------

    def register_forward_hook(self, hook):
        """Call hook(module, x, y) after each forward; returns a Handle for this hook."""
        # TODO: the handle is the key
        raise NotImplementedError("Module.register_forward_hook is still to be written")

    def __call__(self, x):
        """forward(x), then the hooks, in order.

        If a hook returns something else than None, that is the output from there on: the
        next hook is given it, and so is the caller. A hook may remove itself.
        """
        # TODO: y goes through all hooks
        raise NotImplementedError("Module.__call__ is still to be written")


class Sequential(Module):
    """Modules called one after the other, each on the output of the one before.

    Sequential(first, second, …) names its children "0", "1", …; a dict of names and
    modules as the only argument names them by its keys.
    """

    def __init__(self, *modules):
        super().__init__()
        # TODO: register each under its name
        raise NotImplementedError("Sequential.__init__ is still to be written")

    def forward(self, x):
        # TODO: call the modules, do not call their forward
        raise NotImplementedError("Sequential.forward is still to be written")
