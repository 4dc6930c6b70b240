# The two commands of the README: `make demo` and `make test`. Each sets itself up.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
RIVALS := .bench/rivals

.PHONY: demo test test-slow golden bench lint clean

$(STAMP): pyproject.toml
	test -x $(PY) || $(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check -e '.[lab,apps,pushdown,postgres,test]'
	touch $(STAMP)

# SERVE=0 leaves the screens out; so does CI.
SERVE ?= $(if $(CI),0,1)

demo: $(STAMP)
	$(PY) -m audit_toolkit demo --fresh $(if $(filter-out 0,$(SERVE)),--serve)

test: $(STAMP)
	$(PY) -m pytest -n 2 --dist loadfile -m "not slow and not browser"
	$(PY) -m pytest -m "browser and not slow"

test-slow: $(STAMP)
	$(PY) -m pytest -m slow -s

golden: $(STAMP)
	$(PY) tests/golden/make_golden.py

$(RIVALS)/.installed: benchmarks/rivals.txt
	test -x $(RIVALS)/bin/python || $(PYTHON) -m venv $(RIVALS)
	$(RIVALS)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	touch $@

bench: $(STAMP) $(RIVALS)/.installed
	$(PY) benchmarks/peers_bench.py --rivals $(RIVALS)
	$(PY) benchmarks/serve_bench.py --rivals $(RIVALS)

lint: $(STAMP)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

clean:
	rm -rf demo-output build .bench *.egg-info
