"""How fast is the library beside PyTorch, on the same CPU, in the same process?

    python -m benchmarks                          all that is below, and every row
    python -m benchmarks --only lstm              rows whose name contains a word
    python -m benchmarks --parts memory start     some of: rows, memory, start, growth
    python -m benchmarks --json FILE              keep the figures

    python -m benchmarks --json FILE --picture speed.svg --markdown RESULTS.md

draws the picture and writes the page, from FILE if it is there, and measures otherwise.
That needs no PyTorch.

programs.py and the other catalogues say what is timed, timing.py how; memory.py, start.py
and growth.py measure the rest; targets.py says how fast it should be, and reasons.toml
why it is not.
"""
