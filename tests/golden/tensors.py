"""Programs for operations on tensors: outputs, gradients, types, printing and errors.

PyTorch runs each once (`python -m tests.golden.record`), the library in tests/autograd/
test_golden.py.  They are small on purpose: one line says what is asked.
"""
import itertools

import numpy as np

from .recorder import sample
from .tapes import tape

SIZED = [(), (1,), (3,), (2, 3), (2, 0), (2, 3, 4)]


def gradients(function, *inputs):
    """A program: the outputs of a function, and the gradients of its inputs."""
    def program(torch):
        tensors = [torch.from_numpy(a.copy()).requires_grad_() for a in inputs]
        out = function(torch, *tensors)
        outputs = [y for y in (out if isinstance(out, (list, tuple)) else [out])]
        real = [y for y in outputs if y.is_floating_point() and y.requires_grad]
        weighted = [(y * torch.from_numpy(sample(*y.shape, seed=9 + k)).to(y.dtype)).sum()
                    for k, y in enumerate(real)]
        if weighted:
            sum(weighted).backward()
        return [*outputs, *(t.grad for t in tensors)]
    return program


def on(text, *inputs):
    """The same for an expression of x, y, z and torch."""
    code = compile(text, text, "eval")
    return gradients(lambda torch, *tensors: eval(
        code, {"torch": torch, "np": np}, dict(zip("xyz", tensors))), *inputs)


def saying(text):
    """A program: an expression of torch."""
    code = compile(text, text, "eval")
    return lambda torch: eval(code, {"torch": torch, "np": np, "sample": sample})


def running(text, result="x"):
    """A program: statements, and the value of an expression after them."""
    code, value = compile(text, text, "exec"), compile(result, result, "eval")

    def program(torch):
        names = {"torch": torch, "np": np, "sample": sample}
        exec(code, names)
        return eval(value, names)
    return program


# ---- elementwise ---------------------------------------------------------------------

UNARY = {
    "": "exp exp2 expm1 sin cos tan sinh cosh atan asinh abs neg square erf sign floor "
        "ceil trunc round frac clone sigmoid tanh relu",
    ".abs()": "log log2 log10 log1p sqrt rsqrt reciprocal",
    ".mul(0.4)": "asin acos atanh",
    ".abs().add(1.1)": "acosh",
}


def elementwise():
    x, y = sample(2, 3), sample(2, 3, seed=1)
    for before, names in UNARY.items():
        for name in names.split():
            text = f"x{before}.{name}()"
            yield text, on(text, x)
            yield f"float64 {text}", on(text, x.astype(np.float64))
            if name != "frac":
                yield f"int64 {text}", saying(f"torch.tensor([0, 1, 3]){before}.{name}()")
    for operator, (a, b) in itertools.product(
            ["+", "-", "*", "/", "%"],
            [((2, 3), (2, 3)), ((2, 3), (3,)), ((2, 1), (3,)), ((), (2, 3)),
             ((0, 3), (3,)), ((1, 3), (2, 1, 1))]):
        yield f"x {operator} y {a} {b}", on(
            f"x {operator} y", sample(*a), sample(*b, seed=1, low=0.5))
    for text in ["x + 2", "2 + x", "x - 2", "2 - x", "x * 2", "2 / x", "x / 2",
                 "x ** 2", "x ** 3", "x ** 0", "x ** 0.5", "x ** -1", "2 ** x",
                 "x % 0.7", "-x", "abs(x)", "x.detach() // 0.7", "x.clamp(-0.5, 1)",
                 "x.clamp(min=0)", "x.clamp(max=0)", "x.clamp(min=1, max=0)",
                 "x.clamp(min=torch.zeros(3))", "torch.where(x > 0, x, 0.1)",
                 "x.masked_fill(x > 0, 7)", "x.nan_to_num()",
                 "torch.add(x, x, alpha=3)", "torch.sub(x, 1, alpha=3)",
                 "x.lerp(x * 2, 0.3)", "x.round(decimals=1)", "x.fmod(0.7)",
                 "torch.div(x, 0.7)", "torch.div(x, 0.7, rounding_mode='floor')",
                 "torch.div(x, 0.7, rounding_mode='trunc')"]:
        yield text, on(text, x)
    for text in ["x ** y", "torch.maximum(x, y)", "torch.minimum(x, y)", "x.atan2(y)",
                 "torch.where(x > y, x, y)", "torch.addcmul(x, x, y, value=0.5)",
                 "torch.addcdiv(x, x, y, value=0.5)", "torch.max(x, y)", "x.fmod(y)",
                 "torch.lerp(x, y, 0.25)", "torch.isclose(x, y)", "torch.eq(x, y)",
                 "x < y", "x >= y", "torch.maximum(x, x)"]:
        yield f"two: {text}", on(text, np.abs(x) + 0.1, y)
    special = np.array([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 1e-30], np.float32)
    for text in ["x ** 2", "x ** 0", "x.sqrt()", "x.log()", "x.exp()", "x.abs()",
                 "x / x", "x.sign()", "x.clamp(-1, 1)", "x.nan_to_num(0.5)",
                 "x.isnan()", "x.isinf()", "x.isfinite()", "x.round()", "x.max()",
                 "x.argmax()", "x.sum()", "x == x", "x.norm()", "x.std()", "x % 1",
                 "x.reciprocal()", "x.log1p()"]:
        yield f"special: {text}", on(text, special)


