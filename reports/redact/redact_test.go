package redact

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"html/template"
	"math/rand"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/dfcheck/dfcheck/spec"
)

// printable makes a secret of all printable characters.
func printable(rng *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(0x21 + rng.Intn(0x7f-0x21))
	}
	if rng.Intn(3) == 0 { // what looks like escapes
		traps := []string{`\u0041`, `%41`, `&amp;`, `\\`, `\/`, `\n`, `%%`, `"`, `&#x41;`, `+`, ` `, `'`, `<`, `\"`}
		t := traps[rng.Intn(len(traps))]
		i := 1 + rng.Intn(n-1)
		b = append(b[:i:i], append([]byte(t), b[i:]...)...)
	}
	return string(b)
}

// A writer writes a text in some language's way; reader reads it again.
type writing struct {
	name  string
	write func(string) string
	read  func(string) string
}

func jsonInside(s string) string { j, _ := json.Marshal(s); return string(j[1 : len(j)-1]) }

func readJSON(s string) string {
	var out string
	if json.Unmarshal([]byte(`"`+s+`"`), &out) != nil {
		return s
	}
	return out
}

// asJSON writes a JSON string with some characters as \u escapes, in one case of
// the hexadecimal digits, and with \/ where slash says so.
func asJSON(escaped, format string, slash bool) func(string) string {
	return func(s string) string {
		var b strings.Builder
		for _, r := range s {
			switch {
			case r == '/' && slash:
				b.WriteString(`\/`)
			case strings.ContainsRune(escaped, r) || r > 0x7e || r < ' ':
				for _, u := range utf16.Encode([]rune{r}) {
					fmt.Fprintf(&b, format, u)
				}
			case r == '"' || r == '\\':
				b.WriteString(`\` + string(r))
			default:
				b.WriteRune(r)
			}
		}
		return b.String()
	}
}

func readPercent(s string) string {
	out, err := url.PathUnescape(s)
	if err != nil {
		return s
	}
	return out
}

func readQuery(s string) string {
	out, err := url.QueryUnescape(s)
	if err != nil {
		return s
	}
	return out
}

// everyByte writes each byte with a format.
func everyByte(format string) func(string) string {
	return func(s string) string {
		var b strings.Builder
		for i := range len(s) {
			fmt.Fprintf(&b, format, s[i])
		}
		return b.String()
	}
}

var inJSON = []writing{
	{"Go", jsonInside, readJSON},
	{"PHP", asJSON("", `\u%04x`, true), readJSON},
	{".NET", asJSON(`"+&'<>`+"`", `\u%04X`, false), readJSON},
	{"Python", asJSON("", `\u%04x`, false), readJSON},
}

var inText = []writing{
	{"raw", strings.Clone, strings.Clone},
	{"query", url.QueryEscape, readQuery},
	{"path", url.PathEscape, readPercent},
	{"lower percent", everyByte("%%%02x"), readPercent},
	{"upper percent", everyByte("%%%02X"), readPercent},
	{"html", html.EscapeString, html.UnescapeString},
	{"decimal entities", everyByte("&#%d;"), html.UnescapeString},
	{"hexadecimal entities", everyByte("&#x%X;"), html.UnescapeString},
	{"script", template.JSEscapeString, func(s string) string { return readJSON(strings.ReplaceAll(s, `\'`, `'`)) }},
	{"query in html", func(s string) string { return html.EscapeString(url.QueryEscape(s)) },
		func(s string) string { return readQuery(html.UnescapeString(s)) }},
	{"twice percent", func(s string) string { return url.QueryEscape(url.QueryEscape(s)) },
		func(s string) string { return readQuery(readQuery(s)) }},
}

const rounds = 100

func seeded(t *testing.T) *rand.Rand {
	seed := rand.Int63()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewSource(seed))
}

// TestJSONBodies: no secret is left in a JSON body, whoever wrote it and
// wherever it stands, and the body stays the JSON it was.
func TestJSONBodies(t *testing.T) {
	rng := seeded(t)
	for range rounds {
		secret := printable(rng, 8+rng.Intn(40))
		for _, outer := range inJSON {
			for _, inner := range inText {
				text := "before=" + inner.write(secret) + "&after"
				for _, body := range []string{
					`{"access_token":"` + outer.write(secret) + `","token_type":"Bearer"}`,
					"\ufeff{ \"error\" : \"x\",\"error\":\"" + outer.write(text) + `", "n":[1.50,{"a":null}] }`,
					`{"data":{"list":["` + outer.write(text) + `"]}}`,
					`{"` + outer.write(secret) + `":1}`,
				} {
					r := New(nil)
					r.Learn(AccessToken, secret)
					got := r.Body(body, About{ContentType: "application/json"})
					if !json.Valid([]byte(strings.TrimPrefix(got, "\ufeff"))) {
						t.Fatalf("%s of %q: no longer JSON:\n%s\n%s", outer.name, secret, body, got)
					}
					if left := strings.Contains(inner.read(readJSON(strings.Trim(got, `{}"`))), secret) ||
						strings.Contains(got, outer.write(secret)); left {
						t.Fatalf("%s in %s of %q is left:\n%s\n%s", inner.name, outer.name, secret, body, got)
					}
					if got == body {
						t.Fatalf("%s in %s of %q was not found:\n%s", inner.name, outer.name, secret, body)
					}
					if err := r.Check("file", []byte(body)); err == nil {
						t.Fatalf("%s in %s of %q: the guard let pass %s", inner.name, outer.name, secret, body)
					}
					if err := r.Check("file", []byte(got)); err != nil {
						t.Fatalf("%s in %s of %q: %v\n%s", inner.name, outer.name, secret, err, got)
					}
				}
			}
		}
	}
}

