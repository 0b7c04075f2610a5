package conformance

import (
	"runtime"
	"strings"
	"testing"
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
}
