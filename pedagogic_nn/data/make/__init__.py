"""How the bundled data were made: one script for each data set, from packages on PyPI.

    python -m pedagogic_nn.data.make              all files, and their hashes in the cards
    python -m pedagogic_nn.data.make digits co2   these only
    python -m pedagogic_nn.data.make.baselines    the scores to beat (with scikit-learn)

Each script has one function, `make()`, that returns the arrays of the file.  The tests
call them all and compare.  Nothing else in the library imports this folder.
"""
