# Each target does all of its own set-up. `make` alone lists them.
PYTHON ?= python3
BIN := .venv/bin
NOTEBOOKS := $(wildcard book/*.ipynb)

.PHONY: help book lab test run lint bench speed templates pages clean
help:
	@echo "make book   build the book and say where its first page is"
	@echo "make lab    open the notebooks in JupyterLab"
	@echo "make test   check everything"
	@echo "make run    execute the notebooks and store their outputs"
	@echo "make lint   format the code and check its style and types"
	@echo "make bench  measure how long the import takes"
	@echo "make speed  measure how fast conversations become rows"
	@echo "make templates  count what prepare does with 786 real chat templates"
	@echo "make pages  score the built pages with Lighthouse"
	@echo "make clean  remove what was built and installed"

.venv/book: requirements.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

.venv/test: .venv/book requirements-test.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-test.txt
	touch $@

book: .venv/book
	$(BIN)/jupyter-book build . --all --warningiserror --nitpick --keep-going --quiet
	@echo "The book: file://$(CURDIR)/_build/html/index.html"

lab: .venv/book
	$(BIN)/pip install --quiet --disable-pip-version-check "jupyterlab>=4,<5"
	$(BIN)/jupyter lab book/index.ipynb

run: .venv/test
	$(BIN)/ruff format --quiet book
	$(BIN)/python scripts/run_notebooks.py

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
	$(BIN)/python scripts/run_notebooks.py --check
	$(BIN)/pytest --nbval --nbval-current-env --nbval-cell-timeout=120 $(NOTEBOOKS)
	$(BIN)/pytest -n 2

bench: .venv/book
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
