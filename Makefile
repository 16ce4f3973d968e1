# make lab · make test · make test-fast · make notebooks · make bench · make book · make clean
# Needs Python 3.11 to 3.13 and make. PYTHON=... picks the interpreter, PIP_FLAGS=... goes to pip, LAB_FLAGS=... to JupyterLab.

VENV := .venv
BIN := $(VENV)/bin
PIP_FLAGS ?=
LAB_FLAGS ?=
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: lab test test-fast notebooks bench book doctor clean

lab: $(VENV)/ready
	@$(BIN)/workbook lab $(LAB_FLAGS)

test: $(VENV)/ready
	$(BIN)/python -m pytest --nbval tests notebooks

test-fast: $(VENV)/ready
	$(BIN)/python -m pytest tests -m "not notebook and not browser and not slow"

notebooks: $(VENV)/ready
	$(BIN)/python -m workbook.notebooks notebooks/*.ipynb

bench: $(VENV)/ready
	@for b in benchmarks/bench_*.py; do echo "== $$b"; $(BIN)/python $$b || exit 1; done

book: $(VENV)/ready
	$(BIN)/jupyter nbconvert --to html --output-dir build/book notebooks/*.ipynb

doctor: $(VENV)/ready
	@$(BIN)/workbook doctor

# The stamp is touched last: an installation that was cut short is taken up again by the next call.
$(VENV)/ready: pyproject.toml constraints.txt
	@python=""; for p in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
	  if $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then python=$$p; break; fi; done; \
	if [ -z "$$python" ]; then echo "The workbook needs Python 3.11, 3.12 or 3.13 and found none. Install one, or name it: make lab PYTHON=/path/to/python3"; exit 1; fi; \
	echo "Setting up $(VENV) with $$($$python --version): about 2 GB to download, once."; \
	$$python -m venv $(VENV) || { echo "Python's venv module is missing (on Debian and Ubuntu: install the package python3-venv)."; exit 1; }
	$(BIN)/python -m pip install $(PIP_FLAGS) --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) build
