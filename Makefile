# make test is what CI runs; the other targets take longer or need more.
GO ?= go

.PHONY: build test vet race bench test-long targets

build:
	$(GO) build -o bin/dfcheck ./cmd/dfcheck

test: vet
	$(GO) test -race ./...

vet:
	$(GO) vet ./...
	test -z "$$(gofmt -l $$(git ls-files '*.go'))"
	$(GO) tool staticcheck ./...

# Benchmarks with allocations.
bench:
	$(GO) test -run '^$$' -bench . -benchmem ./...

# The clean servers twenty times while every core is busy: no verdict may change.
test-long:
	DFCHECK_LONG=1 $(GO) test -timeout 60m -run 'TestUnderLoad' -v ./conformance

# Every target server in testdata/targets, against its expected verdicts.
targets:
	DFCHECK_TARGETS=all $(GO) test -timeout 60m -run 'TestTargets' -v ./cmd/dfcheck
