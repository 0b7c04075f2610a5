package spec

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Documents in the manner of public ones: large, sloppy where nobody looks, in old
// versions and in pieces. Each is about a service that does not exist.
func TestPublicDocuments(t *testing.T) {
	for _, test := range []struct {
		file  string
		hints OperationHints
		want  []string // lines of the description, notes apart
		notes []string // what the notes say
		err   string
	}{
		{
			file: "harbor-tenants.yaml", // tenants in paths, many mistakes, another grant at the usual path
			want: []string{
				"device authorization: POST /identity/northern%20pier/oauth/device (token)",
				"  form: channel, client_id (optional: scope)", "  answers: 200 application/json; default",
				"token: POST /identity/northern%20pier/oauth/device/token (pollDevice)",
				"  form: client_id, device_code, grant_type", "  answers: 200 application/json; 400 application/json"},
			notes: []string{"type is url, and is passed over",
				"./errors.yaml#/OAuthError, which cannot be read: there is no such file",
				"mistakes that were passed over, the first: a string where Schema.maxLength belongs"},
		},
		{
			file:  "harbor-tenants.yaml",
			hints: OperationHints{Start: "https://id.harbor.example/identity/acme/oauth/device"},
			want: []string{
				"device authorization: POST /identity/acme/oauth/device (token)",
				"  form: channel, client_id (optional: scope)", "  answers: 200 application/json; default",
				"token: POST /identity/acme/oauth/device/token (pollDevice)",
				"  form: client_id, device_code, grant_type", "  answers: 200 application/json; 400 application/json"},
			notes: []string{"type is url"},
		},
		{
			file: "orchard-swagger.json",
			want: []string{
				"device authorization: POST /v2/player/authorize_device (authorizeDevice)",
				"  form, multipart: client_id, model (optional: scope)", "  answers: 200 application/json; 400 application/json",
				"token: POST /v2/player/token (playerToken)",
				"  json: device_code, grant_type (optional: client_id)",
				"  answers: 200 application/json; 400 application/json; 500"},
			notes: []string{"Swagger 2.0, which was converted"},
		},
		{
			file: "quill-mapping.yaml",
			want: []string{
				"device authorization: POST /auth/device_authorization",
				"  form: client_id (optional: scope)",
				"  answers: 200 application/json; 4xx application/json or application/problem+json",
				"token: POST /auth/token",
				"  form: client_id, device_code, grant_type",
				"  answers: 200 application/json; 4xx application/json or application/problem+json"},
		},
		{
			file: "meridian/openapi.yaml",
			want: []string{
				"device authorization: POST /iot/pair (beginPairing)", "  json: client_id", "  answers: 200 application/json",
				"token: POST /iot/pair/token (pollPairing)",
				"  json: device_code, grant_type (optional: client_id)", "  answers: 200 application/json"},
			notes: []string{`the first: error resolving reference "https://specs.meridian.example/shared.yaml#/elsewhere": it is on the network`},
		},
		{
			file: "kiosk-created.yaml",
			want: []string{
				"device authorization: POST /cloud/v1/terminals/sessions (openSession)", "  json: client_id, terminal",
				"  answers: 201 application/json",
				"token: POST /cloud/v1/terminals/sessions/tokens (sessionTokens)", "  json: device_code, grant_type",
				"  answers: 201 application/json; 400 application/json"},
			notes: []string{"requires terminal beside the parameters of RFC 8628",
				"does not declare client_id, which RFC 8628 has"},
		},
		{
			file: "studio-query.yaml",
			want: []string{
				"device authorization: POST /oauth/device_authorization (authorize_1)", "  form: client_id (optional: scope)",
				"  answers: 200 */*",
				"token: POST /oauth/token (token_1)", "  form: client_id, device_code, grant_type", "  answers: 200 */*"},
			notes: []string{"has its parameters in the query and no request body",
				"declares no request body: a form with the parameters of RFC 8628",
				`a success with "authorization_pending" in error while the user has not decided`},
		},
		{
			file: "tidal-encodings.yaml",
			want: []string{
				"device authorization: POST /meters/device (beginMeter)", "  form: client_id (optional: scope)",
				"  json: client_id, meter",
				"  answers: 200 application/json",
				"token: POST /meters/token (pollMeter)", "  form: device_code, grant_type", "  multipart: device_code",
				"  answers: 200 application/json"},
			notes: []string{"requires meter beside the parameters of RFC 8628", "/meters/token does not declare client_id"},
		},
		{
			file: "beacon-vendor.yaml", // vendor's media types, chains of references, allOf, servers with variables
			want: []string{
				"device authorization: POST /identity/v3/device/authorize (deviceAuthorize)", "  form: client_id (optional: scope)",
				"  answers: 200 application/vnd.beacon+json; 4xx application/json or application/problem+json",
				"token: POST /identity/v3/token (token)",
				"  form: client_id, device_code, grant_type (optional: refresh_token)",
				"  answers: 200 application/vnd.beacon+json; default application/json or application/problem+json"},
			notes: []string{"POST /token takes application/vnd.beacon.token+json as well, which is not sent"},
		},
		{
			file: "lantern-nullable.yaml", // OpenAPI 3.1: types with null, a webhook that has both codes, wildcards
			want: []string{
				"device authorization: POST /connect/deviceauthorization",
				"  form, json, multipart: client_id (optional: scope)", "  answers: 200 application/*",
				"token: POST /connect/token", "  form: grant_type (optional: client_id, device_code)",
				"  answers: 200 application/json; 400 */*"},
		},
		{
			file: "moorings-swagger.yaml", // Swagger 2.0 with formData, no error declared for the token request
			want: []string{
				"device authorization: POST /v2/oauth/device/code", "  form: client_id (optional: scope)",
				"  answers: 200 application/json; default application/json",
				"token: POST /v2/oauth/token", "  form: client_id, grant_type (optional: device_code)",
				"  answers: 200 application/json"},
			notes: []string{"Swagger 2.0, which was converted", "missing: [id idd]"},
		},
		{
			file: "loom-anchors.yaml", // anchors, aliases and a merge key
			want: []string{
				"device authorization: POST /o/device-authorization/", "  form: nothing required (optional: client_id, scope)",
				"  answers: 200 application/json; 400 application/json",
				"token: POST /o/token/", "  form: grant_type (optional: client_id, device_code)",
				"  answers: 200 application/json; 400 application/json"},
			notes: []string{"a number where Info.version belongs"},
		},
		{
			file: "switchyard-graphql.yaml", // a gateway beside it that answers everything
			want: []string{
				"device authorization: POST /api/oauth/authorize_device", "  json: nothing required (optional: client_id, scope)",
				"  answers: 200 application/json",
				"token: POST /api/oauth/token", "  json: device_code, grant_type (optional: client_id)",
				"  answers: 200 application/json"},
			notes: []string{"value of version must be a non-empty string"},
		},
		{
			file: "atelier-explode.yaml", // style and explode, a server of one path alone
			want: []string{
				"device authorization: POST /oauth2/device/auth", "  form: client_id (optional: scope)",
				"  answers: 200 application/json; 400",
				"token: POST /oauth2/token", "  form: nothing required (optional: client_id, device_code, grant_type)",
				"  answers: 200 application/json"},
		},
		{
			file: "works-dangling.json", // broken wherever nobody looks, and one reference where somebody does
			want: []string{
				"device authorization: POST /oauth/device", "  form: nothing required (optional: client_id, scope)",
				"  answers: 201 application/json; 400",
				"token: POST /oauth/access_token", "  form: nothing required (optional: client_id, device_code, grant_type)",
				"  answers: 200 application/json"},
			notes: []string{"#/components/responses/Missing, which cannot be read", "a number where Info.version belongs"},
		},
		{
			file: "nimbus-camel.json",
			err: "POST /device_authorization answers deviceCode and userCode where RFC 8628 section 3.2 has device_code and " +
				"user_code",
		},
		{
			file:  "nimbus-camel.json",
			hints: OperationHints{Start: "StartDeviceAuthorization", Token: "CreateToken"},
			want: []string{
				"device authorization: POST /device_authorization (StartDeviceAuthorization)",
				"  json: clientId, clientSecret, startUrl",
				"  answers: 200 application/json",
				"token: POST /token (CreateToken)", "  json: clientId, grantType (optional: deviceCode)",
				"  answers: 200 application/json"},
			notes: []string{"answers deviceCode and userCode where",
				"answers accessToken where RFC 8628 section 3.5 has access_token"},
		},
		{
			file: "parcel-envelope.yaml",
			err:  `POST /lockers/device/code answers device_code and user_code inside "result" where RFC 8628 section 3.2 has device_code and user_code at the top`,
		},
		{
			file: "lighthouse-get.yaml",
			err:  "GET /api/device/token looks like the token request, which is a POST in RFC 8628",
		},
	} {
		t.Run(fmt.Sprint(test.file, test.hints), func(t *testing.T) {
			c, err := LoadContractFile("testdata/"+test.file, test.hints)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Fatalf("error = %v, want %q in it", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got := c.Describe()
			notes := strings.Join(got.Notes, "\n")
			for _, want := range test.notes {
				if !strings.Contains(notes, want) {
					t.Errorf("no note says %q:\n%s", want, notes)
				}
			}
			if len(test.notes) == 0 && notes != "" {
				t.Errorf("notes:\n%s", notes)
			}
			got.Notes = nil
			if d := cmp.Diff(test.want, got.Lines()); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			again, err := LoadContract("again", c.Source, test.hints)
			if err != nil {
				t.Fatalf("what was read does not stand alone: %v", err)
			}
			if d := cmp.Diff(c.Start.report(), again.Start.report()); d != "" {
				t.Errorf("(-file +source):\n%s", d)
			}
			use(c)
		})
	}
}

// A large document with two mistakes in every operation takes no longer than
// people wait.
func TestLargeDocument(t *testing.T) {
	var b strings.Builder
	front, schemas, _ := strings.Cut(sound, "components:\n  schemas:\n")
	b.WriteString(front)
	for i := range 1500 {
		fmt.Fprintf(&b,
			"  /things/%d/{id}:\n    post:\n      operationId: thing%d\n      tags: [Things]\n      requestBody:\n"+
				"        content: {application/json: {schema: {$ref: '#/components/schemas/Thing%d'}}}\n      responses:\n"+
				"        \"200\":\n          content: {application/json: {schema: {$ref: '#/components/schemas/Thing%d'}}}\n",
			i, i, i, (i+1)%1500)
	}
	b.WriteString("components:\n  schemas:\n" + schemas)
	for i := range 1500 {
		fmt.Fprintf(&b,
			"    Thing%d:\n      description: %s\n      allOf: [{$ref: '#/components/schemas/Pet'}]\n      properties:\n"+
				"        next: {$ref: '#/components/schemas/Thing%d'}\n        name: {type: string, maxLength: %d}\n"+
				"        made: {format: date, default: 2026-11-27}\n",
			i, strings.Repeat("what it is for ", 40), (i+1)%1500, i)
	}
	if b.Len() < 1<<20 {
		t.Fatalf("only %d bytes", b.Len())
	}
	began := time.Now()
	got := see(t, b.String())
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("took %s", took)
	}
	if len(got.Notes) != 1 || !strings.Contains(got.Notes[0], "has 3000 mistakes that were passed over") {
		t.Errorf("notes = %q", got.Notes)
	}
	want := see(t, sound)
	want.Notes, got.Notes = nil, nil
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
