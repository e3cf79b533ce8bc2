"""Optimizer: groups, errors that teach, steps, and checkpoints in PyTorch's form."""
import copy

import numpy as np
import pytest

import pedagogic_nn as torch
from pedagogic_nn import optim
from pedagogic_nn.backend.op import reference

NAMES = ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta"]


def parameter(*numbers, grad=None):
    p = torch.tensor([float(n) for n in numbers], requires_grad=True)
    if grad is not None:
        p.grad = torch.tensor([float(g) for g in grad])
    return p


# ---- groups --------------------------------------------------------------------------


def test_groups_have_options_of_their_own():
    a, b, c = parameter(1, grad=[1]), parameter(1, grad=[1]), parameter(1, grad=[1])
    optimizer = optim.SGD([{"params": a}, {"params": [b], "lr": 0.5}], lr=0.25)
    optimizer.add_param_group({"params": iter([c]), "lr": 1.0})
    optimizer.step()
    assert [p.item() for p in (a, b, c)] == [0.75, 0.5, 0.0]


def test_an_option_can_be_changed_while_training():
    p = parameter(1, grad=[1])
    optimizer = optim.SGD([p], lr=0.25)
    optimizer.step()
    optimizer.param_groups[0]["lr"] = 0.5
    optimizer.step()
    assert p.item() == 0.25


def test_the_given_group_is_left_alone():
    group = {"params": [parameter(1)]}
    optim.SGD([group])
    assert list(group) == ["params"]


def test_printing_shows_the_options():
    assert repr(optim.SGD([parameter(1)], lr=0.5)) == (
        "SGD (\nParameter Group 0\n    dampening: 0\n    differentiable: False\n"
        "    foreach: None\n    fused: None\n    lr: 0.5\n    maximize: False\n"
        "    momentum: 0\n    nesterov: False\n    weight_decay: 0\n)")


# ---- errors --------------------------------------------------------------------------


def computed():
    return parameter(1) * 2


@pytest.mark.parametrize("params, error, words", [
    ([], ValueError, "SGD: the list of parameters is empty"),
    (iter([]), ValueError, "one loop"),
    (parameter(1), TypeError, "got a Tensor; for a single one say"),
    ({"params": [parameter(1)]}, TypeError, "got a dict; for a single one say"),
    (3, TypeError, "got a int"),
    ({parameter(1)}, TypeError, "a set, whose order changes"),
    ([("weight", parameter(1))], TypeError, r"params\[0\] is a tuple"),
    ([{"lr": 1}], TypeError, "with the key 'params'"),
    ([{"params": [parameter(1)]}, parameter(1)], TypeError, "a group is a dictionary"),
    ([parameter(1), computed()], ValueError, r"params\[1\] is not a leaf.*MulBackward"),
    ([{"params": []}, {"params": {parameter(1)}}], TypeError, "a set"),
])
def test_what_cannot_be_optimised(params, error, words):
    with pytest.raises(error, match=words):
        optim.SGD(params)


def test_a_parameter_comes_once():
    p = parameter(1)
    with pytest.raises(ValueError, match="comes a second time"):
        optim.SGD([p, p])
    optimizer = optim.SGD([p])
    with pytest.raises(ValueError, match="comes a second time"):
        optimizer.add_param_group({"params": p})
    assert len(optimizer.param_groups) == 1


@pytest.mark.parametrize("name, options, words", [
    ("SGD", dict(lr=-1), "SGD: lr must be at least 0, got -1"),
    ("SGD", dict(lr=float("nan")), "lr"),
    ("SGD", dict(momentum=-0.5), "momentum"),
    ("SGD", dict(weight_decay=-0.5), "weight_decay"),
    ("SGD", dict(nesterov=True), "nesterov needs momentum > 0"),
    ("SGD", dict(nesterov=True, momentum=0.9, dampening=0.1), "dampening 0.1"),
    ("Adam", dict(lr=-1), "Adam: lr"),
    ("Adam", dict(eps=-1), "eps"),
    ("Adam", dict(weight_decay=-1), "weight_decay"),
    ("Adam", dict(betas=(0.9, 1.0)), r"betas .* got \(0.9, 1.0\)"),
    ("Adam", dict(betas=(-0.1, 0.9)), "betas"),
    ("Adam", dict(betas=(0.9,)), "betas"),
    ("AdamW", dict(lr=-1), "AdamW: lr"),
    ("RMSprop", dict(lr=-1), "RMSprop: lr"),
    ("RMSprop", dict(alpha=-1), "alpha"),
    ("RMSprop", dict(eps=-1), "eps"),
    ("RMSprop", dict(momentum=-1), "momentum"),
    ("RMSprop", dict(weight_decay=-1), "weight_decay"),
    ("Adagrad", dict(lr=-1), "Adagrad: lr"),
    ("Adagrad", dict(lr_decay=-1), "lr_decay"),
    ("Adagrad", dict(initial_accumulator_value=-1), "initial_accumulator_value"),
    ("Adagrad", dict(eps=float("nan")), "eps"),
    ("Adadelta", dict(lr=-1), "Adadelta: lr"),
    ("Adadelta", dict(rho=1.5), "rho must be at most 1, got 1.5"),
    ("Adadelta", dict(rho=-0.5), "rho must be at least 0"),
])
def test_options_out_of_range_are_named(name, options, words):
    with pytest.raises(ValueError, match=words):
        getattr(optim, name)([parameter(1)], **options)
    with pytest.raises(ValueError, match=words):          # in a group, too
        getattr(optim, name)([{"params": [parameter(1)], **options}])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("data", [torch.ones(3), torch.ones(2, dtype=torch.float64)])
