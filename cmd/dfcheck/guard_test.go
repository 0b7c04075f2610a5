package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/dfcheck/dfcheck/reports"
)

// TestGuardedReport: what the guard refuses is not written, and the program ends
// as after any other internal error.
func TestGuardedReport(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.json")
	s := settings{destinations: []reports.Destination{{Format: "json", Path: path}, {Format: "text", Path: "-"}},
		guard: func(string, []byte) error { return errors.New("internal error: a secret") }}
	var out bytes.Buffer
	err := s.write(&out, reports.New(reports.KindLoad, "test"))
	if f, ok := errors.AsType[*failure](err); !ok || f.code != reports.ExitUntested {
		t.Errorf("got %v, want exit code %d", err, reports.ExitUntested)
	}
	if _, err := os.Stat(path); err == nil || out.Len() > 0 {
		t.Errorf("the report was written: %v, %q", err, out.String())
	}
}
