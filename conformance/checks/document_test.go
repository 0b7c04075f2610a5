package checks

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/refserver"
)

// documentBench is a server that speaks the contract of a document that was not
// written for dfcheck.
func documentBench(t *testing.T, file string) bench {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("../../spec/testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	c, err := spec.LoadContract(file, data, spec.OperationHints{})
	if err != nil {
		t.Fatal(err)
	}
	return bench{server: refserver.Config{Document: c, Interval: time.Second, Lifetime: 20 * time.Second},
		wrap: plainAnswers}
}

// plainAnswers leaves out what a closed schema does not list.
func plainAnswers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := httptest.NewRecorder()
		next.ServeHTTP(a, r)
		body := a.Body.Bytes()
		var m map[string]any
		if a.Code == http.StatusOK && json.Unmarshal(body, &m) == nil && m["device_code"] != nil {
			delete(m, "verification_uri_complete")
			body, _ = json.Marshal(m) // it was JSON
		}
		for k, v := range a.Header() {
			w.Header()[k] = v
		}
		w.WriteHeader(a.Code)
		w.Write(body)
	})
}

var documents = []string{"lumen-identity.yaml", "homehub-pairing.json"}

// TestDocuments: a server that does what its own document says is right.
func TestDocuments(t *testing.T) {
	for _, file := range documents {
		t.Run(file, func(t *testing.T) {
			results := documentBench(t, file).conform(t)
			for _, line := range worse(results) {
				t.Error(line)
			}
			for _, r := range results {
				if r.Verdict == "skipped" {
					t.Logf("%s skipped: %s", r.Check.ID, r.Reason)
				}
			}
		})
	}
}

// ownDocument is the reference server with its own document for its contract.
func ownDocument() refserver.Config {
	cfg := embedded("documented-v1")
	cfg.Document = refserver.Document()
	return cfg
}

// TestOwnDocument: so is the reference server by its own, which leaves little open.
func TestOwnDocument(t *testing.T) {
	b := bench{server: ownDocument()}
	judged := 0
	for _, r := range b.conform(t) {
		for _, line := range worse([]Result{r}) {
			t.Error(line)
		}
		if strings.HasPrefix(r.Check.ID, "DF-DOC-") && r.Verdict == reports.Pass {
			judged++
		}
	}
	if judged != len(documentChecks) {
		t.Errorf("%d of %d checks of the document passed", judged, len(documentChecks))
	}
}

// TestDocumentCases: what a document declares is checked, by cases that carry its
// names: a server that takes one of them is caught by the check that owns it.
func TestDocumentCases(t *testing.T) {
	for _, file := range documents {
		b := documentBench(t, file)
		for _, o := range []struct {
			op   Operation
			spec *spec.Operation
		}{{OpStart, &b.server.Document.Start}, {OpToken, &b.server.Document.Token}} {
			for _, n := range o.spec.Negatives() {
				check := ownerOf(o.op, o.spec, n)
				if check == "" {
					continue
				}
				t.Run(file+"/"+string(o.op)+"/"+n.String(), func(t *testing.T) {
					t.Parallel()
					lax := documentBench(t, file)
					lax.wrap = takes(o.spec, n)
					lax.opts.Only = []string{check}
					caught(t, lax.conform(t), check, n)
				})
			}
		}
	}
}

// ownerOf is the check that judges a case; empty for cases that no check of its
// kind holds against a server.
func ownerOf(op Operation, o *spec.Operation, n spec.Negative) string {
	declared, _ := o.Param(n.Param)
	switch {
	case op == OpToken && n.Param == "client_id" && n.Kind == spec.Missing:
		return "" // DF-CLIENT-004 asks in its own way
	case op == OpToken && n.Param == "grant_type" && n.Kind == spec.OutsideEnum:
		return "DF-POLL-015"
	case n.Kind == spec.WrongType && strings.Contains(n.String(), "null") && !declared.Required:
		return "" // as good as absent
	}
	return n.Check
}

