package conformance

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestRestarter: the command says by its exit status whether the server was restarted.
func TestRestarter(t *testing.T) {
	if (TargetConfig{}).restarter() != nil {
		t.Error("there is a restart without a command")
	}
	if runtime.GOOS == "windows" {
		t.Skip("needs a shell")
	}
	if err := (TargetConfig{Restart: []string{"sh", "-c", "exit 0"}}).restarter()(t.Context()); err != nil {
		t.Error(err)
	}
	err := (TargetConfig{Restart: []string{"sh", "-c", "exit 3"}}).restarter()(t.Context())
	if err == nil || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("a command that failed: %v", err)
	}
	said := func(script string) string {
		return (TargetConfig{Restart: []string{"sh", "-c", script}}).restarter()(t.Context()).Error()
	}
	if got := said(`for i in 1 2 3 4; do printf 'line\033 %s\n\n' $i >&2; done; exit 3`); !strings.HasSuffix(got,
		": exit status 3; its standard error ends: line 2 / line 3 / line 4") {
		t.Errorf("what a command said last: %q", got)
	}
	if got := said(`i=0; while [ $i -lt 3000 ]; do echo "line $i" >&2; i=$((i+1)); done; exit 3`); !strings.HasSuffix(got,
		"ends: line 2997 / line 2998 / line 2999") {
		t.Errorf("of much: %q", got)
	}
	if got := said("exit 3"); strings.Contains(got, "standard error") {
		t.Errorf("of nothing: %q", got)
	}
}

// TestRestarterWaitsForNoChild: the server that a command starts keeps the standard error
// that it was given, and is neither waited for nor ended.
func TestRestarterWaitsForNoChild(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs a shell")
	}
	done := filepath.Join(t.TempDir(), "done")
	script := `(while [ ! -e "$0.go" ]; do sleep 0.01; done; echo more >&2; echo alive > "$0") & exit 0`
	if err := (TargetConfig{Restart: []string{"sh", "-c", script, done}}).restarter()(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(done+".go", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 3000 {
		if text, _ := os.ReadFile(done); len(text) > 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("the child has ended")
}
