"""Exercise 4.1: what makes a parameter a parameter."""

import numpy as np

from exercises.grading import Exercise, call, gradients, part, scenario

# ---- numbers -------------------------------------------------------------------------


def numbers(rng, N=3):
    return {"w": rng.standard_normal((N, 4))}


def numbers_and_rate(rng, N=3):
    return {"w": rng.standard_normal((N, 4)), "rate": 0.25}


def tied_inputs(rng, N=3, D=5, H=4):
    draw = rng.standard_normal
    return {"dy": draw((N, D)), "x": draw((N, D)), "w": draw((H, D))}


def draws_and_gain(rng, H=7, D=4):
    return {"draws": rng.standard_normal((H, D)), "gain": 1.5}


def a_stack(rng, N=3):
    return {"x": rng.standard_normal((N, 4)),
            "weights": [rng.standard_normal((4, 4)) for _ in range(3)]}


# ---- what the scenarios share --------------------------------------------------------


def outcome(action):
    """The name of an action's exception, or "no error"."""
    try:
        action()
    except Exception as error:
        return type(error).__name__
    return "no error"


def parameter(mine, w, requires_grad=True):
    return mine.Parameter(mine.Tensor(w), requires_grad)


def names(registered):
    return ", ".join(registered) or "none"


def model(mine, w):
    """own: scale; body: weight, bias (None), inner: weight; head: weight."""
    net, net.body, net.head = mine.Module(), mine.Module(), mine.Module()
    net.body.inner = mine.Module()
    net.body.inner.weight = parameter(mine, w + 1)
    net.body.weight, net.body.bias = parameter(mine, w + 2), parameter(mine, w)
    net.body.bias = None
    net.head.weight = parameter(mine, w + 3)
    net.scale = parameter(mine, w[:, 0] + 4)
    return net


def places(net, found):
    """The parameters that were found, by where they are in `model`."""
    known = {id(net.scale): "scale", id(net.body.weight): "body.weight",
             id(net.body.inner.weight): "body.inner.weight",
             id(net.head.weight): "head.weight"}
    return ", ".join(known.get(id(one), type(one).__name__) for one in found) or "none"


# ---- scenarios -----------------------------------------------------------------------


def a_parameter_of_a_tensor(mine, w):
    data = mine.Tensor(w, made_by="a product")
    wanting = mine.Parameter(mine.Tensor(w, requires_grad=True))
    p, frozen = mine.Parameter(data), mine.Parameter(data, requires_grad=False)
    return {"requires_grad": p.requires_grad,
            "requires_grad, where that of data is True": wanting.requires_grad,
            "requires_grad of Parameter(data, False)": frozen.requires_grad,
            "made_by": p.made_by, "grad": p.grad,
            "it lies on the memory of data": p.array is w,
            "data.requires_grad afterwards": data.requires_grad,
            "data.made_by afterwards": data.made_by}


def what_a_parameter_cannot_be(mine, w):
    whole = mine.Tensor(np.arange(4))
    return {"of whole numbers": outcome(lambda: mine.Parameter(whole)),
            "of whole numbers, without a gradient":
                outcome(lambda: mine.Parameter(whole, requires_grad=False)),
            "of float32": outcome(
                lambda: mine.Parameter(mine.Tensor(w.astype(np.float32)))),
            "volatile": outcome(lambda: mine.Parameter(mine.Tensor(w), volatile=True)),
            "of an array": outcome(lambda: mine.Parameter(w)),
            "of nothing": outcome(lambda: mine.Parameter(None))}


def attributes_of_every_kind(mine, w):
    net, weight, child = mine.Module(), parameter(mine, w), mine.Module()
    frozen = parameter(mine, w, requires_grad=False)
    hidden = mine.Tensor(w, requires_grad=True)
    net.weight, net.frozen, net.child = weight, frozen, child
    net.hidden, net.rate, net.nothing = hidden, 0.5, None
    net.listed = [parameter(mine, w)]
    return {"names in _parameters": names(net._parameters),
            "names in _modules": names(net._modules),
            "plain attributes": names(
                name for name in vars(net) if not name.startswith("_")),
            "net.weight is the Parameter": net.weight is weight,
            "net.child is the Module": net.child is child,
            "net.hidden is the Tensor": net.hidden is hidden,
            "net.nothing": net.nothing}


