package spec

import (
	"slices"
	"strings"
	"testing"
)

// operations writes a document of operations, one per line: method, path, members of
// the request in a form or "-", status and members of the answer or "-". A member
// "a=b" has the enumeration b, "a:b" the example.
func operations(lines ...string) string {
	object := func(members string) string {
		var all []string
		for _, m := range strings.Split(members, ",") {
			name, value, _ := strings.Cut(m, "=")
			schema := "{type: string, enum: ['" + value + "']}"
			if value == "" {
				name, value, _ = strings.Cut(m, ":")
				schema = "{type: string, example: '" + value + "'}"
			}
			all = append(all, name+": "+schema)
		}
		return "{type: object, properties: {" + strings.Join(all, ", ") + "}}"
	}
	var b strings.Builder
	b.WriteString("openapi: 3.0.3\npaths:\n")
	last := ""
	for _, line := range lines {
		f := strings.Fields(line)
		if f[1] != last {
			b.WriteString("  " + f[1] + ":\n")
		}
		last = f[1]
		b.WriteString("    " + strings.ToLower(f[0]) + ":\n")
		if len(f) > 5 {
			b.WriteString("      tags: [" + f[5] + "]\n")
		}
		if f[2] != "-" {
			b.WriteString("      requestBody: {content: {application/x-www-form-urlencoded: {schema: " + object(f[2]) + "}}}\n")
		}
		b.WriteString("      responses: {'" + f[3] + "': {content: {application/json: ")
		if f[4] != "-" {
			b.WriteString("{schema: " + object(f[4]) + "}")
		}
		b.WriteString("}}}\n")
	}
	return b.String()
}

// What tells the two operations from others, and which evidence weighs more.
func TestEvidence(t *testing.T) {
	const (
		start = "POST /a client_id 200 device_code,user_code"
		grant = "grant_type=" + GrantDeviceCode
	)
	for name, test := range map[string]struct {
		lines []string
		hints OperationHints
		want  string
	}{
		"created": {lines: []string{"POST /a client_id 201 device_code,user_code", "POST /t device_code 201 access_token"},
			want: "/a /t"},
		"the default answer": {lines: []string{"POST /a client_id default device_code,user_code",
			"POST /t device_code default access_token"},
			want: "/a /t"},
		"other grants at a usual path": {lines: []string{start,
			"POST /api/v1/oauth/token grant_type=client_credentials,client_secret 200 access_token",
			"POST /devices/t device_code 200 access_token"}, want: "/a /devices/t"},
		"other grants at a usual path, free text": {lines: []string{start,
			"POST /api/v1/oauth/token grant_type,client_secret 200 access_token",
			"POST /devices/t device_code,grant_type 200 access_token"}, want: "/a /devices/t"},
		"the grant in an example": {lines: []string{start, "POST /t grant_type:" + GrantDeviceCode + ",code 200 access_token",
			"POST /u grant_type,code 200 access_token"},
			want: "/a /t"},
		"the grant enumerated": {lines: []string{start, "POST /t " + grant + ",code 200 -",
			"POST /u grant_type=password,user 200 access_token"},
			want: "/a /t"},
		"a sign-in": {lines: []string{start, "POST /login user,password 200 access_token",
			"POST /t device_code 200 access_token"},
			want: "/a /t"},
		"a refresh alone": {lines: []string{start, "POST /a/refresh grant_type,refresh_token 200 access_token",
			"POST /t grant_type,client_id 200 access_token"},
			want: "/a /t"},
		"where people confirm": {lines: []string{start, "POST /device/confirm user_code 200 device_code,user_code",
			"POST /t device_code 200 access_token"},
			want: "/a /t"},
		"paths alone": {lines: []string{"POST /oauth/device_authorization - 200 -", "POST /oauth/token - 200 -",
			"POST /oauth/revoke - 200 -"},
			want: "/oauth/device_authorization /oauth/token"},
		"a usual path, other words": {lines: []string{"POST /device/code code 200 name", start,
			"POST /t device_code 200 access_token"},
			want: "/a /t"},
		"GET beside POST": {lines: []string{"GET /a - 200 device_code,user_code", start,
			"POST /t device_code 200 access_token"},
			want: "/a /t"},
		"the neighbour of the start": {lines: []string{start, "POST /v1/token device_code 200 access_token",
			"POST /v2/begin x 200 y", "POST /v2/token device_code 200 access_token"},
			hints: OperationHints{Start: "/v2/begin"}, want: "/v2/begin /v2/token"},
		"the neighbour by its tag": {lines: []string{"POST /a client_id 200 device_code,user_code Boxes",
			"POST /t device_code 200 access_token Cars",
			"POST /u device_code 200 access_token Boxes"}, want: "/a /u"},
		"the neighbour of the token operation": {lines: []string{"POST /v1/start client_id 200 device_code,user_code",
			"POST /v1/token device_code 200 access_token",
			"POST /v2/start client_id 200 device_code,user_code", "POST /v2/token device_code 200 access_token"},
			hints: OperationHints{Token: "/v2/token"}, want: "/v2/start /v2/token"},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := LoadContract("c", []byte(operations(test.lines...)), test.hints)
			if err != nil {
				t.Fatal(err)
			}
			if got := c.Start.Path + " " + c.Token.Path; got != test.want {
				t.Errorf("found %s, want %s", got, test.want)
			}
		})
	}
}

