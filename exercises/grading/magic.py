"""%grade lstm_cell in a notebook: the same grader, the same score board.

    %load_ext exercises.grading.magic
    %grade lstm_cell
    %grade lstm_cell --hint c
"""

import shlex
import subprocess
import sys

from .student import ROOT


def command(line):
    """The words after %grade → the pytest command. The first one names the exercise."""
    words = shlex.split(line)
    if words and not words[0].startswith("-"):
        words = ["-k", words[0], *words[1:]]
    plain = ["--no-header", "--color=no"]
    return [sys.executable, "-m", "pytest", "exercises", *plain, *words]


def grade(line):
    """Run the grader and print what it prints, line by line as it comes."""
    run = subprocess.Popen(command(line), cwd=ROOT, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True, encoding="utf-8")
    with run.stdout as lines:
        for text in lines:
            print(text, end="")
    run.wait()


def load_ipython_extension(ipython):
    ipython.register_magic_function(grade, "line", "grade")
