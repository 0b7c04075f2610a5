package wire

import (
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dfcheck/dfcheck/spec"
)

// TestEncodings: a server reads back the values, whatever is in them, from each
// of the three content types, and net/http sends the same.
func TestEncodings(t *testing.T) {
	documented := contract(t)
	seen := make(chan map[string]string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen <- fields(t, r)
		w.WriteHeader(400)
		io.WriteString(w, pendingBody)
	}))
	t.Cleanup(server.Close)
	poll := spec.Params{{Name: "grant_type", Value: spec.GrantDeviceCode}, {Name: "device_code", Value: Placeholder},
		{Name: "client_id", Value: "tv app&1"}}
	codes := []string{"plain-code_1.~", "a+b/c==", `quo"te\and&amp=1`, "ümläut €", strings.Repeat("long", 4000)}
	tenant := http.Header{"X-Tenant": {"a"}}
	for _, e := range []spec.Encoding{spec.Form, spec.JSON, spec.Multipart} {
		for _, code := range codes {
			tm, err := NewTemplate(&documented.Token, server.URL+"/t?x=1", e, poll, tenant, false)
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			now := func() int64 { return int64(time.Since(began)) }
			tr := &Transport{pool: newPool(time.Second, now), now: now, timeout: time.Second}
			req := &Request{Template: tm, Value: []byte(code),
				For: Forwarded{"X-Forwarded-For", netip.MustParseAddr("198.18.0.7")}}
			for _, other := range []http.RoundTripper{nil, http.DefaultTransport} {
				if other == nil {
					tr.exchange(req)
				} else {
					tr.carrier = other
					tr.carry(t.Context(), req)
				}
				want := map[string]string{"grant_type": spec.GrantDeviceCode, "device_code": code,
					"client_id": "tv app&1", "tenant": "a", "query": "x=1", "for": "198.18.0.7"}
				if d := cmp.Diff(want, <-seen); d != "" || req.Reply.Outcome != Pending {
					t.Errorf("%s: %s", e, d)
				}
			}
			tr.pool.close()
		}
	}
}

// TestAssertionPlace: each request has an assertion of its own in each content type, with a
// value before it or not, and its length is right.
func TestAssertionPlace(t *testing.T) {
	seen := make(chan map[string]string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { seen <- fields(t, r) }))
	t.Cleanup(server.Close)
	for _, e := range []spec.Encoding{spec.Form, spec.JSON, spec.Multipart} {
		for _, value := range []string{"", "a+b/c=="} {
			params := spec.Params{{Name: "client_id", Value: "tv"}}
			if value != "" {
				params = append(params, spec.Param{Name: "device_code", Value: Placeholder})
			}
			params = append(params, spec.Param{Name: "client_assertion", Value: AssertionPlace})
			tm, err := NewTemplate(&contract(t).Token, server.URL, e, params, nil, false)
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			tm.Assert = func() string { n++; return strings.Repeat("eyJ.", n) }
			began := time.Now()
			now := func() int64 { return int64(time.Since(began)) }
			tr := &Transport{pool: newPool(time.Second, now), now: now, timeout: time.Second}
			for i := 1; i < 3; i++ {
				tr.exchange(&Request{Template: tm, Value: []byte(value)})
				got := <-seen
				if got["client_assertion"] != strings.Repeat("eyJ.", i) || got["device_code"] != value || got["client_id"] != "tv" {
					t.Errorf("%s, request %d: %v", e, i, got)
				}
			}
			tr.pool.close()
		}
	}
}

// fields reads a request as a server does.
func fields(t *testing.T, r *http.Request) map[string]string {
	got := map[string]string{"tenant": r.Header.Get("X-Tenant"), "query": r.URL.RawQuery,
		"for": r.Header.Get("X-Forwarded-For")}
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		t.Error(err)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil || int64(len(body)) != r.ContentLength {
		t.Errorf("%d bytes of %d, %v", len(body), r.ContentLength, err)
	}
	switch kind {
	case "application/json":
		for k, v := range spec.Object(body) {
			got[k] = fmt.Sprint(v)
		}
	case "multipart/form-data":
		form, err := multipart.NewReader(strings.NewReader(string(body)), params["boundary"]).ReadForm(1 << 20)
		if err != nil {
			t.Error(err)
			break
		}
		for k, v := range form.Value {
			got[k] = v[0]
		}
	default:
		form, err := url.ParseQuery(string(body))
		if err != nil {
			t.Error(err)
		}
		for k := range form {
			got[k] = form.Get(k)
		}
	}
	return got
}
