# Needs python3 (3.11 or newer) and make; everything else is installed inside this folder.
PYTHON ?= python3
PY := .venv/bin/python
NODE := .venv/bin/node
SPECTRAL := $(NODE) node_modules/@stoplight/spectral-cli/dist/index.js
REDOCLY := $(NODE) node_modules/@redocly/cli/bin/cli.js
PYRIGHT := $(NODE) node_modules/pyright/index.js
COMPILE := .venv/bin/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --custom-compile-command "make lock"
DESCRIPTIONS := openapi.yaml src/autocall_otp/sandbox/sandbox-openapi.yaml
LINTED := src tests scripts benchmarks examples
# Most tests wait rather than compute, so there are more of them at once than processors.
PARALLEL := -n 4 --dist loadfile -q
READY := .venv/.ready node_modules/.ready

# Node trusts the certificates that this machine trusts.
export NODE_USE_SYSTEM_CA := 1
export REDOCLY_TELEMETRY := off
export REDOCLY_SUPPRESS_UPDATE_NOTICE := true

# $(call run,NAME,COMMAND): one line when the command passes, all that it printed when it fails.
run = @out=$$($(2) 2>&1) || { printf '%s\nFAILED: %s\n' "$$out" "$(1)"; exit 1; }; echo "ok: $(1)"

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test examples generate check contract check-recording mutate-spec mutate-code breaking soak load verify-storm \
	reliability audit bench bench-quick dist docs lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' Makefile

demo: .venv/.ready ## Place a call on the sandbox, see it ring and be answered, read its record
	@$(PY) scripts/demo.py

test: check ## Run the checks, all tests, the tests again on the built wheel, and the recipes
	@$(PY) -m pytest $(PARALLEL) tests
	@$(PY) scripts/test_wheel.py
	@$(MAKE) --no-print-directory examples

examples: .venv/.ready .venv-examples/.ready ## Check the recipes under examples/ and run them against the sandbox
	$(call run,mypy examples,.venv/bin/mypy --config-file examples/mypy.ini --python-executable .venv-examples/bin/python examples)
	@.venv-examples/bin/python -m pytest -q tests/examples

generate: $(READY) ## Write generated/ and docs/http.md anew from openapi.yaml
	@$(PY) scripts/generate.py
	@$(PY) scripts/http_reference.py

check: $(READY) ## Check style, types, the API description, and that generated/ matches it
	$(call run,ruff check,.venv/bin/ruff check $(LINTED))
	$(call run,ruff format,.venv/bin/ruff format --check $(LINTED))
	$(call run,mypy,.venv/bin/mypy)
	$(call run,pyright,$(PYRIGHT) --warnings)
	$(call run,bandit,.venv/bin/bandit -q -r src)
	@$(PY) scripts/audit.py
	$(call run,spectral,$(SPECTRAL) lint --fail-severity=hint $(DESCRIPTIONS))
	$(call run,redocly,$(REDOCLY) lint $(DESCRIPTIONS))
	$(call run,generated code matches openapi.yaml,$(PY) scripts/generate.py --check)

contract: $(READY) ## Judge whether page, openapi.yaml, generated code, wrapper, Prism and sandbox agree
	@$(PY) scripts/contract.py

mutate-spec: $(READY) ## Change openapi.yaml in every way, and see that make contract would notice (ONLY= SAMPLE=)
	@$(PY) scripts/mutate_spec.py $(if $(ONLY),--only '$(ONLY)') $(if $(SAMPLE),--sample $(SAMPLE))

breaking: $(READY) ## Find what breaks users since BASE=REVISION (else the last release), and propose a version
	@$(PY) scripts/breaking.py $(BASE)

check-recording: .venv/.ready ## Compare a recording of the service (FILE=…, from doctor --record) with openapi.yaml
	@.venv/bin/autocall-otp check-recording '$(or $(FILE),$(error which recording? make check-recording FILE=shapes.json))'

mutate-code: .venv/.ready ## Change the wrapper in one place at a time, see whether a test notices (ONLY="_flow core" AGAIN=1)
	@$(PY) scripts/mutate_code.py $(ONLY) $(if $(AGAIN),--again) $(if $(QUICK),--quick) $(if $(TABLE),--table)

