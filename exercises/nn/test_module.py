"""Exercise 5.1: a small Module, from registration to Sequential."""

import numpy as np

from exercises.grading import Exercise, part, scenario

# ---- numbers -------------------------------------------------------------------------


def weights(rng, N=3):
    return {"w": rng.standard_normal((N, 4))}


def weights_and_inputs(rng, N=3):
    return {"w": rng.uniform(0.5, 1.5, (N, 4)), "x": rng.standard_normal((N, 4))}


# ---- what the scenarios share --------------------------------------------------------


def outcome(action):
    """The name of an action's exception, or "no error", or the number it returns."""
    try:
        value = action()
    except Exception as error:
        return type(error).__name__
    return value if isinstance(value, int) else "no error"


def keepers(module, name):
    """Where a name is, of three dictionaries and the plain attributes, as words."""
    places = [place for place in ("_parameters", "_buffers", "_modules")
              if name in getattr(module, place)]
    places += ["the plain attributes"] * (name in vars(module))
    return " and ".join(places) or "nowhere"


def names(pairs):
    """The names of (name, thing) pairs, or of a dict, as words."""
    found = list(pairs) if isinstance(pairs, dict) else [name for name, _ in pairs]
    return ", ".join(name or "''" for name in found)


def layer(mine, weight):
    """A module that multiplies by a parameter."""
    class Scale(mine.Module):
        def __init__(self):
            super().__init__()
            self.weight = mine.Parameter(weight)

        def forward(self, x):
            return x * self.weight.data

    return Scale()


def model(mine, w):
    """encoder (weight; inner: weight), head (weight, bias, peak); own: scale, mean …"""
    net = mine.Module()
    net.encoder = layer(mine, w.copy())
    net.encoder.inner = layer(mine, w + 1)
    net.head = layer(mine, w + 2)
    net.head.bias = mine.Parameter(w[:, 0] + 3)
    net.head.register_buffer("peak", w[0:, 1] + 4)
    net.scale = mine.Parameter(w[:, 2] + 5)
    net.register_buffer("mean", w[:, 3] + 6)
    net.register_buffer("scratch", w + 7, persistent=False)
    net.head.bias.grad = w[:, 0] * 2
    return net


# ---- scenarios: registration ---------------------------------------------------------


def attributes_of_every_kind(mine, w):
    net, child, weight = mine.Module(), mine.Module(), mine.Parameter(w)
    net.weight, net.child, net.note, net.cache = weight, child, "text", w
    net.layers = [mine.Module(), mine.Parameter(w)]
    net.nothing = None
    return {"names in _parameters": names(net._parameters),
            "names in _modules": names(net._modules),
            "names in _buffers": names(net._buffers),
            "where note is": keepers(net, "note"),
            "where cache, a plain array, is": keepers(net, "cache"),
            "where layers, a list, is": keepers(net, "layers"),
            "where nothing, a None, is": keepers(net, "nothing"),
            "where weight is": keepers(net, "weight"),
            "net.weight is the Parameter": net.weight is weight,
            "net.child is the Module": net.child is child,
            "net.note": net.note}


def a_name_that_changes_its_kind(mine, w):
    net = mine.Module()
    net.register_buffer("x", w)
    net.register_buffer("v", w)
    net.v = mine.Parameter(w)
    found = {"where v is: first a buffer, then a Parameter": keepers(net, "v")}
    for kind in ("Module", "Parameter", "Parameter"):
        net.x = mine.Module() if kind == "Module" else mine.Parameter(w)
        found[f"where x is after net.x = a {kind}"] = keepers(net, "x")
    net.y = "text"
    net.y = mine.Parameter(w)
    found["where y is: first a text, then a Parameter"] = keepers(net, "y")
    net.z = 1
    net.z = mine.Module()
    found["where z is: first a number, then a Module"] = keepers(net, "z")
    return found


