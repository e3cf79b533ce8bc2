"""Programs for the tape: what backward gives, keeps, frees and refuses.

The last line of each is what is compared.  In all of them `x` starts as a leaf of ones.
"""
import textwrap

START = "x = torch.ones(2, requires_grad=True)"

TAPES = {
    "twice": """
        (x * x).sum().backward()
        (x * 3).sum().backward()
        x.grad""",
    "freed": """
        y = (x * x).sum()
        y.backward()
        y.backward()
        x.grad""",
    "retained": """
        y = (x * x).sum()
        y.backward(retain_graph=True)
        y.backward()
        x.grad""",
    "not a number": """
        (x * x).backward()
        x.grad""",
    "with a gradient": """
        (x * x).backward(torch.tensor([1.0, 3.0]))
        x.grad""",
    "no grad": """
        x = torch.ones(2)
        (x * x).sum().backward()
        x.grad""",
    "detach": """
        (x * x.detach()).sum().backward()
        x.grad""",
    "no_grad block": """
        with torch.no_grad():
            y = x * 2
        [y, y.requires_grad]""",
    "saved and changed": """
        y = x * 2
        z = y * y
        y += 1
        z.sum().backward()
        x.grad""",
    "changed before": """
        y = x * 2
        y += 1
        z = y * y
        z.sum().backward()
        x.grad""",
    "changed detached": """
        y = x * 2
        z = y * y
        y.detach().zero_()
        z.sum().backward()
        x.grad""",
    "changed data": """
        y = x * 2
        z = y * y
        y.data.zero_()
        z.sum().backward()
        x.grad""",
    "hook": """
        y = x * 2
        y.register_hook(lambda g: g * 5)
        (y * y).sum().backward()
        x.grad""",
    "leaf hook": """
        x.register_hook(lambda g: g + 1)
        (x * x).sum().backward()
        x.grad""",
    "removed hook": """
        h = x.register_hook(lambda g: g + 1)
        h.remove()
        (x * x).sum().backward()
        x.grad""",
    "retain_grad": """
        y = x * 2
        y.retain_grad()
        (y * y).sum().backward()
        [x.grad, y.grad]""",
    "grad": """
        y = x * 2
        g = torch.autograd.grad((y * y).sum(), [x, y])
        [list(g), x.grad]""",
    "grad unused": """
        z = torch.ones(1, requires_grad=True)
        g = torch.autograd.grad((x * x).sum(), [x, z])
        list(g)""",
    "grad allow_unused": """
        z = torch.ones(1, requires_grad=True)
        g = torch.autograd.grad((x * x).sum(), [x, z], allow_unused=True)
        list(g)""",
    "inputs": """
        z = torch.ones(2, requires_grad=True)
        (x * z).sum().backward(inputs=[z])
        [x.grad, z.grad]""",
    "integers": """
        x = torch.tensor([1], requires_grad=True)
        x""",
    "switched off": """
        x = torch.ones(1, requires_grad=True) * 2
        x.requires_grad = False
        x""",
    "names": """
        y = x * 2
        [y.is_leaf, x.is_leaf, y.grad_fn is None, x.grad_fn is None, y.requires_grad]""",
    "two paths": """
        x = torch.tensor(3.0, requires_grad=True)
        y = x * x
        (y * y + y * x).backward()
        x.grad""",
    "shared leaf grad": """
        z = torch.ones(2, requires_grad=True)
        (x + z).sum().backward()
        x.grad.mul_(5)
        z.grad""",
    "mixed dtypes": """
        z = torch.ones(2, dtype=torch.float64, requires_grad=True)
        (x * z).sum().backward()
        [x.grad, z.grad]""",
    "to float64": """
        (x.double() * 3).sum().backward()
        x.grad""",
    "numpy of a leaf": """
        x.numpy()""",
    "view kept over a change": """
        w = torch.ones(2, 2, requires_grad=True)
        x = w * 1
        v = x[0]
        x.mul_(3)
        v.sum().backward()
        [v, w.grad]""",
    "leaf kept in a view": """
        w = torch.ones(2, 2, requires_grad=True)
        v = w[0]
        with torch.no_grad():
            w.mul_(3)
        (v * v).sum().backward()
        [v, w.grad]""",
    "none of zeros": """
        x.grad = None
        x.grad""",
    "deep copy of computed": """
        import copy
        x = torch.ones(2, requires_grad=True) * 1
        copy.deepcopy(x)
        x""",
    "straight through": """
        x = torch.tensor([0.4, 1.6], requires_grad=True)
        ((x.round() - x).detach() + x).sum().backward()
        x.grad""",
    "sign": """
        x = torch.tensor([0.4, 1.6], requires_grad=True)
        (x.sign() * 3).sum().backward()
        x.grad""",
}


def tape():
    """{name: program}."""
    for name, text in TAPES.items():
        *statements, result = textwrap.dedent(text).strip().split("\n")
        yield name, _program("\n".join([START, *statements]), result)


def _program(statements, result):
    def program(torch):
        names = {"torch": torch}
        exec(statements, names)
        return eval(result, names)
    return program