soak: $(READY) ## 10,000 calls through random faults, 10,000 waits at once, thousands of made-up requests
	@AUTOCALL_EXAMPLES=1000 $(PY) -m pytest -q --timeout 1200 tests/sandbox/test_schemathesis.py
	@$(PY) scripts/soak.py --calls 10000 --waits 10000 $(if $(MINUTES),--minutes $(MINUTES))

verify-storm: .venv/.ready ## 100,000 random schedules of logins at once (SEED= SCHEDULES= STORE=memory|sqlite|redis)
	@$(PY) scripts/verify_storm.py $(if $(SEED),--seed $(SEED)) $(if $(SCHEDULES),--schedules $(SCHEDULES)) \
		$(if $(STORE),--store $(STORE))

load: .venv/.ready ## 200 calls a second for a minute through the SDK against the sandbox
	@$(PY) scripts/load.py

reliability: $(READY) ## Put every fault through the SDK and write docs/reliability.md
	@$(PY) scripts/reliability.py

docs: .venv-docs/.ready ## Build the documentation site in site/, and check it
	@.venv-docs/bin/python scripts/http_reference.py --check
	$(call run,mkdocs build --strict,NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build --strict)
	@.venv-docs/bin/python scripts/check_site.py site

.venv-docs/.ready: requirements/docs.txt
	@echo "Setting up .venv-docs ..."
	@$(PYTHON) -m venv --clear .venv-docs
	@.venv-docs/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements/docs.txt
	@touch $@

audit: $(READY) ## Look every pinned package up in the vulnerability database (STRICT=--strict)
	@$(PY) scripts/audit.py $(STRICT)

# OUTPUT=NEW.json keeps the results; COMPARE=OLD.json prints what changed beyond the spread.
BENCH = .venv-bench/bin/python -m benchmarks $(if $(OUTPUT),--output $(OUTPUT)) $(if $(COMPARE),--compare $(COMPARE))

bench: .venv/.ready ## Measure the SDK beside others, about 10 minutes, and write docs/performance.md (COMPARE=OLD.json)
	@$(PY) benchmarks/environments.py
	@$(BENCH)

bench-quick: .venv/.ready ## The same in short, about 2 minutes; writes no page
	@$(PY) benchmarks/environments.py
	@$(BENCH) --quick

dist: $(READY) ## Build wheel, sdist and bill of materials in dist/, reproducibly, and check them
	@$(PY) scripts/dist.py

lock: .venv/.ready ## Pin the newest allowed versions in the lock files (needs the network)
	$(COMPILE) requirements/dev.in -o requirements/dev.txt
	$(COMPILE) requirements/docs.in -o requirements/docs.txt
	$(COMPILE) requirements/lowest.in -o requirements/lowest.txt
	$(COMPILE) requirements/examples.in -o requirements/examples.txt
	$(COMPILE) benchmarks/requirements.in -o benchmarks/requirements.txt
	.venv/bin/npm update --package-lock-only

clean: ## Remove everything that was installed or built
	rm -rf .mutants .venv .venv-examples .venv-bench .venv-cold .venv-wheel node_modules dist .hypothesis .mypy_cache .pytest_cache .ruff_cache .venv-docs site

.venv/.ready: .venv/.locked pyproject.toml
	@$(PY) -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/.locked: requirements/dev.txt scripts/setup.py
	@command -v $(PYTHON) >/dev/null || { echo "python3 is missing: install Python 3.11 or newer" >&2; exit 1; }
	@$(PYTHON) scripts/setup.py
	@touch $@

.venv-examples/.ready: requirements/examples.txt pyproject.toml
	@echo "Setting up .venv-examples ..."
	@$(PYTHON) -m venv --clear .venv-examples
	@.venv-examples/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements/examples.txt
	@.venv-examples/bin/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

node_modules/.ready: package-lock.json package.json .npmrc | .venv/.ready
	@echo "Installing the Node tools in node_modules ..."
	@.venv/bin/npm ci --loglevel=error
	@touch $@
