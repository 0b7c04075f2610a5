package suite

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/onsi/ginkgo/v2/types"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

// Ginkgo ends the process over a label with a character of its filters in it.
func TestLabels(t *testing.T) {
	for _, r := range spec.Catalogue() {
		for _, label := range append(labels(r), "group:"+r.Group) {
			if _, err := types.ValidateAndCleanupLabel(label, types.CodeLocation{}); err != nil {
				t.Errorf("%s: %v", r.ID, err)
			}
		}
	}
	r, err := spec.Lookup("DF-POLL-018")
	if err != nil {
		t.Fatal(err)
	}
	want := "id:DF-POLL-018 level:MUST contract:documented contract:rfc8628 contract:document needs:approve " +
		"needs:approve.steps"
	if got := strings.Join(labels(r), " "); got != want {
		t.Errorf("labels %s, want %s", got, want)
	}
}

func TestHeading(t *testing.T) {
	reqs := []spec.Requirement{
		{Source: "RFC 8628 section 3.5; by analogy RFC 6749 sections 4.1.2, 10.5"},
		{Source: "Documented API, paths of both operations; RFC 8628 section 3.4"},
		{Source: "RFC 6749 section 5.2; documented API, error model"},
	}
	want := "DENY: " + spec.GroupTitle("DENY") + " (RFC 8628, RFC 6749, Documented API)"
	if got := heading("DENY", reqs); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestFailure(t *testing.T) {
	c := reports.Check{ID: "DF-AUTHZ-004", Title: "A title", Level: "MUST", Source: "RFC 8628 section 3.2",
		Verdict: reports.Fail, Findings: []reports.Finding{
			{Verdict: reports.Fail, Expected: "application/json", Actual: "text/plain", Count: 3, Exchanges: []string{"x1"}},
			{Verdict: reports.Inconclusive, Actual: "no answer"},
		}}
	want := `DF-AUTHZ-004 A title (MUST)
  fail (3 times)
    expected: application/json
    actual:   text/plain
    x1: curl x1
  inconclusive: no answer
  source: RFC 8628 section 3.2
  remedy: Set Content-Type application/json on the response.`
	if got := failure(c, func(id string) string { return "curl " + id }); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// What is wrong with the options is told before anything is sent.
func TestOptionsRefused(t *testing.T) {
	handler := http.NotFoundHandler()
	for _, test := range []struct {
		name    string
		options Options
		want    string // "" when they are right
	}{
		{"the embedded server", Options{}, ""},
		{"a handler", Options{Handler: handler}, ""},
		{"a handler with what is known of it", Options{Handler: handler, Config: &conformance.Config{Scope: "openid"}}, ""},
		{"file and code", Options{File: "dfcheck.yaml", Config: &conformance.Config{}}, "both a File and a Config"},
		{"two servers", Options{Handler: handler, Config: &conformance.Config{Host: "localhost"}},
			`the host is "localhost" and a Handler is given`},
		{"a forgotten host", Options{Config: &conformance.Config{Scope: "openid"}}, "the configuration names no server"},
		{"a person", Options{Config: &conformance.Config{Approve: approve.Config{Kind: "prompt"}}}, "a test has no terminal"},
		{"no file", Options{File: "nowhere.yaml"}, "there is no nowhere.yaml in "},
		{"no waivers", Options{Config: &conformance.Config{Waivers: "nowhere.yaml"}}, "open nowhere.yaml"},
		{"no such check", Options{Conformance: conformance.Options{Only: []string{"DF-POLL-999"}}},
			`unknown check "DF-POLL-999"`},
	} {
		_, err := test.options.prepare(t)
		switch {
		case test.want == "" && err != nil:
			t.Errorf("%s: %v", test.name, err)
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%s: got %v, want %s", test.name, err, test.want)
		}
	}
}

// A configuration is found above the test's folder, and what it names beside it.
func TestConfigurationAbove(t *testing.T) {
	root := t.TempDir()
	below := filepath.Join(root, "internal", "server")
	if err := os.MkdirAll(below, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"go.mod": "module example.com/server\n", "dfcheck.yaml": "host: localhost\nwaivers: waivers.yaml\n",
		"waivers.yaml": "- {check: DF-POLL-003, reason: known}\n",
	} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(below)
	p, err := Options{File: "dfcheck.yaml"}.prepare(t)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.session.waivers) != 1 {
		t.Errorf("waivers %v", p.session.waivers)
	}
}
