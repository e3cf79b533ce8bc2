"""Containers: Python's list and dictionary, registered."""
import copy
from collections import OrderedDict

import pytest

import pedagogic_nn as torch
from pedagogic_nn import nn


class Add(nn.Module):
    """y = x + n, printed with its n: tells the modules of a container apart."""

    def __init__(self, n):
        super().__init__()
        self.n = n
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, x):
        return x + self.n

    def extra_repr(self):
        return f"{self.n}"


def adds(*numbers):
    return [Add(n) for n in numbers]


def held(container):
    """(names, numbers) of the modules in a container."""
    return list(container._modules), [module.n for module in container]


# ---- Sequential and ModuleList: what they share --------------------------------------


MAKERS = {"Sequential": lambda *numbers: nn.Sequential(*adds(*numbers)),
          "ModuleList": lambda *numbers: nn.ModuleList(adds(*numbers))}


@pytest.fixture(params=MAKERS)
def make(request):
    return MAKERS[request.param]


def test_index_iterate_and_count(make):
    c = make(10, 11, 12)
    assert len(c) == 3 and [m.n for m in c] == [10, 11, 12]
    assert c[0].n == 10 and c[-1].n == 12
    assert c[1] in c and Add(11) not in c
    assert len(make()) == 0


@pytest.mark.parametrize("index", [3, -4])
def test_index_out_of_range(make, index):
    with pytest.raises(IndexError, match=f"index {index} is out of range"):
        make(1, 2, 3)[index]


def test_index_must_be_a_whole_number(make):
    with pytest.raises(TypeError):
        make(1)["0"]


def test_slices_are_containers_of_the_same_modules(make):
    c = make(10, 11, 12, 13)
    part = c[1:3]
    assert type(part) is type(c) and part[0] is c[1] and len(part) == 2
    assert [m.n for m in c[::-2]] == [13, 11]


def test_replace_append_extend(make):
    c = make(1)
    c[0] = Add(5)
    assert c.append(Add(6)) is c
    assert c.extend(adds(7, 8)) is c
    assert held(c) == (["0", "1", "2", "3"], [5, 6, 7, 8])


def test_extending_a_container_by_itself_ends():
    c = nn.ModuleList(adds(1, 2))
    c.extend(list(c))
    assert len(c) == 4


@pytest.mark.parametrize("index, numbers", [
    (0, [9, 1, 2]), (1, [1, 9, 2]), (2, [1, 2, 9]), (-1, [1, 9, 2])])
def test_insert(make, index, numbers):
    c = make(1, 2)
    c.insert(index, Add(9))
    assert held(c) == (["0", "1", "2"], numbers)


@pytest.mark.parametrize("index, left", [(0, [2, 3]), (-1, [1, 2]), (slice(0, 2), [3])])
def test_delete_and_renumber(make, index, left):
    c = make(1, 2, 3)
    del c[index]
    assert held(c) == ([str(k) for k in range(len(left))], left)


def test_pop(make):
    c = make(1, 2, 3)
    assert c.pop(0).n == 1 and c.pop(-1).n == 3 and c.pop().n == 2 and len(c) == 0
    with pytest.raises(IndexError):
        c.pop(0)


def test_what_a_container_holds_is_registered(make):
    c = make(1, 2)
    assert [name for name, _ in c.named_parameters()] == ["0.weight", "1.weight"]
    assert list(c.state_dict()) == ["0.weight", "1.weight"]
    assert "0" not in dir(c) and "append" in dir(c)


@pytest.mark.parametrize("wrong", [
    lambda c: c.append(3), lambda c: c.extend([3]), lambda c: c.insert(0, 3),
    lambda c: c.__setitem__(0, 3)])
def test_only_modules_are_taken(make, wrong):
    c = make(1, 2)
    with pytest.raises(TypeError, match="Module or None, got int"):
        wrong(c)
    assert held(c) == (["0", "1"], [1, 2])


def test_copies_are_independent(make):
    c = make(1, 2)
    other = copy.deepcopy(c)
    other.append(Add(3))
    assert len(c) == 2 and other[0] is not c[0]


# ---- Sequential ----------------------------------------------------------------------


def test_sequential_calls_one_after_the_other():
    class Double(nn.Module):
        def forward(self, x):
            return x * 2

    assert nn.Sequential(Add(1), Double())(torch.zeros(1)).tolist() == [2.0]
    assert nn.Sequential(Double(), Add(1))(torch.zeros(1)).tolist() == [1.0]
    assert nn.Sequential()(5) == 5


def test_sequential_from_an_ordered_dict():
    net = nn.Sequential(OrderedDict([("one", Add(1)), ("two", Add(2))]))
    assert net.one.n == 1 and net[1] is net.two
    assert held(net[1:]) == (["two"], [2])                   # a slice keeps names
    net.append(Add(3))
    assert held(net) == (["one", "two", "2"], [1, 2, 3])
    net[0] = Add(7)
    assert net.one.n == 7
    del net[0]
    assert held(net) == (["0", "1"], [2, 3])                 # deleting renumbers


