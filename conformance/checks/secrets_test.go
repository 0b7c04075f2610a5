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
		for _, m := range []string{"device_code", "access_token", "refresh_token", "id_token"} {
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
	basicPair   = regexp.MustCompile(`Basic ([A-Za-z0-9+/]+=*)`)
	percentCode = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
)

// unescaped is a text without the escapes of JSON. Pages have hundreds of thousands of
// them, for which a regular expression takes seconds.
func unescaped(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '\\')
		if i < 0 || i+1 == len(s) {
			return b.String() + s
		}
		b.WriteString(s[:i])
		s = s[i:]
		n := 0 // both halves of a character beyond the first 65,536 stand together
		for len(s) >= n+6 && s[n:n+2] == `\u` && strings.Trim(s[n+2:n+6], "0123456789abcdefABCDEF") == "" {
			n += 6
		}
		n = max(n, 2)
		var read string
		if json.Unmarshal([]byte(`"`+s[:n]+`"`), &read) != nil {
			read = s[1:n]
		}
		b.WriteString(read)
		s = s[n:]
	}
}

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
		unescaped,
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
	var pairs [1 << 16]bool            // of their first two bytes, of which a text has few
	pair := func(s string) uint16 { return uint16(s[0])<<8 | uint16(s[1]) }
	for s := range w.secrets {
		beginning[s[:8]] = append(beginning[s[:8]], s)
		pairs[pair(s)] = true
	}
	seen := map[string]bool{}
	readings(seen, string(text), 2)
	for reading := range seen {
		for i := 0; i+8 <= len(reading); i++ {
			if !pairs[pair(reading[i:])] {
				continue
			}
			for _, s := range beginning[reading[i:i+8]] {
				if strings.HasPrefix(reading[i:], s) {
					return fmt.Errorf("%s holds %q: %.300s", name, s, reading[max(0, i-140):])
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
func secretBench(variant refserver.Fault, approver string, w *wiretap, somebody *typist) bench {
	cfg := embedded("rfc8628")
	cfg.Revocation, cfg.OpenID = true, true
	cfg.Clients = append(slices.Clone(refserver.DefaultClients[:2:2]),
		refserver.Client{ID: "dfcheck-conf", Secret: awkwardSecret}, refserver.DefaultClients[3])
	cfg.Users = []refserver.User{{Name: "alice", Password: awkwardPassword}, {Name: "bob", Password: awkwardPassword}}
	quoting, _ := refserver.FaultNamed("secret-quoted")
	return bench{server: cfg, faults: []refserver.Fault{variant, quoting}, wrap: w.listen, target: func(t *Target) {
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
	approvers := []string{"reference", "form", "http", "prompt"} // exec and browser need processes
	at := 0
	for _, v := range refserver.Variants() {
		if !strings.HasPrefix(v.Name, "escapes-") {
			continue
		}
		approver := approvers[at%len(approvers)]
		at++
		t.Run(v.Name+"/"+approver, func(t *testing.T) {
			w := newWiretap()
			somebody := &typist{}
			secretBench(v, approver, w, somebody).inBubble(t, func(ctx context.Context, run *Run) {
				everyFile(t, run, run.Conform(ctx), w)
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
func secretRun(t *testing.T, c approve.Config, w *wiretap) (*Run, []Result) {
	t.Helper()
	cfg := embedded("rfc8628")
	cfg.Decisions = true
	cfg.Users = []refserver.User{{Name: "alice", Password: awkwardPassword}, {Name: "bob", Password: awkwardPassword}}
	server := httptest.NewUnstartedServer(nil)
	cfg.BaseURL = "http://" + server.Listener.Addr().String()
	server.Config.Handler = w.listen(refserver.New(cfg, refserver.Variants()[0]))
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