def a_new_value_of_the_same_kind(mine, w):
    net = mine.Module()
    net.weight, net.child = mine.Parameter(w), mine.Module()
    net.register_buffer("mean", w)
    net.mean = w * 2
    found = {"where mean is after net.mean = an array": keepers(net, "mean"),
             "net.mean": net.mean}
    net.bias = mine.Parameter(w)
    net.weight = mine.Parameter(w)
    found["names in _parameters after a new net.weight"] = names(net._parameters)
    net.mean = net.weight = net.child = None
    for name in ("weight", "mean", "child"):
        found[f"where {name} is after None"] = keepers(net, name)
        found[f"net.{name} is None"] = getattr(net, name) is None
    return found


def values_that_do_not_fit(mine, w):
    net, weight, child = mine.Module(), mine.Parameter(w), mine.Module()
    net.weight, net.child = weight, child
    net.register_buffer("mean", w)
    return {"net.weight = an array": outcome(lambda: setattr(net, "weight", w)),
            "net.weight = a Module": outcome(
                lambda: setattr(net, "weight", mine.Module())),
            "net.child = 3": outcome(lambda: setattr(net, "child", 3)),
            "net.child = an array": outcome(lambda: setattr(net, "child", w)),
            "net.mean = a text": outcome(lambda: setattr(net, "mean", "a")),
            "where weight is afterwards": keepers(net, "weight"),
            "net.weight afterwards is the Parameter": net.weight is weight,
            "net.child afterwards is the Module": net.child is child}


def names_that_are_not_there(mine, w):
    net = mine.Module()
    net.weight, net.child, net.note = mine.Parameter(w), mine.Module(), "text"
    net.register_buffer("mean", w)
    found = {"net.absent": outcome(lambda: net.absent),
             "del net.absent": outcome(lambda: delattr(net, "absent"))}
    for name in ("weight", "child", "note", "mean"):
        found[f"del net.{name}"] = outcome(lambda name=name: delattr(net, name))
        found[f"where {name} is afterwards"] = keepers(net, name)
        found[f"net.{name} afterwards"] = outcome(lambda name=name: getattr(net, name))
    return found


def a_class_without_super_init(mine, w):
    class Forgetful(mine.Module):
        def __init__(self, value):
            self.value = value

    return {"self.value = a Parameter": outcome(lambda: Forgetful(mine.Parameter(w))),
            "self.value = a Module": outcome(lambda: Forgetful(mine.Module())),
            "self.value = 3": outcome(lambda: Forgetful(3).value)}


# ---- scenarios: walking --------------------------------------------------------------


def paths_of_a_tree(mine, w):
    net = model(mine, w)
    net.absent = mine.Module()
    net.absent = None
    return {"join('', 'a')": mine.join("", "a"), "join('a', 'b')": mine.join("a", "b"),
            "names of the tree": names(net.named_modules()),
            "names with the prefix 'net'":
                names(net.named_modules("net")),
            "names of the tree when asked again":
                names(net.named_modules()),
            "the modules of these names": [
                module is wanted for (_, module), wanted in zip(
                    net.named_modules(),
                    (net, net.encoder, net.encoder.inner, net.head))]}


def a_module_with_two_names(mine, w):
    net = model(mine, w)
    net.again = net.encoder
    net.head.deep = net.encoder.inner
    net.head.back = net.head
    return {"names": names(net.named_modules()),
            "modules": len(net.named_modules())}


def parameters_of_a_tree(mine, w):
    net = model(mine, w)
    net.encoder.bias = mine.Parameter(w)
    net.encoder.bias = None
    wanted = (net.scale, net.encoder.weight, net.encoder.inner.weight,
              net.head.weight, net.head.bias)
    return {"names": names(net.named_parameters()),
            "names with the prefix 'net'":
                names(net.named_parameters("net")),
            "of the head alone": names(net.head.named_parameters()),
            "they are the Parameters themselves": [
                one is two for (_, one), two in zip(net.named_parameters(), wanted)]}


def a_parameter_with_two_names(mine, w):
    net = model(mine, w)
    net.head.weight = net.encoder.weight
    net.tied = net.encoder.inner.weight
    return {"names": names(net.named_parameters()),
            "names when asked again": names(net.named_parameters())}


