package checks

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/spec/refserver"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestJudgeAgain: a saved transcript gives the verdicts of the run, findings
// included, and holds no secret.
func TestJudgeAgain(t *testing.T) {
	for _, name := range []string{"", "code-reusable", "device-code-seeded-by-the-second", "user-code-from-device-code",
		"decision-exempt-from-csrf"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := bench{server: embedded("documented-v1")}
			if name != "" {
				f, err := refserver.FaultNamed(name)
				if err != nil {
					t.Fatal(err)
				}
				b.faults = []refserver.Fault{f}
			}
			var live []Result
			var saved bytes.Buffer
			b.inBubble(t, func(ctx context.Context, run *Run) {
				live = run.Conform(ctx)
				if err := run.Transcript().Save(&saved); err != nil {
					t.Error(err)
				}
				if err := run.Target.Guard("transcript", saved.Bytes()); err != nil {
					t.Error(err)
				}
			})
			again, err := Load(&saved)
			if err != nil {
				t.Fatal(err)
			}
			results, err := Judge(again, All())
			if err != nil {
				t.Fatal(err)
			}
			but := cmp.Options{cmpopts.IgnoreFields(Result{}, "Check"), cmpopts.IgnoreUnexported(Result{})}
			if d := cmp.Diff(live, results, but); d != "" {
				t.Errorf("judged again (-live +again):\n%s", d)
			}
		})
	}
}

// TestTranscripts: what was recorded of real servers is judged as it was then.
// A verdict that changes is a change of meaning.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("../../testdata/transcripts/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			f, err := os.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			saved, err := Load(f)
			if err != nil {
				t.Fatal(err)
			}
			results, err := Judge(saved, All())
			if err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			for _, r := range results {
				fmt.Fprintf(&b, "%s %s\n", r.Check.ID, r.Verdict)
			}
			golden := strings.TrimSuffix(file, ".jsonl") + ".verdicts"
			if *update {
				if err := os.WriteFile(golden, []byte(b.String()), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(b.String(), "\n")); d != "" {
				t.Errorf("verdicts changed (-want +got):\n%s", d)
			}
		})
	}
}
