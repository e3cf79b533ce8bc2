"""`pytest exercises` grades the files in this folder; grading/ is the plugin."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent

# pytest may put this folder on the path. It holds learners' files, and the grader's own
# process must never import one of them; the folder above it is what the plugin is
# imported from.
sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != HERE]
if str(HERE.parent) not in sys.path:
    sys.path.insert(0, str(HERE.parent))

from exercises.grading.plugin import *  # noqa: E402, F403
