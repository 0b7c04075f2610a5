package reports

import (
	_ "embed"
	"net/http"
	"reflect"
	"strings"
	"time"
)

//go:embed schema.json
var schemaJSON string

// JSONSchema is the JSON Schema (2020-12) of the report document.
func JSONSchema() string { return schemaJSON }

// describe makes the schema of a Go type. The file schema.json is what it makes
// of Report; a test holds the two together.
func describe(t reflect.Type) map[string]any {
	switch t {
	case reflect.TypeFor[time.Time]():
		return map[string]any{"type": "string", "format": "date-time"}
	case reflect.TypeFor[Verdict]():
		return map[string]any{"enum": Verdicts}
	case reflect.TypeFor[http.Header]():
		return map[string]any{"type": "object", "additionalProperties": map[string]any{"type": "array",
			"items": map[string]any{"type": "string"}}}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return describe(t.Elem())
	case reflect.Struct:
		return describeStruct(t)
	case reflect.Slice:
		return map[string]any{"type": []string{"array", "null"}, "items": describe(t.Elem())}
	case reflect.Map:
		return map[string]any{"type": "object"}
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Float64:
		return map[string]any{"type": "number"}
	case reflect.Uint64:
		return map[string]any{"type": "integer", "minimum": 0}
	case reflect.Int, reflect.Int64:
		return map[string]any{"type": "integer"}
	}
	panic("no schema for " + t.String()) // a member of a kind the document never had
}

func describeStruct(t reflect.Type) map[string]any {
	properties, required := map[string]any{}, []string{}
	for i := range t.NumField() {
		name, options, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		properties[name] = describe(t.Field(i).Type)
		if !strings.Contains(options, "omitempty") {
			required = append(required, name)
		}
	}
	return map[string]any{"type": "object", "properties": properties, "required": required,
		"additionalProperties": false}
}
