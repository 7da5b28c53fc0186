# Every target works alone on a machine with make and Node 20: what it needs is installed first.
# The maintenance targets are one SQL call each, so a DBA can do the same from psql.

# A NAME in the environment is not ours (some systems keep the host's name there).
ifneq ($(origin NAME),command line)
override NAME :=
endif
export NAME SCOPE

TALLY := node --import=tsx src/cli.ts
# What runs for long has its own code on large pages, where there are some: waking up costs less.
SERVER := node --use-largepages=silent --import=tsx src/cli.ts
INSTALLED := node_modules/.package-lock.json
# Whatever DRY_RUN says, unless it says no, is a dry run: the mistake then changes nothing.
DRY := $(if $(filter-out 0 no false off,$(DRY_RUN)),--dry-run)

.PHONY: help
help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

.PHONY: start
start: $(INSTALLED) ## start PostgreSQL (the embedded one unless DATABASE_URL is set), migrate, serve
	@$(SERVER) start

.PHONY: serve
serve: $(INSTALLED) ## serve a migrated database over HTTP, until Ctrl-C
	@$(SERVER) serve

.PHONY: demo
demo: $(INSTALLED) ## load believable data for all applications, where there is none; print tokens
	@$(TALLY) demo

.PHONY: traffic
traffic: $(INSTALLED) ## write a little all the time through the demo's routes, until Ctrl-C
	@$(TALLY) traffic

.PHONY: stop
stop: $(INSTALLED) ## stop the embedded PostgreSQL; its data stays
	@$(TALLY) stop

.PHONY: reset
reset: $(INSTALLED) ## delete the embedded PostgreSQL's data, after asking
	@$(TALLY) reset

.PHONY: test
test: $(INSTALLED) ## run all tests on a PostgreSQL of their own; one file: npx tsx test/run.ts FILE
	@npm run --silent test

.PHONY: migrate
migrate: $(INSTALLED) ## bring the database up to date; DRY_RUN=1 shows what would be done
	@$(TALLY) migrate $(DRY)

.PHONY: tick
tick: $(INSTALLED) ## fold pending changes and do all work that is due: call tally.tick()
	@$(TALLY) tick

.PHONY: refresh
refresh: $(INSTALLED) ## build documents anew: tally.refresh(); NAME=x, NAME=x SCOPE=y
	@[ -n "$$NAME" ] || [ -z "$$SCOPE" ] || { \
	  echo "error: SCOPE is \"$$SCOPE\", and there is no NAME" >&2; \
	  echo 'hint: NAME=summary SCOPE=scope' >&2; exit 1; }
	@$(TALLY) refresh $${NAME:+"$$NAME" $${SCOPE:+"$$SCOPE"}}

.PHONY: verify
verify: $(INSTALLED) ## recount and list each difference: tally.verify(); one counter: NAME=x
	@$(TALLY) verify $${NAME:+"$$NAME"}

.PHONY: repair
repair: $(INSTALLED) ## put differences right: tally.repair(); NAME=x, DRY_RUN=1
	@$(TALLY) repair $${NAME:+"$$NAME"} $(DRY)

.PHONY: expire
expire: $(INSTALLED) ## change what is due by rules of expiry: tally.expire_due()
	@$(TALLY) expire

.PHONY: cleanup
cleanup: $(INSTALLED) ## delete what is old: tally.clean_up(); NAME=x, DAYS=7, DRY_RUN=1
	@case "$$DAYS" in *[!0-9]*) \
	  echo "error: DAYS is \"$$DAYS\"" >&2; \
	  echo 'hint: a whole number, such as 7' >&2; exit 1;; \
	esac
	@$(TALLY) cleanup $${NAME:+"$$NAME"} $${DAYS:+"$$DAYS"} $(DRY)

.PHONY: cron
cron: $(INSTALLED) ## hand the schedule to pg_cron: tally.install_cron()
	@$(TALLY) cron

.PHONY: doctor
doctor: $(INSTALLED) ## check triggers, backlog and settings, with remedies: tally.doctor()
	@$(TALLY) doctor

.PHONY: status
status: $(INSTALLED) ## a quick look at pulse, backlog and counters: tally.status
	@$(TALLY) status

.PHONY: psql
psql: $(INSTALLED) ## open psql on the database, where there is a psql
	@$(TALLY) psql

.PHONY: bench
bench: $(INSTALLED) ## measure against no trigger and the usual row trigger; prints ratios
	@node --import=tsx bench/run.ts

.PHONY: load
load: $(INSTALLED) ## measure streams, reads and applications, beside others and what they replace
	@node --import=tsx bench/load/run.ts

.PHONY: soak
soak: $(INSTALLED) ## run random writers and seeded faults for long; nothing may differ from the recount
	@node --import=tsx test/soak.ts

.PHONY: lint
lint: $(INSTALLED) ## check style and types
	@npm run --silent lint

.PHONY: generate
generate: $(INSTALLED) ## write the generated files anew: sql/schema.sql, docs/sql-api.md
	@node --import=tsx test/generated.ts

.PHONY: check
check: $(INSTALLED) ## check that the generated files say what is true now
	@node --import=tsx test/generated.ts --check

.PHONY: build
build: $(INSTALLED) ## compile to dist/, as published
	@npm run --silent build

.PHONY: up
up: docker ## in containers, without the demo: PostgreSQL with pg_cron, and the server on 127.0.0.1:3000
	@docker compose up --detach --build

.PHONY: down
down: docker ## stop the containers; their data stays
	@docker compose down

$(INSTALLED): package.json package-lock.json | node
	@echo 'installing packages (npm ci)'
	@npm ci --no-audit --no-fund
	@touch $@

.PHONY: node
node:
	@case "$$(node --version 2>/dev/null)" in \
	  '') echo 'error: there is no node on PATH; pgtally needs Node.js 20.19 or newer' >&2; exit 1;; \
	  v[0-9].*|v1[0-9].*|v20.[0-9].*|v20.1[0-8].*) \
	    echo "error: this is Node.js $$(node --version); pgtally needs 20.19 or newer" >&2; exit 1;; \
	esac

.PHONY: docker
docker:
	@docker compose version >/dev/null 2>&1 || { \
	  echo 'error: docker compose does not answer; install Docker with its compose plugin' >&2; \
	  exit 1; }
