package checks

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
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

	"github.com/go-jose/go-jose/v4"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/reports/redact"
	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/jwt"
	"github.com/dfcheck/dfcheck/spec/refserver"
	"github.com/dfcheck/dfcheck/spec/refserver/pipes"
)

const (
	awkwardSecret   = `s3cr+t/"ü&<\client` // of the confidential client
	awkwardPassword = `pass word+"&/é<`    // of the users
)

func newWiretap() *pipes.Tap {
	return pipes.NewTap(awkwardSecret, awkwardPassword, jwt.Secret(*deviceKey()))
}

// deviceKey signs the assertions of the client that the devices are.
var deviceKey = sync.OnceValue(func() *jose.JSONWebKey {
	key, err := jwt.NewKey("ES256")
	if err != nil {
		panic(err)
	}
	return &jose.JSONWebKey{Key: key, Algorithm: "ES256"}
})

// everyFile writes a run's reports in all formats and its transcript, behind the
// target's guard, and searches each file. The findings cite every exchange, so
// that all of them stand in the reports.
func everyFile(t *testing.T, run *Run, results []Result, w *pipes.Tap) {
	t.Helper()
	transcript := run.Transcript()
	results = slices.Clone(results)
	results[0].Verdict, results[0].Findings = reports.Fail, everything(transcript)
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
		if err := w.Search(f.Name(), text); err != nil {
			t.Error(err)
		}
	}
	shown := Section(transcript, results, run.Plan(), nil, run.Reveal)
	if text, _ := json.Marshal(shown); w.Search("", text) == nil {
		t.Error("with --show-secrets no secret is shown; the search may not find any")
	}
}

// everything is a finding that cites every exchange.
func everything(t *Transcript) []reports.Finding {
	f := reports.Finding{Expected: "no secret", Actual: "every exchange"}
	for _, x := range t.Exchanges {
		f.Exchanges = append(f.Exchanges, x.ID)
	}
	return []reports.Finding{f}
}

// livePage writes the page of a run that goes on, behind the target's guard, and
// searches it. It shows all that was recorded until then.
func livePage(t *testing.T, run *Run, w *pipes.Tap) {
	t.Helper()
	r := reports.New(reports.KindConformance, "test")
	cited := everything(run.Transcript())
	r.Conformance = run.SoFar([]Result{{Check: All()[0], Verdict: reports.Fail, Findings: cited}}, nil)
	if n := len(r.Conformance.Exchanges); n < 100 {
		t.Errorf("the page of the run so far shows %d exchanges", n)
	}
	var page bytes.Buffer
	write := func(out io.Writer) error { return reports.WriteGrowing(out, r, reports.Growing{Checks: len(All())}) }
	if err := reports.Guard(run.Target.Guard).Over("the live page", write)(&page); err != nil {
		t.Error(err)
	}
	if err := w.Search("the live page", page.Bytes()); err != nil {
		t.Error(err)
	}
}