def parameters_with_equal_numbers(mine, w):
    net = mine.Module()
    net.a, net.b = mine.Parameter(w), mine.Parameter(w)
    return {"names of two Parameters on one array":
            names(net.named_parameters())}


def training_and_evaluation(mine, w):
    net = model(mine, w)
    parts = (net, net.encoder, net.encoder.inner, net.head)
    found = {"train() returns the module": net.train() is net,
             "training of all modules at first": [m.training for m in parts]}
    back = net.eval()
    found["eval() returns the module"] = back is net
    found["training of all modules after eval()"] = [m.training for m in parts]
    net.head.train()
    found["after head.train()"] = [m.training for m in parts]
    net.train()
    found["after train()"] = [m.training for m in parts]
    return found


# ---- scenarios: state ----------------------------------------------------------------


def names_of_the_state(mine, w):
    net = model(mine, w)
    net.head.weight.grad = w
    net.register_buffer("nothing", None)
    net.encoder.bias = mine.Parameter(w)
    net.encoder.bias = None
    net.gone = mine.Module()
    net.gone = None
    return {"names, in order": names(net.state_dict()),
            "names with the prefix 'net'": names(net.state_dict("net"))}


def arrays_of_the_state(mine, w):
    net = model(mine, w)
    state = net.state_dict()
    found = {"the state": state}
    found["scale: in the parameter's memory"] = state["scale"] is net.scale.data
    found["mean: in the buffer's memory"] = state["mean"] is net.mean
    return found


def state_of_shared_parts(mine, w):
    net = model(mine, w)
    net.again = net.encoder.inner
    net.tied = net.scale
    return {"names, in order": names(net.state_dict())}


def state_that_fits(mine, w):
    net, other = model(mine, w), model(mine, -2 * w)
    scratch, weight = net.scratch.copy(), net.encoder.weight
    memory = net.head.weight.data
    saved = other.state_dict()
    result = net.load_state_dict(saved)
    found = {"what it returns": [list(one) for one in result],
             "the state afterwards": {k: a.copy() for k, a in net.state_dict().items()},
             "scratch is as it was": bool((net.scratch == scratch).all()),
             "encoder.weight is the same Parameter": net.encoder.weight is weight,
             "head.weight is in the same memory": net.head.weight.data is memory}
    other.head.weight.data[...] = 9.0
    found["head.weight after the other model changed"] = net.head.weight.data.copy()
    return found


def state_with_wrong_names(mine, w):
    net = model(mine, w)
    before = {k: a.copy() for k, a in net.state_dict().items()}
    state = {k: a * 3 for k, a in before.items()}
    for name in ("encoder.inner.weight", "head.bias"):
        state["old." + name] = state.pop(name)
    words = ""
    try:
        net.load_state_dict(state)
    except KeyError as error:
        words = str(error)
    after = net.state_dict()
    found = {f"{name} in the KeyError": name in words
             for name in ("old.head.bias", "old.encoder.inner.weight")}
    plain = words.replace("old.", "?")
    found |= {f"{name} in the KeyError": f"'{name}'" in plain or f" {name}" in plain
              or f'"{name}"' in plain for name in ("head.bias", "encoder.inner.weight")}
    return found | {"unchanged after the error": {
        name: bool((after[name] == a).all()) for name, a in before.items()}}


def a_name_too_few_or_too_many(mine, w):
    net = model(mine, w)
    state = {k: a.copy() for k, a in net.state_dict().items()}
    more = state | {"extra": w}
    less = {k: a for k, a in state.items() if k != "mean"}
    return {"with a name too many": outcome(lambda: net.load_state_dict(more)),
            "without the buffer mean": outcome(lambda: net.load_state_dict(less)),
            "with no names at all": outcome(lambda: net.load_state_dict({}))}


