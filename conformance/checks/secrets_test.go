package checks

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/reports/redact"
	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/refserver"
)

// wiretap is what the server gave out: it knows the truth without the redactor.
type wiretap struct {
	mu      sync.Mutex
	secrets map[string]bool
}

const (
	awkwardSecret   = `s3cr+t/"ü&<\client` // of the confidential client
	awkwardPassword = `pass word+"&/é<`    // of the users
)

func newWiretap() *wiretap {
	return &wiretap{secrets: map[string]bool{awkwardSecret: true, awkwardPassword: true}}
}

// listen makes a handler tell the codes, tokens and cookies of its answers.
func (w *wiretap) listen(next http.Handler) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		next.ServeHTTP(rec, r)
		var members map[string]any
		json.Unmarshal(rec.Body.Bytes(), &members)
		w.mu.Lock()
		for _, m := range []string{"device_code", "access_token", "refresh_token"} {
			if s, ok := members[m].(string); ok && len(s) >= 8 {
				w.secrets[s] = true
			}
		}
		for _, c := range rec.Result().Cookies() {
			w.secrets[c.Value] = true
		}
		w.mu.Unlock()
		for k, v := range rec.Header() {
			out.Header()[k] = v
		}
		out.WriteHeader(rec.Code)
		out.Write(rec.Body.Bytes())
	})
}

var (
	jsonEscape  = regexp.MustCompile(`(?:\\u[0-9A-Fa-f]{4})+|\\.`)
	basicPair   = regexp.MustCompile(`Basic ([A-Za-z0-9+/]+=*)`)
	percentCode = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
)

// readings adds a text and what it reads as when encodings are undone.
func readings(seen map[string]bool, text string, depth int) {
	if seen[text] {
		return
	}
	seen[text] = true
	if depth == 0 {
		return
	}
	for _, read := range []func(string) string{
		html.UnescapeString,
		func(s string) string { return strings.ReplaceAll(s, "+", " ") },
		func(s string) string {
			return percentCode.ReplaceAllStringFunc(s, func(e string) string { c, _ := url.PathUnescape(e); return c })
		},
		func(s string) string {
			return jsonEscape.ReplaceAllStringFunc(s, func(e string) string {
				var c string
				if json.Unmarshal([]byte(`"`+e+`"`), &c) != nil {
					return e[1:]
				}
				return c
			})
		},
		func(s string) string {
			return basicPair.ReplaceAllStringFunc(s, func(e string) string {
				pair, _ := base64.StdEncoding.DecodeString(e[6:])
				return string(pair)
			})
		},
	} {
		readings(seen, read(text), depth-1)
	}
}

// search returns an error when a text holds a secret.
func (w *wiretap) search(name string, text []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.secrets) < 5 {
		return fmt.Errorf("only %d secrets were seen at the server", len(w.secrets))
	}
	beginning := map[string][]string{} // secrets by their first bytes
	for s := range w.secrets {
		beginning[s[:8]] = append(beginning[s[:8]], s)
	}
	seen := map[string]bool{}
	readings(seen, string(text), 2)
	for reading := range seen {
		for i := 8; i <= len(reading); i++ {
			for _, s := range beginning[reading[i-8:i]] {
				if strings.HasPrefix(reading[i-8:], s) {
					return fmt.Errorf("%s holds %q: %.300s", name, s, reading[max(0, i-150):])
				}
			}
		}
	}
	return nil
}