def test_a_gradient_that_does_not_fit_is_refused(name, data):
    p = parameter(1, 2, grad=[1, 1])
    p.data = data
    with pytest.raises(RuntimeError, match=r"of shape .\d,. on cpu.*gradient"):
        getattr(optim, name)([p]).step()
    assert p.tolist() == data.tolist()


@pytest.mark.parametrize("name", NAMES)
def test_one_gradient_that_does_not_fit_stops_all(name):
    p, q = parameter(1, grad=[1]), parameter(2, 2, grad=[1, 1])
    q.data = torch.ones(3)
    optimizer = getattr(optim, name)([p, q])
    with pytest.raises(RuntimeError, match="gradient"):
        optimizer.step()
    assert p.item() == 1
    assert "step" not in optimizer.state[p] or optimizer.state[p]["step"].item() == 0


def test_parameters_of_many_kinds_move_in_one_step():
    """Of two dtypes, with gaps in memory, late ones: each as if it were alone."""
    def make():
        a, b = parameter(1, 2, 3), torch.ones(2, 3, dtype=torch.float64).t()
        return [a, b.requires_grad_(), torch.full((4,), 2.0, requires_grad=True),
                torch.ones(2, dtype=torch.float64, requires_grad=True)]
    together, alone = make(), make()
    optimizers = [optim.Adam(together, lr=0.1), *(optim.Adam([p], lr=0.1) for p in alone)]
    for step in range(3):
        for p, q in zip(together, alone):
            if step or p.numel() != 4:                            # this one starts late
                p.grad, q.grad = torch.ones_like(p) * step, torch.ones_like(q) * step
        for optimizer in optimizers:
            optimizer.step()
    for p, q in zip(together, alone):
        assert p.tolist() == q.tolist()
    assert [optimizers[0].state[p]["step"].item() for p in together] == [3, 3, 2, 3]


def test_a_parameter_that_changed_its_size_is_refused():
    p = parameter(1, 2, grad=[1, 1])
    optimizer = optim.Adam([p])
    optimizer.step()
    p.data, p.grad = torch.ones(3), torch.ones(3)
    with pytest.raises(RuntimeError, match="its state is float32 of shape .2,."):
        optimizer.step()


def test_a_subclass_must_say_how_to_move():
    class Still(optim.Optimizer):
        pass
    with pytest.raises(TypeError, match=r"Still must give the method update"):
        Still([parameter(1, grad=[1])], {}).step()


# ---- steps ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_parameters_without_a_gradient_stay(name):
    still, moving = parameter(1), parameter(1, grad=[1])
    optimizer = getattr(optim, name)([still, moving], lr=0.1, weight_decay=0.1)
    optimizer.step()
    assert still.item() == 1 != moving.item()
    assert name == "Adagrad" or still not in list(optimizer.state)


def test_zero_grad():
    p, q = parameter(1, grad=[2]), parameter(1)
    optimizer = optim.SGD([p, q])
    grad = p.grad
    optimizer.zero_grad(set_to_none=False)
    assert p.grad is grad and grad.tolist() == [0] and q.grad is None
    optimizer.zero_grad()
    assert p.grad is None


def test_a_closure_computes_the_loss_anew():
    p = parameter(3)
    optimizer = optim.SGD([p], lr=0.5)

    def closure():
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    with torch.no_grad():
        assert optimizer.step(closure).item() == 9
    assert p.item() == 0
    assert optimizer.step() is None


@pytest.mark.parametrize("options", [dict(), dict(momentum=0.9)])
def test_the_tape_notices_a_step(options):
    w = parameter(2, grad=[1])
    loss = (w * w).sum()
    optim.SGD([w], **options).step()
    with pytest.raises(RuntimeError, match="chang"):
        loss.backward()


