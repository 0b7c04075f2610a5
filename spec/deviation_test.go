package spec

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCheckResponse(t *testing.T) {
	v1, _ := BuiltinContract("documented-v1")
	v2, _ := BuiltinContract("documented-v2")
	rfc, _ := BuiltinContract("rfc8628")
	lumen, hub := vendor(t, "lumen-identity.yaml"), vendor(t, "homehub-pairing.json")
	const (
		json   = "application/json"
		start  = `{"device_code":"d","user_code":"u","verification_uri":"https://x/","expires_in":1800,"interval":5}`
		token  = `{"access_token":"a","token_type":"Bearer","expires_in":60}`
		lumens = `{"device_code":"dddddddddddddddddddd","user_code":"BCDF-GHJK","verification_uri":"https://x/","expires_in":1800`
	)
	for _, test := range []struct {
		name        string
		operation   *Operation
		status      int
		contentType string
		body        string
		want        []string // pointer and keyword of each deviation
	}{
		{"as documented", &v1.Start, 200, json, start, nil},
		{"media types compare without case and parameters", &v1.Start, 200, "Application/JSON; charset=utf-8", start, nil},
		{"unknown members are fine", &v1.Start, 200, json, start[:len(start)-1] + `,"verification_uri_complete":"x"}`, nil},
		{"1800.0 is an integer", &v1.Start, 200, json, strings.Replace(start, "1800", "1800.0", 1), nil},
		{"missing and mistyped members, all at once", &v1.Start, 200, json,
			`{"device_code":7,"user_code":null,"verification_uri":"u","expires_in":"1800"}`,
			[]string{"/device_code type", "/expires_in type", "/interval required", "/user_code type"}},
		{"wrong media type, right body", &v1.Start, 200, "text/html", start, []string{" contentType"}},
		{"no media type, wrong body", &v1.Start, 200, "", "{}", []string{" contentType", "/device_code required",
			"/expires_in required",
			"/interval required", "/user_code required", "/verification_uri required"}},
		{"undeclared success", &v1.Start, 201, json, start, []string{" status"}},
		{"undeclared redirect", &v1.Start, 307, json, start, []string{" status"}},
		{"undeclared errors come from the standards", &v1.Start, 400, "text/html", "<p>", nil},
		{"not an object", &v1.Start, 200, json, `"x"`, []string{" type"}},
		{"not JSON", &v1.Start, 200, json, `<html>`, []string{" json"}},
		{"empty", &v1.Start, 200, json, ``, []string{" json"}},
		{"trailing data", &v1.Start, 200, json, start + "{}", []string{" json"}},
		{"byte order mark", &v1.Start, 200, json, "\xef\xbb\xbf" + start, []string{" json"}},
		{"broken UTF-8", &v1.Start, 200, json, strings.Replace(start, `"u"`, "\"\xff\"", 1), []string{" json"}},
		{"a name twice", &v1.Start, 200, json, start[:len(start)-1] + `,"interval":6}`, []string{"/interval duplicate"}},
		{"the same name in two objects", &v1.Start, 200, json, start[:len(start)-1] +
			`,"a":{"b":1},"c":{"b":1},"d":["e","e"]}`, nil},

		{"the slip: token members are what counts", &v1.Token, 200, json, token, nil},
		{"the slip: a start response is no token response", &v1.Token, 200, json, start,
			[]string{"/access_token required", "/token_type required"}},
		{"v2 requires expires_in", &v2.Token, 200, json, `{"access_token":"a"}`, []string{"/expires_in required"}},
		{"a standard error", &rfc.Token, 400, json, `{"error":"slow_down"}`, nil},
		{"a standard error without its code", &rfc.Token, 401, json, `{"detail":"x"}`, []string{"/error required"}},

		{"3.1: as documented", &lumen.Start, 200, json, lumens + "}", nil},
		{"3.1: keywords beyond 3.0", &lumen.Start, 200, json, lumens[:len(lumens)-4] + `0,"extra":1}`,
			[]string{"/expires_in exclusiveMinimum", "/extra unevaluatedProperties"}},
		{"3.1: formats and patterns hold", &lumen.Start, 200, json,
			strings.NewReplacer("https://x/", "::", "BCDF", "bcdf").Replace(lumens) + `,"verification_uri_complete":null}`,
			[]string{"/user_code pattern", "/verification_uri format"}},
		{"3.1: missing members are named as in 3.0", &lumen.Start, 200, json, `{"interval":"5"}`,
			[]string{"/device_code required", "/expires_in required",
				"/interval type", "/user_code required", "/verification_uri required"}},
		{"3.1: const and dependentRequired", &lumen.Token, 200, json,
			`{"access_token":"a","token_type":"mac","expires_in":1,"refresh_token":"r"}`,
			[]string{"/scope dependentRequired", "/token_type const"}},
		{"3.1: a status range", &lumen.Start, 429, json, `{}`, []string{"/error required"}},
		{"3.1: the default answer", &lumen.Token, 503, "text/html", `{"error":"x"}`, []string{" contentType"}},

		{"3.1: a pattern of another dialect is passed over", &lumen.Token, 403, json,
			`{"error":"x","error_description":"<p>"}`, nil},

		{"3.0: limits", &hub.Start, 200, json,
			`{"device_code":"d","user_code":"0123456789","verification_uri":"u","expires_in":3601,"interval":5,"note":null,"more":1}`,
			[]string{"/expires_in maximum", "/more additionalProperties", "/user_code maxLength", "/verification_uri format"}},
		{"3.0: patterns", &hub.Start, 200, json,
			`{"device_code":"d d","user_code":"<","verification_uri":"https://x/","expires_in":60,"interval":5}`,
			[]string{"/device_code pattern"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, d := range test.operation.CheckResponse(test.status, test.contentType, []byte(test.body)) {
				got = append(got, d.Pointer+" "+d.Keyword)
				if d.Want == "" {
					t.Errorf("%s %s does not say what the document asks", d.Pointer, d.Keyword)
				}
			}
			if d := cmp.Diff(test.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// Hostile bodies take neither time nor memory, and nothing of what they hold
// beyond cut member names comes back.
func TestCheckResponseIsBounded(t *testing.T) {
	v1, _ := BuiltinContract("documented-v1")
	lumen := vendor(t, "lumen-identity.yaml")
	const secret = "s3cr3t-device-code"
	for _, test := range []struct{ name, body, keyword string }{
		{"deep", `{"device_code":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}`, "depth"},
		{"deeper", strings.Repeat(`{"a":`, 200000), "json"},
		{"long number", `{"expires_in":` + strings.Repeat("9", 900000) + `}`, "number"},
		{"huge exponent", `{"a":[` + strings.Repeat("1e999999,", 50000) + `1],"expires_in":1e999999}`, "number"},
		{"large exponent", `{"device_code":1e400,"user_code":"u","verification_uri":"u","interval":5,"expires_in":1}`, ""},
		{"many members", `{"` + strings.Repeat(`a":1,"`, 100000) + `b":1}`, "duplicate"},
		{"long name", `{"` + strings.Repeat("n", 500000) + `":1,"` + strings.Repeat("n", 500000) + `":1}`, "duplicate"},
		{"too large", `{"device_code":"` + strings.Repeat("x", MaxBody) + `"}`, "size"},
		{"secrets", `{"device_code":["` + secret + `"],"user_code":{"a":"` + secret + `"},"expires_in":"` + secret + `"}`,
			"type"},
	} {
		for _, o := range []*Operation{&v1.Start, &lumen.Start} {
			began := time.Now()
			found := o.CheckResponse(200, "application/json", []byte(test.body))
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("%s: took %s", test.name, took)
			}
			if len(found) == 0 || len(found) > maxDeviations {
				t.Errorf("%s: %d deviations", test.name, len(found))
			}
			named := test.keyword == ""
			for _, d := range found {
				named = named || d.Keyword == test.keyword
				if text := d.String(); len(text) > 400 || strings.Contains(text, secret) {
					t.Errorf("%s: %.200q", test.name, text)
				}
			}
			if !named {
				t.Errorf("%s: no %q among %.300v", test.name, test.keyword, found)
			}
		}
	}
}

func TestDeviationsReadWell(t *testing.T) {
	v1, lumen, hub := must(BuiltinContract("documented-v1")), vendor(t, "lumen-identity.yaml"),
		vendor(t, "homehub-pairing.json")
	const start = `{"device_code":"dddddddddddddddddddd","user_code":"BCDF-GHJK","verification_uri":"https://x/","expires_in":1800,"interval":5}`
	for _, test := range []struct {
		operation *Operation
		old, new  string // in the answer
		want      string
	}{
		{&v1.Start, "1800", `"1800"`, "expected /expires_in to be of type integer, got a string"},
		{&v1.Start, `,"interval":5`, "", "expected /interval to be there, got no such member"},
		{&v1.Start, start, `[]`, "expected the answer to be of type object, got an array"},
		{&v1.Start, `{`, `{"interval":5,`, "expected /interval to be given once in its object, got the same name twice"},
		{&v1.Start, `5}`, `5,"a":1e9999}`,
			"expected the answer to have numbers of at most 64 characters, with exponents of at most 3 digits, got a " +
				"longer one"},
		{&lumen.Start, "1800", `"1800"`, "expected /expires_in to be of type integer, got a string"},
		{&lumen.Start, "1800", `0`, "expected /expires_in to be more than 0, got another value"},
		{&lumen.Start, "5}", `5,"a/b":1}`,
			"expected /a~1b to be left out, since the document lists all members (unevaluatedProperties), got a member"},
		{&lumen.Start, "dddddddddddddddddddd", `d`,
			"expected /device_code to have at least 20 characters, got another value"},
		{&lumen.Start, "https://x/", "x", "expected /verification_uri to have the format uri, got another value"},
		{&hub.Start, "1800", "3601", "expected /expires_in to be at most 3600, got another value"},
		{&hub.Start, "BCDF-GHJK", "0123456789", "expected /user_code to have at most 9 characters, got another value"},
		{&hub.Start, "dddddddddddddddddddd", "d d", `expected /device_code to match the pattern ^\S+$, got another value`},
		{&hub.Start, "https://x/", "x", "expected /verification_uri to have the format uri, got another value"},
		{&hub.Start, "5}", `5,"a":1}`,
			"expected /a to be left out, since the document lists all members (additionalProperties), got a member"},
	} {
		body := strings.Replace(start, test.old, test.new, 1)
		found := test.operation.CheckResponse(200, "application/json", []byte(body))
		if len(found) != 1 || found[0].String() != test.want {
			t.Errorf("%s: deviations = %v, want %q", body, found, test.want)
		}
	}
	for _, test := range []struct {
		status int
		media  string
		want   string
	}{
		{201, "application/json", "expected the answer to have a status that the document declares (200), got 201"},
		{200, "text/html", "expected the answer to have the media type application/json, got another"},
	} {
		found := v1.Start.CheckResponse(test.status, test.media, []byte(start))
		if len(found) != 1 || found[0].String() != test.want {
			t.Errorf("deviations = %v, want %q", found, test.want)
		}
	}
}

// A format asks the same in OpenAPI 3.0 as in 3.1.
func TestFormats(t *testing.T) {
	for _, version := range []string{"3.0.3", "3.1.0"} {
		for format, value := range map[string]struct{ right, wrong string }{
			"date": {"2026-11-27", "27.11.2026"}, "date-time": {"2026-11-27T02:00:00Z", "2026-11-27"},
			"email":    {"a@b.example", "a"},
			"hostname": {"a.example", "a_b"}, "ipv4": {"192.0.2.1", "192.0.2"}, "ipv6": {"2001:db8::1", "192.0.2.1"},
			"uri": {"https://a.example/", "a"}, "uuid": {"f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "f81d4fae"},
			"of-our-own": {"x", ""},
		} {
			o := formatted(t, version, format)
			body := func(text string) []byte { return []byte(`{"device_code":"d","user_code":"` + text + `"}`) }
			if found := o.CheckResponse(200, "application/json", body(value.right)); found != nil {
				t.Errorf("OpenAPI %s: %q as %s: %v", version, value.right, format, found)
			}
			found := o.CheckResponse(200, "application/json", body(value.wrong))
			if value.wrong != "" && (len(found) != 1 || found[0].Want != "to have the format "+format) {
				t.Errorf("OpenAPI %s: %q as %s: %v", version, value.wrong, format, found)
			}
		}
	}
}

// formatted is a device authorization whose user code has a format.
func formatted(t *testing.T, version, format string) *Operation {
	t.Helper()
	text := func(members string) string {
		return `{"requestBody": {"content": {"application/json": {"schema": {"properties": {"device_code": {}}}}}},
			"responses": {"200": {"description": "", "content": {"application/json": {"schema": {"properties": ` + members + `}}}}}}`
	}
	c, err := LoadContract("formats", []byte(`{"openapi": "`+version+
		`", "info": {"title": "formats", "version": "1"}, "paths": {
		"/a": {"post": `+text(`{"device_code": {}, "user_code": {"type": "string", "format": "`+format+`"}}`)+`},
		"/b": {"post": `+text(`{"access_token": {}}`)+`}}}`), OperationHints{})
	if err != nil {
		t.Fatal(err)
	}
	return &c.Start
}

// A name is changed as it stands in the body, not as the pointer writes it.
func TestRenamed(t *testing.T) {
	d := Deviation{Pointer: "/a/s~1e~0cret"}.Renamed(func(name string) string {
		return strings.Replace(name, "s/e~cret", "x/y", 1)
	})
	if d.Pointer != "/a/x~1y" {
		t.Error(d.Pointer)
	}
}

// One contract serves many goroutines.
func TestCheckResponseConcurrently(t *testing.T) {
	lumen, v1 := vendor(t, "lumen-identity.yaml"), must(BuiltinContract("documented-v1"))
	done := make(chan int)
	for range 8 {
		go func() {
			n := 0
			for range 20 {
				n += len(lumen.Start.CheckResponse(200, "application/json", []byte("{}"))) +
					len(v1.Start.CheckResponse(200, "application/json", []byte("{}")))
			}
			done <- n
		}()
	}
	for range 8 {
		if n := <-done; n != 20*(4+5) {
			t.Errorf("%d deviations, want %d", n, 20*(4+5))
		}
	}
}

func must(c *Contract, err error) *Contract {
	if err != nil {
		panic(err)
	}
	return c
}
