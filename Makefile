# Everything runs from a virtual environment and from node_modules, both made here from locked requirements.
PYTHON ?= python3
PORT ?= 4566
TIME_SCALE ?= 1
# So old has a release to be before it is locked: a bad one is mostly found within days.
COOLING_DAYS ?= 7
# Of the Python that functions run by on AWS, 3.14 say.
RUNTIME := $(shell sed -n 's/.*"runtime": "python\(.*\)".*/\1/p' cdk.json)

BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(CURDIR)/node_modules/.bin:$(PATH)
# jsii looks for Node here instead of whichever Node the machine may have.
export JSII_NODE := $(CURDIR)/$(BIN)/node

# Some images of containers set it. Hundreds of processes are started here, and each would compile what it imports.
unexport PYTHONDONTWRITEBYTECODE

# Behind a proxy with certificates of its own; uv looks in SSL_CERT_FILE, pip and Node in variables of their own.
ifdef SSL_CERT_FILE
export PIP_CERT ?= $(SSL_CERT_FILE)
export NODE_EXTRA_CA_CERTS ?= $(SSL_CERT_FILE)
endif
OR_HINT := || { echo 'Behind a proxy with certificates of its own: SSL_CERT_FILE=/path/to/ca.pem make install' >&2; exit 1; }

.DEFAULT_GOAL := help
.PHONY: help install demo local test unit verify bench format lint audit preflight smoke deploy destroy idle-cost manual picture client lock clean

help: ## list what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

install: .build/installed ## install everything the other commands need

.build/installed: requirements/uv.txt requirements/dev.txt requirements/layer.txt requirements/command.sh package-lock.json cdk.json
	@sh requirements/venv.sh $(PYTHON)
	@echo 'Installing into .venv, node_modules and .build, which take about 1 GB …'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt $(OR_HINT)
	@$(BIN)/uv pip sync --quiet --require-hashes --python $(BIN)/python requirements/uv.txt requirements/dev.txt $(OR_HINT)
	@npm ci --loglevel=error --no-audit --no-fund --ignore-scripts $(OR_HINT)
	@rm -rf .build/layer
	@$(BIN)/uv pip install --quiet --require-hashes --python $(BIN)/python -r requirements/layer.txt --target .build/layer/local/python
	@$(BIN)/uv pip install --quiet --require-hashes --python $(BIN)/python -r requirements/layer.txt --target .build/layer/aws/python \
		--python-platform aarch64-manylinux2014 --python-version $(RUNTIME) --only-binary :all:
	@sh requirements/command.sh .venv
	@touch $@

demo: install ## two deployments under live traffic on the local cloud: one succeeds, one is reversed by its alarm
	python -m local demo

local: install ## keep the local cloud running, with Weighbridge deployed to it (PORT=4566 TIME_SCALE=1 IAM=1 ARGS='-c invocableHooks=*')
	python -m local up --port $(PORT) --time-scale $(TIME_SCALE) $(if $(IAM),--iam) $(ARGS)

# Tests that share a synthesized stack or modules are run by one process, scenarios file by file, all others by whichever is
# free. Two processes more than the two cores it is measured on: deployments wait most of their time.
test: install lint ## all checks and tests
	python -m pytest --numprocesses 4 --dist loadscope --no-loadscope-reorder

verify: install ## try every fault at every call, deaths, drift, races, hostile input, load; takes two to three hours
	python -m verify --report docs/reliability.md

bench: install ## measure cost, reaction and scale, and write docs/performance.md; takes half an hour (QUICK=1: a minute, not kept)
	python -m benchmarks $(if $(QUICK),--quick) $(ARGS)

unit: install ## the tests of the pure core, the adapters and the table, without a cloud; half a minute
	python -m pytest tests/core tests/aws tests/store --numprocesses 2

format: install ## write the code in the project's style
	ruff check --fix .
	ruff format .

lint: install ## style and types
	ruff check .
	ruff format --check .
	mypy acceptance app.py benchmarks cli client functions infra integrations local scenarios statemachine tests verify

audit: install ## look up known vulnerabilities of everything that is locked; needs the internet
	$(BIN)/uv pip install --quiet --require-hashes --python $(BIN)/python -r requirements/audit.txt --target .build/audit
	for set in uv layer dev; do \
		PYTHONPATH=.build/audit python -m pip_audit --strict --disable-pip --require-hashes -r requirements/$$set.txt || exit 1; \
	done
	npm audit --audit-level=moderate

preflight: install ## ask the AWS account of your credentials whether it can be installed; free, and nothing changes (ARGS='--profile test')
	python -m acceptance preflight $(ARGS)

smoke: install ## try it in the AWS account of your credentials, beside what is there; removes all of it again (SMOKE=quick PROVISIONED=1)
	@python -m infra.bytecode $(ARGS)
	python -m acceptance smoke $(if $(filter quick,$(SMOKE)),--quick) $(if $(PROVISIONED),--with-provisioned-concurrency) $(ARGS)

deploy: install ## deploy to the AWS account of your credentials (ARGS='-c deployableFunctions=orders-*')
	@python -m infra.bytecode $(ARGS)
	python -m infra.bootstrap $(ARGS)
	cdk deploy $$(python -m infra.concurrency $(ARGS)) $(ARGS)
	@python -m infra.protection $(ARGS)
	@PYTHONPATH=functions python -m acceptance.first_drop $(ARGS)

destroy: install ## remove the stack, unless a deployment is open (STOP=1 stops all); the bucket and the table stay
	python -m infra.teardown $(if $(STOP),--stop) $(ARGS)
	cdk destroy $(ARGS)

idle-cost: install ## add up what an installation costs a month while nobody deploys
	@python -m infra.idle_cost $(ARGS)

manual: install ## write docs/cli.md and its picture again
	PYTHONPATH=cli:functions python -m manual

picture: install ## draw the state machines in their pages again
	python -m statemachine.picture

client: install ## generate the botocore model of Weighbridge's API again
	PYTHONPATH=functions python -m client.generate

lock: ## pin the requirements again, with hashes, to releases of before last week (COOLING_DAYS=7)
	for set in uv layer dev audit; do \
		uv pip compile --quiet --upgrade --exclude-newer "$(COOLING_DAYS) days" --universal --python-version 3.11 --generate-hashes \
			requirements/$$set.in -o requirements/$$set.txt || exit 1; \
	done

clean: ## remove what was built, installed and left by runs
	rm -rf .build .local .venv cdk.out node_modules