def state_with_wrong_shapes(mine, w):
    net = model(mine, w)
    before = {k: a.copy() for k, a in net.state_dict().items()}
    state = {k: a * 3 for k, a in before.items()}
    state["encoder.inner.weight"] = np.ones((1, 4, 4))
    state["head.bias"] = np.ones((7, 1))
    found = {}
    for strict in (True, False):
        words = ""
        try:
            net.load_state_dict(state, strict)
        except ValueError as error:
            words = str(error)
        after = net.state_dict()
        found[f"strict={strict}"] = {
            "names in the ValueError": [name in words for name in (
                "encoder.inner.weight", "head.bias")],
            "unchanged after the error": {
                name: bool((after[name] == a).all()) for name, a in before.items()}}
    state["extra"] = w
    found["with a wrong name as well"] = outcome(lambda: net.load_state_dict(state))
    return found


def a_shape_that_would_broadcast(mine, w):
    net = model(mine, w)
    state = {k: a.copy() for k, a in net.state_dict().items()}
    state["head.weight"] = np.ones(())
    return {"one number for head.weight": outcome(lambda: net.load_state_dict(state))}


def state_loaded_in_part(mine, w):
    net = model(mine, w)
    before = {k: a.copy() for k, a in net.state_dict().items()}
    part = {"head.weight": w * 3, "other": w, "mean": w[:, 0]}
    missing, unexpected = net.load_state_dict(part, strict=False)
    return {"missing": list(missing), "unexpected": list(unexpected),
            "head.weight": net.head.weight.data, "mean": net.mean,
            "encoder.weight is as it was": bool(
                (net.encoder.weight.data == before["encoder.weight"]).all())}


# ---- scenarios: hooks, Sequential, convert -------------------------------------------


def a_hook_that_looks(mine, w, x):
    net, seen = layer(mine, w), []
    net.register_forward_hook(lambda module, a, y: seen.append(
        [module is net, a.copy(), y.copy()]))
    result = net(x)
    return {"calls of the hook": len(seen), "what the hook was given": seen,
            "the output": result}


def a_hook_that_replaces(mine, w, x):
    net, seen = layer(mine, w), []
    net.register_forward_hook(lambda module, a, y: y + 1)
    net.register_forward_hook(lambda module, a, y: seen.append(y.copy()))
    net.register_forward_hook(lambda module, a, y: y * 3)
    found = {"what the second hook was given": seen, "the output": net(x)}
    net.register_forward_hook(lambda module, a, y: 0)
    return {**found, "the output when a last hook returns 0": net(x)}


def hooks_that_are_removed(mine, w, x):
    net, seen = layer(mine, w), []
    look = lambda name: lambda module, a, y: seen.append(name)     # noqa: E731
    one, two = look("first"), look("second")
    handles = [net.register_forward_hook(hook) for hook in (one, two, one)]
    net(x)
    found = {"called at first": ", ".join(seen)}
    for k, words in ((2, "the last"), (0, "the first")):
        seen.clear()
        handles[k].remove()
        found[f"a second remove() of {words}"] = outcome(handles[k].remove)
        net(x)
        found[f"called after {words} was removed"] = ", ".join(seen)
    return found


def a_hook_that_runs_once(mine, w, x):
    net, seen = layer(mine, w), []

    def once(module, a, y):
        seen.append("once")
        handle.remove()

    handle = net.register_forward_hook(once)
    net.register_forward_hook(lambda module, a, y: seen.append("always"))
    net(x)
    net(x)
    return {"hooks that ran in two calls": ", ".join(seen)}


def hooks_of_two_modules(mine, w, x):
    one, two, seen = layer(mine, w), layer(mine, w), []
    one.register_forward_hook(lambda module, a, y: seen.append("one"))
    two(x)
    return {"hooks that ran": seen}


def modules_in_order(mine, w, x):
    def shift(module, a, y):
        return y + 1

    layers = [layer(mine, w + k) for k in range(3)]
    layers[0].register_forward_hook(shift)
    net = mine.Sequential(*layers)
    twelve = mine.Sequential(*(layer(mine, w) for _ in range(12)))
    return {"the output": net(x), "names": names(net._modules),
            "parameters": names(net.named_parameters()),
            "names of twelve": names(twelve._modules)}


