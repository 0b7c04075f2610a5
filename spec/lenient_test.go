package spec

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sound is a document with nothing wrong in it. Tests put mistakes at its marks.
const sound = `openapi: 3.0.3
info: {title: Sound, version: "1"}
paths:
  /device:
    post:
      operationId: begin
      requestBody:
        content:
          application/x-www-form-urlencoded:
            schema: {$ref: '#/components/schemas/Begin'}
      responses:
        "200": {description: Codes, content: {application/json: {schema: {$ref: '#/components/schemas/Codes'}}}}
  /token:
    post:
      operationId: poll
      requestBody:
        content:
          application/x-www-form-urlencoded:
            schema: {$ref: '#/components/schemas/Poll'}
      responses:
        "200": {description: Tokens, content: {application/json: {schema: {$ref: '#/components/schemas/Tokens'}}}}
        "400": {description: Error, content: {application/json: {schema: {$ref: '#/components/schemas/Problem'}}}}
  /pets/{id}:
    get:
      operationId: pet
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses:
        "200": {description: A pet}
components:
  schemas:
    Begin: {type: object, required: [client_id], properties: {client_id: {type: string}, scope: {type: string}}}
    Codes:
      type: object
      required: [device_code, user_code]
      properties: {device_code: {type: string}, user_code: {type: string, maxLength: 9}, expires_in: {type: integer}}
    Poll:
      type: object
      required: [grant_type, device_code]
      properties: {grant_type: {type: string}, device_code: {type: string}, client_id: {type: string}}
    Tokens: {type: object, required: [access_token], properties: {access_token: {type: string}}}
    Problem: {type: object, required: [error], properties: {error: {type: string}}}
    Pet: {type: object, properties: {name: {type: string}}}
`