// Where the device flow is there in other words, the error or a note says in which.
func TestUnusual(t *testing.T) {
	const start = "POST /a client_id 200 device_code,user_code"
	const wrapped = `{post: {responses: {200: {content: {application/json: {schema:
		{properties: {response: {properties: {data: {properties: {deviceCode: {}, userCode: {}}}}}}}}}}}}}`
	if _, err := LoadContract("c", []byte("openapi: 3.0.3\npaths: {/a: "+wrapped+"}\n"), OperationHints{}); err == nil ||
		!strings.Contains(err.Error(),
			`answers deviceCode and userCode inside "response.data" where RFC 8628 section 3.2 has device_code and user_code at the top`) {
		t.Errorf("error = %v", err)
	}
	if _, err := LoadContract("c",
		[]byte("openapi: 3.2.0\npaths: {/pets: {get: {}}}\ncomponents: {securitySchemes: {a: {flows: {deviceAuthorization: "+
			"{deviceAuthorizationUrl: /oauth/device, tokenUrl: /oauth/token}}}}}\n"), OperationHints{}); err == nil ||
		!strings.Contains(err.Error(), "its security schemes name the endpoints /oauth/device and /oauth/token") {
		t.Errorf("error = %v", err)
	}
	for name, test := range map[string]struct {
		lines []string
		hints OperationHints
		says  string
		note  bool // it is no error
	}{
		"camel case": {lines: []string{"POST /a clientId 200 deviceCode,userCode"},
			says: "answers deviceCode and userCode where RFC 8628 section 3.2 has device_code and user_code"},
		"Pascal case": {lines: []string{"POST /a ClientId 200 DeviceCode,UserCode"},
			says: "answers DeviceCode and UserCode where"},
		"dashes": {lines: []string{"POST /a client 200 device-code,user-code"},
			says: "answers device-code and user-code where"},
		"camel case polls": {lines: []string{start, "POST /login user 200 accessToken", "POST /t deviceCode 200 accessToken"},
			says: "POST /t answers accessToken where"},
		"GET": {lines: []string{"GET /a - 200 device_code,user_code"},
			says: "GET /a looks like the device authorization request, which is a POST"},
		"PUT": {lines: []string{start, "PUT /t device_code 200 access_token"},
			says: "PUT /t looks like the token request, which is a POST"},
		"named, but GET": {lines: []string{start, "GET /t - 200 access_token"}, hints: OperationHints{Token: "/t"},
			says: `"/t" is GET /t, and the token request is a POST`},
		"other grants alone": {lines: []string{start,
			"POST /oauth/token grant_type=client_credentials,client_secret 200 access_token"},
			says: "no POST operation takes device_code, or the device grant as grant_type, and answers 2xx with " +
				"access_token; candidates: POST /oauth/token, POST /a"},
		"a sign-in alone": {lines: []string{start, "POST /token user,password 200 access_token"},
			says: "no POST operation takes device_code, or the device grant as grant_type, and answers 2xx with " +
				"access_token"},
		"named": {lines: []string{"POST /a clientId 200 deviceCode,userCode", "POST /t device_code 200 access_token"},
			hints: OperationHints{Start: "/a"}, says: "answers deviceCode", note: true},
		"pending as 200": {lines: []string{start, "POST /t device_code 200 access_token,status=Pending"},
			says: `a success with "Pending" in status while the user has not decided`, note: true},
		"another grant's name": {lines: []string{start, "POST /t device_code,grant_type=device_code 200 access_token"},
			says: "allows the grant types device_code, and not " + GrantDeviceCode, note: true},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := LoadContract("c", []byte(operations(test.lines...)), test.hints)
			switch {
			case !test.note && (err == nil || !strings.Contains(err.Error(), test.says)):
				t.Errorf("error = %v, want %q in it", err, test.says)
			case test.note && err != nil:
				t.Error(err)
			case test.note && !slices.ContainsFunc(c.Notes, func(n string) bool { return strings.Contains(n, test.says) }):
				t.Errorf("notes = %q, want %q in one", c.Notes, test.says)
			}
		})
	}
}