# ---- types ---------------------------------------------------------------------------

TYPES = ["uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64",
         "bool"]


def types():
    for a, b in itertools.combinations_with_replacement(TYPES, 2):
        for left, right in [(3, 3), (3, ()), ((), 3), ((), ())]:
            text = (f"(torch.ones({left}, dtype=torch.{a}) * "
                    f"torch.ones({right}, dtype=torch.{b})).dtype")
            yield text, _dtype_name(text)
    for kind, number in itertools.product(TYPES, ["True", "2", "2.5"]):
        for template in ["torch.ones(2, dtype=torch.{0}) * {1}", "{1} * torch.ones((), "
                         "dtype=torch.{0})", "torch.ones(2, dtype=torch.{0}) / {1}",
                         "torch.ones(2, dtype=torch.{0}).add({1})",
                         "torch.where(torch.tensor([True]), torch.ones(2, "
                         "dtype=torch.{0}), {1})"]:
            text = template.format(kind, number)
            yield f"({text}).dtype", _dtype_name(f"({text}).dtype")
    for kind in TYPES:
        for method in ["sum()", "prod()", "cumsum(0)", "mean()", "max()", "exp()",
                       "sqrt()", "abs()", "round()", "argmax()", "all()", "float()",
                       "long()", "half()", "std()", "norm()", "sign()", "neg()",
                       "clamp(0, 1)", "clamp(0.5)", "logical_not()", "bool()", "int()",
                       "double()", "tolist()"]:
            text = f"torch.ones(2, dtype=torch.{kind}).{method}"
            if kind != "bool" or method not in ("abs()", "round()", "argmax()"):
                yield text, saying(text)               # which we can, and PyTorch cannot
    for text in ["torch.tensor(1)", "torch.tensor(1.0)", "torch.tensor(True)",
                 "torch.tensor([1, 2.5])", "torch.tensor([True, 2])",
                 "torch.tensor([])", "torch.tensor(np.float64(2))",
                 "torch.tensor(np.arange(3, dtype='i4'))",
                 "torch.zeros(2, dtype=float)", "torch.zeros(2, dtype=int)",
                 "torch.arange(3)", "torch.zeros(2, dtype=bool)",
                 "torch.arange(0, 1, 0.25)", "torch.eye(2)", "torch.full((2,), 7)",
                 "torch.full((2,), 7.0)", "torch.linspace(0, 1, 5)",
                 "torch.arange(5, 0, -2)", "torch.ones(2).type()",
                 "torch.logspace(0, 2, 3)", "torch.ones(2).type(torch.DoubleTensor)",
                 "torch.IntTensor([1, 2])", "torch.ones(2, dtype=torch.uint8) * 300",
                 "torch.full((2,), True)", "torch.tensor([255], dtype=torch.uint8) + 1",
                 "torch.tensor([[1], [2]])", "torch.zeros(size=(2, 3))",
                 "torch.ones_like(torch.zeros(2, 3).long())",
                 "torch.tensor([1, 2]).new_zeros(2)", "torch.ones(2).new_full((3,), 5)",
                 "torch.tensor([1.5, -1.5]).long()",
                 "torch.tensor([3]).new_tensor([1.5])",
                 "torch.tensor([0.0, 2.0]).bool()", "torch.ones(2).to(torch.int32)",
                 "torch.as_tensor([1, 2])", "torch.randint(5, (0,))", "torch.empty(0)"]:
        yield text, saying(text)