// TestTexts: the same in pages, URLs and messages.
func TestTexts(t *testing.T) {
	rng := seeded(t)
	for range rounds {
		secret := printable(rng, 8+rng.Intn(40))
		for _, w := range inText {
			for _, form := range []string{`<p title="%s">x</p>`, `<a href='/x?code=%s&y=1'>`,
				`<script>f("%s")</script>`, "message: %s is wrong", "%s"} {
				body := strings.Replace(form, "%s", w.write(secret), 1)
				r := New(nil)
				r.Learn(DeviceCode, secret)
				got := r.Body(body, About{ContentType: "text/html"})
				if strings.Contains(w.read(got), secret) || got == body {
					t.Fatalf("%s of %q is left:\n%s\n%s", w.name, secret, body, got)
				}
				if err := r.Check("file", []byte(body)); err == nil {
					t.Fatalf("%s of %q: the guard let pass %s", w.name, secret, body)
				}
			}
		}
	}
}

// TestForms: fields of forms and of multipart bodies, known secrets or not.
func TestForms(t *testing.T) {
	rng := seeded(t)
	for range rounds {
		secret := printable(rng, 1+8+rng.Intn(40))
		for _, known := range []bool{true, false} {
			for _, enc := range []spec.Encoding{spec.Form, spec.Multipart, spec.JSON} {
				params := spec.Params{{Name: "client_id", Value: "tv"}, {Name: "device_code", Value: secret},
					{Name: "scope", Value: "a b"}}
				contentType, body := enc.Encode(params)
				r := New(nil)
				if known {
					r.Learn(DeviceCode, secret)
				}
				got := r.Body(string(body), About{ContentType: contentType})
				want := params.With("device_code", r.known[secret].name)
				if read := fields(t, enc, contentType, got); fmt.Sprint(read) != fmt.Sprint(want) {
					t.Fatalf("%s of %q: got %v, want %v", enc, secret, read, want)
				}
			}
		}
	}
}

func fields(t *testing.T, enc spec.Encoding, contentType, body string) spec.Params {
	t.Helper()
	values := map[string]string{}
	switch enc {
	case spec.JSON:
		if err := json.Unmarshal([]byte(body), &values); err != nil {
			t.Fatal(err, body)
		}
	case spec.Form:
		q, err := url.ParseQuery(body)
		if err != nil {
			t.Fatal(err, body)
		}
		for k := range q {
			values[k] = q.Get(k)
		}
	case spec.Multipart:
		_, params, _ := mime.ParseMediaType(contentType)
		form, err := multipart.NewReader(strings.NewReader(body), params["boundary"]).ReadForm(1 << 20)
		if err != nil {
			t.Fatal(err, body)
		}
		for k, v := range form.Value {
			values[k] = v[0]
		}
	}
	return spec.Params{{Name: "client_id", Value: values["client_id"]},
		{Name: "device_code", Value: values["device_code"]}, {Name: "scope", Value: values["scope"]}}
}