// Where the operations are: server URLs, and parameters in paths.
func TestPaths(t *testing.T) {
	const (
		parts   = "POST /{tenant}/device client_id 200 device_code,user_code"
		partsTo = "POST /{tenant}/token device_code 200 access_token"
	)
	for name, test := range map[string]struct {
		servers string
		extra   string // parameters of the first path
		hints   OperationHints
		want    string
		err     string
	}{
		"no value": {err: "POST /{tenant}/device: what stands for {tenant}?"},
		"given": {hints: OperationHints{Path: map[string]string{"tenant": "a b/c"}},
			want: "/a%20b%2Fc/device /a%20b%2Fc/token"},
		"a path that fits":   {hints: OperationHints{Start: "/acme/device"}, want: "/acme/device /acme/token"},
		"with a final slash": {hints: OperationHints{Token: "/acme/token/"}, want: "/acme/device /acme/token"},
		"a URL that fits": {servers: "[{url: 'https://x.example/api'}]",
			hints: OperationHints{Start: "https://x.example/api/acme/device"}, want: "/api/acme/device /api/acme/token"},
		"a path with too many": {hints: OperationHints{Start: "/a/b/device"}, err: `no POST operation "/a/b/device"`},
		"both named apart": {hints: OperationHints{Start: "/one/device", Token: "/two/token"},
			want: "/one/device /two/token"},
		"relative server": {servers: "[{url: ./api}]", hints: OperationHints{Start: "/acme/device"},
			want: "/api/acme/device /api/acme/token"},
		"plain server": {servers: "[{url: api/v1/}]", hints: OperationHints{Start: "/acme/device"},
			want: "/api/v1/acme/device /api/v1/acme/token"},
		"server above": {servers: "[{url: ../api?x#y}]", hints: OperationHints{Start: "/acme/device"},
			want: "/api/acme/device /api/acme/token"},
		"root": {servers: "[{url: /}]", hints: OperationHints{Start: "/acme/device"},
			want: "/acme/device /acme/token"},
		"here": {servers: "[{url: .}]", hints: OperationHints{Start: "/acme/device"},
			want: "/acme/device /acme/token"},
		"no scheme": {servers: "[{url: api.x.example/v1}]", hints: OperationHints{Start: "/acme/device"},
			want: "/v1/acme/device /v1/acme/token"},
		"no scheme but port": {servers: "[{url: 'localhost:8080/v1'}]", hints: OperationHints{Start: "/acme/device"},
			want: "/v1/acme/device /v1/acme/token"},
		"scheme of the page": {servers: "[{url: //x.example/v1/}]", hints: OperationHints{Start: "/acme/device"},
			want: "/v1/acme/device /v1/acme/token"},
		"variables": {servers: "[{url: 'https://{stage}.example/{base}/{v}', variables: {stage: {}, base: {default: b}, v: " +
			"{enum: [v3, v4]}}}]",
			hints: OperationHints{Start: "/acme/device"}, want: "/b/v3/acme/device /b/v3/acme/token"},
		"variable without": {servers: "[{url: 'https://x.example/{realm}'}]",
			hints: OperationHints{Start: "/acme/device"}, err: "what stands for {realm}?"},
		"variable given": {servers: "[{url: 'https://x.example/{realm}'}]",
			hints: OperationHints{Start: "/r1/acme/device"}, want: "/r1/acme/device /r1/acme/token"},
		"no URL": {servers: "[{description: x}]", hints: OperationHints{Start: "/acme/device"},
			want: "/acme/device /acme/token"},
	} {
		t.Run(name, func(t *testing.T) {
			document := operations(parts, partsTo)
			if test.servers != "" {
				document += "servers: " + test.servers + "\n"
			}
			c, err := LoadContract("c", []byte(document), test.hints)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("error = %v, want %q in it", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := c.Start.Path + " " + c.Token.Path; got != test.want {
				t.Errorf("found %s, want %s", got, test.want)
			}
		})
	}
	for _, parameter := range []string{"example: acme", "schema: {default: acme}", "schema: {enum: [acme, other]}",
		"schema: {const: acme}",
		"examples: {a: {value: acme}}", "schema: {examples: [acme]}", "schema: {example: acme}"} {
		document := strings.Replace(operations("POST /device client_id 200 device_code,user_code",
			"POST /{tenant}/token device_code 200 access_token"),
			"/{tenant}/token:\n",
			"/{tenant}/token:\n    parameters: [{name: tenant, in: path, required: true, "+parameter+"}]\n", 1)
		if got := see(t, document).Token.Path; got != "/acme/token" {
			t.Errorf("%s: %s", parameter, got)
		}
	}
}

// Requests are made, and broken, by the members of their own encoding.
func TestEachEncodingHasItsMembers(t *testing.T) {
	c, err := LoadContractFile("testdata/tidal-encodings.yaml", OperationHints{})
	if err != nil {
		t.Fatal(err)
	}
	got := names(c.Start.Negatives())
	for _, want := range []string{"DF-AUTHZ-013 meter missing (json)", "DF-AUTHZ-011 client_id too long (form)",
		"DF-CTYPE-010 meter wrong type: 1.5 (json)"} {
		if !slices.Contains(got, want) {
			t.Errorf("%q is missing of:\n%s", want, strings.Join(got, "\n"))
		}
	}
	for _, wrong := range []string{"meter missing (form)", "client_id too long (json)", "scope wrong type"} {
		if slices.ContainsFunc(got, func(n string) bool { return strings.Contains(n, wrong) }) {
			t.Errorf("%q is not what the document says", wrong)
		}
	}
	if required := c.Start.Required(); !slices.Equal(required, []string{"client_id"}) {
		t.Errorf("%v are required in every encoding, want client_id", required)
	}
	if _, body := c.Start.Encode(JSON,
		Params{{Name: "client_id", Value: "c"}, {Name: "meter", Value: "7"}}); string(body) != `{"client_id":"c","meter":7}` {
		t.Errorf("%s", body)
	}
	if quill, err := LoadContractFile("testdata/quill-mapping.yaml", OperationHints{}); err != nil {
		t.Error(err)
	} else if p, _ := quill.Token.Param("grant_type"); p.Example != GrantDeviceCode {
		t.Errorf("the discriminator selects %q", p.Example)
	}
}

// Documents that say less, or say it elsewhere, than they should.
func TestSparseDocuments(t *testing.T) {
	for name, test := range map[string]struct {
		document string
		hints    OperationHints
		want     string
	}{
		"examples alone": {document: `
  /a:
    post:
      requestBody: {content: {application/json: {example: {client_id: tv, level: 3}}}}
      responses: {200: {content: {application/json: {examples: {one: {value: {device_code: x, user_code: y}}}}}}}
  /t:
    post:
      requestBody: {content: {application/json: {schema: {type: object, example: {grant_type: "urn:ietf:params:oauth:grant-type:device_code", device_code: x}}}}}
      responses: {200: {content: {application/json: {example: {access_token: x}}}}}
`, want: "/a json client_id level; /t json device_code grant_type"},
		"paths told apart by fragments": {document: `
  /token#start: {post: {responses: {200: {content: {application/json: {schema: {properties: {device_code: , user_code: }}}}}}}}
  /token#poll: {post: {responses: {200: {content: {application/json: {schema: {properties: {access_token: }}}}}}}}
`, want: "/token form client_id scope; /token form client_id device_code grant_type"},
		"parameters as in Swagger": {document: `
  /a:
    post:
      parameters: [{in: formData, name: client_id, required: true, type: string}]
      responses: {200: {content: {application/json: {schema: {properties: {device_code: , user_code: }}}}}}
  /t:
    post:
      parameters: [{in: body, name: body, schema: {properties: {device_code: {type: string}}}}]
      responses: {200: {content: {application/json: {schema: {properties: {access_token: }}}}}}
`, want: "/a form client_id; /t json device_code"},
		"a path twice": {document: `
  /a: {get: {responses: {}}}
  /t: {post: {responses: {200: {content: {application/json: {schema: {properties: {access_token: }}}}}}}}
  /a: {post: {responses: {200: {content: {application/json: {schema: {properties: {device_code: , user_code: }}}}}}}}
  /t: {get: {responses: {}}}
`, want: "/a form client_id scope; /t form client_id device_code grant_type"},
		"bodies without members": {document: `
  /device/code:
    post:
      requestBody: {content: {application/json: , application/x-www-form-urlencoded: {schema: {type: object}}}}
      responses: {200: {content: {application/json: {schema: {properties: {device_code: , user_code: }}}}}}
  /t:
    post:
      requestBody: {content: {application/json: {schema: {properties: {device_code: , tenant: }}}, application/x-www-form-urlencoded: {}}}
      responses: {200: {content: {application/json: {schema: {properties: {access_token: }}}}}}
`, want: "/device/code form client_id scope; /t form device_code tenant"},
		"endpoints of a security scheme": {document: `
  /x/one: {post: {responses: {200: }}}
  /x/two: {post: {responses: {200: }}}
  /x/three: {post: {responses: {200: }}}
components:
  securitySchemes:
    key: {type: apiKey}
    device: {type: oauth2, flows: {deviceAuthorization: {deviceAuthorizationUrl: https://x.example/x/two, tokenUrl: /x/one}}}
`, want: "/x/two form client_id scope; /x/one form client_id device_code grant_type"},
		"operationIds twice": {hints: OperationHints{Start: "device", Token: "device"}, document: `
  /a: {post: {operationId: device, responses: {200: {content: {application/json: {schema: {properties: {device_code: , user_code: }}}}}}}}
  /t: {post: {operationId: device, responses: {200: {content: {application/json: {schema: {properties: {access_token: }}}}}}}}
`, want: "/a form client_id scope; /t form client_id device_code grant_type"},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := LoadContract("c", []byte("openapi: 3.0.3\npaths:"+test.document), test.hints)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, o := range []*Operation{&c.Start, &c.Token} {
				parts := []string{o.Path, o.Encodings[0].Short()}
				for _, p := range o.Params {
					parts = append(parts, p.Name)
				}
				got = append(got, strings.Join(parts, " "))
			}
			if got := strings.Join(got, "; "); got != test.want {
				t.Errorf("understood as %s, want %s", got, test.want)
			}
		})
	}
}
