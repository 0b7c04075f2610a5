package checks

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
)

// deviates makes a variant of the reference server whose answers in JSON are
// changed; change returns the status to send.
func deviates(change func(r *http.Request, request string, status int,
	body map[string]any) int) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			request, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(request))
			rec := httptest.NewRecorder()
			next.ServeHTTP(rec, r)
			raw, status := rec.Body.Bytes(), rec.Code
			var body map[string]any
			if json.Unmarshal(raw, &body) == nil && body != nil && r.URL.Path != "/decision" {
				status = change(r, string(request), status, body)
				raw, _ = json.Marshal(body)
			}
			for k, v := range rec.Header() {
				w.Header()[k] = v
			}
			w.WriteHeader(status)
			w.Write(raw)
		})
	}
}

// errorsAs sends errors of the operations under other statuses.
func errorsAs(statuses map[string]int) func(http.Handler) http.Handler {
	return deviates(func(_ *http.Request, _ string, status int, body map[string]any) int {
		code, _ := body["error"].(string)
		for _, name := range []string{code, "*"} {
			if to := statuses[name]; to != 0 && code != "" && status == http.StatusBadRequest {
				return to
			}
		}
		return status
	})
}

// TestLenient gives the reference server the habits of large public providers.
// Unknown, each fails its check; named in the configuration it is waived under
// its name, and everything else is judged as on a correct server.
func TestLenient(t *testing.T) {
	t.Parallel()
	renamed := deviates(func(_ *http.Request, _ string, status int, body map[string]any) int {
		if uri, ok := body["verification_uri"]; ok {
			delete(body, "verification_uri")
			body["verification_url"] = uri
		}
		return status
	})
	asArray := deviates(func(_ *http.Request, _ string, status int, body map[string]any) int {
		if scope, ok := body["scope"].(string); ok && body["access_token"] != nil {
			body["scope"] = strings.Fields(scope)
		}
		return status
	})
	for name, c := range map[string]struct {
		contract string
		wrap     func() func(http.Handler) http.Handler
		lenient  Lenient
		setting  string
		strict   map[string]reports.Verdict // some of what is found without the setting
		waived   []string                   // all that is not a pass with it
	}{
		"pending 403, slow_down 429": {"documented-v1", func() func(http.Handler) http.Handler {
			return errorsAs(map[string]int{"authorization_pending": 403, "slow_down": 429})
		}, Lenient{Status: []int{403, 429}}, "lenient.status",
			map[string]reports.Verdict{"DF-ERR-001": reports.Fail}, []string{"DF-ERR-001"}},
		"pending 428": {"rfc8628", func() func(http.Handler) http.Handler {
			return errorsAs(map[string]int{"authorization_pending": 428})
		}, Lenient{Status: []int{428}}, "lenient.status",
			map[string]reports.Verdict{"DF-ERR-001": reports.Fail}, []string{"DF-ERR-001"}},
		"every error 200": {"rfc8628", func() func(http.Handler) http.Handler { return errorsAs(map[string]int{"*": 200}) },
			Lenient{Status: []int{200}}, "lenient.status",
			map[string]reports.Verdict{"DF-ERR-001": reports.Fail, "DF-POLL-001": reports.Pass}, []string{"DF-ERR-001"}},
		"verification_url documented": {"documented-v1", func() func(http.Handler) http.Handler { return renamed },
			Lenient{VerificationURL: true}, "lenient.verification_url",
			map[string]reports.Verdict{"DF-AUTHZ-001": reports.Fail}, []string{"DF-AUTHZ-001", "DF-DOC-001"}},
		"verification_url standard": {"rfc8628", func() func(http.Handler) http.Handler { return renamed },
			Lenient{VerificationURL: true}, "lenient.verification_url",
			map[string]reports.Verdict{"DF-AUTHZ-002": reports.Fail}, []string{"DF-AUTHZ-002"}},
		"scope array": {"documented-v2", func() func(http.Handler) http.Handler { return asArray },
			Lenient{ScopeArray: true}, "lenient.scope_array",
			map[string]reports.Verdict{"DF-TOKEN-005": reports.Warning, "DF-TOKEN-009": reports.Fail},
			[]string{"DF-TOKEN-005", "DF-TOKEN-009"}},
		"scope array standard": {"rfc8628", func() func(http.Handler) http.Handler { return asArray },
			Lenient{ScopeArray: true}, "lenient.scope_array",
			map[string]reports.Verdict{"DF-TOKEN-005": reports.Warning, "DF-TOKEN-015": reports.Fail},
			[]string{"DF-TOKEN-005", "DF-TOKEN-015"}},
		"expired_token once": {"documented-v1", expiredOnce, Lenient{ExpiredOnce: true}, "lenient.expired_once",
			map[string]reports.Verdict{"DF-EXPIRY-006": reports.Warning},
			[]string{"DF-EXPIRY-004", "DF-EXPIRY-006", "DF-EXPIRY-007"}},
	} {
		t.Run(name, func(t *testing.T) {
			strict := bench{server: embedded(c.contract), wrap: c.wrap()}.conform(t)
			for _, r := range strict {
				if want, ok := c.strict[r.Check.ID]; ok && r.Verdict != want {
					t.Errorf("without the setting %s is %s, want %s", r.Check.ID, r.Verdict, want)
				}
			}
			known := bench{server: embedded(c.contract), wrap: c.wrap(), target: func(t *Target) { t.Lenient = c.lenient }}
			for _, r := range known.conform(t) {
				waived := slices.Contains(c.waived, r.Check.ID)
				switch {
				case waived && (r.Verdict != reports.Waived || r.Reason != c.setting):
					t.Errorf("%s is %s (%s), want waived: %s", r.Check.ID, r.Verdict, r.Reason, c.setting)
				case !waived && r.Verdict != reports.Pass && r.Verdict != reports.Skipped:
					t.Errorf("%s is %s: %s %v", r.Check.ID, r.Verdict, r.Reason, r.Findings)
				}
			}
		})
	}
}