// TestHeaders: credentials, cookies and addresses.
func TestHeaders(t *testing.T) {
	rng := seeded(t)
	for range rounds {
		secret := printable(rng, 1+rng.Intn(40)+1)
		cookie := strings.Trim(base64.RawURLEncoding.EncodeToString([]byte(secret)), "-_")
		req, _ := http.NewRequest("GET", "/", nil)
		req.SetBasicAuth(url.QueryEscape("my client"), url.QueryEscape(secret))
		h := http.Header{
			"Authorization": {req.Header.Get("Authorization"), "Bearer " + secret},
			"Set-Cookie":    {"sid=" + cookie + "; Path=/; HttpOnly"}, "Cookie": {"a=1; sid=" + cookie},
			"Location": {"https://x.example/?access_token=" + url.QueryEscape(secret) + "#id_token=" +
				url.QueryEscape(secret)},
			"X-Api-Key": {secret},
		}
		r := New(nil)
		got := r.Header(h)
		all := fmt.Sprint(got)
		for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret), cookie,
			base64.StdEncoding.EncodeToString([]byte(secret))} {
			if len(form) >= 6 && strings.Contains(all, form) {
				t.Fatalf("%q is left of %q in %s", form, secret, all)
			}
		}
		if !strings.HasPrefix(got["Authorization"][0], "Basic my+client:") ||
			!strings.HasSuffix(got["Set-Cookie"][0], "; Path=/; HttpOnly") ||
			!strings.HasPrefix(got["Set-Cookie"][0], "sid=cookie:") {
			t.Fatalf("the shape of the fields is lost: %s", all)
		}
		if again := r.Header(got); fmt.Sprint(again) != all {
			t.Fatalf("redacted twice:\n%s\n%s", all, again)
		}
	}
}

// TestCut: of a secret at the end of what was read nothing is left.
func TestCut(t *testing.T) {
	rng := seeded(t)
	for range rounds {
		secret := printable(rng, 12+rng.Intn(30))
		for _, w := range append(inJSON[:len(inJSON):len(inJSON)], inText[:5]...) {
			written := w.write(secret)
			at := 1 + rng.Intn(len(written)-1)
			for _, before := range []string{`{"error":"no `, `{"device_code":"`, "device_code=", `plain `} {
				body := before + written[:at]
				r := New(nil)
				r.Learn(DeviceCode, secret)
				got := r.Body(body, About{Cut: true})
				rest := strings.TrimPrefix(got, before)
				if !strings.HasPrefix(got, before) {
					t.Fatalf("what stands before was lost: %s", got)
				}
				left := 0 // of the secret
				for left < len(secret) && strings.HasPrefix(rest, w.write(secret[:left+1])) {
					left++
				}
				if left >= minTail {
					t.Fatalf("%s of %q, cut after %d: left %s", w.name, secret, at, got)
				}
			}
		}
	}
}

