package waiver

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

// TestWaiverSchema holds schema, example and reader together: what one accepts the
// other does, and the schema has the keys of the type.
func TestWaiverSchema(t *testing.T) {
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(Schema))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("waivers.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("waivers.json")
	if err != nil {
		t.Fatal(err)
	}
	for text, good := range map[string]bool{
		Example: true,
		"[]":    true,
		"- {check: poll-003, reason: x, ticket: y, expires: '2026-12-31'}": true,
		"- {check: DF-POLL-003}":                                 false,
		"- {reason: x}":                                          false,
		"- {check: DF-POLL-003, reason: ' '}":                    false,
		"- {check: DF-POLL-003, reason: x, expires: soon}":       false,
		"- {check: DF-POLL-003, reason: x, expire: x}":           false,
		"{check: DF-POLL-003, reason: x}":                        false,
		"- DF-POLL-003":                                          false,
		"- {check: [DF-POLL-003], reason: x}":                    false,
		"- {check: DF-POLL-003, reason: x, expires: 2026-02-30}": false,
	} {
		path := filepath.Join(t.TempDir(), "waivers.yaml")
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(path); (err == nil) != good {
			t.Errorf("%s: read with %v, want good: %t", text, err, good)
		} else if err != nil && (strings.Contains(err.Error(), "waiver.") || strings.Contains(err.Error(), "!!")) {
			t.Errorf("%s: %v speaks of Go", text, err)
		}
		if err := schema.Validate(asJSON(t, text)); (err == nil) != good {
			t.Errorf("%s: the schema says %v, want good: %t", text, err, good)
		}
	}
	var parsed struct {
		Items struct{ Properties map[string]any }
	}
	if err := json.Unmarshal([]byte(Schema), &parsed); err != nil {
		t.Fatal(err)
	}
	for f := range reflect.TypeFor[Waiver]().Fields() {
		if parsed.Items.Properties[f.Tag.Get("yaml")] == nil {
			t.Errorf("the schema lacks %s", f.Tag.Get("yaml"))
		}
	}
}

// asJSON is a YAML document as a JSON Schema sees it: days are text.
func asJSON(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := yaml.Load([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	text = strings.ReplaceAll(string(data), "T00:00:00Z", "")
	out, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestProvisional: a new check is told, and fails nothing; what passed stays a pass.
func TestProvisional(t *testing.T) {
	r := spec.Requirement{Since: "2026.2", Provisional: true}
	for verdict, want := range map[reports.Verdict]reports.Verdict{reports.Fail: reports.Waived,
		reports.Warning: reports.Waived,
		reports.Pass:    reports.Pass, reports.Inconclusive: reports.Inconclusive, reports.Error: reports.Error} {
		got := provisional(reports.Check{Verdict: verdict, Reason: "because"}, r)
		told := "new in the requirements 2026.2, and provisional: it counts from the next minor release on (was: because)"
		if got.Verdict != want || want == reports.Waived && got.Reason != told {
			t.Errorf("%s becomes %s: %s", verdict, got.Verdict, got.Reason)
		}
	}
	if got := provisional(reports.Check{Verdict: reports.Fail},
		spec.Requirement{Since: "2026.2"}); got.Verdict != reports.Fail {
		t.Errorf("a check that counts becomes %s", got.Verdict)
	}
}

// TestWaive turns failures and warnings into waived ones up to the last day, and
// nothing else.
func TestWaive(t *testing.T) {
	day := func(s string) time.Time { d, _ := time.Parse(time.DateOnly, s); return d }
	ws := []Waiver{{Check: "poll-003", Reason: "known", Ticket: "T-1", Expires: "2026-12-31"}}
	check := func(v reports.Verdict) reports.Check {
		return reports.Check{ID: "DF-POLL-003", Verdict: v, Reason: "r"}
	}
	waived := reports.Check{ID: "DF-POLL-003", Verdict: reports.Waived, Reason: "T-1: known (was: r)"}
	for _, c := range []struct {
		now       time.Time
		got, want reports.Check
	}{
		{day("2026-12-31"), check(reports.Fail), waived},
		{day("2026-12-31").Add(23 * time.Hour), check(reports.Warning), waived},
		{day("2027-01-01"), check(reports.Fail), check(reports.Fail)}, // over
		{day("2026-12-31"), check(reports.Pass), check(reports.Pass)},
		{day("2026-12-31"), check(reports.Error), check(reports.Error)}, // ours, not the server's
		{day("2026-12-31"), reports.Check{ID: "DF-POLL-004", Verdict: reports.Fail},
			reports.Check{ID: "DF-POLL-004", Verdict: reports.Fail}},
	} {
		if d := cmp.Diff(c.want, Apply(c.got, ws, c.now)); d != "" {
			t.Errorf("%s %s: %s", c.now, c.got.Verdict, d)
		}
	}
}

// FuzzWaivers: a stranger's file is read, or its errors are told.
func FuzzWaivers(f *testing.F) {
	f.Add([]byte(Example))
	f.Add([]byte("- {check: DF-POLL-003, reason: x, expires: 2026-02-31}\n- {check: poll-003}\n"))
	f.Add([]byte("&a [*a]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		ws, err := parse(data, "w.yaml")
		if err == nil {
			for _, w := range ws {
				if _, err := w.lastDay(); err != nil || strings.TrimSpace(w.Reason) == "" {
					t.Errorf("%+v was taken", w)
				}
			}
		}
	})
}
