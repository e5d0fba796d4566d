# Needs python3 (3.11 or newer) and make; everything else is installed inside this folder.
PYTHON ?= python3
PY := .venv/bin/python
NODE := .venv/bin/node
SPECTRAL := $(NODE) node_modules/@stoplight/spectral-cli/dist/index.js
PRISM := $(NODE) node_modules/@stoplight/prism-cli/dist/index.js
REDOCLY := $(NODE) node_modules/@redocly/cli/bin/cli.js
PYRIGHT := $(NODE) node_modules/pyright/index.js
COMPILE := .venv/bin/uv -q --native-tls pip compile --upgrade --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --custom-compile-command "make lock"
# Where it finds these, jsonschema takes over a second to import, in each of the many processes that tests start.
SLOW := --no-emit-package rfc3987-syntax --no-emit-package lark
DESCRIPTIONS := openapi.yaml src/autocall_otp/sandbox/sandbox-openapi.yaml
LINTED := src tests scripts benchmarks examples
# Most tests wait rather than compute, so there are more of them at once than processors. By itself xdist would begin
# with the files that have the most tests, and end with those few that take longest; tests/conftest.py orders them.
PARALLEL := -n 4 --dist loadfile --no-loadscope-reorder -q
READY := .venv/.ready node_modules/.ready
CHECKS := check-style check-mypy check-pyright check-recipes check-bandit check-audit check-openapi check-generated
# What the lowest promised versions can change: how the core sends, reads and copes with faults; each part of the extras
# once. Prism's answers, storms of faults and the rules of a login are the same with any version.
ON_LOWEST := $(addprefix tests/,operations sansio transport $(patsubst %,test_%.py,client session transports auth models \
	errors log init cli pytest_plugin) $(patsubst %,faults/test_%.py,cancellation deadlines evidence faults interrupts \
	programs proxies retries secrets surplus) contract/test_wire.py contract/test_wrapper.py verify/test_init.py \
	verify/test_limits.py cli/test_output.py cli/test_records.py \
	sandbox/test_embedded.py sandbox/test_endpoints.py sandbox/test_service.py)

# Node trusts the certificates that this machine trusts.
export NODE_USE_SYSTEM_CA := 1
export REDOCLY_TELEMETRY := off
export REDOCLY_SUPPRESS_UPDATE_NOTICE := true

# Where this is set, each of the many processes that tests start would compile its modules anew.
unexport PYTHONDONTWRITEBYTECODE

# $(call run,NAME,COMMAND): one line when the command passes, all that it printed when it fails.
run = @out=$$($(2) 2>&1) || { printf '%s\nFAILED: %s\n' "$$out" "$(1)"; exit 1; }; echo "ok: $(1)"

.DEFAULT_GOAL := help
.PHONY: help demo test examples check $(CHECKS) wheel generate contract mock pictures breaking mutate mutate-spec soak load \
	verify-storm reliability check-recording audit docs bench bench-quick dist weight lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' Makefile

demo: .venv/.sandbox ## Place a call on the sandbox, see it ring and be answered, read its record
	@PYTHONPATH=src:generated $(PY) -m autocall_otp demo

test: $(READY) .venv-lowest/.ready ## Run the checks, all tests on the built wheel, and the core's on the lowest versions
	@start=$$(date +%s); $(MAKE) --no-print-directory check test-wheel test-lowest && \
		echo "make test took $$(($$(date +%s) - start)) s" | tee .test-time

test-wheel: wheel
	@echo "Testing the wheel ..."
	@PYTHONPATH=.wheel AUTOCALL_WHEEL=.wheel $(PY) -m pytest $(PARALLEL) tests
test-lowest: wheel
	@echo "Testing the wheel on the lowest promised versions ..."
	@PYTHONPATH=.wheel AUTOCALL_WHEEL=.wheel .venv-lowest/bin/python -m pytest $(PARALLEL) --dist worksteal -m 'not dev' $(ON_LOWEST)

examples: .venv/.ready ## Run the tests of the recipes under examples/
	@$(PY) -m pytest -q tests/examples