// everyFile writes a run's reports in all formats and its transcript, behind the
// target's guard, and searches each file. The findings cite every exchange, so
// that all of them stand in the reports.
func everyFile(t *testing.T, run *Run, results []Result, w *wiretap) {
	t.Helper()
	transcript := run.Transcript()
	everything := reports.Finding{Expected: "no secret", Actual: "every exchange"}
	for _, x := range transcript.Exchanges {
		everything.Exchanges = append(everything.Exchanges, x.ID)
	}
	results = slices.Clone(results)
	results[0].Verdict, results[0].Findings = reports.Fail, []reports.Finding{everything}
	r := reports.New(reports.KindConformance, "test")
	r.Target = run.Target.ReportTarget(run.Target.Contract.Name, "test")
	r.Conformance = Section(transcript, results, run.Plan(), nil, nil)
	dir := t.TempDir()
	formats := reports.FormatsFor(reports.KindConformance)
	for _, format := range formats {
		d := reports.Destination{Format: format, Path: filepath.Join(dir, format)}
		if err := d.Write(io.Discard, r, run.Target.Guard); err != nil {
			t.Error(err)
		}
	}
	record := reports.Guard(run.Target.Guard).Over("transcript", transcript.Save)
	if err := reports.WriteFile(filepath.Join(dir, "transcript"), record); err != nil {
		t.Error(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != len(formats)+1 {
		t.Errorf("%d files were written: %v", len(files), err)
	}
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if err := w.search(f.Name(), text); err != nil {
			t.Error(err)
		}
	}
	shown := Section(transcript, results, run.Plan(), nil, run.Reveal)
	if text, _ := json.Marshal(shown); w.search("", text) == nil {
		t.Error("with --show-secrets no secret is shown; the search may not find any")
	}
}

// secretBench is a server with awkward secrets and an approver in the same
// process.
func secretBench(variant refserver.Fault, approver string, w *wiretap) bench {
	cfg := embedded("rfc8628")
	cfg.Clients = append(slices.Clone(refserver.DefaultClients[:2:2]),
		refserver.Client{ID: "dfcheck-conf", Secret: awkwardSecret}, refserver.DefaultClients[3])
	cfg.Users = []refserver.User{{Name: "alice", Password: awkwardPassword}, {Name: "bob", Password: awkwardPassword}}
	quoting, _ := refserver.FaultNamed("secret-quoted")
	return bench{server: cfg, faults: []refserver.Fault{variant, quoting}, wrap: w.listen, target: func(t *Target) {
		t.Confidential = &Client{ID: "dfcheck-conf", Secret: awkwardSecret, Auth: "basic"}
		t.Introspection.Client = t.Confidential
		if approver == "reference" {
			return
		}
		c := approve.ReferencePage()
		if approver == "form" {
			c.User["password"], c.SecondUser["password"] = awkwardPassword, awkwardPassword
		} else {
			action := func(a string) approve.Action {
				return approve.Action{URL: "{host}/decision", JSON: map[string]any{"user_code": "{user_code}", "action": a},
					Headers: map[string]string{"Authorization": "Bearer " + awkwardPassword}}
			}
			c = approve.Config{Kind: "http", Approve: action("approve"), Deny: action("deny")}
		}
		a, err := approve.New(c, approve.Env{Host: t.Host, Client: t.Approver.(*approve.Reference).Client})
		if err != nil {
			panic(err) // the configuration is ours
		}
		t.Approver, t.Passwords = a, c.Secrets()
	}}
}

// TestNoSecretIsWritten: whichever way a server escapes JSON, and whoever
// approves, no file of a run holds a code, a token, a client secret, a cookie or
// a password.
func TestNoSecretIsWritten(t *testing.T) {
	approvers := []string{"reference", "form", "http"}
	for i, v := range refserver.Variants() {
		if !strings.HasPrefix(v.Name, "escapes-") {
			continue
		}
		approver := approvers[i%len(approvers)]
		t.Run(v.Name+"/"+approver, func(t *testing.T) {
			w := newWiretap()
			secretBench(v, approver, w).inBubble(t, func(ctx context.Context, run *Run) {
				everyFile(t, run, run.Conform(ctx), w)
			})
		})
	}
}

// TestGuardOfEveryFormat: a secret that the redactor missed keeps each file from
// being written, and stands in no error.
func TestGuardOfEveryFormat(t *testing.T) {
	r := redact.New(nil)
	r.Learn(redact.AccessToken, awkwardSecret)
	for _, body := range []string{awkwardSecret, "x=" + url.QueryEscape(awkwardSecret),
		`{"a":"s3cr\u002Bt\/\u0022\u00FC\u0026\u003C\\client"}`} {
		report := reports.New(reports.KindConformance, "test")
		report.Conformance = &reports.Conformance{
			Checks: []reports.Check{{ID: "DF-TOKEN-001", Verdict: reports.Fail,
				Findings: []reports.Finding{{Expected: "none", Actual: "got " + body, Exchanges: []string{"x1"}}}}},
			Exchanges: []reports.Exchange{{ID: "x1", Response: &reports.Response{Body: body}, Curl: "curl '" + body + "'"}},
		}
		for format := range reports.Formats {
			path := filepath.Join(t.TempDir(), "out")
			var out bytes.Buffer
			err := reports.Destination{Format: format, Path: path}.Write(&out, report, r.Check)
			if err == nil || strings.Contains(err.Error(), awkwardSecret) || !strings.Contains(err.Error(), "access_token:") {
				t.Errorf("%s with %s: %v", format, body, err)
			}
			if err := (reports.Destination{Format: format, Path: "-"}).Write(&out, report, r.Check); err == nil ||
				out.Len() > 0 {
				t.Errorf("%s with %s: %v, and %d bytes went to the stream", format, body, err, out.Len())
			}
			if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) > 0 {
				t.Errorf("%s left a file", format)
			}
		}
	}
}