def _dtype_name(text):
    return lambda torch: str(saying(text)(torch)).removeprefix("torch.")


# ---- reductions ----------------------------------------------------------------------


def reductions():
    for name, shape in itertools.product(
            ["sum", "mean", "max", "min", "amax", "amin", "prod", "std", "var", "norm",
             "argmax", "argmin", "median"], SIZED):
        if name == "median" and 0 in shape:
            continue
        yield f"x.{name}() {shape}", on(f"x.{name}()", sample(*shape))
    for name, dim, keep in itertools.product(
            ["sum", "mean", "max", "min", "amax", "prod", "std", "var", "argmax",
             "argmin", "logsumexp", "norm", "median", "all",
             "any"], [0, 1, -1, 2], [False, True]):
        options = f"dim={dim}, keepdim={keep}"
        text = f"x.{name}({options})"
        out = f"tuple({text})" if name in ("max", "min", "median") else text
        yield text, on(out, sample(2, 3))
        yield f"(2, 3, 4) {text}", on(out, sample(2, 3, 4))
    for text in ["x.sum((0, 2))", "x.mean((0, 1), keepdim=True)", "x.amax((1, 2))",
                 "x.sum(axis=1)", "x.sum(axis=1, keepdims=True)", "x.var((0, 2))",
                 "x.logsumexp((0, 1))", "x.norm(dim=(0, 1))", "x.sum(())",
                 "x.std((0, 1))", "x.norm(1)", "x.norm(3)", "x.norm(float('inf'))",
                 "x.norm(0)", "x.norm(float('-inf'))", "x.norm('fro')", "x.norm(2, 1)",
                 "x.norm(1.5, -1)", "x.norm(float('inf'), 1)", "x.var(unbiased=False)",
                 "x.var(1, unbiased=False)", "x.var(1, correction=0)", "x.std(False)",
                 "x.cumsum(0)", "x.cumsum(-1)", "x.cumprod(1)",
                 "x.flatten().cumprod(0)", "x.sum(dtype=torch.float64)",
                 "x.mean(dtype=torch.float64)", "x.count_nonzero()", "x.nansum(0)",
                 "x.nanmean()", "list(torch.std_mean(x))", "list(torch.var_mean(x, 1))",
                 "list(x.aminmax())", "x.amin()", "x.argmax(keepdim=True)",
                 "list(x.sort())", "list(x.sort(0, descending=True))", "x.argsort(1)",
                 "list(x.topk(2))", "list(x.topk(1, dim=0, largest=False))",
                 "list(x.kthvalue(2))", "x.sum(3)", "x.mean(-4)", "x.max(5)",
                 "x.topk(9)", "x.sum((0, 0))", "x.diagonal()", "x.diagonal(1, 1, 2)",
                 "x.trace()"]:
        yield text, on(text, sample(2, 3, 4))
    ties = np.array([[1, 3, 3], [3, 0, 0]], np.float32)
    for text in ["x.max()", "x.amax(1)", "x.amin((0, 1))", "x.prod()", "x.prod(1)",
                 "x.std()", "x.cumprod(1)", "x.norm()", "(x * 0).norm()",
                 "(x * 0 + 1).std()", "x.norm(float('inf'))", "x.detach().unique()",
                 "x.maximum(x.flip(0))", "x.median()"]:
        yield f"ties: {text}", on(text, ties)
    for text in ["torch.zeros(0).max()", "torch.zeros(2, 0).max(1)",
                 "torch.zeros(0).sum()", "torch.zeros(0).argmax()",
                 "torch.tensor([1, 2]).mean()", "torch.ones(1).std()",
                 "torch.tensor([True, False]).sum()", "torch.tensor([3, 1]).max()",
                 "torch.tensor([2, 2, 5]).bincount()",
                 "torch.tensor([3, 1, 3]).unique()",
                 "list(torch.tensor([3, 1, 3]).unique(return_counts=True))",
                 "torch.ones(()).sum(0)",
                 "torch.searchsorted(torch.tensor([1., 3.]), torch.tensor([2.]))",
                 "torch.zeros(2, 0).sum(1)", "torch.zeros(2, 0).mean(1)",
                 "torch.zeros(2, 0).prod(1)", "torch.zeros(2, 0).logsumexp(1)",
                 "torch.ones(2).all().item()",
                 "torch.allclose(torch.ones(2), torch.ones(2))",
                 "torch.equal(torch.ones(2), torch.ones(3))"]:
        yield text, saying(text)