// expiredOnce tells the end of a code once, and calls the code unknown in other
// words from then on.
func expiredOnce() func(http.Handler) http.Handler {
	var mu sync.Mutex
	told := map[string]bool{}
	return deviates(func(_ *http.Request, request string, status int, body map[string]any) int {
		if body["error"] != "expired_token" {
			return status
		}
		mu.Lock()
		defer mu.Unlock()
		if told[request] {
			body["error"] = "invalid_request"
		}
		told[request] = true
		return status
	})
}

// A leniency survives the transcript: the verdicts are the same when it is
// judged again from a file.
func TestLenientJudgedAgain(t *testing.T) {
	b := bench{server: embedded("rfc8628"), wrap: errorsAs(map[string]int{"*": 200}),
		target: func(t *Target) { t.Lenient = Lenient{Status: []int{200}} }}
	b.opts.Only = []string{"DF-POLL-011", "DF-ERR-001"}
	var file bytes.Buffer
	for _, r := range b.record(t, &file) {
		if r.Check.ID == "DF-POLL-011" && r.Verdict != reports.Pass {
			t.Errorf("%s is %s: %s", r.Check.ID, r.Verdict, r.Reason)
		}
	}
	transcript, err := Load(&file)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Judge(transcript, All())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range again {
		if want := map[string]reports.Verdict{"DF-POLL-011": reports.Pass,
			"DF-ERR-001": reports.Waived}[r.Check.ID]; r.Verdict != want {
			t.Errorf("again, %s is %s (%s), want %s", r.Check.ID, r.Verdict, r.Reason, want)
		}
	}
}

func TestLenientStatusMustBeADeviation(t *testing.T) {
	for _, s := range []int{0, 199, 302, 400, 500} {
		if _, err := (&Config{Lenient: Lenient{Status: []int{403, s}}}).Target(); err == nil ||
			!strings.Contains(err.Error(), "lenient.status") {
			t.Errorf("status %d: %v", s, err)
		}
	}
}

// record runs a bench and saves its transcript.
func (b bench) record(t *testing.T, file io.Writer) []Result {
	t.Helper()
	var out []Result
	b.inBubble(t, func(ctx context.Context, run *Run) {
		out = run.Conform(ctx)
		if err := run.Transcript().Save(file); err != nil {
			t.Error(err)
		}
	})
	return out
}