// Mistakes that have nothing to do with the device flow change nothing, and are one
// note, where they are mistakes to kin-openapi.
func TestMistakesElsewhere(t *testing.T) {
	want := see(t, sound)
	if len(want.Notes) > 0 {
		t.Errorf("without a mistake: %q", want.Notes)
	}
	unseen := []string{"version that is a date", "media type without value", "content without value",
		"path without value", "servers without value", "circular allOf", "odd example", "example and examples",
		"pattern of another kind", "key twice"}
	for name, r := range map[string][2]string{
		"no info":                  {"info: {title: Sound, version: \"1\"}\n", ""},
		"info without title":       {"{title: Sound, version: \"1\"}", "{version: '1'}"},
		"empty version":            {`version: "1"`, `version: ""`},
		"numeric version":          {`version: "1"`, `version: 1.10`},
		"version that is a date":   {`version: "1"`, `version: 2026-11-27`},
		"null version":             {`version: "1"`, `version:`},
		"answer without words":     {"{description: A pet}", "{}"},
		"answer that is null":      {"{description: A pet}", ""},
		"media type without value": {"{description: A pet}", "{description: x, content: {application/json: }}"},
		"content without value":    {"{description: A pet}", "{description: x, content: }"},
		"reference to nothing":     {"{description: A pet}", "{$ref: '#/components/responses/None'}"},
		"reference to a file":      {"{description: A pet}", "{$ref: './pets.yaml#/Pet'}"},
		"reference to the network": {"{description: A pet}", "{$ref: 'https://example.com/pets.yaml#/Pet'}"},
		"reference to itself": {"{type: object, properties: {name: {type: string}}}",
			"{$ref: '#/components/schemas/Pet'}"},
		"circular allOf": {"{type: object, properties: {name: {type: string}}}",
			"{allOf: [{$ref: '#/components/schemas/Pet'}]}"},
		"other path parameter":    {"{name: id, in: path", "{name: pet, in: path"},
		"optional path parameter": {"in: path, required: true", "in: path, required: false"},
		"parameter twice": {"[{name: id",
			"[{name: id, in: path, required: true, schema: {type: string}}, {name: id"},
		"parameter without a place": {"in: path, ", ""},
		"alike paths": {"components:\n",
			"  /pets/{name}: {get: {responses: {'200': {description: x}}}}\ncomponents:\n"},
		"path without a slash": {"components:\n",
			"  pets: {get: {responses: {'200': {description: x}}}}\ncomponents:\n"},
		"path without value":      {"components:\n", "  /nothing:\ncomponents:\n"},
		"operationId twice":       {"operationId: pet", "operationId: poll"},
		"unknown members":         {"operationId: pet", "operationId: pet\n      verb: read"},
		"unknown method":          {"  /pets/{id}:\n", "  /pets/{id}:\n    fetch: {}\n"},
		"member required twice":   {"Pet: {type: object,", "Pet: {type: object, required: [name, name],"},
		"required that is a flag": {"name: {type: string}}", "name: {type: string, required: true}}"},
		"unknown keyword":         {"name: {type: string}}", "name: {type: string, sortable: true}}"},
		"unknown type":            {"name: {type: string}}", "name: {type: text}}"},
		"array without items":     {"name: {type: string}}", "name: {type: array}}"},
		"member without value":    {"name: {type: string}}", "name: }"},
		"default outside":         {"name: {type: string}}", "name: {type: string, enum: [a], default: b}}"},
		"default of another type": {"name: {type: string}}", "name: {type: integer, default: x}}"},
		"odd example":             {"name: {type: string}}", "name: {type: integer, example: x}}"},
		"example and examples": {"{description: A pet}",
			"{description: x, content: {a/b: {example: 1, examples: {a: {value: 1}}}}}"},
		"pattern of another kind": {"name: {type: string}}", "name: {type: string, pattern: '(?<!a)b'}}"},
		"type list in 3.0":        {"name: {type: string}}", "name: {type: [string, 'null']}}"},
		"const in 3.0":            {"name: {type: string}}", "name: {const: rex}}"},
		"limits as text":          {"name: {type: string}}", "name: {type: string, maxLength: ten}}"},
		"name with a space":       {"Pet: {type: object,", "A Pet: {type: object,"},
		"unknown security":        {"operationId: pet", "operationId: pet\n      security: [{none: []}]"},
		"security scheme of 3.2": {"components:\n",
			"components:\n  securitySchemes:\n    flow: {type: oauth2, flows: {deviceAuthorization: " +
				"{deviceAuthorizationUrl: /device, tokenUrl: /token, scopes: {}}}}\n"},
		"unknown security scheme": {"components:\n", "components:\n  securitySchemes: {odd: {type: magic}}\n"},
		"empty security scheme":   {"components:\n", "components:\n  securitySchemes: {odd: }\n"},
		"servers without url":     {"components:\n", "servers: [{description: x}]\ncomponents:\n"},
		"servers without value":   {"components:\n", "servers:\ncomponents:\n"},
		"tag twice":               {"components:\n", "tags: [{name: a}, {name: a}]\ncomponents:\n"},
		"external documentation":  {"components:\n", "externalDocs: {description: x}\ncomponents:\n"},
		"unknown top level":       {"components:\n", "definitions: {}\ncomponents:\n"},
		"key twice":               {"components:\n", "tags: []\ntags: [{name: a}]\ncomponents:\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(sound, r[0]) {
				t.Fatal("the mistake has no place")
			}
			got := see(t, strings.Replace(sound, r[0], r[1], 1))
			if wrong := !slices.Contains(unseen, name); wrong != (len(got.Notes) == 1) || len(got.Notes) > 1 {
				t.Errorf("notes = %q, want one: %t", got.Notes, wrong)
			}
			if notes := strings.Join(got.Notes, ""); wordsOfGo.MatchString(notes) {
				t.Errorf("in words of Go: %s", notes)
			}
			got.Notes, got.Title = nil, want.Title
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

var wordsOfGo = regexp.MustCompile(`json:|unmarshal|openapi[23]|\[\]string|nil`)

// see is what a document is understood as.
func see(t *testing.T, document string) Description {
	t.Helper()
	c, err := LoadContract("c", []byte(document), OperationHints{})
	if err != nil {
		t.Fatal(err)
	}
	return c.Describe()
}

// What an answer is held to where a document is sloppy: to what it clearly says.
func TestSloppySchemas(t *testing.T) {
	const right = `{"device_code":"d","user_code":"u","expires_in":60}`
	for name, test := range map[string]struct {
		codes string // the schema of the codes
		body  string
		want  []string
	}{
		"as it is": {"", right, nil},
		"broken limit": {"{properties: {user_code: {maxLength: nine}, device_code: {maxLength: 0}}}", right,
			[]string{"/device_code maxLength"}},
		"limit that takes an hour": {"{properties: {expires_in: {maximum: 1e999999, minimum: 61}, device_code: {}, " +
			"user_code: {}}}",
			right, []string{"/expires_in minimum"}},
		"unknown type": {"{properties: {user_code: {type: text}, device_code: {type: integer}}}", right,
			[]string{"/device_code type"}},
		"member without value": {"{required: [device_code, left], properties: {user_code: , device_code: }}", right,
			[]string{"/left required"}},
		"required as a flag": {"{required: true, properties: {user_code: {required: true, type: integer}, device_code: {}}}",
			right, []string{"/user_code type"}},
		"required twice": {"{required: [device_code, device_code, left, left], properties: {user_code: {}, device_code: {}}}",
			right, []string{"/left required"}},
		"reference to nothing": {"{properties: {user_code: {$ref: '#/nowhere'}, device_code: {type: integer}}}",
			right, []string{"/device_code type"}},
		"reference with siblings": {"{properties: {user_code: {$ref: '#/components/schemas/Begin/properties/scope', " +
			"maxLength: 0}, device_code: {type: integer}}}",
			right, []string{"/device_code type"}},
		"itself": {"{properties: {user_code: {}, device_code: {}, more: {$ref: '#/components/schemas/Codes'}}}",
			right[:len(right)-1] + `,"more":{"more":7}}`, []string{"/more/more type"}},
		"itself in a choice, deep": {"{properties: {user_code: {}, device_code: {}, more: {anyOf: [{$ref: " +
			"'#/components/schemas/Codes'}]}}}",
			right[:len(right)-1] + `,"more":` + strings.Repeat(`{"more":`, 25) + "{}" + strings.Repeat("}", 26), nil},
		"nullable": {"{properties: {user_code: {type: string, nullable: true, enum: [x]}, device_code: {nullable: true, " +
			"allOf: [{type: string}]}}}",
			`{"device_code":null,"user_code":null}`, nil},
		"exclusive as a flag": {"{properties: {expires_in: {type: integer, minimum: 60, exclusiveMinimum: true}, " +
			"device_code: {}, user_code: {}}}",
			right, []string{"/expires_in exclusiveMinimum"}},
		"member of requests": {"{required: [device_code, secret], properties: {user_code: {}, device_code: {}, secret: " +
			"{writeOnly: true}}}",
			right[:len(right)-1] + `,"secret":1}`, []string{"/secret writeOnly"}},
		"no member of requests": {"{required: [device_code, secret], properties: {user_code: {}, device_code: {}, secret: " +
			"{writeOnly: true}}}",
			right, nil},
		"branches with a discriminator": {"{oneOf: [{properties: {device_code: {}, user_code: {}}}, {properties: " +
			"{device_code: {}}}], discriminator: {propertyName: kind}}",
			right, nil},
		"branches without": {"{oneOf: [{properties: {device_code: {type: string}, user_code: {}}}, {properties: " +
			"{device_code: {}}}]}",
			right, []string{" oneOf"}},
		"a schema that is true": {"{properties: {user_code: true, device_code: {}}, additionalProperties: false}",
			right, []string{"/expires_in additionalProperties"}},
	} {
		t.Run(name, func(t *testing.T) {
			document := sound
			if test.codes != "" {
				front, back, _ := strings.Cut(sound, "    Codes:\n")
				_, back, _ = strings.Cut(back, "    Poll:\n")
				document = front + "    Codes:\n      type: object\n      allOf: [" + test.codes + "]\n    Poll:\n" + back
			}
			c, err := LoadContract("c", []byte(document), OperationHints{})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, d := range c.Start.CheckResponse(200, "application/json", []byte(test.body)) {
				got = append(got, d.Pointer+" "+d.Keyword)
			}
			if d := cmp.Diff(test.want, got); d != "" {
				t.Errorf("%v\n(-want +got):\n%s", c.Notes, d)
			}
		})
	}
}

// A document that says nothing of an answer promises nothing of it.
func TestNothingDeclared(t *testing.T) {
	for _, responses := range []string{"", "responses: ", "responses: {}", "responses: {default: {description: any}}",
		"responses: {'200': }", "responses: {'400': {description: Error}}", "responses: {'2XX': {content: }}"} {
		c, err := LoadContract("c",
			[]byte("openapi: 3.0.3\npaths:\n  /device_authorization:\n    post:\n      operationId: a\n      "+responses+
				"\n  /token:\n    post:\n      operationId: b\n      "+responses+"\n"), OperationHints{})
		if err != nil {
			t.Errorf("%s: %v", responses, err)
			continue
		}
		if found := c.Start.CheckResponse(200, "text/html", []byte("<p>")); len(found) > 0 {
			t.Errorf("%s: %v", responses, found)
		}
	}
}