# ---- shapes --------------------------------------------------------------------------


def shapes():
    for text in ["x.view(3, 2)", "x.view(-1)", "x.view(6, -1)", "x.reshape(3, 2)",
                 "x.t()", "x.T", "x.transpose(0, 1)", "x.transpose(0, -1)",
                 "x.permute(1, 0)", "x.unsqueeze(0)", "x.unsqueeze(-1)",
                 "x.unsqueeze(1).squeeze(1)", "x.unsqueeze(1).squeeze()",
                 "x.squeeze(0)", "x.flatten()", "x.expand(4, 2, 3)",
                 "x.unsqueeze(1).expand(2, 5, 3)", "x.unsqueeze(1).expand(-1, 2, -1)",
                 "x.repeat(2, 2)", "x.repeat(3, 1, 2)", "torch.tile(x, (2,))",
                 "x.flip(0)", "x.flip(0, 1)", "x.flip((1,))", "x.roll(1)",
                 "x.roll(1, 0)", "x.rot90()", "x.roll((1, 2), (0, 1))", "x.rot90(2)",
                 "x.rot90(3)", "torch.rot90(x, -1)", "x.tril()", "x.triu(1)",
                 "x.tril(-1)", "x.diag()", "x[0].diag()", "x.diag(1)", "x[0].diag(-1)",
                 "x.contiguous()", "x.T.contiguous()", "x.T.reshape(-1)",
                 "x.movedim(0, 1)", "x.unflatten(1, (3, 1))", "x.unflatten(1, (-1, 1))",
                 "x.view_as(x.T.contiguous())", "x.expand_as(x.expand(2, 2, 3))",
                 "x.ravel()", "list(x.split(1))", "list(x.split(2, 1))",
                 "list(x.split([1, 2], 1))", "list(x.chunk(2, 1))",
                 "list(x.chunk(5, 1))", "list(x.unbind())", "x.mT", "list(x.unbind(1))",
                 "list(x.tensor_split(2, 1))", "x.narrow(1, 1, 2)", "x.select(1, 0)",
                 "torch.cat([x, x])", "torch.cat([x, x], 1)",
                 "torch.cat([x, torch.zeros(0)])", "torch.stack([x, x])",
                 "torch.stack([x, x], -1)", "x.swapaxes(0, 1)", "list(x.unsqueeze(0))",
                 "torch.repeat_interleave(x, 2)", "x.repeat_interleave(2, 1)",
                 "list(torch.meshgrid(x[0], x[1], indexing='ij'))",
                 "list(torch.meshgrid(x[0], x[1], indexing='xy'))", "x.fliplr()",
                 "x.flipud()", "list(torch.broadcast_tensors(x, x[0]))", "x.view(5)",
                 "x.T.view(6)", "x.view(4, -1)", "x.transpose(0, 2)", "x.permute(0)",
                 "x.permute(0, 0)", "x.unsqueeze(4)", "x.expand(3, 3)", "x.expand(3)",
                 "x.repeat(2)", "torch.cat([])", "torch.cat([x, x[0]])",
                 "torch.stack([x, x[0]])", "torch.cat([x, x.T])", "x.split([1, 1], 1)",
                 "x.narrow(0, 1, 4)", "x.t().t()", "x.unsqueeze(0).t()", "x.squeeze(5)",
                 "x.flatten(1, 0)", "x.select(0, 7)", "x.split(0)", "x.chunk(0)",
                 "x.movedim((0, 1), (1, 0))", "x.tril().T"]:
        yield text, on(text, sample(2, 3))
    for text in ["x.flatten(1)", "x.flatten(0, 1)", "x.permute(2, 0, 1)",
                 "x.transpose(1, 2)", "x.mT", "x.movedim(0, -1)",
                 "x.movedim((0, 1), (2, 0))", "x.squeeze()", "x.tril()", "x.sum(0).t()",
                 "x.view(2, 12)", "x.permute(1, 2, 0).reshape(6, 4)",
                 "x.transpose(0, 1).flatten(1)", "x.diagonal(0, 0, 2)"]:
        yield f"3-D: {text}", on(text, sample(2, 3, 4))
    for text in ["torch.zeros(2, 3).shape", "torch.zeros(2, 3).size(1)",
                 "torch.zeros(()).dim()", "repr(torch.zeros(2, 3).size())",
                 "torch.zeros(2, 3).numel()", "list(torch.zeros(2, 3).stride())",
                 "torch.zeros(2, 3).T.is_contiguous()", "torch.zeros(2, 3).nelement()",
                 "len(torch.zeros(4, 2))", "len(torch.zeros(()))",
                 "list(torch.zeros(()))", "torch.zeros(2).item()",
                 "torch.zeros(1, 1).item()", "float(torch.tensor(2))",
                 "int(torch.tensor([2.7]))", "bool(torch.ones(2))",
                 "bool(torch.zeros(1))", "range(5)[torch.tensor(3)]",
                 "range(5)[torch.tensor(3.)]", "[7, 8][torch.tensor([1])]",
                 "torch.zeros(2, 3).shape.numel()",
                 "list(torch.zeros(2, 3).T.stride())", "2 in torch.tensor([1, 2])",
                 "torch.tensor([1.]) == None", "torch.tensor([1.]) != None",
                 "torch.zeros(2, -1)", "torch.zeros(-2)"]:
        yield text, saying(text)


