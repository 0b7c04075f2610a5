package reports

import (
	"bytes"
	"encoding/json"
	"flag"
	"html"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dfcheck/dfcheck/spec"
)

var update = flag.Bool("update", false, "write the golden files")

// hostile is what a server could put into its answers.
const hostile = "\x1b[31m<script>alert(1)</script> ]]> \x00 | `x` \u202e"

func sample() *Report {
	r := New(KindConformance, "v0")
	r.Run.Started = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	r.Run.DurationMS, r.Run.ExitCode = 1234, 1
	r.Target = Target{Host: "https://auth.example.com", Spec: "rfc8628", ChosenBy: "metadata"}
	r.Conformance = &Conformance{
		Checks: []Check{
			{ID: "DF-POLL-001", Group: "POLL", Level: "MUST", Title: "Pending", Source: "RFC 8628", Verdict: Pass,
				Power: "20 rounds: would have seen a fault that shows in 10 % of rounds with 88 % probability"},
			{ID: "DF-POLL-003", Group: "POLL", Level: "MUST", Title: "Pace", Source: "RFC 8628", Verdict: Fail,
				Reason: hostile,
				Findings: []Finding{
					{Verdict: Fail, Expected: "no slow_down", Actual: hostile, Exchanges: []string{"x1"}},
					{Verdict: Warning, Expected: "an integral interval", Actual: `"5"`, Count: 193,
						Exchanges: []string{"x1", "x2"}}}},
			{ID: "DF-POLL-004", Group: "POLL", Level: "SHOULD", Title: "Haste", Source: "RFC 8628", Verdict: Warning,
				Reason: "none came"},
			{ID: "DF-DENY-001", Group: "DENY", Level: "MUST", Title: "Denial", Source: "RFC 8628", Verdict: Skipped,
				Reason: "needs approve"},
			{ID: "DF-EXPIRY-001", Group: "EXPIRY", Level: "MUST", Title: "End", Source: "RFC 8628",
				Verdict: Inconclusive, Reason: "needs 900 s"},
			{ID: "DF-SEC-001", Group: "SEC", Level: "MUST", Title: "Random", Source: "RFC 8628", Verdict: Error,
				Reason: "internal error"},
		},
		Exchanges: []Exchange{{ID: "x1", Scenario: "steady polls",
			Request: Request{Method: "POST", URL: "https://auth.example.com/token"},
			Response: &Response{Status: 400, Proto: "HTTP/1.1", Headers: map[string][]string{"X": {hostile}},
				Body: hostile},
			Curl: "curl 'x'"}},
	}
	r.Conformance.Summary = Tally(r.Conformance.Checks)
	r.Conformance.Mitigations = &Inventory{
		Rows: []Mitigation{
			{Section: "6.1.2", Name: "Short-lived codes", Effect: "disrupts", State: NotJudged,
				Evidence: "DF-EXPIRY-001 was not decided: needs 900 s"},
			{Section: "6.1.13", Name: "User education", Effect: "prevents", State: NotSeen, Evidence: hostile},
		},
		Assessment: []string{"Of the 2 mitigations, this run has seen: none.", "Not seen: user education.",
			"Only the assessment can say the rest."},
	}
	return r
}

func TestFormats(t *testing.T) {
	for _, name := range FormatsFor("") {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := format(name)(&b, sample()); err != nil {
				t.Fatal(err)
			}
			if name != "json" && strings.ContainsAny(b.String(), "\x1b\x00") {
				t.Error("control characters of the server reach the reader")
			}
			if name == "html" && strings.Contains(b.String(), "<script>alert") {
				t.Error("markup of the server is not escaped")
			}
			golden(t, "report."+name, content(name, b.String()))
		})
	}
}

// content is what a format says of a report: of a page all but its style and its
// scripts, which stand in page/, and their hashes. The words of the catalogue, which
// change more often than the form that they are shown in, are left out of all.
func content(format, text string) string {
	text = wordless().Replace(text)
	if format != "html" {
		return text
	}
	return ownFiles.ReplaceAllString(text, "$1…$2")
}

// wordless takes the texts of the catalogue out, the longest first.
var wordless = sync.OnceValue(func() *strings.Replacer {
	var all, pairs []string
	for _, r := range spec.Catalogue() {
		all = append(all, r.Rationale, r.How, r.Fails, r.Warns, r.Undecided, r.Remedy)
	}
	slices.SortFunc(all, func(a, b string) int { return len(b) - len(a) })
	for _, words := range slices.DeleteFunc(all, func(s string) bool { return s == "" }) {
		quoted, _ := json.Marshal(words) // of a string
		pairs = append(pairs, strings.Trim(string(quoted), `"`), "(catalogue)", html.EscapeString(words), "(catalogue)")
	}
	return strings.NewReplacer(pairs...)
})

var ownFiles = regexp.MustCompile(`(?s)(<style>|<script>|&#39;sha256-).*?(</style>|</script>|&#39;)`)

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s changed (-want +got), -update writes it:\n%s", path, d)
	}
}

func TestReadGivesBackWhatWasWritten(t *testing.T) {
	var b bytes.Buffer
	if err := encodeJSON(&b, sample()); err != nil {
		t.Fatal(err)
	}
	got, err := Read(&b)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(sample(), got); d != "" {
		t.Error(d)
	}
	if _, err := Read(strings.NewReader(`{"schema":"other/v9"}`)); err == nil ||
		!strings.Contains(err.Error(), "other/v9") {
		t.Errorf("a foreign document is read: %v", err)
	}
}

func TestDestinations(t *testing.T) {
	for text, want := range map[string]string{
		"json":       "not FORMAT=PATH",
		"jsn=a.json": `the nearest is "json"`,
	} {
		if _, err := ParseDestination(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseDestination(%q) = %v, want %q in it", text, err, want)
		}
	}
	dir := t.TempDir()
	for _, path := range []string{dir, filepath.Join(dir, "missing", "a.json")} {
		if (Destination{Format: "json", Path: path}).Check() == nil {
			t.Errorf("%s can be written", path)
		}
	}
}

// A failed write leaves what was there before, and nothing beside it.
func TestWriteFileIsWhole(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "r.json")
	if err := os.WriteFile(path, []byte("before"), 0o666); err != nil {
		t.Fatal(err)
	}
	err := WriteFile(path, func(w io.Writer) error { io.WriteString(w, "half"); return io.ErrClosedPipe })
	if err == nil {
		t.Fatal("no error")
	}
	if got, _ := os.ReadFile(path); string(got) != "before" {
		t.Errorf("the file holds %q", got)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("%d files are left", len(entries))
	}
}
