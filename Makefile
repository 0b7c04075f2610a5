# make test is what CI runs; the other targets take longer or need more.
GO ?= go

.PHONY: build test vet cross race bench bench-peers test-long test-hostile targets manual e2e-kubernetes fuzz tools dist \
	test-packages release lint-ci vulns

build:
	$(GO) build -o bin/dfcheck ./cmd/dfcheck

# Packages whose tests compute so much that the race detector would double the time of make
# test. Of the checks and of the command it sees the tests that show a race of what they
# run, whole runs in bubbles and over sockets, and of load the servers that take their turn
# that day (spec/refserver/daily); what reports, spec and the limits run is seen there too.
COSTLY = $(addprefix github.com/dfcheck/dfcheck/,conformance/checks cmd/dfcheck load load/limits reports spec)
CHEAP = $(filter-out $(COSTLY),$(shell $(GO) list ./...))
RACED = TestCleanServer|TestKillMatrix|TestKillLive|AtTerminal$$|TestFollow|TestPlainLines|TestInterrupt|TestLive|TestFourShards|TestTokenOfTwoShards|TestSuite

# Servers and clients that others wrote come from registries; go test alone needs no
# network. The commands wait, most of them together, while the others compute; so do some
# of the cheap packages, which is why four of them run at a time.
test: export DFCHECK_FETCH = 1
test: vet cross
	$(GO) test -timeout 40m $(COSTLY)
	$(GO) test -timeout 40m -race -run '$(RACED)' ./conformance/checks ./cmd/dfcheck
	$(GO) test -timeout 40m -race -p 4 $(CHEAP) ./load

vet:
	$(GO) vet ./...
	test -z "$$(gofmt -l $$(git ls-files '*.go'))"
	$(GO) tool staticcheck ./...

# The other systems that dfcheck is for: vet compiles what is imported and type-checks
# the rest, tests included. Nothing depends on the processor, so make test looks at one
# for each system; make cross alone looks at all.
CROSS = windows/amd64 windows/arm64 darwin/amd64 darwin/arm64 freebsd/amd64 freebsd/arm64
test: CROSS = windows/amd64 darwin/arm64 freebsd/amd64
cross:
	for p in $(CROSS); do \
	  GOOS=$${p%/*} GOARCH=$${p#*/} $(GO) vet ./... || { echo "cross: $$p does not build"; exit 1; }; \
	done