# ---- indexing ------------------------------------------------------------------------

READS = ["x[0]", "x[-1]", "x[1, 2]", "x[:, 1]", "x[..., 0]", "x[None]", "x[:, None]",
         "x[1:]", "x[:, ::2]", "x[1:1]", "x[[0, 1, 1]]", "x[[1, 0], [0, 2]]",
         "x[:, [0, 2, 0]]", "x[torch.tensor([1, 0])]",
         "x[torch.tensor([[1, 0], [0, 0]])]", "x[torch.tensor(1)]", "x[x > 0]",
         "x[x > 9]", "x[torch.tensor([True, False])]", "x[np.array([0, 1])]", "x[0][1]",
         "x[...]", "x[()]", "x[True]", "x[:, torch.tensor([2, 0])][0]", "x[0, [1, 2]]",
         "x[torch.tensor([-1])]", "x[2]", "x[0, 3]", "x[0, 0, 0]", "x[[5]]", "x['a']",
         "x[torch.tensor([0.0])]", "x[torch.tensor([True])]", "x[range(2)]",
         "x[:, -1:]", "x[slice(None), 1]",
         "x[torch.tensor([0, 1]), torch.tensor([0, 1])]",
         "x.gather(1, torch.tensor([[0, 2], [1, 1]]))",
         "x.gather(0, torch.tensor([[1, 0, 1]]))",
         "x.gather(1, torch.tensor([[3], [0]]))", "x.gather(1, torch.tensor([0]))",
         "x.index_select(1, torch.tensor([2, 2]))",
         "x.index_select(0, torch.tensor([5]))", "x.masked_select(x > 0)",
         "x.take(torch.tensor([0, 5, 0]))",
         "x.scatter(1, torch.tensor([[0], [1]]), 5.0)",
         "x.scatter(1, torch.tensor([[0], [1]]), torch.full((2, 1), 3.0))",
         "x.scatter_add(1, torch.tensor([[0, 0], [1, 2]]), torch.ones(2, 2))",
         "x.scatter(1, torch.tensor([[7], [1]]), 5.0)", "(x > 0).nonzero()",
         "list((x > 0).nonzero(as_tuple=True))", "list(torch.where(x > 0))",
         "x.index_fill(1, torch.tensor([0]), 9.0)",
         "x.index_add(0, torch.tensor([0, 0]), torch.ones(2, 3))",
         "x.index_copy(1, torch.tensor([2]), torch.ones(2, 1))",
         "x.masked_scatter(x > 0, torch.arange(6.0))", "torch.tensor(3).nonzero()",
         "torch.take_along_dim(x, torch.tensor([[0], [1]]), 1)",
         "torch.tensor(0).nonzero()"]

