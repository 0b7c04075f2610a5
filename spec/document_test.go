package spec

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func vendor(t *testing.T, file string) *Contract {
	t.Helper()
	data, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	c, err := LoadContract(file, data, OperationHints{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Two documents of other vendors: one in OpenAPI 3.1 with a base path, choices
// and references, one in 3.0 where only the schemas tell the operations apart.
func TestVendorDocuments(t *testing.T) {
	type operation struct {
		Path, ID  string
		Encodings []Encoding
		Params    []ParamSpec
	}
	type contract struct {
		Title        string
		Family       Family
		Slip         bool
		Start, Token operation
	}
	see := func(o Operation) operation { return operation{o.Path, o.ID, o.Encodings, o.Params} }
	want := map[string]contract{
		"lumen-identity.yaml": {
			Title: "Lumen Identity Platform 2026-09", Family: Document,
			Start: operation{"/connect/v3/device/begin", "beginDeviceSignIn", []Encoding{Form, JSON}, []ParamSpec{
				{Name: "client_id", Type: "string", Required: true, MaxLength: 64, Example: "living-room"},
				{Name: "device_type", Type: "string", Required: true, Enum: []string{"tv", "box", "stick", "console"},
					Example: "tv"},
				{Name: "firmware", Type: "integer", Required: true, Example: "7"},
				{Name: "device_os", Type: "string", Nullable: true, MaxLength: 40},
				{Name: "scope", Type: "string"},
			}},
			Token: operation{"/connect/v3/token", "exchangeToken", []Encoding{Form, JSON}, []ParamSpec{
				{Name: "client_id", Type: "string", Required: true, MaxLength: 64, Example: "living-room"},
				{Name: "device_code", Type: "string", Required: true, MaxLength: 128},
				{Name: "grant_type", Type: "string", Required: true, Enum: []string{GrantDeviceCode}, Example: GrantDeviceCode},
			}},
		},
		"homehub-pairing.json": {
			Title: "HomeHub Cloud 41", Family: Document,
			Start: operation{"/hub/pairing", "postPairing", []Encoding{JSON, Multipart}, []ParamSpec{
				{Name: "client_id", Type: "string", Required: true, MaxLength: 36},
				{Name: "model", Type: "string", Required: true, Enum: []string{"h1", "h2"}, Example: "h1"},
				{Name: "serial", Type: "string", Required: true, MaxLength: 12, Example: "SN-0001"},
				{Name: "beta", Type: "boolean", Nullable: true},
			}},
			Token: operation{"/hub/pairing/poll", "postPoll", []Encoding{JSON}, []ParamSpec{
				{Name: "client_id", Type: "string", Required: true, MaxLength: 36},
				{Name: "device_code", Type: "string", Required: true, MaxLength: 200},
				{Name: "grant_type", Type: "string", Required: true},
			}},
		},
	}
	for file, want := range want {
		t.Run(file, func(t *testing.T) {
			c := vendor(t, file)
			got := contract{c.Title, c.Family, c.TokenResponseSlip, see(c.Start), see(c.Token)}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// minimal is an OpenAPI document with the given paths, one per line as
// "path operationId members-of-the-200 members-of-the-request".
func minimal(version string, lines ...string) []byte {
	var b strings.Builder
	b.WriteString("openapi: " + version + "\ninfo: {title: T, version: '1'}\npaths:\n")
	object := func(members string) string {
		if members == "-" {
			return "{type: object}"
		}
		return "{type: object, properties: {" + strings.Join(strings.Split(members, ","),
			": {type: string}, ") + ": {type: string}}}"
	}
	for _, line := range lines {
		f := strings.Fields(line)
		b.WriteString("  " + f[0] + ":\n    post:\n      operationId: " + f[1] + "\n")
		b.WriteString("      requestBody: {content: {application/json: {schema: " + object(f[3]) + "}}}\n")
		b.WriteString("      responses: {'200': {description: d, content: {application/json: {schema: " + object(f[2]) +
			"}}}}\n")
	}
	return []byte(b.String())
}

func TestLocate(t *testing.T) {
	const (
		start = "/a startA device_code,user_code client_id"
		token = "/t tokenT access_token,token_type device_code,grant_type"
	)
	for _, test := range []struct {
		name  string
		lines []string
		hints OperationHints
		start string // path, or "" for an error
		token string
		says  []string // what the error names
	}{
		{name: "by shape", lines: []string{start, token}, start: "/a", token: "/t"},
		{
			name:  "the request settles it",
			lines: []string{start, "/c confirm device_code,user_code user_code", token, "/l login access_token user,password"},
			start: "/a", token: "/t",
		},
		{
			name:  "the documented path wins over another that fits",
			lines: []string{"/api/v1/oauth/device-authorization x - client_id", start, token},
			start: "/api/v1/oauth/device-authorization", token: "/t",
		},
		{
			name:  "the documented slip: both answer with codes",
			lines: []string{start, "/api/v1/oauth/token poll device_code,user_code device_code"},
			start: "/a", token: "/api/v1/oauth/token",
		},
		{
			name:  "ambiguous",
			lines: []string{start, "/b startB device_code,user_code client_id", token},
			says: []string{"several operations could be device authorization", "POST /a startA", "POST /b startB",
				"endpoints: {device_authorization: PATH or operationId}"},
		},
		{
			name:  "a hint by path, one by operationId",
			lines: []string{start, "/b startB device_code,user_code client_id", token, "/u tokenU access_token device_code"},
			hints: OperationHints{Start: "/b", Token: "tokenU"},
			start: "/b", token: "/u",
		},
		{
			name:  "a hint that names nothing",
			lines: []string{start, token},
			hints: OperationHints{Token: "/nowhere"},
			says:  []string{`no POST operation "/nowhere" for token`, "POST /a startA", "POST /t tokenT"},
		},
		{
			name:  "missing",
			lines: []string{start, "/x other id name"},
			says: []string{"no POST operation takes device_code, or the device grant as grant_type, and answers 2xx " +
				"with access_token", "POST /x other", "endpoints: {token: PATH or operationId}"},
		},
	} {
		for _, version := range []string{"3.0.3", "3.1.0"} {
			t.Run(test.name+" "+version, func(t *testing.T) {
				c, err := LoadContract("c", minimal(version, test.lines...), test.hints)
				if len(test.says) > 0 {
					for _, s := range test.says {
						if err == nil || !strings.Contains(err.Error(), s) {
							t.Errorf("error = %v, want %q in it", err, s)
						}
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if c.Start.Path != test.start || c.Token.Path != test.token {
					t.Errorf("found %s and %s, want %s and %s", c.Start.Path, c.Token.Path, test.start, test.token)
				}
			})
		}
	}
}

func TestUnusableDocuments(t *testing.T) {
	const info = "\ninfo: {title: T, version: '1'}\n"
	for name, test := range map[string]struct{ doc, says string }{
		"not YAML":          {"{", "not a readable OpenAPI document: line 2, column 1: did not find"},
		"a tab":             {"paths:\n\t/x: {}\n", "not a readable OpenAPI document: line 2, column 1: found character"},
		"empty":             {"", "not a readable OpenAPI document: it is empty"},
		"a list":            {"[]", "it holds no members"},
		"version 4":         {"openapi: 4.0.0" + info + "paths: {}\n", "want 3.0, 3.1 or 3.2"},
		"something else":    {"name: x\n", `neither openapi: 3.x nor swagger: "2.0"`},
		"no operations":     {"openapi: 3.0.3" + info + "paths: {}\n", "no POST operations at all"},
		"3.1 without paths": {"openapi: 3.1.0" + info + "webhooks: {}\n", "no POST operations at all"},
		"reference to outside": {"openapi: 3.0.3" + info + "paths: {/a: {$ref: 'http://127.0.0.1:1/x'}}\n",
			"no POST operations at all"},
		"larger than the limit": {strings.Repeat(" ", maxDocument+1), "larger than"},
		"aliases in aliases": {"openapi: 3.0.3\na: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c " +
			"[*b,*b,*b,*b,*b,*b,*b,*b,*b]\n" +
			"d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\ng: " +
			"&g [*f,*f,*f,*f,*f,*f,*f,*f,*f]\nh: [*g,*g,*g]\n",
			"aliases make it larger"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := LoadContract("c", []byte(test.doc), OperationHints{})
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("error = %v, want %q in it", err, test.says)
			}
		})
	}
}