def names_taken_and_missing(mine, w):
    net, weight = mine.Module(), parameter(mine, w)
    net.weight, net.bias = weight, parameter(mine, w)
    found = {"net.absent": outcome(lambda: net.absent),
             "net.weight = a Tensor":
                 outcome(lambda: setattr(net, "weight", mine.Tensor(w))),
             "net.weight = an array": outcome(lambda: setattr(net, "weight", w)),
             "net.weight is the Parameter afterwards": net.weight is weight}
    net.weight = None
    found["net.weight after None"] = net.weight
    net.weight = fresh = parameter(mine, w)
    return {**found, "names in _parameters": names(net._parameters),
            "net.weight is the new Parameter": net.weight is fresh}


def parameters_of_a_tree(mine, w):
    net = model(mine, w)
    return {"it is a": type(net.parameters()).__name__,
            "parameters": places(net, net.parameters()),
            "of the body": places(net, net.body.parameters()),
            "of a module without any": len(mine.Module().parameters()),
            "when asked again": places(net, net.parameters())}


def parameters_that_are_shared(mine, w):
    net = model(mine, w)
    net.head.weight = net.body.weight
    net.tied = net.body.inner.weight
    net.again = net.body
    net.frozen = parameter(mine, w, requires_grad=False)
    return {"how many": len(net.parameters()),
            "of different objects": len({id(p) for p in net.parameters()}),
            "in the order of": [p.array.sum() for p in net.parameters()]}


def parameters_on_one_array(mine, w):
    net = mine.Module()
    net.a, net.b = parameter(mine, w), parameter(mine, w)
    return {"how many": len(net.parameters())}


def freezing(mine, w):
    net = model(mine, w)
    for p in net.parameters():
        p.grad = np.ones_like(p.array)
    mine.freeze(net.body)
    here = (net.scale, net.body.weight, net.body.inner.weight, net.head.weight)
    found = {"requires_grad after freeze(body)": [p.requires_grad for p in here],
             "gradients that are there": [p.grad is not None for p in here]}
    mine.freeze(net, False)
    return {**found,
            "requires_grad after freeze(net, False)": [p.requires_grad for p in here],
            "gradients that are there then": [p.grad is not None for p in here]}


def counting(mine, w):
    net = model(mine, w)
    net.body.weight.requires_grad = False
    net.again = net.head
    found = {"all": mine.count(net), "trainable": mine.count(net, trainable=True),
             "of a module without any": mine.count(mine.Module())}
    net.number = parameter(mine, np.array(2.0))
    return {**found, "with a single number more": mine.count(net)}


def stepping(mine, w, rate):
    moved, frozen, lonely = (parameter(mine, w + k) for k in range(3))
    memory = moved.array
    moved.grad, frozen.grad = w * 2, w * 3
    frozen.requires_grad = False
    frozen_before, lonely_before = frozen.array.copy(), lonely.array.copy()
    mine.step(iter([moved, frozen, lonely]), rate)
    found = {"after one step": moved.array.copy(),
             "in the same memory": moved.array is memory,
             "the gradient afterwards": moved.grad.copy(),
             "the frozen one is as it was": bool(
                 (frozen.array == frozen_before).all()),
             "the one without a gradient is as it was": bool(
                 (lonely.array == lonely_before).all())}
    mine.step([moved], rate)
    return {**found, "after two steps": moved.array}


# ---- the parts -----------------------------------------------------------------------

HELPERS = (outcome, parameter, names, model, places)


def play(*functions, inputs=numbers):
    return [scenario(one, inputs, helpers=HELPERS, gaps=False) for one in functions]


