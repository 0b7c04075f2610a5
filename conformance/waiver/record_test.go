package waiver

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/dfcheck/dfcheck/reports"
)

// TestRecordedWaivers: what a server sent is text in the file, and a run with the file
// waives what was recorded.
func TestRecordedWaivers(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	checks := []reports.Check{
		{ID: "DF-POLL-003", Verdict: reports.Fail, Reason: "\x1b[1m \"${HOME}\" : # - 'x'\n- check: DF-POLL-001 \\ \u202e"},
		{ID: "DF-POLL-004", Verdict: reports.Warning, Reason: "late"},
		{ID: "DF-POLL-001", Verdict: reports.Pass},
		{ID: "DF-POLL-005", Verdict: reports.Waived, Reason: "known"},
	}
	for _, warnings := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "waivers.yaml")
		w := Record{Path: path, Until: now.AddDate(0, 0, 30), Warnings: warnings}
		out, err := w.Write(checks, now, nil)
		if want := map[bool]int{false: 1, true: 2}[warnings]; err != nil || len(out.New) != want {
			t.Fatalf("%+v, %v; want %d", out, err, want)
		}
		ws, err := Read(path)
		if err != nil {
			t.Fatal(err)
		}
		if want := `recorded on 2026-01-02: \x1b[1m "${HOME}" : # - 'x'` + "\n" + `- check: DF-POLL-001 \ \u202e`; ws[0].Reason != want ||
			ws[0].Expires != "2026-02-01" {
			t.Errorf("read %+v", ws[0])
		}
		if c := Apply(checks[0], ws, now); c.Verdict != reports.Waived {
			t.Errorf("not waived: %+v", c)
		}
		if again, err := w.Write(checks, now, nil); err != nil || again.New != nil || len(again.Known) != len(out.New) {
			t.Errorf("a second time: %+v, %v", again, err)
		}
	}
}

// TestRecordedWaiversAreGuarded: a secret keeps the file as it was.
func TestRecordedWaiversAreGuarded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "waivers.yaml")
	guard := func(_ string, text []byte) error {
		if bytes.Contains(text, []byte("secret-value")) {
			return errors.New("internal error")
		}
		return nil
	}
	_, err := Record{Path: path, Until: time.Now()}.Write([]reports.Check{{ID: "DF-POLL-003", Verdict: reports.Fail,
		Reason: "got secret-value"}}, time.Now(), guard)
	if _, missing := os.Stat(path); err == nil || missing == nil {
		t.Errorf("written: %v", err)
	}
}
