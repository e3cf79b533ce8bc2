"""Everything this project does, from a bare checkout: `python3 tools/run.py read`.

    read     set up, build the book, open it on this machine
    test     set up, then run every check; `test --list` names the stages
    site     build the book into _build/html
    serve    open the book that was built last
    lint     check the style of the code
    types    check the type annotations
    warm     compile the library's CPU kernels ahead of time
    bench    time the library, beside PyTorch where it is installed
    pin      write constraints.txt anew from the newest packages that work together
    clean    remove what was built; `clean --all` removes .venv too

What follows the name of `serve`, `lint`, `types` and `bench` is passed on. The Makefile's
targets are these commands. Needs Python 3.11 or newer and nothing else: packages are
installed into .venv, beside this checkout.
"""
import sys

NEEDED = (3, 11)

if sys.version_info < NEEDED:
    sys.exit("pedagogic_nn needs Python 3.11 or newer; {} is Python {}.{}.\n"
             "If a newer one is installed, name it:\n"
             "    python3.12 tools/run.py read      or      make read PYTHON=python3.12"
             .format(sys.executable, *sys.version_info[:2]))

from commands import main  # noqa: E402  imports newer syntax, so it waits for the check

sys.exit(main(__doc__, sys.argv[1:]))
