package load

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/jwt"
	"github.com/dfcheck/dfcheck/spec/refserver"
	"github.com/dfcheck/dfcheck/spec/refserver/pipes"
)

// quoter answers what a server does, and quotes the assertion of the request in it.
type quoter struct {
	next http.Handler
	mu   sync.Mutex
	seen map[string]int // how often each assertion came
}

func (q *quoter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	form, _ := url.ParseQuery(string(body))
	assertion := form.Get("client_assertion")
	rec := httptest.NewRecorder()
	q.next.ServeHTTP(rec, r)
	answer := rec.Body.Bytes()
	if assertion != "" {
		q.mu.Lock()
		q.seen[assertion]++
		q.mu.Unlock()
		var members map[string]any
		if json.Unmarshal(answer, &members) == nil {
			members["note"] = "you are " + assertion
			answer, _ = json.Marshal(members)
		}
	}
	w.Header().Set("Content-Type", "text/html") // a violation, so that reports cite the answer
	w.WriteHeader(rec.Code)
	w.Write(answer)
}

// TestAssertions: each request of a crowd carries an assertion of its own, or where the
// client keeps them one for half of their lifetime; no report holds one, quoted or sent.
func TestAssertions(t *testing.T) {
	contract, err := spec.BuiltinContract("rfc8628")
	if err != nil {
		t.Fatal(err)
	}
	key, err := jwt.NewKey("ES256")
	if err != nil {
		t.Fatal(err)
	}
	own := jose.JSONWebKey{Key: key, Algorithm: "ES256"}
	a := jwt.NewAssertor(own, "dfcheck-key", "http://127.0.0.1")
	for name, c := range map[string]struct {
		assert  func() string
		variant string
	}{"one each": {a.Fresh, "asserts"}, "kept": {a.Kept(), "asserts-again"}} {
		t.Run(name, func(t *testing.T) {
			cfg := refserver.Config{Contract: "rfc8628", BaseURL: "http://127.0.0.1", Interval: time.Second,
				Lifetime: time.Minute, Decisions: true, ClientKey: &own}
			tap := pipes.NewTap(jwt.Secret(own))
			v, err := refserver.VariantNamed(c.variant)
			if err != nil {
				t.Fatal(err)
			}
			q := &quoter{next: tap.Listen(refserver.New(cfg, v)), seen: map[string]int{}}
			loadAsserting(t, q, contract, c.assert, tap, name == "kept")
		})
	}
}

func loadAsserting(t *testing.T, q *quoter, contract *spec.Contract, assert func() string, tap *pipes.Tap, kept bool) {
	p := &profile.Profile{Devices: 10, Duration: profile.Duration(time.Minute)}
	inBubble(t, q, contract, p, func(t *testing.T, l *reports.Load) {
		most := 0
		for _, n := range q.seen {
			most = max(most, n)
		}
		if l.ErrorRate > 0 || len(q.seen) == 0 || !kept && most != 1 || kept && len(q.seen) > 4 {
			t.Errorf("error rate %v, %d assertions, sent %d times at most", l.ErrorRate, len(q.seen), most)
		}
		r := reports.New(reports.KindLoad, "test")
		r.Load = l
		if text, _ := json.Marshal(r); !strings.Contains(string(text), "client_assertion:") {
			t.Error("no exchange of a client with a key is cited")
		}
		searchAll(t, tap, r)
	}, func(tg *Target) { tg.ClientID, tg.Assert = "dfcheck-key", assert })
}