wheel:
	$(call run,wheel,rm -rf .wheel && $(PY) -m hatchling build -t wheel -d .wheel && \
		$(PY) -m pip install -qq --disable-pip-version-check --no-deps --target .wheel .wheel/*.whl)

generate: $(READY) ## Write generated/ and docs/http.md anew from openapi.yaml
	@$(PY) scripts/generate.py
	@$(PY) scripts/http_reference.py

check: $(READY) ## Check style, types, the API description, and that generated/ matches it
	@$(MAKE) --no-print-directory --jobs 3 $(CHECKS)

check-style:
	$(call run,ruff check,.venv/bin/ruff check $(LINTED))
	$(call run,ruff format,.venv/bin/ruff format --check $(LINTED))
check-mypy:
	$(call run,mypy,.venv/bin/mypy)
check-pyright:
	$(call run,pyright,$(PYRIGHT) --warnings && PATH=$(CURDIR)/.venv/bin:$$PATH $(PYRIGHT) --verifytypes autocall_otp --ignoreexternal)
check-recipes:
	$(call run,mypy examples,.venv/bin/mypy --config-file examples/mypy.ini --cache-dir .mypy_cache/examples examples)
check-bandit:
	$(call run,bandit,.venv/bin/bandit -q -r src)
check-audit:
	@$(PY) scripts/audit.py
check-openapi:
	$(call run,spectral,$(SPECTRAL) lint --fail-severity=hint $(DESCRIPTIONS))
	$(call run,redocly,$(REDOCLY) lint $(DESCRIPTIONS))
check-generated:
	$(call run,generated code matches openapi.yaml,$(PY) scripts/generate.py --check)

contract: $(READY) ## Check that page, openapi.yaml, generated code, wrapper, Prism and sandbox agree
	@$(PY) scripts/contract.py

mock: $(READY) ## Start Prism, which answers as openapi.yaml describes (PORT=4010 DYNAMIC=1); docs/mock.md
	@$(PRISM) mock --port $(or $(PORT),4010) $(if $(DYNAMIC),--dynamic) openapi.yaml

mutate-spec: $(READY) ## Change openapi.yaml in every way, and see that make contract would notice (ONLY= SAMPLE=)
	@$(PY) scripts/mutate_spec.py $(if $(ONLY),--only '$(ONLY)') $(if $(SAMPLE),--sample $(SAMPLE))

mutate: .venv/.ready ## Change the core in one place at a time, and see whether a test notices (ONLY='*retry*')
	@.venv/bin/mutmut run $(ONLY)
	@.venv/bin/mutmut results

pictures: $(READY) ## Take the pictures of the sandbox's page that the docs show
	@AUTOCALL_PICTURES=1 $(PY) -m pytest -q tests/sandbox/test_browser.py -k pictures

breaking: $(READY) ## Find what breaks users since BASE=REVISION (else the last release), and propose a version
	@$(PY) scripts/breaking.py $(BASE)

check-recording: .venv/.ready ## Compare a recording of the service (FILE=…, from doctor --record) with openapi.yaml
	@.venv/bin/autocall-otp check-recording '$(or $(FILE),$(error which recording? make check-recording FILE=shapes.json))'

weight: ## Count the lines of each part, and say how long the last `make test` took
	@$(PYTHON) scripts/weight.py

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

audit: $(READY) ## Look every pinned package up in the vulnerability database (STRICT=--strict)
	@$(PY) scripts/audit.py $(STRICT)

bench: .venv/.ready ## Measure the SDK beside others, about 10 minutes, and write docs/performance.md
	@$(PY) benchmarks/environments.py
	@.venv-bench/bin/python -m benchmarks

bench-quick: .venv/.ready ## The same in short, about 2 minutes; writes no page
	@$(PY) benchmarks/environments.py
	@.venv-bench/bin/python -m benchmarks --quick

dist: $(READY) ## Build wheel, sdist and bill of materials in dist/, reproducibly, and check them
	@$(PY) scripts/dist.py

lock: .venv/.ready ## Pin the newest allowed versions in the lock files (needs the network)
	$(COMPILE) $(SLOW) --all-extras pyproject.toml requirements/dev.in requirements/examples.in -o requirements/dev.txt
	$(COMPILE) --extra sandbox -c requirements/dev.txt pyproject.toml -o requirements/sandbox.txt
	echo uv | $(COMPILE) -c requirements/dev.txt - -o requirements/uv.txt
	$(COMPILE) requirements/docs.in -o requirements/docs.txt
	$(COMPILE) requirements/lowest.in -o requirements/lowest.txt
	$(COMPILE) benchmarks/requirements.in -o benchmarks/requirements.txt
	.venv/bin/npm update --package-lock-only

clean: ## Remove everything that was installed or built
	rm -rf .venv .venv-lowest .venv-docs .venv-bench .venv-cold .wheel node_modules dist mutants .test-time .hypothesis .mypy_cache .pytest_cache .ruff_cache site

# From scratch when a lock file changes, so that nothing is left behind.
.venv/.sandbox: requirements/sandbox.txt requirements/dev.txt scripts/setup.py
	@command -v $(PYTHON) >/dev/null || { echo "python3 is missing: install Python 3.11 or newer" >&2; exit 1; }
	@$(PYTHON) scripts/setup.py sandbox
	@touch $@

.venv/.ready: .venv/.sandbox pyproject.toml
	@$(PY) scripts/setup.py dev
	@touch $@

.venv-%/.ready: requirements/%.txt scripts/setup.py
	@$(PYTHON) scripts/setup.py $*
	@touch $@

node_modules/.ready: package-lock.json package.json .npmrc | .venv/.ready
	@echo "Installing the Node tools in node_modules ..."
	@.venv/bin/npm ci --loglevel=error
	@touch $@
