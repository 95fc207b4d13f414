# make run: a demo server in DATA, ports from PORT_BASE.   make test: installs what the tests need and runs them all.
# make check: style, types, import contracts.   make soak: 200 kills under load on SQLite, 50 on PostgreSQL; new examples of properties.
VENV ?= .venv
DATA ?= data
PORT_BASE ?= 20000
PYTHON ?= python3
BIN = $(VENV)/bin
CLIENT = web/webmail/client
BUILT = web/webmail/dist/.built
# What a start compiles is kept for the next, whatever the environment says.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test soak check lint style types looks lock clean client

run: $(VENV)/.installed $(BUILT)
	@exec $(BIN)/postroom --data "$(DATA)" demo --port-base "$(PORT_BASE)"

test: $(VENV)/.installed-dev $(BUILT)
	@$(BIN)/pytest -n 2 --dist loadfile $(PYTEST_ARGS)

soak: $(VENV)/.installed-dev
	@POSTROOM_KILLS=200 POSTROOM_KILLS_POSTGRES=50 POSTROOM_KILLS_WORKERS=50 $(BIN)/pytest tests/faults/test_killed.py tests/faults/test_killed_workers.py
	@$(BIN)/pytest -n 2 --dist loadfile -m hypothesis --hypothesis-profile=explore

# Two at a time: each keeps a core busy.
check lint: $(VENV)/.installed-dev
	@$(MAKE) --no-print-directory -j 2 -O types looks style

style: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/.installed-dev
	$(BIN)/mypy

looks: $(VENV)/.installed-dev
	@sh web/webmail/build.sh $(BIN) check

# The webmail's client, built anew when its sources have changed.
client: $(BUILT)

$(BUILT): $(VENV)/bin/python web/webmail/build.sh $(wildcard $(CLIENT)/*.* $(CLIENT)/public/* $(CLIENT)/src/*.* $(CLIENT)/src/*/*.*)
	@sh web/webmail/build.sh $(BIN)

lock: $(VENV)/bin/python
	$(BIN)/pip install -q --disable-pip-version-check uv
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-header --generate-hashes --no-emit-index-url pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-header --generate-hashes --no-emit-index-url --extra dev pyproject.toml -o requirements-dev.lock

clean:
	rm -rf $(VENV) build *.egg-info web/webmail/dist $(CLIENT)/node_modules tests/clients/javascript/node_modules

# The environment is made from the lock file alone.
$(VENV)/bin/python:
	@sh tests/support/venv.sh $(PYTHON) $(VENV)

$(VENV)/.installed: $(VENV)/bin/python requirements.lock pyproject.toml
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install -q --disable-pip-version-check --no-deps -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.lock tests/support/packages.txt tests/clients/javascript/package-lock.json
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock & \
	sh tests/support/install.sh $$(cat tests/support/packages.txt) && \
	sh tests/support/unpack.sh $(VENV)/exim exim4-daemon-light && wait $$!
	@sh tests/support/npm.sh $(BIN) > /dev/null
	@touch $@