RULES = [("SGD", dict(lr=0.1)), ("SGD", dict(lr=0.1, momentum=0.9)),
         ("Adam", dict(lr=0.1)), ("Adam", dict(lr=0.1, amsgrad=True)),
         ("AdamW", dict(lr=0.1)), ("RMSprop", dict(alpha=0.5)),
         ("RMSprop", dict(alpha=0.5, momentum=0.5)),
         ("RMSprop", dict(alpha=0.5, centered=True)),
         ("RMSprop", dict(alpha=0.5, momentum=0.5, centered=True)),
         ("Adagrad", dict(lr=0.1, lr_decay=0.1)), ("Adadelta", dict(eps=1e-3))]


def two_steps(name, options, arrange=lambda a: a, device="cpu", dtype=np.float32):
    """A 3 x 4 parameter after two steps, and its optimiser."""
    numbers = np.linspace(-1, 1, 12, dtype=dtype).reshape(3, 4)
    p = arrange(torch.tensor(numbers).to(device)).requires_grad_()
    optimizer = getattr(optim, name)([p], **options)
    for _ in range(2):
        p.grad = (p.detach() * 2 - 1).to(p.dtype)
        optimizer.step()
    return p, optimizer


@pytest.mark.parametrize("name, options", RULES)
def test_a_step_is_in_place(name, options):
    seen = []
    p, _ = two_steps(name, options, arrange=lambda a: seen.append(a.array) or a)
    assert p.array is seen[0]


@pytest.mark.parametrize("name, options", RULES)
def test_a_parameter_with_gaps_in_memory_moves_too(name, options):
    expected, _ = two_steps(name, options)
    transposed, _ = two_steps(name, options, lambda a: a.t().contiguous().t())
    assert not transposed.is_contiguous()
    np.testing.assert_array_equal(transposed.detach().numpy(), expected.detach().numpy())


@pytest.mark.parametrize("name, options", RULES)
def test_reference_and_kernels_make_the_same_steps(name, options):
    kernel, _ = two_steps(name, options)
    with reference():
        slow, _ = two_steps(name, options)
    np.testing.assert_allclose(kernel.detach().numpy(), slow.detach().numpy(), rtol=1e-5)


@pytest.mark.parametrize("name, options", RULES)
def test_steps_on_a_gpu(name, options):
    expected, _ = two_steps(name, options)
    p, optimizer = two_steps(name, options, device="cuda")
    np.testing.assert_allclose(p.detach().cpu().numpy(), expected.detach().numpy(),
                               rtol=1e-5)
    assert all(t.is_cuda for s in optimizer.state.values() for k, t in s.items()
               if k != "step")


@pytest.mark.parametrize("name, options", RULES)
def test_half_precision(name, options):
    options = options if name == "SGD" else {**options, "eps": 1e-3}
    p, _ = two_steps(name, options, dtype=np.float16)
    q, _ = two_steps(name, options)
    assert p.dtype == torch.float16
    np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), atol=4e-3)


@pytest.mark.parametrize("name, options", RULES)
@pytest.mark.parametrize("shape", [(), (0, 3), (1,), (70_000,)])
def test_parameters_of_every_size(name, options, shape):
    one, p = torch.ones(1, requires_grad=True), torch.ones(shape, requires_grad=True)
    for q in (one, p):
        q.grad = torch.ones(q.shape)
    with reference():
        getattr(optim, name)([one], **options).step()
    getattr(optim, name)([p], **options).step()
    assert p.shape == shape and one.item() < 1
    np.testing.assert_allclose(p.detach().numpy(), one.item(), rtol=1e-5)


# ---- checkpoints ---------------------------------------------------------------------


def test_the_state_has_pytorchs_form():
    p, q, r = (parameter(k, grad=[1]) for k in range(3))
    optimizer = optim.Adam([{"params": [p, q]}, {"params": [r], "lr": 0.5}], amsgrad=True)
    r.grad = None
    optimizer.step()
    state = optimizer.state_dict()
    assert list(state) == ["state", "param_groups"] and list(state["state"]) == [0, 1]
    assert list(state["state"][0]) == ["step", "exp_avg", "exp_avg_sq", "max_exp_avg_sq"]
    assert state["state"][1]["step"].item() == 1
    assert [g["params"] for g in state["param_groups"]] == [[0, 1], [2]]
    assert [g["lr"] for g in state["param_groups"]] == [1e-3, 0.5]
    assert list(state["param_groups"][0])[-1] == "params"


