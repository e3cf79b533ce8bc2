"""How fast is the library beside PyTorch, on the same CPU, in the same process?

    python -m benchmarks                 every row, one thread and all
    python -m benchmarks --only lstm     rows whose name contains a word
    python -m benchmarks --json out.json

programs.py says what is timed, timing.py how, report.py prints it.
"""
