# make test is what CI runs; the other targets take longer or need more.
GO ?= go

.PHONY: build test vet race bench bench-peers test-long targets

build:
	$(GO) build -o bin/dfcheck ./cmd/dfcheck

# Tests that repeat one run or one recording many times: the race detector would see
# in them what it sees elsewhere.
REPETITIONS = TestNoCheckFailsForAProxy|TestSelectionChangesNoVerdict|TestRaceVerdictsDoNotFlip|TestLenient$$|TestJudgeAgain|TestSlowApprover|TestRacesSayTheirPower

# The race detector sees an eighth of the reference servers a day; without it all
# of them are checked.
test: vet
	$(GO) test -timeout 40m ./conformance
	$(GO) test -timeout 40m -race -skip '$(REPETITIONS)' ./...

vet:
	$(GO) vet ./...
	test -z "$$(gofmt -l $$(git ls-files '*.go'))"
	$(GO) tool staticcheck ./...

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
	DFCHECK_LONG=1 $(GO) test -timeout 120m -parallel 50 -run 'TestUnderLoad|Long$$' -v ./conformance
	DFCHECK_LONG=1 $(GO) test -timeout 120m -run 'Long$$' -v ./load ./cmd/dfcheck

# Every target server in testdata/targets, against its expected verdicts; then all
# of them side by side.
targets:
	DFCHECK_TARGETS=all DFCHECK_REPORTS=$(CURDIR)/bin/targets $(GO) test -timeout 60m -count=1 -run 'TestTargets' -v ./cmd/dfcheck
	$(GO) run ./cmd/dfcheck report matrix bin/targets/*.json --rows groups
	$(GO) run ./cmd/dfcheck report matrix bin/targets/*.json --to html=bin/targets/matrix.html