WRITES = ["x[0] = 7", "x[:, 1] = y[0, 0]", "x[1] = y[0]", "x[x > 0] = 0.5",
          "x[[0, 0], 1] = 3", "x[...] = y", "x[:, 1:] = y[:, :2]", "x[0, 0] += 5",
          "x[:, 0] *= 2", "x[1] += y[1]", "x[torch.tensor([1])] = y[:1]", "x[0] = y",
          "x[5] = 1", "x[:, 0] = torch.ones(3)", "x[0].zero_()",
          "x[:, 1].fill_(y[0, 0])", "x[0].add_(y[1])", "x.t()[0] = 4",
          "x.view(-1)[2:4] = y.view(-1)[:2]", "x[None][0, 1] = y[0]", "x[0][1] = 6",
          "r = x[0]; x[0] = 1; x[1] += r", "r = x[1]; r += y[0]; x = x + r",
          "r = x.view(6); x.mul_(2); r.add_(y.view(-1)); x = x * r.view(2, 3)",
          "x.unsqueeze(0)[0, 0].mul_(y[0])", "x.add_(y)", "x.mul_(y)",
          "x.sub_(y, alpha=2)", "x.div_(y)", "x.pow_(2)", "x += 1", "x -= y", "x *= x",
          "x /= 2", "x **= 2", "x.exp_()", "x.abs_().sqrt_()", "x.clamp_(-1, 1)",
          "x.fill_(3)", "x.zero_()", "x.copy_(y)", "x.neg_()",
          "x.masked_fill_(x > 0, 2)", "x.addcmul_(y, y, value=2)",
          "x.addcdiv_(y, y + 3)", "x.tanh_()", "x.sigmoid_()", "x.relu_()",
          "x.round_()", "x.scatter_(1, torch.tensor([[0], [1]]), 5.0)", "x.copy_(y[0])",
          "x.scatter_add_(1, torch.tensor([[0], [1]]), y[:, :1])", "x.lerp_(y, 0.5)",
          "x.index_add_(0, torch.tensor([0]), y[:1])", "x.add_(torch.ones(3, 1))",
          "x.index_fill_(1, torch.tensor([1]), 0)", "x.unsqueeze_(0)", "x.t_()",
          "x.unsqueeze_(1).squeeze_()", "x.transpose_(0, 1)",
          "x.add_(torch.ones(2, 2, 3))", "x.expand(2, 2, 3).add_(1)",
          "x.add_(1).mul_(y)",
          "x.index_put_((torch.tensor([0]), torch.tensor([1])), y[0, 0])", "x.triu_()",
          "x.index_put_((torch.tensor([0, 0]),), y, accumulate=True)", "x.cumsum_(0)"]


