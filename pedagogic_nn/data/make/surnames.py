"""surnames.npz from the lists of surnames in Faker's name providers."""

import ast
import unicodedata
from collections import Counter

import numpy as np

from .sources import read

LISTS = {  # country: Faker's locale, and the attribute of its Provider
    "Croatia": ("hr_HR", "last_names"),
    "England": ("en_GB", "last_names"),
    "Estonia": ("et_EE", "last_names_est"),
    "Finland": ("fi_FI", "last_names"),
    "France": ("fr_FR", "last_names"),
    "Germany": ("de_DE", "last_names"),
    "Italy": ("it_IT", "last_names"),
    "Netherlands": ("nl_NL", "last_names"),
    "Poland": ("pl_PL", "unisex_last_names"),
    "Slovakia": ("sk_SK", "last_names_male"),
    "Spain": ("es_ES", "last_names"),
    "Sweden": ("sv_SE", "last_names"),
}
LONGEST = 20  # letters; beyond are a few medieval lords of the Dutch list
MOST = 1100  # names of one country; Poland's list of 3,690 would outweigh the others


def make() -> dict[str, np.ndarray]:
    """names (N,) str, labels (N,) uint8 into countries (12,) str, test (N,) bool."""
    lists = {country: _names(*place) for country, place in LISTS.items()}
    owners = Counter(name for names in lists.values() for name in names)
    names, labels, test = [], [], []
    for label, listed in enumerate(lists.values()):
        own = [name for name in listed if owners[name] == 1]  # "Adam" is in five lists
        names += own
        labels += [label] * len(own)
        test += [i % 5 == 4 for i in range(len(own))]
    return {
        "names": np.array(names),
        "labels": np.array(labels, np.uint8),
        "countries": np.array(list(lists)),
        "test": np.array(test),
    }


def _names(locale: str, attribute: str) -> list[str]:
    """Different names in alphabetical order; MOST evenly spread ones of a longer list."""
    source = read("Faker", f"faker/providers/person/{locale}/__init__.py").decode()
    value = _value(source, attribute)
    if isinstance(value, ast.Call):  # OrderedDict(((name, how often), …))
        value = value.args[0]
    listed = [
        item if isinstance(item, str) else item[0] for item in ast.literal_eval(value)
    ]
    names = sorted({unicodedata.normalize("NFC", name.strip()) for name in listed})
    names = [name for name in names if len(name) <= LONGEST and "," not in name]
    if len(names) <= MOST:
        return names
    return [names[i * len(names) // MOST] for i in range(MOST)]


def _value(source: str, attribute: str) -> ast.expr:
    """What `class Provider` assigns to `attribute`, read without running it."""
    classes = [node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]
    provider = next(node for node in classes if node.name == "Provider")
    for node in provider.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else None
        target = node.target if isinstance(node, ast.AnnAssign) else target
        if isinstance(target, ast.Name) and target.id == attribute:
            return node.value
    raise KeyError(f"Faker's Provider has no {attribute}")
