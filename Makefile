# The commands of the book; `make` lists them.  They need Python 3.11 or newer, and get the rest themselves.

PYTHON ?= python3
# What pip installs as PyTorch.  For another build:
#   make book TORCH="torch==2.13.0 --index-url <the address that PyTorch's installation page gives for your machine>"
TORCH ?= torch==2.13.0
PORT ?= 8000
NB ?=

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.installed
NODE := node_modules/.package-lock.json
NOTEBOOKS := $(wildcard chapters/*.ipynb)
STRICT := -n -W --keep-going
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help book test lint lab serve zip notebooks screenshot bench lock clean
.DELETE_ON_ERROR:

help:  ## list these commands
	@sed -n 's/^\([a-z]*\):.*## /  make \1 \t/p' Makefile | expand -t 20

book: $(READY) $(NODE)  ## build the book into _build/html
	jupyter-book build . --quiet
	@echo "The book is ready.  Open $(CURDIR)/_build/html/index.html"

test: $(READY) $(NODE) lint  ## run every test, and each notebook once
	pytest --ignore=tests/website
	$(if $(NOTEBOOKS),pytest --nbval chapters,@echo "chapters/ holds no notebook yet")
	jupyter-book build . --all --quiet $(STRICT)
	pytest tests/website --reruns 1 -rfER
	@echo "Every test passed."

lint: $(READY)  ## check the style of the Python code
	ruff check .

lab: $(READY)  ## open the chapters in JupyterLab
	jupyter lab --ServerApp.root_dir=chapters $(ARGS)

serve:  ## serve the built book on this machine
	@test -f _build/html/index.html || { echo "There is no book in _build/html yet: run \`make book\`."; exit 1; }
	$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html

zip: book  ## pack the built book, the notebooks and the package for a teacher: dist/dlbook-<version>.zip
	python -m website.bundle

notebooks: $(READY)  ## execute the notebooks and write them in normal form (NB=chapters/02_neurons.ipynb for one)
	python -m website.notebooks $(NB)

screenshot: book  ## take the picture of the README anew
	python -m website.screenshot

bench: $(READY)  ## measure the speed of the package
	@for script in benchmarks/*.py; do \
	  test -f $$script || { echo "benchmarks/ holds no script yet"; break; }; \
	  echo "== $$script"; python $$script || exit 1; \
	done

# PyTorch is not in the lock: its builds differ by machine.  What it requires of plain Python is.
lock: | $(BIN)/pip  ## choose the newest versions that fit pyproject.toml, and note them in requirements.lock
	$(BIN)/python -m pip install --quiet uv
	printf '%s\n' 'flit_core>=3.12,<4' filelock fsspec jinja2 networkx setuptools sympy typing-extensions > $(VENV)/also.in
	printf '%s\n' 'torch ; python_version < "3"' > $(VENV)/without.txt
	uv pip compile pyproject.toml $(VENV)/also.in --override $(VENV)/without.txt --all-extras --universal --upgrade \
	  --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet --output-file requirements.lock

clean:  ## remove what was built; the environment stays
	rm -rf _build dist node_modules .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("The book needs Python 3.11 or newer; $(PYTHON) is %d.%d.  Name another one: make PYTHON=python3.12" % sys.version_info[:2])'
	$(PYTHON) -m venv $(VENV)

$(READY): requirements.lock pyproject.toml | $(BIN)/pip
	@mkdir -p $(VENV)/etc/ipython  # a kernel warns of unencrypted sockets at each start; they are local
	@echo 'c.IPKernelApp.log_level = "ERROR"' > $(VENV)/etc/ipython/ipython_kernel_config.py
	@echo "Installing what the book needs into $(VENV): some minutes the first time."
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install $(TORCH)
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(NODE): package-lock.json .npmrc | $(READY)
	npm ci
	@touch $@