// secretBench is a server with awkward secrets and an approver in the same
// process.
func secretBench(variant refserver.Fault, approver string, w *pipes.Tap, somebody *typist) bench {
	cfg := embedded("rfc8628")
	cfg.Revocation, cfg.OpenID, cfg.DPoP, cfg.Assertions = true, true, true, true
	cfg.ClientKey = deviceKey()
	cfg.Clients = append(slices.Clone(refserver.DefaultClients[:2:2]),
		refserver.Client{ID: "dfcheck-conf", Secret: awkwardSecret}, refserver.DefaultClients[3])
	cfg.Users = []refserver.User{{Name: "alice", Password: awkwardPassword}, {Name: "bob", Password: awkwardPassword}}
	quoting, _ := refserver.FaultNamed("secret-quoted")
	return bench{server: cfg, faults: []refserver.Fault{variant, quoting}, wrap: w.Listen, target: func(t *Target) {
		t.Confidential = &Client{ID: "dfcheck-conf", Secret: awkwardSecret, Auth: "basic"}
		t.Introspection.Client = t.Confidential
		client := t.Approver.(*approve.Reference).Client
		switch approver {
		case "reference":
			return
		case "prompt":
			*somebody = typist{client: client, host: t.Host, keys: make(chan string, 1)}
			t.Approver = approve.NewPrompt(somebody, somebody, nil)
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
		a, err := approve.New(c, approve.Env{Host: t.Host, Client: client})
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
	t.Parallel()
	approvers := []string{"reference", "form", "http", "prompt"} // exec and browser need processes
	at := 0
	for _, v := range refserver.Variants() {
		if !strings.HasPrefix(v.Name, "escapes-") {
			continue
		}
		approver := approvers[at%len(approvers)]
		at++
		t.Run(v.Name+"/"+approver, func(t *testing.T) {
			t.Parallel()
			w := newWiretap()
			somebody := &typist{}
			secretBench(v, approver, w, somebody).inBubble(t, func(ctx context.Context, run *Run) {
				looking := time.AfterFunc(15137*time.Millisecond, func() { livePage(t, run, w) })
				everyFile(t, run, run.Conform(ctx), w)
				if looking.Stop() {
					t.Error("the run was over before anybody looked")
				}
				somebody.leave()
			})
			if approver == "prompt" && somebody.decided == 0 {
				t.Error("nobody was asked to decide")
			}
		})
	}
	if at < len(approvers) {
		t.Errorf("%d of the approvers %q were tried", at, approvers)
	}
}

// typist is a person before a terminal, who does what is asked there.
type typist struct {
	client  *http.Client
	host    string
	keys    chan string
	shown   string
	decided int
}

var askedFor = regexp.MustCompile(`(?s)please (APPROVE|DENY).*  enter (\S+)`)

// Write reads what is shown, and decides when that is asked for.
func (p *typist) Write(text []byte) (int, error) {
	p.shown += string(text)
	if !strings.HasSuffix(p.shown, "] ") {
		return len(text), nil
	}
	m := askedFor.FindStringSubmatch(p.shown)
	p.shown = ""
	body, _ := json.Marshal(map[string]string{"user_code": m[2], "action": strings.ToLower(m[1])})
	resp, err := p.client.Post(p.host+"/decision", "application/json", bytes.NewReader(body))
	if err == nil {
		resp.Body.Close()
		p.decided++
	}
	if err != nil || resp.StatusCode != http.StatusOK {
		p.keys <- "n\n"
		return len(text), nil
	}
	p.keys <- "y\n"
	return len(text), nil
}

// Read is the keys that are pressed.
func (p *typist) Read(b []byte) (int, error) {
	line, ok := <-p.keys
	if !ok {
		return 0, io.EOF
	}
	return copy(b, line), nil
}

func (p *typist) leave() {
	if p.keys != nil {
		close(p.keys)
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

// TestProcessesLeakNothing: a command prints what it was given and what it knows, and a
// browser fills passwords in. Both need a server behind a socket.
func TestProcessesLeakNothing(t *testing.T) {
	if os.Getenv("DFCHECK_DECISION") != "" {
		decideForTest()
	}
	command := approve.Action{Command: []string{os.Args[0], "-test.run=^TestProcessesLeakNothing$", "--", "--password",
		awkwardPassword}}
	page := approve.ReferencePage()
	page.Kind, page.User["password"], page.SecondUser["password"] = "browser", awkwardPassword, awkwardPassword
	for _, c := range []approve.Config{{Kind: "exec", Approve: command, Deny: command}, page} {
		t.Run(c.Kind, func(t *testing.T) {
			w := newWiretap()
			run, results := secretRun(t, c, w)
			if text := fmt.Sprint(run.Transcript().Events); c.Kind == "exec" && !strings.Contains(text, "password:") {
				t.Errorf("what the command said is not in the transcript: %s", text)
			}
			i := slices.IndexFunc(results, func(r Result) bool { return r.Check.ID == "DF-TOKEN-001" })
			if results[i].Verdict != reports.Pass {
				t.Errorf("nobody approved: %s", results[i].Reason)
			}
			everyFile(t, run, results, w)
		})
	}
}

// secretRun is a short run against a server behind a socket.
func secretRun(t *testing.T, c approve.Config, w *pipes.Tap) (*Run, []Result) {
	t.Helper()
	cfg := embedded("rfc8628")
	cfg.Decisions = true
	cfg.Users = []refserver.User{{Name: "alice", Password: awkwardPassword}, {Name: "bob", Password: awkwardPassword}}
	server := httptest.NewUnstartedServer(nil)
	cfg.BaseURL = "http://" + server.Listener.Addr().String()
	server.Config.Handler = w.Listen(refserver.New(cfg, refserver.Variants()[0]))
	server.Start()
	t.Cleanup(server.Close)
	contract, err := spec.BuiltinContract("rfc8628")
	if err != nil {
		t.Fatal(err)
	}
	a, err := approve.New(c, approve.Env{Host: server.URL, Client: server.Client()})
	if err != nil {
		if c.Kind == "browser" && os.Getenv("CI") == "" {
			t.Skipf("SKIPPED: %v", err)
		}
		t.Fatal(err)
	}
	if closer, ok := a.(io.Closer); ok {
		t.Cleanup(func() { closer.Close() })
	}
	target := &Target{Facts: Facts{Host: server.URL, StartURL: server.URL + contract.Start.Path,
		TokenURL: server.URL + contract.Token.Path,
		Client:   Client{ID: "dfcheck", Auth: "none"}, Scope: "openid"}, Contract: contract, Approver: a,
		Passwords: c.Secrets()}
	run, err := Prepare(t.Context(), target, All(), Options{Only: []string{"DF-TOKEN-001", "DF-TOKEN-008", "DF-DENY-001"}})
	if err != nil {
		t.Fatal(err)
	}
	return run, run.Conform(t.Context())
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
