package spec

import (
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
// note.
func TestMistakesElsewhere(t *testing.T) {
	want := see(t, sound)
	for name, r := range map[string][2]string{
		"no info":                   {"info: {title: Sound, version: \"1\"}\n", ""},
		"info without title":        {"{title: Sound, version: \"1\"}", "{version: '1'}"},
		"empty version":             {`version: "1"`, `version: ""`},
		"numeric version":           {`version: "1"`, `version: 1.10`},
		"version that is a date":    {`version: "1"`, `version: 2026-11-27`},
		"null version":              {`version: "1"`, `version:`},
		"answer without words":      {"{description: A pet}", "{}"},
		"answer that is null":       {"{description: A pet}", ""},
		"media type without value":  {"{description: A pet}", "{description: x, content: {application/json: }}"},
		"content without value":     {"{description: A pet}", "{description: x, content: }"},
		"reference to nothing":      {"{description: A pet}", "{$ref: '#/components/responses/None'}"},
		"reference to a file":       {"{description: A pet}", "{$ref: './pets.yaml#/Pet'}"},
		"reference to the network":  {"{description: A pet}", "{$ref: 'https://example.com/pets.yaml#/Pet'}"},
		"reference to itself":       {"{type: object, properties: {name: {type: string}}}", "{$ref: '#/components/schemas/Pet'}"},
		"circular allOf":            {"{type: object, properties: {name: {type: string}}}", "{allOf: [{$ref: '#/components/schemas/Pet'}]}"},
		"other path parameter":      {"{name: id, in: path", "{name: pet, in: path"},
		"optional path parameter":   {"in: path, required: true", "in: path, required: false"},
		"parameter twice":           {"[{name: id", "[{name: id, in: path, required: true, schema: {type: string}}, {name: id"},
		"parameter without a place": {"in: path, ", ""},
		"alike paths":               {"components:\n", "  /pets/{name}: {get: {responses: {'200': {description: x}}}}\ncomponents:\n"},
		"path without a slash":      {"components:\n", "  pets: {get: {responses: {'200': {description: x}}}}\ncomponents:\n"},
		"path without value":        {"components:\n", "  /nothing:\ncomponents:\n"},
		"operationId twice":         {"operationId: pet", "operationId: poll"},
		"unknown members":           {"operationId: pet", "operationId: pet\n      verb: read"},
		"unknown method":            {"  /pets/{id}:\n", "  /pets/{id}:\n    fetch: {}\n"},
		"member required twice":     {"Pet: {type: object,", "Pet: {type: object, required: [name, name],"},
		"required that is a flag":   {"name: {type: string}}", "name: {type: string, required: true}}"},
		"unknown keyword":           {"name: {type: string}}", "name: {type: string, sortable: true}}"},
		"unknown type":              {"name: {type: string}}", "name: {type: text}}"},
		"array without items":       {"name: {type: string}}", "name: {type: array}}"},
		"member without value":      {"name: {type: string}}", "name: }"},
		"default outside":           {"name: {type: string}}", "name: {type: string, enum: [a], default: b}}"},
		"default of another type":   {"name: {type: string}}", "name: {type: integer, default: x}}"},
		"odd example":               {"name: {type: string}}", "name: {type: integer, example: x}}"},
		"example and examples":      {"{description: A pet}", "{description: x, content: {a/b: {example: 1, examples: {a: {value: 1}}}}}"},
		"pattern of another kind":   {"name: {type: string}}", "name: {type: string, pattern: '(?<!a)b'}}"},
		"type list in 3.0":          {"name: {type: string}}", "name: {type: [string, 'null']}}"},
		"const in 3.0":              {"name: {type: string}}", "name: {const: rex}}"},
		"limits as text":            {"name: {type: string}}", "name: {type: string, maxLength: ten}}"},
		"name with a space":         {"Pet: {type: object,", "A Pet: {type: object,"},
		"unknown security":          {"operationId: pet", "operationId: pet\n      security: [{none: []}]"},
		"security scheme of 3.2": {"components:\n", "components:\n  securitySchemes:\n    flow: {type: oauth2, flows: {deviceAuthorization: " +
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
			if len(got.Notes) > 1 {
				t.Errorf("notes = %q, want one at most", got.Notes)
			}
			got.Notes, got.Title = nil, want.Title
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// see is what a document is understood as.
func see(t *testing.T, document string) Description {
	t.Helper()
	c, err := LoadContract("c", []byte(document), OperationHints{})
	if err != nil {
		t.Fatal(err)
	}
	return c.Describe()
}
