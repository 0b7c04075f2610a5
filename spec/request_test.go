package spec

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// alder is a document with nearly everything that RFC 8628 does not have.
func alder(t *testing.T) *Contract {
	t.Helper()
	data, err := os.ReadFile("testdata/alder-screens.json")
	if err != nil {
		t.Fatal(err)
	}
	c, err := LoadContract("alder", data, OperationHints{Path: map[string]string{"tenant": "acme"}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var alderKey = Given{Start: Params{{Name: "activation_key", Value: "k-e-y"}}}

// TestRequestOfDocument: values come from the user, the document's examples, its
// default, its enumeration, and then from the format. No member is sent for which the
// schema has no room.
func TestRequestOfDocument(t *testing.T) {
	c := alder(t)
	s := Sender{ClientID: "alder-tv", Scope: "play", Given: alderKey}
	start := s.Start(c, "f1")
	_, body := c.Start.Encode(JSON, start)
	uuid := `[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`
	want := regexp.MustCompile(`^\{"client_id":"alder-tv","beta":false,"device_id":"(` + uuid +
		`)","device_name":"dfcheck f1",` +
		`"registered_at":"[-0-9]+T[0-9:]+Z","scopes":\["play"\],"screen":\{"height":1080,"width":1920\},"year":2020,"activation_key":"k-e-y"\}$`)
	found := want.FindStringSubmatch(string(body))
	if found == nil {
		t.Fatalf("%s", body)
	}
	_, body = c.Token.Encode(JSON, s.Follow(c, start).Poll(c, "c0de"))
	if want := `{"grant_type":"device_code","device_code":"c0de","device_id":"` + found[1] + `"}`; string(body) != want {
		t.Errorf("%s, want %s", body, want)
	}
	for _, h := range []struct {
		o    *Operation
		want string
	}{{&c.Start, `^X-Api-Version=2026-04-01&X-Request-Id=` + uuid + `$`}, {&c.Token, `^X-Api-Version=2026-04-01$`}} {
		if _, fields := Form.Encode(s.Header(h.o)); !regexp.MustCompile(h.want).Match(fields) {
			t.Errorf("header fields %s, want %s", fields, h.want)
		}
	}
	if got := InURL("https://x/?a=b", s.Query(&c.Start)); got != "https://x/?a=b&market=AA" {
		t.Error(got)
	}
	if got := InURL("https://x/", s.Query(&c.Token)); got != "https://x/" {
		t.Error(got)
	}
}

// TestGivenWins: what the user gives wins over the document, and is sent though the
// document lacks it.
func TestGivenWins(t *testing.T) {
	c := alder(t)
	s := Sender{ClientID: "alder-tv", Given: Given{
		Start: Params{ParamOf("activation_key", "k"), ParamOf("beta", true), ParamOf("year", 2024),
			ParamOf("scopes", []any{"a", "b"}), ParamOf("pkce", "x")},
		Poll:   Params{ParamOf("grant_type", "urn:alder")},
		Header: Params{{Name: "x-api-version", Value: "2025-10-01"}},
		Query:  Params{{Name: "market", Value: "SE"}},
	}}
	_, body := c.Start.Encode(JSON, s.Start(c, ""))
	for _, part := range []string{`"beta":true`, `"year":2024`, `"scopes":["a","b"]`, `"pkce":"x"`} {
		if strings.Count(string(body), part) != 1 {
			t.Errorf("%s not once in %s", part, body)
		}
	}
	if _, form := Form.Encode(s.Start(c, "")); !strings.Contains(string(form), "&scopes=a&scopes=b") {
		t.Errorf("%s", form)
	}
	if _, body := c.Token.Encode(JSON, s.Poll(c, "c")); !strings.HasPrefix(string(body), `{"device_code":"c"`) ||
		!strings.Contains(string(body), `"grant_type":"urn:alder"`) {
		t.Errorf("%s", body)
	}
	if got := s.Header(&c.Token); len(got) != 1 || got[0].Value != "2025-10-01" {
		t.Errorf("%v", got)
	}
	if got := s.Query(&c.Start); len(got) != 1 || got[0].Value != "SE" {
		t.Errorf("%v", got)
	}
}

// TestSecretsAreAskedFor: a secret is never made up, nor taken from an example that
// everybody reads. The error names the key.
func TestSecretsAreAskedFor(t *testing.T) {
	c := alder(t)
	err := Sender{ClientID: "alder-tv"}.Check(c)
	if want := `requires the member "activation_key" in the request to /v4/acme/screens/link, for which there is no value: give it with "request: {start: {activation_key: "${VARIABLE}"}}" in dfcheck.yaml`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
	if err := (Sender{ClientID: "alder-tv", Given: alderKey}).Check(c); err != nil {
		t.Error(err)
	}
	doc := `{openapi: 3.0.0, info: {title: T, version: "1"}, paths: {
/start: {post: {parameters: [{name: Api-Key, in: header, required: true, schema: {type: string}}, {name: Authorization, in: header, required: true, schema: {type: string}}],
requestBody: {content: {application/json: {schema: {required: [client_id, client_secret, push_token, enrolment, cert, scope], properties: {
client_id: {type: string}, client_secret: {type: string, example: s}, push_token: {type: string, example: t}, enrolment: {type: string, writeOnly: true, example: e},
cert: {type: string, pattern: '^(?=x)x$'}, scope: {type: string}}}}}},
responses: {"200": {content: {application/json: {schema: {properties: {device_code: {type: string}, user_code: {type: string}}}}}}}}},
/token: {post: {requestBody: {content: {application/json: {schema: {properties: {device_code: {type: string}, grant_type: {type: string, example: password}}}}}},
responses: {"200": {content: {application/json: {schema: {properties: {access_token: {type: string}}}}}}}}}}}`
	d, err := LoadContract("asks", []byte(doc), OperationHints{})
	if err != nil {
		t.Fatal(err)
	}
	err = Sender{ClientID: "c"}.Check(d)
	for _, key := range []string{"client: {secret_env: NAME}", `start: {push_token: "${VARIABLE}"}`,
		`start: {enrolment: ...}`, "start: {cert: ...}",
		"--scope", `headers: {Api-Key: "${VARIABLE}"}`, `headers: {Authorization: "${VARIABLE}"}`} {
		if err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%v\nlacks %s", err, key)
		}
	}
	s := Sender{ClientID: "c", Scope: "s", Secret: "known", Authorized: true, Given: Given{
		Start:  Params{{Name: "push_token", Value: "t"}, {Name: "enrolment", Value: "e"}, {Name: "cert", Value: "x"}},
		Header: Params{{Name: "api-key", Value: "k"}}}}
	if err := s.Check(d); err != nil {
		t.Error(err)
	}
	if grant, _ := s.Poll(d, "c").Get("grant_type"); grant != GrantDeviceCode {
		t.Errorf("grant_type %q of another grant was sent", grant)
	}
}

// TestOpenSchemaGetsRFC8628: where the schema leaves room, what RFC 8628 requires is
// sent though the document does not declare it.
func TestOpenSchemaGetsRFC8628(t *testing.T) {
	for _, closed := range []bool{false, true} {
		more := ""
		if closed {
			more = ", additionalProperties: false"
		}
		doc := `{openapi: 3.1.0, info: {title: T, version: "1"}, paths: {
/start: {post: {requestBody: {content: {application/json: {schema: {type: object, properties: {name: {type: string}}` + more + `}}}},
responses: {"200": {content: {application/json: {schema: {properties: {device_code: {type: string}, user_code: {type: string}}}}}}}}},
/token: {post: {requestBody: {content: {application/json: {schema: {type: object, properties: {device_code: {type: string}}` + more + `}}}},
responses: {"200": {content: {application/json: {schema: {properties: {access_token: {type: string}}}}}}}}}}}`
		c, err := LoadContract("open", []byte(doc), OperationHints{})
		if err != nil {
			t.Fatal(err)
		}
		s := Sender{ClientID: "c", Scope: "s"}
		_, start := c.Start.Encode(JSON, s.Start(c, ""))
		_, poll := c.Token.Encode(JSON, s.Poll(c, "d"))
		wantStart, wantPoll := `{"client_id":"c","scope":"s"}`, `{"grant_type":"`+
			GrantDeviceCode+`","device_code":"d","client_id":"c"}`
		if closed {
			wantStart, wantPoll = `{}`, `{"device_code":"d"}`
		}
		if string(start) != wantStart || string(poll) != wantPoll {
			t.Errorf("closed %t: %s and %s", closed, start, poll)
		}
	}
}

// TestMatching: a value is made for a pattern, or nobody pretends that there is one.
func TestMatching(t *testing.T) {
	for pattern, made := range map[string]bool{
		`^[A-Z]{2}$`: true, `^\d+\.\d+\.\d+$`: true, `^(tv|box)-[0-9a-f]{8}$`: true, `^[0-9A-F]{2}(:[0-9A-F]{2}){5}$`: true,
		`^.{4,}$`: true, `device`: true, `^(?=x)x$`: false, `^[a-z`: false, `^a$b`: false,
	} {
		v, ok := sampler{}.text(node{value: map[string]any{"pattern": pattern}})
		if ok != made || made && !regexp.MustCompile(pattern).MatchString(v.(string)) {
			t.Errorf("%s: %q, %t", pattern, v, ok)
		}
	}
}

// TestRefreshes: the refresh grant may be another branch of the token request.
func TestRefreshes(t *testing.T) {
	for file, want := range map[string]bool{"lumen-identity.yaml": true, "homehub-pairing.json": false} {
		if got := vendor(t, file).Refreshes(); got != want {
			t.Errorf("%s: %t", file, got)
		}
	}
}
