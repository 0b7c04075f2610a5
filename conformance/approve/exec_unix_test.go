//go:build unix

package approve

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A command that hangs or dies is told as such: neither is an answer of the server. What
// it started ends with it.
func TestExecHangsOrDies(t *testing.T) {
	children := filepath.Join(t.TempDir(), "children")
	if err := syscall.Mkfifo(children, 0o600); err != nil {
		t.Fatal(err)
	}
	for script, want := range map[string]string{
		"exec 3<>" + children + "; sleep 600 & sleep 600": "took longer than",
		"kill -9 $$":                        "was ended (signal: killed)",
		"echo the page is gone >&2; exit 7": "status 7: the page is gone",
	} {
		e := &Exec{host: "http://127.0.0.1", approve: []string{"sh", "-c", script}}
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		if !strings.HasPrefix(want, "took") {
			ctx = t.Context()
		}
		err := e.Decide(ctx, Verification{UserCode: "WDJB-MJHT"}, Approve)
		cancel()
		if err == nil || !strings.Contains(err.Error(), want) || errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v, want %q", script, err, want)
		}
	}
	// Nobody holds the pipe any more: to open it for writing alone finds no reader.
	if f, err := os.OpenFile(children, os.O_WRONLY|syscall.O_NONBLOCK, 0); err == nil {
		f.Close()
		t.Error("a child of the command goes on")
	}
}
