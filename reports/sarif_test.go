package reports

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func sarifOf(t *testing.T, r *Report) sarifRun {
	t.Helper()
	var b bytes.Buffer
	if err := writeSARIF(&b, r); err != nil {
		t.Fatal(err)
	}
	var log sarifLog
	if err := json.Unmarshal(b.Bytes(), &log); err != nil {
		t.Fatal(err)
	}
	return log.Runs[0]
}

// TestSARIF: a result for each class of finding, with its rule and its place; what is
// waived is suppressed, what was not judged is told and accuses nobody.
func TestSARIF(t *testing.T) {
	r := sample()
	r.Conformance.Checks = append(r.Conformance.Checks, Check{ID: "DF-AUTHZ-003", Level: "MUST", Title: "Types",
		Source: "RFC 8628 section 3.2", Verdict: Waived, Reason: "known, ticket 7",
		Findings: []Finding{{Verdict: Fail, Expected: "a string", Actual: "a number", Exchanges: []string{"x1"}}}})
	r.Run.Config = "ci/my config.yaml"
	r.Conformance.Checks[2].Reason = "[none](http://evil.example) came"
	run := sarifOf(t, r)
	var got []string
	for _, res := range run.Results {
		got = append(got, res.RuleID+" "+res.Level)
		if strings.Contains(res.Message.Text, "](") {
			t.Errorf("a server makes a link: %s", res.Message.Text)
		}
		if rule := run.Tool.Driver.Rules[res.RuleIndex]; rule.ID != res.RuleID || rule.Help.Text == "" {
			t.Errorf("the rule of %s is %+v", res.RuleID, rule)
		}
		if where := res.Locations[0].Physical; where.Artifact.URI != "ci/my%20config.yaml" || where.Region.StartLine != 1 {
			t.Errorf("%s is at %+v", res.RuleID, where)
		}
		if waived := res.RuleID == "DF-AUTHZ-003"; waived != (len(res.Suppressions) == 1) {
			t.Errorf("%s has the suppressions %v", res.RuleID, res.Suppressions)
		}
	}
	want := []string{"DF-POLL-003 error", "DF-POLL-003 warning", "DF-POLL-004 warning", "DF-AUTHZ-003 error"}
	if !slices.Equal(got, want) {
		t.Errorf("results are %q, want %q", got, want)
	}
	notes, err := json.Marshal(run.Invocations[0].Notifications)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"skipped: needs approve", "inconclusive: needs 900 s", "error: internal error"} {
		if !strings.Contains(string(notes), want) {
			t.Errorf("no notification says %q:\n%s", want, notes)
		}
	}
	if url := run.Tool.Driver.Rules[5].HelpURI; !strings.HasSuffix(url,
		"/conformance/checks/README.md#"+strings.ToLower(run.Tool.Driver.Rules[5].ID)) {
		t.Errorf("the help is at %q", url)
	}
}

// TestSARIFOfLoad: violations and missed thresholds are results; what breaks no rule is
// a note, and what was met or not judged is none.
func TestSARIFOfLoad(t *testing.T) {
	r := New(KindLoad, "v0")
	r.Load = &Load{Violations: []Violation{{Kind: "token_twice", Check: "DF-REUSE-001", Title: "a token twice", Count: 2},
		{Kind: "odd", Title: "something odd", Count: 1, Information: true}},
		Thresholds: []Threshold{{Expression: "poll.p99 < 1s", Verdict: Fail, Value: 1200, Unit: "ms"},
			{Expression: "error_rate < 1%", Verdict: Pass}, {Expression: "lag.p99 < 1s", Verdict: Inconclusive}}}
	var got []string
	for _, res := range sarifOf(t, r).Results {
		line, _, _ := strings.Cut(res.Message.Text, "\n")
		got = append(got, res.Level+" "+res.RuleID+": "+line)
	}
	if want := []string{"error DF-REUSE-001: a token twice, 2 times (DF-REUSE-001, token_twice)",
		"note odd: something odd, 1 time (odd)", "error threshold: poll.p99 < 1s (1,200 ms)"}; !slices.Equal(got, want) {
		t.Errorf("results are %q, want %q", got, want)
	}
}

// TestSARIFFingerprints: a finding is the same one in the next run, whatever differs
// from run to run, and another one under another check or expectation.
func TestSARIFFingerprints(t *testing.T) {
	print := func(id, host string, f ...Finding) []string {
		r := New(KindConformance, "v0")
		r.Target.Host = host
		r.Conformance = &Conformance{Checks: []Check{{ID: id, Verdict: Fail, Findings: f}}}
		var out []string
		for _, res := range sarifOf(t, r).Results {
			out = append(out, res.Fingerprints["primaryLocationLineHash"])
		}
		return out
	}
	a := Finding{Verdict: Fail, Expected: `"AB-CD" to stay device_code:3f9a1c2b for 12.5 s at http://a.example`,
		Actual: "400 after 3 s", Exchanges: []string{"x12"}}
	b := Finding{Verdict: Warning, Expected: `"EF-GH" to stay device_code:00ffee11 for 900 s at http://b.example:8080`,
		Actual: "500", Count: 7, Exchanges: []string{"x99"}}
	first := print("DF-POLL-003", "http://a.example", a)
	if again := print("DF-POLL-003", "http://b.example:8080", b); !slices.Equal(first, again) {
		t.Errorf("the same finding has the fingerprints %q and %q", first, again)
	}
	if other := print("DF-POLL-004", "http://a.example", a); slices.Equal(first, other) {
		t.Error("findings of two checks have one fingerprint")
	}
	c := a
	c.Expected = "another status"
	if got := print("DF-POLL-003", "http://a.example", a, c, a); len(got) != 2 || got[0] == got[1] || got[0] != first[0] {
		t.Errorf("two classes of three findings have the fingerprints %q", got)
	}
}

func TestSourceURL(t *testing.T) {
	for source, want := range map[string]string{
		"RFC 8628 section 3.5; RFC 6749 section 5.2":               "https://www.rfc-editor.org/rfc/rfc8628#section-3.5",
		"RFC 9110 sections 9.1, 15.5.6":                            "https://www.rfc-editor.org/rfc/rfc9110#section-9.1",
		"RFC 6749 appendix B":                                      "https://www.rfc-editor.org/rfc/rfc6749#appendix-B",
		"RFC 9700":                                                 "https://www.rfc-editor.org/rfc/rfc9700",
		"Documented API, request types of the token operation":     "",
		"Documented API, request types; RFC 8628 section 3.4":      "https://www.rfc-editor.org/rfc/rfc8628#section-3.4",
		"RFC 9110 section 15.5.14 (413); RFC 8259 section 9":       "https://www.rfc-editor.org/rfc/rfc9110#section-15.5.14",
		"OpenID Connect Discovery 1.0 section 4; RFC 8414 section": "https://www.rfc-editor.org/rfc/rfc8414",
	} {
		if got := sourceURL(source); got != want {
			t.Errorf("%q leads to %q, want %q", source, got, want)
		}
	}
}
