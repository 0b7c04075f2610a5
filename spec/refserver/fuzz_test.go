package refserver

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/dfcheck/dfcheck/spec"
)

// FuzzRequest: whatever a client sends to the reference server is answered, by the two
// operations with one JSON object.
func FuzzRequest(f *testing.F) {
	s := New(Config{Contract: "rfc8628", Decisions: true, OpenID: true, DPoP: true, Revocation: true, MostGrants: 100})
	paths := []string{s.contract.Start.Path, s.contract.Token.Path, pathPage, pathDecision, pathIntrospection,
		pathRevocation, pathSignIn, pathConsent, pathUserInfo}
	form := string(spec.Form)
	for i := range paths {
		f.Add(i, form, "client_id=dfcheck&scope=openid", "")
		f.Add(i, form, "grant_type="+spec.GrantDeviceCode+"&device_code=x&client_id=dfcheck", "a.b.c")
		f.Add(i, string(spec.JSON), `{"client_id":"dfcheck","scope":["a"],"scope":1,"user_code":"\ud800"}`, "")
		f.Add(i, "multipart/form-data; boundary=x",
			"--x\r\nContent-Disposition: form-data; name=client_id\r\n\r\ndfcheck\r\n--x--", "")
		f.Add(i, form, "%zz=&&=&a=%00", encoded(`{"alg":"ES256","jwk":{"kty":"EC"}}`)+"."+encoded(`{"iat":1e400}`)+".x")
	}
	f.Fuzz(func(t *testing.T, path int, contentType, body, proof string) {
		at := paths[uint(path)%uint(len(paths))]
		r := httptest.NewRequest(http.MethodPost, at, strings.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		if proof != "" {
			r.Header.Set("DPoP", proof)
			r.Header.Set("Authorization", proof)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code < 200 || w.Code > 599 {
			t.Errorf("%s %q: status %d", at, body, w.Code)
		}
		var m map[string]any
		if at == paths[0] || at == paths[1] {
			err := json.Unmarshal(w.Body.Bytes(), &m)
			if err != nil || w.Code >= 500 && w.Code != http.StatusServiceUnavailable {
				t.Errorf("%s %q: %d %q: %v", at, body, w.Code, w.Body, err)
			}
		}
	})
}

// FuzzRelayed: whatever the server behind a proxy answers gets to the device as it came
// while no fault is on, and comes through with one.
func FuzzRelayed(f *testing.F) {
	for _, body := range []string{
		`{"device_code":"d","user_code":"u","verification_uri":"https://a.example/","expires_in":1e400,"interval":-1}`,
		`{"device_code":"d","user_code":"u","interval":99999999999999999999}`, `{"error":["x"]}`, `{"error":"slow_down"`,
		`[]`, "\x00", `{"a":1,"a":2}`, ""} {
		f.Add(200, "application/json", body)
		f.Add(400, "text/html", body)
	}
	form := "grant_type=" + spec.GrantDeviceCode + "&device_code=d&client_id=a"
	f.Fuzz(func(t *testing.T, status int, contentType, body string) {
		if status < 200 || status > 599 || status == http.StatusNoContent || status == http.StatusNotModified {
			return // net/http sends no such answer, or one without a body
		}
		answers := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = []string{contentType}
			w.WriteHeader(status)
			w.Write([]byte(body))
		})
		for _, name := range []string{"", "slow-down-for-pending", "answers-cacheable"} {
			var faults []Fault
			if name != "" {
				fault, err := FaultNamed(name)
				if err != nil {
					t.Fatal(err)
				}
				faults = []Fault{fault}
			}
			p := inFront(t, answers, faults...)
			for _, sent := range []string{"client_id=a", form, form} {
				w := httptest.NewRecorder()
				p.ServeHTTP(w, formPost("/x", sent))
				if name == "" && (w.Code != status || w.Body.String() != body) {
					t.Errorf("%d %q comes as %d %q", status, body, w.Code, w.Body)
				}
			}
			p.Flows()
		}
	})
}

// FuzzLimit: a limit that is taken can be kept.
func FuzzLimit(f *testing.F) {
	for _, text := range []string{"polls:address:10/1s:bucket:burst=20", "starts:client+address:1/1h:window:silent",
		"all:code:9223372036854775807/1ms", "entries::1/", "::"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l, err := ParseLimit(text)
		if err != nil {
			return
		}
		w := httptest.NewRecorder()
		New(Config{Limits: []Limit{l}}).ServeHTTP(w, formPost("/token", "client_id=dfcheck"))
		if w.Code >= 500 {
			t.Errorf("%q: %d %s", text, w.Code, w.Body)
		}
	})
}
