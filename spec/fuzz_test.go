package spec

import (
	"testing"
	"unicode/utf8"
)

// answers are bodies from which a search for bad ones begins.
var answers = []string{
	`{"device_code":"d","user_code":"u","verification_uri":"https://a.example/","expires_in":600,"interval":5}`,
	`{"access_token":"a","token_type":"Bearer","scope":["a","b"],"expires_in":"1e3"}`,
	`{"error":"authorization_pending"}`, `{"error":{"code":["x"]}}`, `{"error":[{"type":1e400}]}`,
	"\xef\xbb\xbf{\"interval\":1800.0}", `{"interval":-9223372036854775808,"expires_in":9223372036854775808}`,
	`{"a":[[[[[[[[[[]]]]]]]]]]}`, `{"a":1,"a":2}`, `{"a":"\ud800"}`, `{"a":"` + "\xff" + `"}`, `[]`, `null`, `{`, ``, `{}{}`,
}

// FuzzAnswer: whatever a server answers is read leniently, or not at all; what is read
// by one reader is not denied by another.
func FuzzAnswer(f *testing.F) {
	for _, body := range answers {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		object := Object(body)
		codes, startErr := DecodeStart(body)
		tokens, tokenErr := DecodeToken(body)
		if object == nil && (codes != StartResponse{} || tokens != TokenResponse{} || startErr == nil || tokenErr == nil) {
			t.Errorf("%q is no object and gives %+v and %+v", body, codes, tokens)
		}
		if object == nil && ErrorCode(body) != "" {
			t.Errorf("%q is no object and has the error %q", body, ErrorCode(body))
		}
		if startErr == nil && (codes.DeviceCode == "" || codes.UserCode == "" || codes.VerificationURI == "") {
			t.Errorf("%q is complete and gives %+v", body, codes)
		}
		for _, err := range []error{startErr, tokenErr} {
			if err != nil && !utf8.ValidString(err.Error()) {
				t.Errorf("%q is quoted in %q", body, err)
			}
		}
	})
}

// FuzzCheckResponse: no answer brings down what holds it against a document of either
// kind, and what is found fits into a report.
func FuzzCheckResponse(f *testing.F) {
	contracts := map[string]*Contract{}
	for _, name := range ContractNames() {
		c, err := BuiltinContract(name)
		if err != nil {
			f.Fatal(err)
		}
		contracts[name] = c
	}
	for name, data := range testDocuments(f) {
		if c, err := LoadContract(name, data, OperationHints{Path: map[string]string{"tenant": "acme"}}); err == nil {
			contracts[name] = c
		}
	}
	for _, body := range answers {
		f.Add(200, "application/json", []byte(body))
		f.Add(400, "application/problem+json; charset=utf-8", []byte(body))
	}
	f.Fuzz(func(t *testing.T, status int, contentType string, body []byte) {
		for name, c := range contracts {
			for _, o := range []*Operation{&c.Start, &c.Token} {
				found := o.CheckResponse(status, contentType, body)
				if len(found) > maxDeviations {
					t.Errorf("%s: %d deviations of %q", name, len(found), body)
				}
				for _, d := range found {
					if len(d.String()) > 64<<10 {
						t.Errorf("%s: a deviation of %d bytes of %q", name, len(d.String()), body)
					}
				}
			}
		}
	})
}
