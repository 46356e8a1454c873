# Everything runs in the project's own environment; what is needed beforehand: Python 3.11, git, make.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3.11
BIN := .venv/bin
UV := $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-annotate --no-header
JOBS ?= $(shell nproc)
NATIVE := $(wildcard src/tirage/mockup/native/*.[ch])

.PHONY: help demo demo-video bench-video bench-remotion test test-chaos test-drills test-security test-peers test-ui test-browser test-preview test-remotion screenshots studio-types chromium contact-sheet lint types imports unit rows reference pictures bench bench-jobs bench-catalogue bench-smoke simulate references goldens blender test-blender garment bake studio pins ci-deps clean native

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' | while IFS='|' read -r name text; do printf '  make %-12s %s\n' "$$name" "$$text"; done

# One environment per requirements file: $(1) folder, $(2) file.
define environment
	@command -v $(PYTHON) >/dev/null || { echo "Tirage needs Python 3.11 as '$(PYTHON)': install it, or name another with 'make PYTHON=/path/to/python3.11 …'." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Tirage needs Python 3.11 or newer, and '$(PYTHON)' is older: name another with 'make PYTHON=/path/to/python3.11 …'." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "'$(PYTHON)' has no venv module: install it (on Debian: apt-get install python3.11-venv)." >&2; exit 1; }
	@test -x $(1)/bin/python || $(PYTHON) -m venv $(1)
	$(1)/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes -r $(2)
endef

.venv/.ready: requirements/dev.txt pyproject.toml hatch_build.py
	$(call environment,.venv,requirements/dev.txt)
	$(BIN)/python -m pip --disable-pip-version-check install --quiet --no-deps --no-build-isolation -e .
	@touch $@

src/tirage/mockup/native/_kernels.stamp: .venv/.ready $(NATIVE) hatch_build.py
	@$(BIN)/python hatch_build.py
	@touch $@

native: src/tirage/mockup/native/_kernels.stamp ## compile the C kernels in place

demo: native ## a design becomes six pictures and a turntable in out/demo
	$(BIN)/tirage mockup examples/design.png --out out/demo

demo-video: .venv/.ready ## records a session, syncs, locks and renders it into out/demo-video
	$(BIN)/python examples/record_session.py out/demo-video
	$(BIN)/tirage video sync out/demo-video/session.json --write
	$(BIN)/tirage video ingest out/demo-video/session.json --light
	$(BIN)/tirage video lock out/demo-video/session.json
	$(BIN)/tirage video render out/demo-video/session.json --format full_16_9 --format short_9_16 --format clip_1_1 --format thumbnail --out out/demo-video/videos

bench-video: .venv/.ready ## measure renders of videos against coding a file that is cut already (LONG=1 adds ten minutes, WRITE=1 writes its page)
	$(BIN)/python -m bench.video $(if $(LONG),--long) $(if $(WRITE),--write)

bench-remotion: bench/remotion/build/index.html ## install Remotion from npm, for bench-video and test-remotion

test: lint types imports unit ## style, types, import rules and all tests

lint: .venv/.ready
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: .venv/.ready
	$(BIN)/mypy

imports: .venv/.ready
	$(BIN)/lint-imports

unit: native
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n $(JOBS) --dist loadfile
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

test-chaos: native ## workers are killed, stopped and drained on both databases (about ten minutes)
	$(BIN)/python -m pytest tests/chaos -p no:cacheprovider -o faulthandler_timeout=1800

test-drills: native ## storage away, two machines, an upgrade while jobs run, back-up and restore (about five minutes)
	$(BIN)/python -m pytest tests/drills -p no:cacheprovider -s --show-capture=no -o faulthandler_timeout=600

test-security: native ## hostile clients: pictures, bodies, names, addresses, slow lines; every route against its description (minutes)
	$(BIN)/python -m pytest tests/security -p no:cacheprovider -s -o faulthandler_timeout=1800

test-peers: native ## a real Medusa from npm: suites, the fake compared with it, kills (PEER_PUBLISHES=1000: the long run)
	@node -e 'process.exit(Number.parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null || { echo "make test-peers needs Node.js 20 or newer with npm: install it." >&2; exit 1; }
	$(BIN)/python -m pytest tests/peers -p no:cacheprovider -s -o faulthandler_timeout=7200

test-ui: native chromium tests/ui/node_modules/.ready ## what only a browser can judge: models in a 3-D viewer
	$(BIN)/python tests/ui/prepare.py out/ui
	cd tests/ui && TIRAGE_UI_OUT=$(CURDIR)/out/ui CHROMIUM="$$(command -v chromium)" timeout 240 node --test

test-browser: native chromium studio ## the web interface and its preview, in a browser on a real server (SLACK=10 on a busy machine)
	cd ui && CHROMIUM="$$(command -v chromium)" timeout 900 node --test --test-concurrency=1 test/*.test.js
	CHROMIUM="$$(command -v chromium)" $(BIN)/python -m pytest tests/browser -p no:cacheprovider -s -o faulthandler_timeout=900

test-remotion: .venv/.ready chromium bench/remotion/build/index.html ## Remotion as the renderer: a few seconds, every frame against the edit (minutes)
	$(BIN)/python -m pytest tests/remotion -p no:cacheprovider -s -o faulthandler_timeout=900

bench/remotion/build/index.html: bench/remotion/package-lock.json bench/remotion/src/index.jsx
	@node -e 'process.exit(Number.parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null || { echo "Remotion needs Node.js 20 or newer with npm: install it." >&2; exit 1; }
	npm install --prefix bench/remotion --silent --no-save # not ci: the lock leaves out what other systems would need
	cd bench/remotion && node node_modules/@remotion/cli/remotion-cli.js bundle src/index.jsx --out-dir build --disable-git-source --log=error
	@touch $@

test-preview: native chromium ui/node_modules/.ready ## the preview against the renderer: every view in each of three colours (three times what test-browser compares)
	CHROMIUM="$$(command -v chromium)" TIRAGE_PREVIEW_ALL=1 $(BIN)/python -m pytest tests/browser -p no:cacheprovider -s -o faulthandler_timeout=1800

screenshots: native chromium studio ## every page of the web interface, light and dark, desktop and phone, in out/studio
	cd ui && CHROMIUM="$$(command -v chromium)" node test/screenshots.js

tests/ui/node_modules/.ready: tests/ui/package-lock.json
	@node -e 'process.exit(Number.parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null || { echo "make test-ui needs Node.js 20 or newer with npm: install it." >&2; exit 1; }
	npm ci --prefix tests/ui --silent
	@touch $@

chromium:
	@command -v chromium >/dev/null || { test "$$(id -u)" = 0 && apt-get -qq update && apt-get -qqy install --no-install-recommends chromium >/dev/null; } || { echo "this needs the browser Chromium: install it (on Debian: apt-get install chromium)." >&2; exit 1; }

studio: src/tirage/web/studio/index.html ## build the web interface

src/tirage/web/studio/index.html: ui/node_modules/.ready $(shell find ui/src ui/public ui/index.html ui/*.json ui/vite.config.ts -type f 2>/dev/null)
	npm run --prefix ui --silent build

studio-types: .venv/.ready ui/node_modules/.ready ## the web interface's types, from the description of the routes
	$(BIN)/python scripts/studio_types.py

ui/node_modules/.ready: ui/package-lock.json
	@node -e 'process.exit(Number.parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null || { echo "make studio needs Node.js 20 or newer with npm: install it." >&2; exit 1; }
	npm ci --prefix ui --silent
	@touch $@

rows: .venv/.ready ## which acceptance rows the tests show
	@$(BIN)/python scripts/rows.py

reference: .venv/.ready ## write the pages of docs that come from the code
	$(BIN)/python scripts/reference.py

contact-sheet: native ## every view, colour and kind of print at 2048 with crops, in out/contact-sheet
	$(BIN)/python -m bench.contact_sheet

pictures: native ## render the pictures in README.md again
	$(BIN)/python scripts/hero.py
	$(BIN)/python scripts/products.py

garment: native ## drape the garment again from its pattern and finish it
	$(BIN)/python templates/tee/drape.py
	$(BIN)/python templates/tee/finish.py
	$(BIN)/python templates/tee/detail.py

# The finish and the maps of the drape that ships; `make garment` drapes again first.
templates/tee/build/garment.npz: | native
	$(BIN)/python templates/tee/finish.py
	$(BIN)/python templates/tee/detail.py

bake: native .venv-blender/.ready templates/tee/build/garment.npz ## bake the garment's light in Blender and pack the template again
	$(BIN)/python templates/tee/params.py
	$(BIN)/tirage template bake tee

test-blender: native ## the tests that need Blender: TIRAGE_BLENDER, or what `make blender` makes
	@test -n "$${TIRAGE_BLENDER:-}" || $(MAKE) --no-print-directory blender
	$(BIN)/python -m pytest -o faulthandler_timeout=1800 tests/blender

goldens: native ## make the golden pictures again; look at every one before committing
	$(BIN)/python -m tests.golden

bench: native ## measure quality and speed, write docs/benchmarks.md
	$(BIN)/python -m bench $(if $(wildcard .venv-blender/.ready),--blender .venv-blender/bin/python)

bench-jobs: native ## measure what jobs, queues and workers cost, on both databases; write docs/benchmarks-jobs.md
	$(BIN)/python -m bench.jobs --write

simulate: .venv/.ready ## a large shop's year in virtual time: how long orders wait, and what limits (two minutes)
	$(BIN)/python -m bench.simulate

bench-catalogue: native ## customers' orders while a catalogue of 2,000 is made (about a minute)
	$(BIN)/python -m bench.catalogue

bench-smoke: native ## a short run of the same, against loose bounds
	$(BIN)/python -m bench --smoke

references: .venv-blender/.ready ## render the path-traced references (about an hour)
	.venv-blender/bin/python bench/references.py

blender: .venv-blender/.ready ## Blender's environment, for baking and references

.venv-blender/.ready: requirements/blender.txt
	$(call environment,.venv-blender,requirements/blender.txt)
	@touch $@

pins: .venv/.ready ## compile requirements/*.txt again (UPGRADE=1 for newer versions)
	for name in run server video dev blender; do $(UV) $(if $(UPGRADE),--upgrade) --output-file requirements/$$name.txt requirements/$$name.in; done
	@! grep -nE '://|^ *(-i|--index-url|--extra-index-url|--find-links)' requirements/*.txt

ci-deps: chromium ## install the system packages that tests need

clean: ## delete what was made, environments too
	rm -rf .venv .venv-blender tests/ui/node_modules bench/remotion/node_modules bench/remotion/build build dist out .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	rm -f src/tirage/mockup/native/_kernels*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
