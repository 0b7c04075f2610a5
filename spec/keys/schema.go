package keys

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/dfcheck/dfcheck/spec/strict"
)

// A Document is a kind of file, for its schema.
type Document struct {
	ID, Title, About string
	Variables        bool // a value may be ${NAME}, a variable of the environment
}

// Schema is the JSON Schema (2020-12) of a file that is read into a section. It
// knows every key, and refuses no value that is accepted when the file is read.
func (d Document) Schema(section any) []byte {
	schema := d.section(reflect.TypeOf(section))
	schema["$schema"], schema["$id"] = "https://json-schema.org/draft/2020-12/schema", d.ID
	schema["title"], schema["description"] = d.Title, d.About
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(schema); err != nil {
		panic(err) // every value can be written
	}
	return b.Bytes()
}

// object is a JSON Schema.
type object = map[string]any

// orNull is a value of a type, or none: all that stood there may be commented out.
func orNull(name string) object { return object{"type": []string{name, "null"}} }

// section is the schema of a mapping of known keys.
func (d Document) section(typ reflect.Type) object {
	properties, words := object{}, wordsOf(typ)
	fields, _ := strict.Fields(typ)
	for _, f := range fields {
		w := words[f.Name]
		s := d.value(f.Type, w)
		s["description"] = strings.TrimSpace(w.About + " " + defaultOf(w))
		if example := exampleOf(w, f.Type); example != nil {
			s["examples"] = []any{example}
		}
		properties[f.Name] = s
		if f.Was != "" {
			old := d.value(f.Type, w)
			old["description"], old["deprecated"] = "The old name of "+f.Name+".", true
			properties[f.Was] = old
		}
	}
	s := orNull("object")
	s["properties"], s["additionalProperties"] = properties, false
	return s
}

// defaultOf is a sentence about what holds without a key.
func defaultOf(w Word) string {
	if w.Default == "" {
		return ""
	}
	return "Default: " + w.Default + "."
}

// exampleOf is the example of a key as a value.
func exampleOf(w Word, typ reflect.Type) (v any) {
	if w.Example == "" {
		w.Example = formOf(typ)
	}
	if err := yaml.Unmarshal([]byte(w.Example), &v); err != nil {
		panic(err) // a test reads them all
	}
	return v
}

// value is the schema of a value: of the shapes that it can have.
func (d Document) value(typ reflect.Type, w Word) object {
	var shapes []any
	for _, shape := range shapesOf(typ) {
		shapes = append(shapes, d.shape(shape, w))
	}
	if len(shapes) == 1 {
		return shapes[0].(object)
	}
	return object{"anyOf": shapes}
}

// Patterns of what is a text for YAML.
const (
	durationPattern = `^[+-]?([0-9.]+(ns|us|µs|μs|ms|s|m|h))+$`
	variablePattern = `\$\{[^}]*\}`
)

func (d Document) shape(typ reflect.Type, w Word) object {
	switch k := kindOf(typ); k {
	case text:
		return d.text(w)
	case boolean:
		return d.orVariable(orNull("boolean"))
	case whole:
		return d.orVariable(orNull("integer"))
	case natural:
		natural := orNull("integer")
		natural["minimum"] = 0
		return d.orVariable(natural)
	case number:
		return d.orVariable(orNull("number"))
	case duration:
		return d.orVariable(object{"type": "string", "pattern": durationPattern}, object{"enum": []any{0, nil}})
	case list:
		s := orNull("array")
		s["items"] = d.value(typ.Elem(), Word{})
		return s
	case mapping:
		s := orNull("object")
		s["additionalProperties"] = d.value(typ.Elem(), Word{})
		return s
	case section:
		return d.section(typ)
	}
	return object{}
}

// text is the schema of a text. YAML takes some for something else: a client whose
// id is 4711, and HTTP 1.1.
func (d Document) text(w Word) object {
	if len(w.OneOf) == 0 || w.Else != "" {
		s := object{"type": []string{"string", "number", "boolean"}}
		if w.Else != "" {
			s["anyOf"] = []any{object{"enum": w.OneOf}, object{}}
		}
		return s
	}
	var values []any
	for _, v := range w.OneOf {
		values = append(values, v)
		var other any
		if yaml.Unmarshal([]byte(v), &other) == nil && other != v {
			values = append(values, other)
		}
	}
	return d.orVariable(object{"enum": values})
}

// orVariable is a schema of several, or of a variable where the file may have some.
func (d Document) orVariable(schemas ...any) object {
	if d.Variables {
		schemas = append(schemas, object{"type": "string", "pattern": variablePattern})
	}
	if len(schemas) == 1 {
		return schemas[0].(object)
	}
	return object{"anyOf": schemas}
}
