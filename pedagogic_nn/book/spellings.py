"""The table of old and new spellings: PyTorch 0.1 (2017) beside today's.

Every "then and now" box and the appendix are made from it. The code is shown, not run;
what this library accepts of the old spellings is tested where it is defined. """
from dataclasses import dataclass


@dataclass(frozen=True)
class Spelling:
    """One change: a short title, the old code, the code of today, and the reason."""
    title: str
    then: str
    now: str
    why: str


SPELLINGS = {
    "variable": Spelling(
        "Variable",
        "x = Variable(torch.zeros(3),\n             requires_grad=True)",
        "x = torch.zeros(3, requires_grad=True)",
        "Since 0.4 a tensor records its own history; `Variable(x)` returns a tensor."),
    "volatile": Spelling(
        "volatile",
        "x = Variable(images, volatile=True)\ny = model(x)",
        "with torch.no_grad():\n    y = model(images)",
        "`volatile` spread from input to output without a word. A block shows where"
        " recording stops."),
    "data": Spelling(
        ".data",
        "w.data -= rate * w.grad.data",
        "with torch.no_grad():\n    w -= rate * w.grad",
        "A change through `.data` is unseen by autograd, which may then use wrong "
        "saved values."),
    "item": Spelling(
        "A number from a loss",
        "total += loss.data[0]",
        "total += loss.item()",
        "A loss had one dimension of length 1; since 0.4 it has none, so there is "
        "no index 0."),
    "retain_graph": Spelling(
        "Backward twice",
        "loss.backward(retain_variables=True)",
        "loss.backward(retain_graph=True)",
        "It is the graph that is kept, with everything saved in it."),
    "function": Spelling(
        "A Function of one's own",
        "class Square(Function):\n"
        "    def forward(self, x):\n"
        "        self.save_for_backward(x)\n"
        "        return x * x\n"
        "    def backward(self, dy):\n"
        "        x, = self.saved_tensors\n"
        "        return 2 * x * dy\n\n"
        "y = Square()(x)",
        "class Square(Function):\n"
        "    @staticmethod\n"
        "    def forward(ctx, x):\n"
        "        ctx.save_for_backward(x)\n"
        "        return x * x\n"
        "    @staticmethod\n"
        "    def backward(ctx, dy):\n"
        "        x, = ctx.saved_tensors\n"
        "        return 2 * x * dy\n\n"
        "y = Square.apply(x)",
        "An object could be called twice, and the second call overwrote what the "
        "first had saved."),
    "reduction": Spelling(
        "How a loss is averaged",
        "nn.MSELoss(size_average=False)\nnn.MSELoss(reduce=False)",
        "nn.MSELoss(reduction='sum')\nnn.MSELoss(reduction='none')",
        "Two booleans had four states for three meanings; one word has three."),
    "weighted_mean": Spelling(
        "A weighted mean",
        "# what CrossEntropyLoss(w)(z, t) is,\n"
        "# by the manual of 0.1\n"
        "sum(w[t] * losses) / len(t)",
        "# what it is, and what the code of 0.1\n"
        "# computed already\n"
        "sum(w[t] * losses) / sum(w[t])",
        "The call is the same. The manual divided by the batch size, the code by the "
        "weights of the targets, then as now."),
    "nll_loss2d": Spelling(
        "A loss for each pixel",
        "nn.NLLLoss2d()(log_probabilities, target)",
        "nn.NLLLoss()(log_probabilities, target)",
        "One class takes (N, C) and (N, C, d1, d2 …): the class axis is the second "
        "either way."),
    "smooth_l1": Spelling(
        "Where Smooth L1 bends",
        "nn.SmoothL1Loss()",
        "nn.SmoothL1Loss(beta=1.0)",
        "The bend was fixed at 1; today it is a parameter with that default."),
    "kl_div": Spelling(
        "The mean of a divergence",
        "nn.KLDivLoss()",
        "nn.KLDivLoss(reduction='batchmean')",
        "The default still divides by every element; the divergence divides by the "
        "batch only."),
    "softmax_dim": Spelling(
        "The axis of a softmax",
        "F.softmax(x)",
        "F.softmax(x, dim=1)",
        "The axis was guessed from the number of dimensions, and not as most people"
        " guessed."),
    "functional_tanh": Spelling(
        "tanh and sigmoid",
        "F.tanh(x)\nF.sigmoid(x)",
        "torch.tanh(x)\ntorch.sigmoid(x)",
        "They are mathematics, not layers: they moved to the top."),
    "init": Spelling(
        "Initialisation",
        "nn.init.xavier_uniform(w)",
        "nn.init.xavier_uniform_(w)",
        "A trailing underscore marks every function that changes its argument."),
    "clip_grad": Spelling(
        "Clipping gradients",
        "nn.utils.clip_grad_norm(parameters, 5)",
        "nn.utils.clip_grad_norm_(parameters, 5)",
        "It works in place, and since 0.4 the name says so."),
    "upsample": Spelling(
        "Enlarging an image",
        "nn.UpsamplingBilinear2d(scale_factor=2)",
        "nn.Upsample(scale_factor=2, mode='bilinear',\n            align_corners=True)",
        "The old class aligned corner pixels; the new one asks, and its default is "
        "the other answer."),
    "packed": Spelling(
        "Packing sequences",
        "pack_padded_sequence(x, lengths)",
        "pack_padded_sequence(x, lengths,\n                     enforce_sorted=False)",
        "Sequences had to arrive longest first; since 1.1 the function can sort "
        "them and undo it."),
    "lstm_state": Spelling(
        "The first state of an LSTM",
        "h = Variable(torch.zeros(1, N, H))\n"
        "c = Variable(torch.zeros(1, N, H))\n"
        "y, (h, c) = lstm(x, (h, c))",
        "y, (h, c) = lstm(x)",
        "Examples of the time wrote the zeros; they are what you get without a state."),
    "lstm_cell": Spelling(
        "One step of an LSTM",
        "x, h, c = Variable(x), Variable(h), Variable(c)\n"
        "h, c = cell(x, (h, c))",
        "h, c = cell(x, (h, c))",
        "The cell has kept its signature; only the wrapping has gone."),
    "lstm_weights": Spelling(
        "The weights of an LSTM cell",
        "cell = nn.LSTMCell(10, 20)\n"
        "# the manual of 0.1: weight_ih is\n"
        "# (input_size x hidden_size)",
        "cell = nn.LSTMCell(10, 20)\n"
        "cell.weight_ih.shape    # (80, 10):\n"
        "# 4 * hidden_size, input_size",
        "The manual was wrong, the array never was: four blocks of `hidden_size` rows, "
        "in the order i f g o."),
    "detach_state": Spelling(
        "Cutting a history",
        "h = Variable(h.data)",
        "h = h.detach()",
        "Truncated backpropagation through time stops here; `detach` says it."),
    "to_device": Spelling(
        "Onto the GPU",
        "if torch.cuda.is_available():\n    model.cuda()\n    x = x.cuda(async=True)",
        "device = torch.device('cuda')\nmodel.to(device)\n"
        "x = x.to(device, non_blocking=True)",
        "One call for every device, and `async` became a keyword of Python 3.7."),
    "tensor_types": Spelling(
        "Tensor types",
        "torch.FloatTensor([1, 2])\ntorch.LongTensor(3).zero_()",
        "torch.tensor([1., 2.])\ntorch.zeros(3, dtype=torch.int64)",
        "A class for each type and device became attributes: `dtype` and `device`."),
    "arange": Spelling(
        "Ranges",
        "torch.range(0, 4)",
        "torch.arange(0, 5)",
        "`range` included its end, unlike everything else in Python."),
    "broadcast": Spelling(
        "Adding a bias",
        "y = x.mm(w.t())\ny = y + b.expand_as(y)",
        "y = x @ w.t() + b",
        "Broadcasting came with 0.2; before, shapes had to be made equal by hand."),
    "keepdim": Spelling(
        "Sums along an axis",
        "x.sum(1).squeeze(1)",
        "x.sum(1)",
        "Before 0.2 a reduced axis stayed, with length 1; today that is `keepdim=True`."),
    "parameter": Spelling(
        "A parameter",
        "self.w = nn.Parameter(torch.Tensor(4, 3))",
        "self.w = nn.Parameter(torch.empty(4, 3))",
        "`Tensor(4, 3)` holds whatever was in memory; `empty` admits it."),
    "modules": Spelling(
        "A module's list of layers",
        "for name, p in model.named_parameters():\n    p.data.normal_(0, 0.1)",
        "for name, p in model.named_parameters():\n    nn.init.normal_(p, 0, 0.1)",
        "`named_parameters` is as old as `nn`; what changed is how a value is set."),
    "buffer": Spelling(
        "A tensor that is not trained",
        "self.register_buffer('mean', torch.zeros(3))",
        "self.register_buffer('mean', torch.zeros(3),\n"
        "                     persistent=True)",
        "Unchanged; today a buffer may also stay out of `state_dict`."),
    "module_repr": Spelling(
        "How a model prints itself",
        "# Model (\n#   (act): ReLU ()\n# )",
        "# Model(\n#   (act): ReLU()\n# )",
        "The space has gone; `Linear (10 -> 2)` names its arguments today."),
    "state_dict_arguments": Spelling(
        "Arguments of the walks",
        "model.parameters(memo)\nmodel.state_dict(saved, 'net.')",
        "model.parameters(recurse=True)\n"
        "model.state_dict(destination=saved,\n                 prefix='net.')",
        "`memo` was never a caller's business, and PyTorch wants the other two by "
        "name."),
    "backward_hook": Spelling(
        "A hook on a module's gradient",
        "layer.register_backward_hook(look)",
        "layer.register_full_backward_hook(look)",
        "The old hook saw the last operation of a module only; the new one the "
        "whole module."),
    "saving": Spelling(
        "Saving a model",
        "torch.save(model, 'net.pt')\nmodel = torch.load('net.pt')",
        "path = 'net.safetensors'\n"
        "torch.save(model.state_dict(), path)\n"
        "model.load_state_dict(torch.load(path))",
        "A pickled model runs code when it is opened. A state_dict in safetensors "
        "holds numbers only."),
    "pixel_shuffle": Spelling(
        "Pixels from channels",
        "nn.PixelShuffle(2)(Variable(x))",
        "nn.PixelShuffle(2)(x)\nnn.PixelUnshuffle(2)(y)",
        "The layer is the same; since 1.8 its inverse has a name."),
}


def spelling(key):
    """The row of `key`; an unknown key is answered with those that exist."""
    try:
        return SPELLINGS[key]
    except KeyError:
        known = ", ".join(SPELLINGS)
        raise KeyError(f"no spelling {key!r}; there are: {known}") from None
