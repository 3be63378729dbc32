# Each target does all of its own set-up. `make` alone lists them.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# A virtual environment holds the path of its place: in another place it is made anew.
HERE := .venv/$(shell pwd | cksum | tr -s ' ' '-')

.PHONY: help book lab test run lint lock oldest latest bench speed templates pages clean
help:
	@echo "make book   build the book and say where its first page is"
	@echo "make lab    open the notebooks in JupyterLab"
	@echo "make test   check everything"
	@echo "make run    execute the notebooks and store their outputs"
	@echo "make lint   format the code and check its style and types"
	@echo "make lock   write the exact versions that all of this installs"
	@echo "make oldest  test the package with the oldest versions that it allows"
	@echo "make latest  test everything with the newest versions, and report what drifted"
	@echo "make bench  measure how long the import takes"
	@echo "make speed  measure how fast conversations become rows"
	@echo "make templates  count what prepare does with 786 real chat templates"
	@echo "make pages  score the built pages with Lighthouse"
	@echo "make clean  remove what was built and installed"

$(HERE):
	rm -rf .venv
	$(PYTHON) -m venv .venv
	touch $@

# The package itself without its dependencies: the locks name them, and building needs few of them.
.venv/book: $(HERE) requirements-book.txt pyproject.toml
	$(PIP) install -r requirements-book.txt
	$(PIP) install --no-deps -e .
	touch $@

.venv/run: .venv/book requirements.txt
	$(PIP) install -r requirements.txt
	touch $@

.venv/test: .venv/run requirements-test.txt
	$(PIP) install -r requirements-test.txt
	touch $@

book: .venv/book
	$(BIN)/jupyter-book build . --all --warningiserror --nitpick --keep-going --quiet
	@echo "The book: file://$(CURDIR)/_build/html/index.html"

lab: .venv/run
	$(BIN)/jupyter lab book/index.ipynb

run: .venv/test
	$(BIN)/ruff format --quiet book
	$(BIN)/python scripts/run_notebooks.py

lock: .venv/test
	$(BIN)/python scripts/lock.py

# In environments of their own; neither is part of `make test`.
oldest: .venv/test
	$(BIN)/python scripts/lock.py --lowest .cache/oldest
	$(BIN)/python scripts/drift.py .cache/oldest unit

latest: .venv/test
	$(BIN)/python scripts/lock.py --upgrade .cache/latest
	$(BIN)/python scripts/drift.py .cache/latest unit notebooks

lint: .venv/test
	$(BIN)/ruff format .
	$(BIN)/ruff check .
	$(BIN)/mypy

test: .venv/test book
	$(BIN)/python scripts/fetch.py
	$(BIN)/python scripts/browser.py
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder --durations=10

bench: .venv/run
	$(BIN)/python benchmarks/import_time.py

speed: .venv/test
	$(BIN)/python scripts/fetch.py gemma3 llama3_1
	$(BIN)/python benchmarks/speed.py

templates: .venv/test
	$(BIN)/python tests/helpers/every_template.py

pages: .venv/test book
	$(BIN)/python benchmarks/pages.py

clean:
	rm -rf .venv .cache _build build *.egg-info
