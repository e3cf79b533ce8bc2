# Each target is one plain Python command; without make, type what follows the tab.
# Another Python: make read PYTHON=python3.12.  More for the command: make serve ARGS=--help

PYTHON ?= python3
RUN = $(PYTHON) tools/run.py

.PHONY: help read test site serve lint types warm bench pin clean

help:
	@$(RUN) help

read:
	@$(RUN) read $(ARGS)

test:
	@$(RUN) test $(ARGS)

site:
	@$(RUN) site

serve:
	@$(RUN) serve $(ARGS)

lint:
	@$(RUN) lint $(ARGS)

types:
	@$(RUN) types $(ARGS)

warm:
	@$(RUN) warm

bench:
	@$(RUN) bench $(ARGS)

pin:
	@$(RUN) pin

clean:
	@$(RUN) clean $(ARGS)