def modules_with_names(mine, w, x):
    net = mine.Sequential({"third": layer(mine, w), "first": layer(mine, w + 1),
                           "second": layer(mine, w + 2)})
    net.first.register_forward_hook(lambda module, a, y: y + 1)
    return {"the output": net(x), "names": names(net._modules),
            "an empty one": mine.Sequential()(x),
            "with a single module": mine.Sequential(layer(mine, w))(x)}


def one_module_twice(mine, w, x):
    shared = layer(mine, w)
    net = mine.Sequential(shared, shared, layer(mine, w + 1))
    return {"the output": net(x), "names": names(net._modules),
            "parameters": names(net.named_parameters())}


def types_after_convert(mine, w):
    net = model(mine, w)
    net.register_buffer("steps", np.arange(3))
    net.register_buffer("nothing", None)
    held = [parameter for _, parameter in net.named_parameters()]
    back = net.convert("float32")
    return {"it returns the module": back is net,
            "types of the parameters": [str(p.data.dtype) for p in held],
            "the Parameters are the same": [
                one is two for one, (_, two) in zip(held, net.named_parameters())],
            "type of the gradient of head.bias": str(net.head.bias.grad.dtype),
            "gradients that are None": sum(p.grad is None for p in held),
            "types of mean, scratch, head.peak": [
                str(a.dtype) for a in (net.mean, net.scratch, net.head.peak)],
            "type of the whole numbers": str(net.steps.dtype),
            "where mean is": keepers(net, "mean")}


# ---- the parts -----------------------------------------------------------------------


def play(functions, inputs=weights, helpers=(outcome, keepers, names, layer, model)):
    return [scenario(one, inputs, helpers=helpers, gaps=False) for one in functions]


