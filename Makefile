# make test is what CI runs; the other targets take longer or need more.
GO ?= go

.PHONY: build test vet cross race bench bench-peers test-long test-hostile targets manual e2e-kubernetes

build:
	$(GO) build -o bin/dfcheck ./cmd/dfcheck

# The tests of the checks that show a race of the engine: whole runs in bubbles and
# over sockets. The others repeat such runs many times, which the detector makes slow.
RACED = TestCleanServer|TestKillMatrix|TestKillLive

# Servers and clients that others wrote come from registries; go test alone needs no
# network. The race detector sees an eighth of the faulty servers a day; without it
# all of them are checked.
test: export DFCHECK_FETCH = 1
test: vet cross
	$(GO) test -timeout 40m ./conformance/checks
	$(GO) test -timeout 40m -race -run '$(RACED)' ./conformance/checks
	$(GO) test -timeout 40m -race $$($(GO) list ./... | grep -v '/conformance/checks$$')

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

# Manual pages and completions for the shells, as packages have them.
manual:
	rm -rf bin/share
	$(GO) run ./cmd/dfcheck man bin/share/man
	mkdir -p bin/share/completions
	for shell in bash zsh fish powershell; do \
	  $(GO) run ./cmd/dfcheck completion $$shell > bin/share/completions/dfcheck.$$shell || exit 1; \
	done

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
	DFCHECK_LONG=1 $(GO) test -timeout 120m -run 'Long$$' -v ./load/... ./cmd/dfcheck

# Every behaviour of testdata/hostile against every command: half an hour, most of it
# waiting. HOSTILE and COMMAND choose.
test-hostile:
	DFCHECK_LONG=1 $(GO) test -timeout 120m -count=1 -run 'TestHostileLong$$|TestKilledLong|TestDiskFullLong|TestFewDescriptorsLong' -v ./cmd/dfcheck

# Every target server in testdata/targets, against its expected verdicts; then all
# of them side by side. A run waits more than it computes: ten minutes in all.
targets:
	DFCHECK_FETCH=1 DFCHECK_TARGETS=all DFCHECK_REPORTS=$(CURDIR)/bin/targets $(GO) test -timeout 60m -count=1 -parallel 4 -run 'TestTargets' -v ./cmd/dfcheck
	$(GO) run ./cmd/dfcheck report matrix bin/targets/*.json --rows groups
	$(GO) run ./cmd/dfcheck report matrix bin/targets/*.json --to html=bin/targets/matrix.html

# Shards as pods, on the cluster that KUBECONFIG points to: what becomes of the run
# when pods are evicted, killed, stopped. About six minutes; IMAGE is one of this
# commit that the cluster can fetch (load/kubernetes/README.md).
e2e-kubernetes:
	DFCHECK_KUBERNETES=1 IMAGE='$(IMAGE)' $(GO) test -timeout 40m -count=1 -run 'TestKubernetes$$' -v ./cmd/dfcheck