def indexing():
    for text in READS:
        yield text, on(text, sample(2, 3))
    for text in WRITES:
        yield f"plain: {text}", running(
            "x = torch.from_numpy(sample(2, 3))\n"
            f"y = torch.from_numpy(sample(2, 3, seed=1))\n{text}", "[x, y]")
        yield f"recorded: {text}", running(
            "a = torch.from_numpy(sample(2, 3)).requires_grad_()\n"
            "y = torch.from_numpy(sample(2, 3, seed=1)).requires_grad_()\n"
            f"x = a * 1\n{text}\n"
            "(x * torch.arange(1.0, 1 + x.numel()).view(x.shape)).sum().backward()",
            "[x, a.grad, y.grad]")
        yield f"into zeros: {text}", running(
            "y = torch.from_numpy(sample(2, 3, seed=1)).requires_grad_()\n"
            f"x = torch.zeros(2, 3)\n{text}\n"
            "(x * torch.arange(1.0, 1 + x.numel()).view(x.shape)).sum().backward()",
            "[x, y.grad]")
        if text != "x[5] = 1":             # two mistakes: which is told first may differ
            yield f"a leaf: {text}", running(
                "x = torch.from_numpy(sample(2, 3)).requires_grad_()\n"
                f"y = torch.ones(2, 3)\n{text}")
    for kind in TYPES:
        for text in ["x += 1", "x += 1.5", "x *= True", "x /= 2", "x.exp_()", "x -= 1",
                     "x.fill_(1)", "x //= 2", "x **= 2", "x &= x", "x[0] = 2.7",
                     "x.add_(torch.ones(2))", "x.clamp_(max=0)"]:
            if "&" not in text or "float" not in kind:
                yield f"{kind}: {text}", running(
                    f"x = torch.tensor([1, 0], dtype=torch.{kind})\n{text}")


# ---- products ------------------------------------------------------------------------


def products():
    for a, b in [((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 4)), ((2, 3), (3, 4)),
                 ((5, 2, 3), (5, 3, 4)), ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4)),
                 ((5, 1, 2, 3), (4, 3, 2)), ((3,), (5, 3, 4)), ((5, 2, 3), (3,)),
                 ((0, 3), (3, 2)), ((2, 0), (0, 3)), ((2, 3), (2, 3)), ((), (3,))]:
        yield f"x @ y {a} {b}", on("x @ y", sample(*a), sample(*b, seed=1))
    x, y = sample(2, 3), sample(3, 4, seed=1)
    for text in ["x.mm(y)", "torch.mm(x, y)", "x.mv(y[:, 0])", "x[0].dot(y[:, 0])",
                 "torch.outer(x[0], y[0])", "torch.addmm(torch.ones(4), x, y)",
                 "torch.addmm(torch.ones(2, 4), x, y, beta=0.5, alpha=2)",
                 "torch.addmv(torch.ones(2), x, y[:, 0])",
                 "torch.bmm(x[None], y[None])",
                 "torch.baddbmm(torch.ones(1, 2, 4), x[None], y[None], alpha=3)",
                 "x.mm(x)", "x.bmm(y)", "x.mv(y)", "x.dot(x)", "x @ x",
                 "x @ y.double()", "x.T @ x"]:
        yield text, on(text, x, y)
    for formula, given in {
            "ij,jk->ik": [(2, 3), (3, 4)], "ij,kj->ik": [(2, 3), (4, 3)],
            "ij->ji": [(2, 3)], "ii": [(3, 3)],
            "ij->": [(2, 3)], "ij->j": [(2, 3)], "i,i->": [(3,), (3,)], "ii->i": [(3, 3)],
            "i,j->ij": [(2,), (3,)], "bij,bjk->bik": [(2, 3, 4), (2, 4, 2)],
            "bi,ij,bj->b": [(2, 3), (3, 3), (2, 3)],
            "...ij,...jk->...ik": [(2, 3, 4), (4, 2)],
            "ij,jk": [(2, 3), (3, 4)], "ij,j->ij": [(2, 3), (3,)], "bii->b": [(2, 3, 3)],
            "...i->...": [(2, 3)], "ba": [(2, 3)], "ij,jk->iq": [(2, 3), (3, 4)],
            "ij,j": [(2, 3)], "ijk->i": [(2, 3)], "ij,jk->ik ": [(2, 3), (4, 4)]}.items():
        letters = ", ".join("xyz"[:len(given)])
        yield f"einsum {formula} {given}", on(
            f"torch.einsum('{formula}', {letters})",
            *(sample(*s, seed=k) for k, s in enumerate(given)))
    yield "integers", saying("torch.arange(6).view(2, 3) @ torch.arange(6).view(3, 2)")