exercise = Exercise(
    "5.1", "A small Module",
    part("a", 2, "what assigning does", section="“What the library does with it”",
         checks=play((attributes_of_every_kind, a_name_that_changes_its_kind,
                      a_new_value_of_the_same_kind, values_that_do_not_fit,
                      names_that_are_not_there, a_class_without_super_init)),
         hints=(
             "Two questions decide: what is the value, and where is the name now? "
             "self._holder(name) answers the second.",
             "A Parameter goes into its dictionary whatever the name was, a Module "
             "unless the name is a parameter's; and out of whatever else holds the "
             "name, self.__dict__ included. Another value for a free name goes to "
             "super().__setattr__. For a registered name it must be None or of the "
             "kind of that dictionary.",
             "Case 1, a Parameter, or a Module if holder is not '_parameters': "
             "AttributeError if its dictionary is not in self.__dict__; delete the name "
             "from another holder; self.__dict__.pop(name, None); store. Case 2, holder "
             "is None: super().__setattr__. Case 3: None or an instance of Parameter, "
             "np.ndarray or Module (by holder) is stored there. Else TypeError.",
         )),
    part("b", 2, "the modules, each once", section="“Walking the tree”", needs="a",
         checks=play((paths_of_a_tree, a_module_with_two_names)),
         hints=(
             "A tree is walked by a method that calls itself on each child, with a "
             "longer prefix.",
             "Every call must know what the others have found: hand the same set "
             "`seen` down. A module that is in it returns an empty list.",
             "seen = set() if it is None; return [] if self is in it; add self; begin "
             "with [(prefix, self)]; for each child that is not None add "
             "child.named_modules(join(prefix, name), seen).",
         )),
    part("c", 2, "the parameters, each once", section="“Walking the tree”", needs="ab",
         checks=play((parameters_of_a_tree, a_parameter_with_two_names,
                      parameters_with_equal_numbers)),
         hints=(
             "named_modules already knows the tree and the names of its modules.",
             "For each (path, module) look at module._parameters. Two modules may "
             "hold one parameter: a second set, of parameters, keeps it from coming "
             "twice.",
             "for path, module in self.named_modules(prefix): for name, parameter in "
             "module._parameters.items(): if it is not None and not in seen: add it, "
             "append (join(path, name), parameter).",
         )),
    part("d", 1, "train and eval", section="“Train and eval”", needs="ab",
         checks=play((training_and_evaluation,)),
         hints=(
             "training is an attribute of every module, not of the first alone.",
             "named_modules gives all of them. What do calls like "
             "net.eval().forward(x) need?",
             "for _, module in self.named_modules(): module.training = mode. Then "
             "return self.",
         )),
    part("e", 2, "the state", section="“The state of a module”", needs="ab",
         checks=play((names_of_the_state, arrays_of_the_state, state_of_shared_parts)),
         hints=(
             "The order is: own parameters, own persistent buffers, then everything of "
             "the first child, of the second …",
             "Let the method call itself: child.state_dict(join(prefix, name)). It is "
             "not named_parameters that you need, since what is shared stands under "
             "each name.",
             "state[join(prefix, name)] = parameter.data for parameters that are not "
             "None; the same for buffers in self._persistent; then "
             "state.update(child.state_dict(join(prefix, name))).",
         )),
    part("f", 2, "all or nothing", section="“Loading: all or nothing”", needs="abe",
         checks=play((state_that_fits, state_with_wrong_names,
                      a_name_too_few_or_too_many, state_with_wrong_shapes,
                      a_shape_that_would_broadcast, state_loaded_in_part)),
         hints=(
             "Two passes: the first only looks, the second only copies.",
             "missing: names of self.state_dict() that are not in state. unexpected: "
             "the other way round. misfits: names in both with different shapes. "
             "Collect all of each before you raise.",
             "own = self.state_dict(). Strict and names wrong: KeyError with both "
             "lists. Misfits: ValueError, strict or not. Then own[name][...] = "
             "state[name] for the names in both, and return missing, unexpected.",
         )),
    part("g", 2, "forward hooks", section="“Hooks”", needs="a",
         checks=play((a_hook_that_looks, a_hook_that_replaces, hooks_that_are_removed,
                      a_hook_that_runs_once, hooks_of_two_modules),
                     weights_and_inputs, (outcome, layer)),
         hints=(
             "The same function may be registered twice, and each registration is "
             "removed by its own handle. So what is the key in the dictionary?",
             "The handle is the key, the hook the value. In __call__ walk over a copy "
             "of the hooks, and let y be what the last hook returned, unless that was "
             "None.",
             "register: handle = Handle(self._forward_hooks); "
             "self._forward_hooks[handle] = hook; return handle. remove: "
             "self.hooks.pop(self, None). call: for hook in "
             "list(self._forward_hooks.values()): new = hook(self, x, y); if new is "
             "not None: y = new.",
         )),
    part("h", 1, "Sequential", section="“Lists that register”", needs="acg",
         checks=play((modules_in_order, modules_with_names, one_module_twice),
                     weights_and_inputs, (outcome, names, layer)),
         hints=(
             "Names are strings. setattr(self, name, module) is self.name = module for "
             "a name that is a string.",
             "enumerate gives the numbers, str makes names of them. A dict comes as "
             "the only argument and brings its own.",
             "for k, module in enumerate(modules): setattr(self, str(k), module). In "
             "forward: for module in self._modules.values(): x = module(x).",
         )),
    part("i", 1, "another dtype, the same parameters", section="“Moving and converting”",
         needs="abc", checks=play((types_after_convert,)),
         hints=(
             "An optimiser holds the Parameter objects. What may you replace, so that "
             "it does not notice?",
             "parameter.data gets a new array, and parameter.grad if there is one. "
             "Buffers are replaced in their dictionaries, if they hold floating-point "
             "numbers.",
             "parameter.data = parameter.data.astype(dtype) for named_parameters(); for "
             "each module: module._buffers[name] = buffer.astype(dtype) if "
             "buffer is not None and buffer.dtype.kind == 'f'.",
         )),
)