// TestOverlaps: a secret that is part of another, or that begins inside one.
func TestOverlaps(t *testing.T) {
	r := New(nil)
	inner, outer, next := "abcdefghij", "xxabcdefghijyy", "hijyyzzzzzzzz"
	for _, s := range []string{inner, outer, next} {
		r.Learn(AccessToken, s)
	}
	for text, want := range map[string]string{
		"a " + outer + " b":                 "a " + r.known[outer].name + " b",
		"a " + inner + " b":                 "a " + r.known[inner].name + " b",
		"a xxabcdefghijyyzzzzzzzz b":        "a " + r.known[outer].name + " b",
		`{"refresh_token":"` + inner + `"}`: `{"refresh_token":"` + r.known[inner].name + `"}`,
	} {
		if got := r.Body(text, About{}); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

// TestOrdinary: what is short, shown on purpose or a word does not turn up
// everywhere, and does not keep a report from being written.
func TestOrdinary(t *testing.T) {
	r := New(nil)
	r.Client("my-television", "television")
	r.Client("b", "secret")
	r.Learn(ClientSecret, "changeme")
	r.Show("WDJB-MJHT")
	r.Sent(DeviceCode, "WDJB-MJHT")
	const ordinary = `{"client_id":"my-television","a":"a secret television"}`
	for body, want := range map[string]string{
		ordinary:                            ordinary,
		`{"client_secret":"secret"}`:        `{"client_secret":"` + r.known["secret"].name + `"}`,
		"client_secret=television&x=secret": "client_secret=" + r.known["television"].name + "&x=secret",
		`{"error_description":"changeme is wrong, exchangemeter"}`: `{"error_description":"` +
			r.known["changeme"].name + ` is wrong, exchangemeter"}`,
		`{"user_code":"WDJB-MJHT"}`: `{"user_code":"WDJB-MJHT"}`,
	} {
		if got := r.Body(body, About{}); got != want {
			t.Errorf("%s: got %s, want %s", body, got, want)
		}
	}
	for text, leaks := range map[string]bool{
		`{"title":"my-television says: please changeme, it is no secret"}`:              false,
		`{"body":"client_secret=secret"}`:                                               true,
		`{"client_secret":"television"}`:                                                true,
		"curl -u x --data client_secret=changeme":                                       true,
		"Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("b:secret")): true,
	} {
		if err := r.Check("f", []byte(text)); (err != nil) != leaks {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestMessages: what a refusal says about a member is not taken for the member.
func TestMessages(t *testing.T) {
	r := New(nil)
	body := `{"device_code":"This field is required.","errors":{"device_code":["This field is required."]}}`
	if got := r.Body(body, About{Refusal: true}); got != body {
		t.Errorf("got %s", got)
	}
	got := r.Body(`{"device_code":12345678,"expires_in":1800}`, About{})
	if got != `{"device_code":0,"expires_in":1800}` {
		t.Errorf("a code as a number: %s", got)
	}
}

// TestPlaces: the error of the guard names file, place and pseudonym alone.
func TestPlaces(t *testing.T) {
	r := New(nil)
	name := r.Learn(AccessToken, "s3cr3t/token+value")
	err := r.Check("json=out.json", []byte(`{"a":[{"id":"x1"},{"id":"x41",`+"\n"+
		`"response":{"body":"see s3cr3t\/token\u002Bvalue"}}]}`))
	want := "internal error: json=out.json would have shown a secret (" + name +
		") at line 2, /a/1/response/body, exchange x41; it was not written"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	err = r.Check("-", []byte("one\ntwo x7 s3cr3t&#47;token%2bvalue\n"))
	want = "internal error: - would have shown a secret (" + name + ") at line 2, exchange x7; it was not written"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// FuzzBody: the redactor never panics, leaks nothing it knows, and makes no object, array
// or string of JSON invalid.
func FuzzBody(f *testing.F) {
	for _, body := range []string{`{"device_code":"a\/b\u002Bcdefgh"}`, `{"a":"\ud83d`, "device_code=%41%4",
		"--x\r\nname=\"device_code\"\r\n\r\nabc\r\n--x--",
		`<input value="x" name="access_token">`, `[[[{"access_token":[1,"x"]`, "Basic YTpiYmJiYmJiYg==", `"\`, "&#x",
		"a=b&c", "\xef\xbb\xbf{}", `{"device_code":-1e5}`} {
		f.Add(body, `a/b+cdefgh`, "application/json", false)
		f.Add(body, `s"ec\r&et<%41`, "multipart/form-data; boundary=x", true)
	}
	f.Fuzz(func(t *testing.T, body, secret, contentType string, cut bool) {
		r := New(nil)
		r.Learn(DeviceCode, secret)
		got := r.Body(body, About{ContentType: contentType, Cut: cut})
		if json.Valid([]byte(body)) && !json.Valid([]byte(got)) && !scalar(body) {
			t.Errorf("no longer JSON: %q %q", body, got)
		}
		if len(secret) >= minSearched && !json.Valid([]byte(body)) && !bytes.ContainsAny([]byte(secret), `\"`) &&
			slices.ContainsFunc(strings.Split(got, r.known[secret].name), // a pseudonym may complete one
				func(part string) bool { return strings.Contains(part, secret) }) {
			t.Errorf("%s is left in %q of %q", strconv.Quote(secret), got, body)
		}
		r.Header(http.Header{"Authorization": {body}, "Cookie": {body}, "Set-Cookie": {body}, "Location": {body}})
		r.Check("f", []byte(body))
	})
}

// scalar reports whether a JSON text is one number or word, which may itself be a secret.
func scalar(body string) bool { return !strings.ContainsAny(body, "{[\"") }

// TestBasics: credentials are found where a regular expression finds them.
func TestBasics(t *testing.T) {
	pattern := regexp.MustCompile(`(?i)\bbasic +([A-Za-z0-9+/_-]{6,}={0,2})`)
	for _, text := range []string{"", " ", "basic", "basic ", "Basic YWxpY2U6eA==", "BASIC   YWxpY2U6eA=",
		"xbasic YWxpY2U6eA==",
		"é" + "basic YWxpY2U6eA==", "-basic YWxpY2U6eA===", "basic short", "basic basic basic YWxpY2U6eA== basic Zm9v+/_-x",
		"a Basic YWxpY2U6eA==\nBasic  YWxpY2U6eA==,basic \tYWxpY2U6eA==", "_basic YWxpY2U6eA==", "basic YWxpY2"} {
		var want, got [][]int
		for _, m := range pattern.FindAllStringSubmatchIndex(text, -1) {
			want = append(want, m[2:4])
		}
		basics(text, func(i, j int) { got = append(got, []int{i, j}) })
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}
