package main

import (
	"os"
	"testing"
)

// fetch gets software that others wrote from a package registry, for a test of it.
// Without DFCHECK_FETCH, which make test sets, the test is skipped: go test needs no
// network. A registry that cannot be reached skips it as well, but not in CI.
func fetch(t *testing.T, what string, get func() ([]byte, error)) {
	t.Helper()
	if os.Getenv("DFCHECK_FETCH") == "" {
		t.Skipf("fetches %s from a registry: DFCHECK_FETCH=1, as in make test", what)
	}
	if out, err := get(); err != nil {
		if os.Getenv("CI") == "" {
			t.Skipf("SKIPPED: %s cannot be fetched or built: %v\n%s", what, err, out)
		}
		t.Fatalf("%s cannot be fetched or built: %v\n%s", what, err, out)
	}
}