# ---- printing ------------------------------------------------------------------------

PRINTED = [
    "torch.tensor(1.5)", "torch.tensor(3)", "torch.tensor(True)",
    "torch.tensor([1.0, 2.0])", "torch.tensor([1.5, -2.25])",
    "torch.tensor([[1, 2], [3, 4]])", "torch.tensor([])", "torch.tensor([1e-5, 1.0])",
    "torch.tensor([1e10, 1.0])", "torch.tensor([12345.678, 1.0])",
    "torch.tensor([float('nan'), float('inf'), 1.0])", "torch.zeros(2, 3)",
    "torch.tensor(0.1)", "torch.ones(2, 2, dtype=torch.float64)",
    "torch.ones(2, dtype=torch.int32)", "torch.tensor([True, False])",
    "torch.ones(2, requires_grad=True)", "torch.zeros(0, 3)",
    "torch.zeros(2, 0, dtype=torch.int64)", "torch.arange(30)", "torch.arange(2000)",
    "torch.arange(30.0)", "torch.arange(3000.0).view(3, 1000)", "torch.zeros(2, 2, 2)",
    "torch.arange(24).view(2, 3, 4)", "torch.tensor([1e-10])",
    "torch.tensor([123456789.0])", "torch.tensor([0.00001234, 0.1])",
    "torch.tensor([100000.5])", "torch.tensor([1000.5, 1])", "torch.tensor([-1, 100])",
    "torch.tensor([[1.0, 22.5], [-3.25, 4]])", "torch.eye(3)",
    "torch.tensor([1.0, float('inf')])", "torch.tensor([1, 2], dtype=torch.uint8)",
    "torch.tensor([0.1], dtype=torch.float16)", "torch.tensor(1e-8)",
    "torch.tensor(12345678)",
    "torch.tensor([1.0], dtype=torch.float64, requires_grad=True)",
    "torch.tensor(-0.0)", "torch.full((3, 3), 1e-4)", "torch.full((50, 50), 0.5)",
    "torch.arange(100).view(10, 10)", "torch.linspace(0, 1, 20)",
    "torch.tensor([1e8, 1e9])", "torch.tensor([float('nan')])",
    "torch.arange(11.0) / 7", "torch.tensor([[True], [False]])",
    "torch.tensor([1e5, 1e-1])", "torch.tensor([99999.0, 0.5])", "torch.zeros(())",
    "torch.zeros(0)", "torch.zeros(1, 0, 2)", "torch.tensor([1.0, 2.0]).sum()",
    "torch.rand(0, 5)", "torch.zeros(2, 1001)", "torch.arange(12.0).view(3, 4) - 5.5",
    "torch.tensor([0.001, 1.0])", "torch.tensor([1e-4])", "torch.arange(1001)",
    "torch.arange(1000)", "torch.arange(40.0).view(2, 20) * 1.5"]


def printing():
    for text in PRINTED:
        yield f"repr({text})", saying(f"repr({text})")
    yield "format .3f", saying("f'{torch.tensor(1.23456):.3f}'")
    yield "format plain", saying("f'{torch.tensor(2)}'")
    yield "str", saying("str(torch.tensor([1.0]))")
    yield "format of a vector", saying("f'{torch.tensor([1.0, 2.0])}'")
    for options in ["precision=2", "sci_mode=True", "threshold=5", "linewidth=30",
                    "edgeitems=1", "sci_mode=False", "profile='full'",
                    "profile='short'"]:
        yield f"set_printoptions({options})", _with_options(options)


def _with_options(options):
    def program(torch):
        saying(f"torch.set_printoptions({options})")(torch)
        try:
            return [repr(x) for x in (
                torch.arange(12.0).view(2, 6) / 7, torch.arange(1100),
                torch.tensor([1e-6, 1.0]))]
        finally:
            torch.set_printoptions(profile="default")
            torch.set_printoptions(sci_mode=None)
    return program


FAMILIES = {f"tensors_{make.__name__}": dict(make()) for make in (
    elementwise, types, reductions, shapes, indexing, products, printing, tape)}
