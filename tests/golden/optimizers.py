"""Programs of 20 steps with each set of options; their results are in optimizers.json.

    python -m tests.golden.optimizers      # where PyTorch is installed: records them
"""
import numpy as np

from tests.golden.recorder import sample

STEPS = 20

SGD = {
    "plain": dict(lr=0.1),
    "momentum": dict(lr=0.05, momentum=0.9),
    "dampening": dict(lr=0.05, momentum=0.9, dampening=0.5),
    "nesterov": dict(lr=0.05, momentum=0.9, nesterov=True),
    "decay": dict(lr=0.1, weight_decay=0.1),
    "climb": dict(lr=0.01, maximize=True),
    "climb with all": dict(lr=0.01, momentum=0.8, dampening=0.2, weight_decay=0.3,
                           maximize=True),
    "nesterov with all": dict(lr=0.01, momentum=0.8, nesterov=True, weight_decay=0.3,
                              maximize=True),
}
ADAM = {
    "defaults": dict(),
    "lr": dict(lr=0.1),
    "betas": dict(lr=0.1, betas=(0.5, 0.8), eps=1e-3),
    "no memory": dict(lr=0.1, betas=(0.0, 0.0), eps=1e-3),
    "decay": dict(lr=0.1, weight_decay=0.1),
    "amsgrad": dict(lr=0.1, betas=(0.9, 0.5), amsgrad=True),
    "climb": dict(lr=0.1, maximize=True),
    "climb with all": dict(lr=0.1, betas=(0.9, 0.5), weight_decay=0.1, amsgrad=True,
                           maximize=True),
}
RMSPROP = {
    "defaults": dict(),
    "lr": dict(lr=0.1, alpha=0.9),
    "eps": dict(lr=0.1, alpha=0.5, eps=1e-2),
    "no memory": dict(lr=0.05, alpha=0.0, eps=1e-3),
    "decay": dict(lr=0.1, weight_decay=0.1),
    "momentum": dict(lr=0.05, alpha=0.9, momentum=0.8),
    "centered": dict(lr=0.02, alpha=0.9, centered=True),
    "centered momentum": dict(lr=0.02, alpha=0.8, momentum=0.5, centered=True),
    "climb": dict(lr=0.1, maximize=True),
    "climb with all": dict(lr=0.02, alpha=0.8, weight_decay=0.1, momentum=0.5,
                           centered=True, maximize=True),
}
ADAGRAD = {
    "defaults": dict(),
    "lr": dict(lr=0.3),
    "lr_decay": dict(lr=0.3, lr_decay=0.1),
    "initial": dict(lr=0.3, initial_accumulator_value=0.5),
    "decay": dict(lr=0.3, weight_decay=0.1),
    "eps": dict(lr=0.3, eps=0.1),
    "climb with all": dict(lr=0.3, lr_decay=0.1, weight_decay=0.1,
                           initial_accumulator_value=0.5, eps=1e-3, maximize=True),
}
ADADELTA = {
    "defaults": dict(),
    "lr": dict(lr=10.0),
    "rho": dict(rho=0.5, eps=1e-2),
    "no memory": dict(rho=0.0, eps=1e-2),
    "all memory": dict(rho=1.0, eps=1e-2),
    "decay": dict(eps=1e-3, weight_decay=0.1),
    "climb with all": dict(lr=0.5, rho=0.8, eps=1e-3, weight_decay=0.1, maximize=True),
}
TABLES = {"SGD": SGD, "Adam": ADAM, "AdamW": ADAM, "RMSprop": RMSPROP, "Adagrad": ADAGRAD,
          "Adadelta": ADADELTA}


def train(torch, name, options, dtype):
    """20 steps on a valley that rises more steeply in some directions.

    Returns the two parameters, and the tensors and numbers of the state of the first.
    """
    start = [sample(3, 4, seed=1, dtype=dtype), sample(5, seed=2, dtype=dtype)]
    slopes = [torch.tensor(sample(*a.shape, low=0.1, high=3.0, seed=3, dtype=dtype))
              for a in start]
    params = [torch.tensor(a, requires_grad=True) for a in start]
    optimizer = getattr(torch.optim, name)(params, **options)
    for _ in range(STEPS):
        optimizer.zero_grad()
        for p, slope in zip(params, slopes):
            p.grad = (p.detach() * 2 - 1) * slope
        optimizer.step()
    state = optimizer.state_dict()["state"]
    return [params, dict(state.get(0, {}))]


def _program(name, options, dtype):
    return lambda torch: train(torch, name, options, dtype)


PROGRAMS = {
    f"{name} {key} {np.dtype(dtype)}": _program(name, options, dtype)
    for name, table in TABLES.items()
    for key, options in table.items()
    for dtype in (np.float32, np.float64)}


if __name__ == "__main__":
    from tests.golden.recorder import record

    record("optimizers", PROGRAMS)
