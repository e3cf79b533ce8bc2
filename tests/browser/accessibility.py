"""What axe, the checker of the WCAG's rules, finds on a page."""
from axe_playwright_python.sync_playwright import Axe

STANDARDS = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa",
                         "best-practice"],
             "resultTypes": ["violations"], "preload": False}

# Axe looks at every element for half a millisecond.  A chapter quotes a thousand lines of
# code, each word in its colour: three of each colour say the same in a sixth of the time.
# The signs within a formula have the formula's colour, and nothing to say of their own.
THREE_OF_A_KIND = """() => {
    for (const formula of document.querySelectorAll('mjx-math')) {
        formula.replaceChildren(formula.textContent);
    }
    const seen = {};
    for (const word of document.querySelectorAll('pre span:not(:has(span))')) {
        seen[word.className] = (seen[word.className] ?? 0) + 1;
        if (seen[word.className] > 3) word.replaceWith(word.textContent);
    }
}"""


def violations(page):
    """(rule, the elements that break it) of an open page; none is what we want."""
    page.evaluate(THREE_OF_A_KIND)
    found = Axe().run(page, options=STANDARDS).response["violations"]
    return [(one["id"], [node["html"][:120] for node in one["nodes"][:3]])
            for one in found]