exercise = Exercise(
    "4.1", "Parameters",
    part("a", 2, "a leaf that wants a gradient", section="“Three differences”",
         checks=play(a_parameter_of_a_tensor, what_a_parameter_cannot_be),
         hints=(
             "A Parameter is a Tensor: super().__init__ sets its four attributes. Which "
             "of them come from data?",
             "It takes the array itself, no copy, and no past. Errors come first: "
             "TypeError for volatile and for data that is no Tensor, RuntimeError for "
             "whole numbers that should have a gradient.",
             "if volatile: raise TypeError. if not isinstance(data, Tensor): raise "
             "TypeError. if requires_grad and data.array.dtype.kind != 'f': raise "
             "RuntimeError. super().__init__(data.array, requires_grad).",
         )),
    part("b", 2, "assigning registers", section="“Assigning registers”", needs="a",
         checks=play(attributes_of_every_kind, names_taken_and_missing),
         hints=(
             "Look at the class of the value, not at whether it requires a gradient.",
             "Four cases: a Parameter, a Module, a name that _parameters has already, "
             "and everything else. The last goes to object.__setattr__(self, name, "
             "value).",
             "isinstance(value, Parameter): self._parameters[name] = value. "
             "isinstance(value, Module): self._modules[name] = value. name in "
             "self._parameters: None is kept there, another value is a TypeError. "
             "__getattr__ looks into both and raises AttributeError.",
         )),
    part("c", 2, "all of them, each once", section="“Counting”", needs="b",
         checks=play(parameters_of_a_tree, parameters_that_are_shared,
                     parameters_on_one_array),
         hints=(
             "The module's own parameters, then child.parameters() of each child.",
             "A parameter that is held in two places is one object. Keep the first, and "
             "compare objects, not numbers. A dict keeps order and drops repetitions.",
             "found = [p for p in self._parameters.values() if p is not None]; for each "
             "child: found += child.parameters(); return list(dict.fromkeys(found)).",
         )),
    part("d", 1, "freezing", section="“Freezing”", needs="c", checks=play(freezing),
         hints=(
             "All parameters below the module, not its own alone.",
             "freeze=True sets requires_grad to False and grad to None. freeze=False "
             "sets requires_grad to True and touches no gradient.",
             "for parameter in module.parameters(): parameter.requires_grad = not "
             "freeze; if freeze: parameter.grad = None.",
         )),
    part("e", 1, "how many numbers", section="“Counting”", needs="c",
         checks=play(counting),
         hints=(
             "array.size is the number of entries of one parameter.",
             "Sum it over module.parameters(), which has each once. With trainable, "
             "leave out those with requires_grad False.",
             "sum(p.array.size for p in module.parameters() if p.requires_grad or not "
             "trainable).",
         )),
    part("f", 2, "a step, in place", section="“Changing the numbers”", needs="a",
         checks=play(stepping, inputs=numbers_and_rate),
         hints=(
             "The array must stay the same object: whoever shares it sees the step.",
             "a -= b writes into the array of a; a = a - b makes a new one. Which "
             "parameters are left out?",
             "for p in parameters: if p.requires_grad and p.grad is not None: p.array "
             "-= rate * p.grad.",
         )),
    part("g", 2, "one weight, two uses", section="“Sharing”",
         checks=gradients("tied_backward", tied_inputs, of="tied", wrt=("x", "w"),
                          upstream=("dy",), also=({"N": 1, "D": 1, "H": 1},)),
         hints=(
             "Give the two uses different names: y = h b with h = x aᵀ. Derive da and "
             "db. What happens when a and b are one array?",
             "db = hᵀ dy. With dh = dy bᵀ, da = dhᵀ x and dx = dh a. The gradient of a "
             "shared weight is the sum of those of its uses.",
             "h = x @ w.T; dh = dy @ w.T; return dh @ w, dh.T @ x + h.T @ dy.",
         )),
    part("h", 2, "the first numbers", section="“Initial values matter”",
         checks=[call("scaled", draws_and_gain, returns="the weight"),
                 call("sizes", a_stack, returns="the sizes", batch=None)],
         hints=(
             "Each unit sums D products. By what factor does a sum of D independent "
             "terms spread more than one of them?",
             "By √D, so divide by it. D is the number of columns, the inputs of a unit. "
             "sizes: after each layer the root of the mean of a².",
             "draws * gain / np.sqrt(draws.shape[1]); and for w in weights: a = "
             "np.tanh(a @ w.T); found.append(np.sqrt((a**2).mean())).",
         )),
)
