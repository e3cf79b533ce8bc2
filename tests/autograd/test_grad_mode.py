"""Recording on and off: blocks, decorators, threads."""
import threading

import pytest

import pedagogic_nn as torch


def recorded():
    return (torch.ones(1, requires_grad=True) * 2).requires_grad


@pytest.mark.parametrize("switch, expected", [
    (torch.no_grad, False), (torch.enable_grad, True), (torch.inference_mode, False),
    (lambda: torch.inference_mode(False), True),
    (lambda: torch.set_grad_enabled(False), False),
    (lambda: torch.set_grad_enabled(True), True)])
@pytest.mark.parametrize("outside", [True, False])
def test_blocks_and_decorators(switch, expected, outside):
    with torch.set_grad_enabled(outside):
        with switch():
            assert recorded() is torch.is_grad_enabled() is expected
        assert recorded() is outside
        decorated = switch()(recorded)
        assert recorded() is outside           # decorating alone switches nothing
        assert decorated() is expected and recorded() is outside
    assert recorded()


def test_without_parentheses():
    @torch.no_grad
    def plain(x):
        """What it does."""
        return recorded(), x

    assert plain(3) == (False, 3) and plain.__doc__ == "What it does."
    assert recorded()


def test_a_decorated_function_may_call_itself():
    @torch.no_grad()
    def count(n):
        if n:
            assert count(n - 1) == n - 1
            assert not recorded()
        return n

    assert count(3) == 3 and recorded()


def test_an_error_switches_back():
    with pytest.raises(ZeroDivisionError), torch.no_grad():
        assert 1 / 0
    assert recorded()


def test_set_grad_enabled_works_at_once():
    torch.set_grad_enabled(False)
    try:
        assert not recorded()
    finally:
        torch.set_grad_enabled(True)
    assert recorded()


def test_each_thread_has_its_own_mode():
    inside, seen = threading.Barrier(2), []

    def other():
        inside.wait()
        seen.append(recorded())
        inside.wait()

    thread = threading.Thread(target=other)
    thread.start()
    with torch.no_grad():
        inside.wait()
        inside.wait()
        assert not recorded()
    thread.join()
    assert seen == [True]
