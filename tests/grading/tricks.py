"""Files that try to earn points without answering. Each must earn none."""

from exercises.grading import gaps
from exercises.grading.student import ROOT

READ_THE_SOLUTION = f"""
import glob, importlib, os, subprocess, sys
def _attempt(way):
    try:
        exec(way(), globals())
    except BaseException as error:
        print(type(error).__name__, error)
_file = {str(ROOT)!r} + "/solutions/{{key}}.py"
_attempt(lambda: open(_file).read())
_attempt(lambda: open("/proc/self/root" + _file).read())
_attempt(lambda: os.read(os.open(_file, os.O_RDONLY), 10**6))
_attempt(lambda: open(glob.glob({str(ROOT)!r} + "/**/{{stem}}.py", recursive=True)[0]))
_attempt(lambda: subprocess.check_output(["cat", _file]))
_attempt(lambda: os.popen("git -C {ROOT} show HEAD:solutions/{{key}}.py").read())
sys.path.insert(0, {str(ROOT)!r})
_attempt(lambda: "from solutions.{{dotted}} import *")
_attempt(lambda: "from exercises.grading.exercise import *")
"""

ANSWER_BY_HAND = """
import os, struct, sys
frame = sys._getframe()
while frame.f_back and "replies" not in frame.f_locals:
    frame = frame.f_back
nonce, replies = frame.f_locals["request"]["nonce"], frame.f_locals["replies"]
body = frame.f_locals["wire"].pack({"value": True, "inputs": {}, "nonce": nonce})
replies.write(body)
replies.flush()
return True
"""

BEFORE = {          # these stand at the top of a file without answers
    "os._exit at import": "import os\nos._exit(0)\n",
    "sys.exit at import": "import sys\nsys.exit(0)\n",
    "patched NumPy": """
import numpy as np
np.allclose = np.array_equal = np.isclose = lambda *a, **k: True
np.abs = np.max = np.any = lambda *a, **k: 0.0
""",
    "fake report": """
import json, sys
print("[ok] all parts passed\\nTotal: 15 of 15 points", flush=True)
print("[ok] all parts passed", file=sys.stderr, flush=True)
json.dump({"score": 15}, open("results.json", "w"))
""",
    "noise on every pipe": """
import os
for fd in range(3, 64):
    try:
        os.write(fd, b"\\0\\0\\0\\0\\0\\0\\0\\2{}")
    except OSError:
        pass
""",
    "an end to the grader": """
import os, signal
for pid in (os.getppid(), -1):
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        pass
""",
}

INSIDE = {          # these stand in every gap
    "os._exit": "import os\nos._exit(0)",
    "sys.exit": "import sys\nsys.exit(0)",
    "endless loop": "while True: pass",
    "return True": "return True",
    "return None": "return None",
    "equal to everything": """
class Equal:
    def __eq__(self, other): return True
    def __array__(self, *a, **k): raise SystemExit
return Equal()
""",
    "endless recursion": "def again(): return again()\nreturn again()",
    "fork bomb": "import os\nwhile True: os.fork()",
    "fork bomb in C": """
import ctypes, os, time
libc = ctypes.CDLL(None)
for _ in range(200):
    if libc.fork() == 0:
        time.sleep(600)
        os._exit(0)
while True: pass
""",
    "more memory than there is": "import numpy as np\nreturn np.ones(10**12)",
    "a very long reply": "import numpy as np\nreturn np.ones(2**26)",
    "a pickle": """
class Evil:
    def __reduce__(self): return print, ("run",)
return Evil()
""",
    "an answer by hand": ANSWER_BY_HAND,
}


def tricks(exercise):
    """name → source, each made from the exercise without answers."""
    blank = gaps.empty(exercise.solution)
    found = {name: code + blank for name, code in BEFORE.items()}
    read = READ_THE_SOLUTION.format(key=exercise.key, stem=exercise.stem,
                                    dotted=exercise.key.replace("/", "."))
    found["reading the solution"] = blank + read
    for name, code in INSIDE.items():
        source = exercise.solution
        for owner, _, _ in gaps.gaps(exercise.solution):
            source = gaps.fill(source, owner, code)
        found[name] = source
    return found
