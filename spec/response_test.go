package spec

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDecodeStart(t *testing.T) {
	whole := StartResponse{DeviceCode: "d", UserCode: "u", VerificationURI: "https://x/", ExpiresIn: 1800, Interval: 5,
		HasInterval: true}
	with := func(change func(*StartResponse)) StartResponse {
		r := whole
		change(&r)
		return r
	}
	for _, test := range []struct {
		name, body string
		want       StartResponse
		problems   string
	}{
		{"as the standard prints it",
			`{"device_code":"d","user_code":"u","verification_uri":"https://x/","expires_in":1800,"interval":5}`, whole, ""},
		{"byte order mark, fractions and exponents", "\xef\xbb\xbf" +
			`{"device_code":"d","user_code":"u","verification_uri":"https://x/","expires_in":1.8e3,"interval":5.0}`, whole, ""},
		{"no interval", `{"device_code":"d","user_code":"u","verification_uri":"https://x/","expires_in":1800}`,
			with(func(r *StartResponse) { r.Interval, r.HasInterval = 0, false }), ""},
		{"numbers as strings are read",
			`{"device_code":"d","user_code":"u","verification_uri":"https://x/","expires_in":"1800","interval":"5"}`, whole, ""},
		{"negative interval is for the reader to judge",
			`{"device_code":"d","user_code":"u","verification_uri":"https://x/","expires_in":1800,"interval":-1}`,
			with(func(r *StartResponse) { r.Interval = -1 }), ""},
		{"names of other case are other members",
			`{"Device_Code":"d","user_code":"u","verification_uri":"https://x/","expires_in":1800,"interval":5}`,
			with(func(r *StartResponse) { r.DeviceCode = "" }), `member "device_code" is missing`},
		{"wrong types", `{"device_code":7,"user_code":"u","verification_uri":"https://x/","expires_in":1.5,"interval":{}}`,
			with(func(r *StartResponse) { r.DeviceCode, r.ExpiresIn, r.Interval, r.HasInterval = "", 0, 0, false }),
			"member \"device_code\" is not a string that is not empty\nmember \"expires_in\" is not an integral " +
				"number\nmember \"interval\" is not an integral number"},
		{"numbers too long to parse", `{"device_code":"d","user_code":"u","verification_uri":"https://x/","expires_in":` +
			strings.Repeat("9", 1000) + `,"interval":5}`,
			with(func(r *StartResponse) { r.ExpiresIn = 0 }), `member "expires_in" is not an integral number`},
		{"null", "null", StartResponse{}, "the body is not one JSON object"},
		{"trailing data", `{"device_code":"d"} }`, StartResponse{}, "the body is not one JSON object"},
		{"too large", `{"a":"` + strings.Repeat("x", MaxBody) + `"}`, StartResponse{},
			"the body is larger than 1048576 bytes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := DecodeStart([]byte(test.body))
			if d := cmp.Diff(test.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if problems := errorText(err); problems != test.problems {
				t.Errorf("error = %q, want %q", problems, test.problems)
			}
		})
	}
}

func TestDecodeToken(t *testing.T) {
	for _, test := range []struct {
		name, body string
		want       TokenResponse
		problems   string
	}{
		{"all members", `{"access_token":"a","token_type":"Bearer","refresh_token":"r","id_token":"i","scope":"x y","expires_in":60}`,
			TokenResponse{"a", "Bearer", "r", "i", "x y", 60, true}, ""},
		{"the required ones alone", `{"access_token":"a","token_type":"Bearer"}`,
			TokenResponse{AccessToken: "a", TokenType: "Bearer"}, ""},
		{"scope as an array", `{"access_token":"a","token_type":"Bearer","scope":["x","y"]}`,
			TokenResponse{AccessToken: "a", TokenType: "Bearer", Scope: "x y"}, ""},
		{"no access token", `{"token_type":"Bearer","expires_in":null}`, TokenResponse{TokenType: "Bearer"},
			`member "access_token" is missing`},
		{"an error answer", `{"error":"slow_down"}`, TokenResponse{},
			"member \"access_token\" is missing\nmember \"token_type\" is missing"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := DecodeToken([]byte(test.body))
			if d := cmp.Diff(test.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if problems := errorText(err); problems != test.problems {
				t.Errorf("error = %q, want %q", problems, test.problems)
			}
		})
	}
}

func TestObjectIsOneObject(t *testing.T) {
	for body, want := range map[string]bool{
		`{"a":1}`: true, " {} \n": true, "\xef\xbb\xbf{}": true,
		`{} {}`: false, `{} }`: false, `[]`: false, `null`: false, ``: false, `{`: false, `{}x`: false,
	} {
		if got := Object([]byte(body)) != nil; got != want {
			t.Errorf("Object(%q) is an object: %v, want %v", body, got, want)
		}
	}
}

func TestErrorCode(t *testing.T) {
	for body, want := range map[string]string{
		`{"error":"slow_down"}`:                  "slow_down",
		`{"error":["a","b"]}`:                    "a",
		`{"error":{"code":"invalid_grant"}}`:     "invalid_grant",
		`{"error":404}`:                          "404",
		`{"detail":"x"}`:                         "",
		`<html>`:                                 "",
		"\xef\xbb\xbf" + `{"error":"slow_down"}`: "slow_down",
	} {
		if got := ErrorCode([]byte(body)); got != want {
			t.Errorf("ErrorCode(%q) = %q, want %q", body, got, want)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