// TestExecutedApproverLeaksNothing: a command prints what it was given and what
// it knows.
func TestExecutedApproverLeaksNothing(t *testing.T) {
	if os.Getenv("DFCHECK_DECISION") != "" {
		decideForTest()
	}
	w := newWiretap()
	cfg := embedded("rfc8628")
	cfg.Decisions = true
	server := httptest.NewUnstartedServer(nil)
	cfg.BaseURL = "http://" + server.Listener.Addr().String()
	server.Config.Handler = w.listen(refserver.New(cfg, refserver.Variants()[0]))
	server.Start()
	defer server.Close()
	contract, err := spec.BuiltinContract("rfc8628")
	if err != nil {
		t.Fatal(err)
	}
	command := []string{os.Args[0], "-test.run=^TestExecutedApproverLeaksNothing$", "--", "--password", awkwardPassword}
	c := approve.Config{Kind: "exec", Approve: approve.Action{Command: command}, Deny: approve.Action{Command: command}}
	a, err := approve.New(c, approve.Env{Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	target := &Target{Facts: Facts{Host: server.URL, StartURL: server.URL + contract.Start.Path,
		TokenURL: server.URL + contract.Token.Path,
		Client:   Client{ID: "dfcheck", Auth: "none"}, Scope: "openid"}, Contract: contract, Approver: a,
		Passwords: c.Secrets()}
	run, err := Prepare(t.Context(), target, All(), Options{Only: []string{"DF-TOKEN-001", "DF-TOKEN-008", "DF-DENY-001"}})
	if err != nil {
		t.Fatal(err)
	}
	results := run.Conform(t.Context())
	if text := fmt.Sprint(run.Transcript().Events); !strings.Contains(text, "password:") {
		t.Errorf("what the command said is not in the transcript: %s", text)
	}
	everyFile(t, run, results, w)
}

// decideForTest is the command: it approves, or refuses to deny and says why.
func decideForTest() {
	client := &http.Client{Timeout: 10 * time.Second}
	action := os.Getenv("DFCHECK_DECISION")
	body, _ := json.Marshal(map[string]string{"user_code": os.Getenv("DFCHECK_USER_CODE"), "action": action})
	resp, err := client.Post(os.Getenv("DFCHECK_HOST")+"/decision", "application/json", bytes.NewReader(body))
	if err == nil && resp.StatusCode == http.StatusOK && action == "approve" {
		os.Exit(0)
	}
	fmt.Fprintln(os.Stderr, "no way in with", awkwardPassword, "or", url.QueryEscape(awkwardPassword))
	os.Exit(1)
}