def test_sequential_addition():
    a, b = nn.Sequential(*adds(1, 2)), nn.Sequential(*adds(3))
    c = a + b
    assert held(c) == (["0", "1", "2"], [1, 2, 3]) and c[2] is b[0] and len(a) == 2
    a += b
    assert held(a) == (["0", "1", "2"], [1, 2, 3])
    with pytest.raises(ValueError, match="got int"):
        a + 3


def test_sequential_insert_refuses_positions_outside():
    with pytest.raises(IndexError, match="position 9"):
        nn.Sequential(*adds(1)).insert(9, Add(2))


def test_sequential_takes_modules_not_classes_or_lists():
    with pytest.raises(TypeError, match="got type"):
        nn.Sequential(Add)
    with pytest.raises(TypeError, match="got list"):
        nn.Sequential(adds(1, 2))


def test_sequential_prints_every_module():
    net = nn.Sequential(*adds(1, 1))
    assert repr(net) == "Sequential(\n  (0): Add(1)\n  (1): Add(1)\n)"
    assert repr(nn.Sequential()) == "Sequential()"


# ---- ModuleList ----------------------------------------------------------------------


def test_module_list_addition():
    a = nn.ModuleList(adds(1))
    b = a + adds(2)
    assert held(b) == (["0", "1"], [1, 2]) and len(a) == 1
    a += adds(3)
    assert isinstance(a, nn.ModuleList) and held(a) == (["0", "1"], [1, 3])


@pytest.mark.parametrize("values", [3, Add(1), torch.ones(2)])
def test_module_list_extends_by_several(values):
    with pytest.raises(TypeError, match="ModuleList.extend takes several"):
        nn.ModuleList().extend(values)


def test_module_list_cannot_be_called():
    with pytest.raises(NotImplementedError, match="ModuleList has no forward"):
        nn.ModuleList()(1)


def test_module_list_repr_joins_equal_neighbours():           # as PyTorch 2.13 prints
    inner = nn.Sequential(Add(4), Add(5))
    assert repr(nn.ModuleList([*adds(1, 1, 1, 2), inner, inner])) == (
        "ModuleList(\n"
        "  (0-2): 3 x Add(1)\n"
        "  (3): Add(2)\n"
        "  (4-5): 2 x Sequential(\n"
        "    (0): Add(4)\n"
        "    (1): Add(5)\n"
        "  )\n"
        ")")
    assert repr(nn.ModuleList()) == "ModuleList()"


# ---- ModuleDict ----------------------------------------------------------------------


def test_module_dict_is_a_dictionary():
    d = nn.ModuleDict({"b": Add(1), "a": Add(2)})
    assert list(d) == list(d.keys()) == ["b", "a"] and len(d) == 2
    assert [m.n for m in d.values()] == [1, 2] and "a" in d and "z" not in d
    assert d["a"].n == 2 and dict(d.items())["b"].n == 1
    d["b"] = Add(3)
    assert list(d) == ["b", "a"] and d["b"].n == 3
    assert d.pop("b").n == 3
    del d["a"]
    d.update([("x", Add(1)), ("y", Add(2))])
    d.update(nn.ModuleDict({"z": Add(3)}))
    assert list(d.state_dict()) == ["x.weight", "y.weight", "z.weight"]
    d.clear()
    assert len(d) == 0 and list(d.parameters()) == []


@pytest.mark.parametrize("use", [lambda d: d["x"], lambda d: d.pop("x"),
                                 lambda d: d.__delitem__("x"),
                                 lambda d: d.update({"keys": Add(1)})])
def test_module_dict_key_errors(use):
    with pytest.raises(KeyError):
        use(nn.ModuleDict())


@pytest.mark.parametrize("make_dict", [nn.ModuleDict, nn.ParameterDict])
@pytest.mark.parametrize("values, error, told", [
    (3, TypeError, "mapping or .* pairs, got int"),
    ([1], TypeError, "element 0 is no .* pair"),
    ([(1, 2, 3)], ValueError, "element 0 has 3 items"),
    ({3: None}, TypeError, "string")])
def test_dictionaries_check_what_they_are_given(make_dict, values, error, told):
    with pytest.raises(error, match=told):
        make_dict(values)


# ---- ParameterList -------------------------------------------------------------------


def floats(parameters):
    return [p.item() for p in parameters]


def three():
    return nn.ParameterList([nn.Parameter(torch.tensor(float(k))) for k in range(3)])


def test_parameter_list_is_a_list():
    p = three()
    assert len(p) == 3 and floats(p) == [0, 1, 2] and p[-1] is p[2]
    assert type(p[:2]) is nn.ParameterList and floats(p[:2]) == [0, 1]
    assert p[:1][0] is p[0]
    assert p.append(torch.tensor(3.0)) is p
    p += [torch.tensor(4.0)]
    p.extend(torch.tensor(float(k)) for k in (5, 6))
    p[0] = nn.Parameter(torch.tensor(9.0))
    assert floats(p) == [9, 1, 2, 3, 4, 5, 6]
    assert [name for name, _ in p.named_parameters()] == [str(k) for k in range(7)]
    assert all(isinstance(q, nn.Parameter) for q in p)
    assert "0" not in dir(p)