@pytest.mark.parametrize("name", NAMES)
def test_the_groups_have_pytorchs_options(name):
    """In its order, so that both print the same."""
    options = {
        "SGD": "lr momentum dampening weight_decay nesterov maximize foreach "
               "differentiable fused",
        "RMSprop": "lr momentum alpha eps centered weight_decay capturable foreach "
                   "maximize differentiable",
        "Adagrad": "lr lr_decay eps weight_decay initial_accumulator_value foreach "
                   "maximize differentiable fused",
        "Adadelta": "lr rho eps weight_decay maximize capturable foreach differentiable",
    }.get(name, "lr betas eps weight_decay amsgrad maximize foreach capturable "
                "differentiable fused decoupled_weight_decay")
    group = getattr(optim, name)([parameter(1)]).state_dict()["param_groups"][0]
    assert list(group) == [*options.split(), "params"]


@pytest.mark.parametrize("name", NAMES)
def test_pytorchs_choices_of_an_implementation(name):
    made = getattr(optim, name)([parameter(1)], foreach=True)
    assert made.param_groups[0]["foreach"] is True
    with pytest.raises(RuntimeError, match=f"{name}: steps are not recorded"):
        getattr(optim, name)([parameter(1)], differentiable=True)
    if "fused" in made.defaults:
        with pytest.raises(RuntimeError, match="fused and foreach"):
            getattr(optim, name)([parameter(1)], fused=True, foreach=True)


@pytest.mark.parametrize("name, options", RULES)
def test_training_goes_on_from_a_checkpoint(name, options):
    p, optimizer = two_steps(name, options)
    state = copy.deepcopy(optimizer.state_dict())
    q = p.detach().clone().requires_grad_()
    other = getattr(optim, name)([q], lr=7.0)             # the options are loaded, too
    other.load_state_dict(state)
    for a, o in ((p, optimizer), (q, other)):
        a.grad = torch.ones(3, 4)
        o.step()
    np.testing.assert_array_equal(p.detach().numpy(), q.detach().numpy())


def test_a_loaded_state_is_a_copy():
    p, optimizer = two_steps("Adam", {})
    other = optim.Adam([p.detach().clone().requires_grad_()])
    other.load_state_dict(optimizer.state_dict())
    before = optimizer.state[p]["exp_avg"].tolist()
    other.param_groups[0]["params"][0].grad = torch.ones(3, 4)
    other.step()
    assert optimizer.state[p]["exp_avg"].tolist() == before


def test_a_state_follows_its_parameter_to_dtype_and_device():
    _, optimizer = two_steps("Adam", {})
    p = torch.ones(3, 4, dtype=torch.float64, device="cuda").requires_grad_()
    other = optim.Adam([p])
    other.load_state_dict(optimizer.state_dict())
    assert other.state[p]["exp_avg"].dtype == torch.float64
    assert other.state[p]["exp_avg"].is_cuda and not other.state[p]["step"].is_cuda


def test_older_states_with_numbers_and_without_options():
    p = parameter(1, grad=[1])
    optimizer = optim.Adam([p])
    optimizer.load_state_dict({
        "state": {0: {"step": 3, "exp_avg": torch.ones(1), "exp_avg_sq": torch.ones(1)}},
        "param_groups": [{"lr": 0.5, "betas": (0.9, 0.999), "params": [0]}]})
    assert optimizer.state[p]["step"].item() == 3
    assert optimizer.param_groups[0]["amsgrad"] is False
    optimizer.step()
    assert optimizer.state[p]["step"].item() == 4


@pytest.mark.parametrize("change, words", [
    (lambda s: s["param_groups"].append(s["param_groups"][0]), r"groups of \[1, 1\]"),
    (lambda s: s["param_groups"][0].update(params=[0, 1]), r"groups of \[2\]"),
    (lambda s: s["param_groups"][0].update(lr=-1), "lr must be at least 0"),
    (lambda s: s["state"][0].update(exp_avg=torch.ones(2)), r"exp_avg has shape \(2,\)"),
])
def test_a_load_that_fails_changes_nothing(change, words):
    p, optimizer = two_steps("Adam", {"lr": 0.1})
    state = copy.deepcopy(optimizer.state_dict())
    change(state)
    before = str(optimizer.state_dict())
    with pytest.raises(ValueError, match=words):
        optimizer.load_state_dict(state)
    assert str(optimizer.state_dict()) == before


def test_an_optimizer_can_be_copied():
    p, optimizer = two_steps("Adam", {"lr": 0.1})
    other = copy.deepcopy(optimizer)
    (q,) = other.param_groups[0]["params"]
    assert q is not p and other.state[q]["exp_avg"].tolist() == \
        optimizer.state[p]["exp_avg"].tolist()