// takes makes a server take what it should refuse: a request like the negative's
// is answered as if it were right.
func takes(op *spec.Operation, n spec.Negative) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		next = plainAnswers(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != op.Path {
				next.ServeHTTP(w, r)
				return
			}
			body, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(body))
			a := httptest.NewRecorder()
			next.ServeHTTP(a, r)
			if a.Code/100 == 4 && like(n, body) && !strings.Contains(a.Body.String(), "authorization_pending") {
				w.Header().Set("Content-Type", "application/json")
				w.Header().Set("Cache-Control", "no-store")
				w.Write([]byte(`{"device_code":"dddddddddddddddddddddddd","user_code":"BCDF-GHJK","verification_uri":"http://127.0.0.1/device","expires_in":20,"interval":1,"access_token":"t0ken-t0ken-t0ken","token_type":"Bearer"}`))
				return
			}
			for k, v := range a.Header() {
				w.Header()[k] = v
			}
			w.WriteHeader(a.Code)
			w.Write(a.Body.Bytes())
		})
	}
}

// like reports whether a body may be the negative's. There are many wrong types, and a
// finding names ten: of those one is taken at a time.
func like(n spec.Negative, body []byte) bool {
	if n.Kind != spec.WrongType {
		return true
	}
	var members map[string]json.RawMessage
	return json.Unmarshal(body, &members) == nil && string(members[n.Param]) == n.Value
}

// caught looks for the finding that names the case.
func caught(t *testing.T, results []Result, check string, n spec.Negative) {
	t.Helper()
	for _, r := range results {
		if r.Check.ID != check {
			continue
		}
		for _, f := range r.Findings {
			name := "(" + n.String() + ")"
			if label, ok := strings.CutSuffix(n.String(), " ("+n.Encoding.Short()+")"); ok {
				name = "as " + n.Encoding.Short() + " (" + label + ")"
			}
			if check == "DF-POLL-015" { // which calls foreign grant types by themselves
				name = strings.Trim(n.Value, `"`)
			}
			if strings.Contains(f.Actual, name) {
				return
			}
		}
		t.Errorf("%s is %s: %s; no finding names the case\n%s", r.Check.ID, r.Verdict, r.Reason, worse([]Result{r}))
	}
}

// TestDeviationsHoldNoSecret: a secret that a server makes the name of a member is
// one in the deviation that names it as well.
func TestDeviationsHoldNoSecret(t *testing.T) {
	var mu sync.Mutex
	var codes []string
	b := bench{server: ownDocument(), opts: Options{Only: []string{"DF-DOC-001"}}}
	b.wrap = func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			a := httptest.NewRecorder()
			next.ServeHTTP(a, r)
			body := a.Body.Bytes()
			var m map[string]any
			json.Unmarshal(body, &m) // a page is none
			if code, ok := m["device_code"].(string); ok {
				mu.Lock()
				codes = append(codes, code)
				mu.Unlock()
				m["of/"+code] = 1
				body, _ = json.Marshal(m) // it was JSON
			}
			for k, v := range a.Header() {
				w.Header()[k] = v
			}
			w.WriteHeader(a.Code)
			w.Write(body)
		})
	}
	b.inBubble(t, func(ctx context.Context, run *Run) {
		results := run.Conform(ctx)
		var saved bytes.Buffer
		if err := run.Transcript().Save(&saved); err != nil {
			t.Error(err)
		}
		if v := results[0].Verdict; v != reports.Fail || !strings.Contains(saved.String(), `"pointer":"/of~1device_code:`) {
			t.Errorf("%s is %s, without the pseudonym in a deviation", results[0].Check.ID, v)
		}
		for _, text := range append(worse(results), saved.String()) {
			for _, code := range codes {
				if strings.Contains(text, code) {
					t.Errorf("a device code stands in %.200q", text)
					return
				}
			}
		}
	})
}