# What packages hold beside the program: manual pages, completions for the shells, and
# a changelog in their form.
VERSION ?= 0.0.0
DATE ?= $(shell git log -1 --format=%cI)
manual:
	rm -rf bin/share
	$(GO) run ./cmd/dfcheck man bin/share/man
	gzip -9nk bin/share/man/*.1
	mkdir -p bin/share/completions
	for shell in bash zsh fish powershell; do \
	  $(GO) run ./cmd/dfcheck completion $$shell > bin/share/completions/dfcheck.$$shell || exit 1; \
	done
	printf -- '- semver: %s\n  date: %s\n  packager: %s\n  changes: [{note: What changed stands in CHANGELOG.md}]\n' \
	  '$(VERSION)' '$(DATE)' 'dfcheck maintainers <dfcheck@users.noreply.github.com>' > bin/share/changelog.yml

# The tools of releases, in the versions of .ci/tools/go.mod. Some minutes at first.
TOOLS = PATH="$(CURDIR)/bin/tools:$$PATH"
tools:
	$(GO) build -C .ci/tools -o $(CURDIR)/bin/tools/ tool

# A snapshot of a release in bin/dist: archives, packages, checksums, SBOMs, image.
dist: tools
	$(TOOLS) TAP_TOKEN=none GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=remote.origin.url \
	  GIT_CONFIG_VALUE_0=https://github.com/dfcheck/dfcheck.git goreleaser release --snapshot --clean
	$(GO) run -C .ci/image . -dist $(CURDIR)/bin/dist -out $(CURDIR)/bin/dist/image

# The packages and the image of `make dist`: held to lintian and rpmlint, installed,
# run, removed. It needs root, and installs what it needs from Debian.
test-packages:
	bash .ci/packages

# What CI publishes for the tag $$TAG, with its section of the changelog as notes.
release: tools
	mkdir -p bin
	awk -v head="## [$${TAG#v}]" 'index($$0, head) == 1 { on = 1; next } /^## \[/ { on = 0 } on' CHANGELOG.md > bin/notes.md
	test -s bin/notes.md || { echo "release: CHANGELOG.md has no section for $$TAG"; exit 1; }
	$(TOOLS) goreleaser release --clean --release-notes bin/notes.md

# Workflows, the action and the scripts of CI.
lint-ci: tools
	$(TOOLS) actionlint
	$(TOOLS) goreleaser check

# Known vulnerabilities in what dfcheck calls, by the database at vuln.go.dev.
vulns:
	$(GO) run golang.org/x/vuln/cmd/govulncheck@v1.9.0 ./...

# Benchmarks with allocations.
bench:
	$(GO) test -run '^$$' -bench . -benchmem ./...

# What a poll costs beside vegeta, k6 and wrk, against the limits: a table, in
# about a quarter of an hour. ROUNDS=1 and ONLY=rate,max measure less.
ROUNDS ?= 3
bench-peers:
	$(GO) run ./load/bench -rounds $(ROUNDS) -only '$(ONLY)'

# The clean servers twenty times while every core is busy: no verdict may change.
# Capacity searches, forecasts and violations at full size.
test-long:
	DFCHECK_LONG=1 $(GO) test -timeout 120m -parallel 50 -run 'TestUnderLoad|Long$$' -v ./conformance/checks
	DFCHECK_LONG=1 $(GO) test -timeout 120m -run 'Long$$' -v ./load/... ./cmd/dfcheck ./spec/refserver

# Every behaviour of testdata/hostile against every command: half an hour, most of it
# waiting. HOSTILE and COMMAND choose.
test-hostile:
	DFCHECK_LONG=1 $(GO) test -timeout 120m -count=1 -run 'TestHostileLong$$|TestKilledLong|TestDiskFullLong|TestFewDescriptorsLong|TestReadOnlyLong|TestFewPortsLong|TestSlowlorisLong|TestClockIsSetLong' -v ./cmd/dfcheck

# Every parser of bytes that a server or a stranger made, FUZZTIME each, one after the
# other; FUZZ chooses (FUZZ=load/). Logs are in bin/fuzz. An input that breaks something
# is left in testdata/fuzz of its package, where go test finds it from then on.
FUZZTIME ?= 10m
fuzz:
	mkdir -p bin/fuzz
	git grep -o '^func Fuzz[A-Za-z]*' -- '*_test.go' | sed 's|/[^/]*:func |:|' | grep '$(FUZZ)' | { failed=0; \
	  while IFS=: read -r dir name; do \
	    log="bin/fuzz/$$(echo "$$dir" | tr / -)-$$name.log"; \
	    $(GO) test "./$$dir" -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 5s > "$$log" 2>&1 || failed=1; \
	    echo "$$dir $$name: $$(grep -m1 -e '^--- FAIL' "$$log" || grep '^fuzz: elapsed' "$$log" | tail -1)"; \
	  done; exit $$failed; }

# Every target server in testdata/targets, against its expected verdicts; then all
# of them side by side. A run waits more than it computes: ten minutes in all.
targets:
	DFCHECK_FETCH=1 DFCHECK_TARGETS=all DFCHECK_REPORTS=$(CURDIR)/bin/targets $(GO) test -timeout 60m -count=1 -parallel 5 -run 'TestTargets' -v ./cmd/dfcheck
	$(GO) run ./cmd/dfcheck report matrix bin/targets/*.json --rows groups
	$(GO) run ./cmd/dfcheck report matrix bin/targets/*.json --to html=bin/targets/matrix.html

# Shards as pods, on the cluster that KUBECONFIG points to: what becomes of the run
# when pods are evicted, killed, stopped. About six minutes; IMAGE is one of this
# commit that the cluster can fetch (load/kubernetes/README.md).
e2e-kubernetes:
	DFCHECK_KUBERNETES=1 IMAGE='$(IMAGE)' $(GO) test -timeout 40m -count=1 -run 'TestKubernetes$$' -v ./cmd/dfcheck