def test_parameter_list_insert_delete_pop():
    p = three()
    p.insert(1, torch.tensor(7.0))
    assert floats(p) == [0, 7, 1, 2]
    del p[0]
    assert floats(p) == [7, 1, 2] and p.pop().item() == 2 and p.pop(0).item() == 7
    assert floats(p) == [1] and list(p.state_dict()) == ["0"]
    p.extend(three())
    del p[1:3]
    assert floats(p) == [1, 2]


def test_parameter_list_keeps_other_values_unregistered():
    p = nn.ParameterList([nn.Parameter(torch.zeros(2, 3)), 3, "x"])
    assert p[1] == 3 and len(list(p.parameters())) == 1
    del p[0]
    assert list(p) == [3, "x"]


@pytest.mark.parametrize("use, error, told", [
    (lambda p: p[3], IndexError, "index 3 is out of range"),
    (lambda p: p.__setitem__(5, 1), IndexError, "index 5"),
    (lambda p: p.extend(3), TypeError, "ParameterList.extend takes several"),
    (lambda p: p.extend(torch.ones(2)), TypeError, "got Tensor"),
    (lambda p: p.__iadd__(nn.Parameter(torch.ones(2))), TypeError, "got Parameter"),
    (lambda p: p(1), RuntimeError, "computes nothing"),
])
def test_parameter_list_errors(use, error, told):
    with pytest.raises(error, match=told):
        use(three())


def test_parameter_list_repr():                             # as PyTorch 2.13 has it
    p = nn.ParameterList([nn.Parameter(torch.zeros(2, 3)), torch.ones(2), 3])
    assert repr(p) == (
        "ParameterList(\n"
        "    (0): Parameter containing: [torch.float32 of size 2x3]\n"
        "    (1): Parameter containing: [torch.float32 of size 2]\n"
        "    (2): Object of type: int\n"
        ")")
    assert repr(nn.ParameterList()) == "ParameterList()"


# ---- ParameterDict -------------------------------------------------------------------


def test_parameter_dict_is_a_dictionary():
    d = nn.ParameterDict(OrderedDict(b=torch.tensor(1.0), a=torch.tensor(2.0)))
    assert list(d) == ["b", "a"] and list(reversed(d)) == ["a", "b"] and len(d) == 2
    assert isinstance(d["a"], nn.Parameter) and floats(d.values()) == [1, 2]
    assert d.get("z") is None and d.get("z", 3) == 3 and d.get("a") is d["a"]
    assert d.setdefault("a", torch.zeros(1)) is d["a"]
    assert d.setdefault("c", torch.tensor(3.0)).item() == 3
    assert d.popitem()[0] == "c" and d.pop("b").item() == 1 and list(d) == ["a"]
    d["n"] = 5
    assert d["n"] == 5 and list(d.state_dict()) == ["a"]
    assert [key for key, _ in d.items()] == list(d.keys()) == ["a", "n"]
    d.clear()
    assert len(d) == 0 and "a" not in d and list(d.parameters()) == []


def test_parameter_dict_copies_and_unions():
    d = nn.ParameterDict({"a": torch.tensor(1.0)})
    other = d.copy()
    assert other["a"] is d["a"] and other is not d
    both = d | {"b": torch.tensor(2.0)}
    assert list(both) == ["a", "b"] and list(d) == ["a"]
    assert list({"z": torch.tensor(3.0)} | d) == ["z", "a"]
    d |= {"c": torch.tensor(4.0)}
    assert list(d) == ["a", "c"]
    assert list(d.fromkeys(["q", "r"], torch.zeros(1))) == ["q", "r"]


def test_a_plain_dict_is_added_in_alphabetical_order():     # as PyTorch 2.13 has it
    d = nn.ParameterDict({"z": torch.ones(1), "y": torch.ones(1)})
    assert list(d) == ["y", "z"]


@pytest.mark.parametrize("use, error, told", [
    (lambda d: d["x"], KeyError, "no key 'x'"),
    (lambda d: d.pop("x"), KeyError, "no key 'x'"),
    (lambda d: d.__delitem__("x"), KeyError, "no key 'x'"),
    (lambda d: d.popitem(), KeyError, "empty"),
    (lambda d: d.update({"keys": torch.ones(1)}), KeyError, "already exists"),
    (lambda d: d(1), RuntimeError, "computes nothing"),
])
def test_parameter_dict_errors(use, error, told):
    with pytest.raises(error, match=told):
        use(nn.ParameterDict())


def test_parameter_dict_repr():                             # as PyTorch 2.13 has it
    d = nn.ParameterDict({"a": torch.zeros(2, 3), "b": 3})
    assert repr(d) == (
        "ParameterDict(\n"
        "    (a): Parameter containing: [torch.FloatTensor of size 2x3]\n"
        "    (b): Object of type: int\n"
        ")")
