package spec

import (
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// validator holds a decoded JSON value against what a document says of it.
type validator interface{ deviations(value any) []Deviation }

// schema30 is a schema of OpenAPI 3.0, which kin-openapi validates.
type schema30 struct{ *openapi3.Schema }

// newSchema30 makes a validator of gathered schemas in the words of OpenAPI 3.0.
func newSchema30(schemas map[string]any) (validator, error) {
	text, err := json.Marshal(map[string]any{"components": map[string]any{"schemas": schemas}})
	if err != nil {
		return nil, err
	}
	var t openapi3.T
	if err := json.Unmarshal(text, &t); err != nil {
		return nil, err
	}
	if err := openapi3.NewLoader().ResolveRefsIn(&t, nil); err != nil {
		return nil, err
	}
	s := t.Components.Schemas[gathered].Value
	if s == nil {
		return nil, errors.New("it refers to itself")
	}
	return schema30{s}, nil
}

// deviations never asks for kin-openapi's own messages: they print schema and value,
// gigabytes for a hostile body. Where the library asks itself they are kept short.
func (s schema30) deviations(value any) []Deviation {
	return visited(nil, s.VisitJSON(value, visiting()...))
}

// visiting is how kin-openapi is asked, made when it is first needed.
var visiting = sync.OnceValue(func() []openapi3.SchemaValidationOption {
	return append(otherFormats(),
		openapi3.MultiErrors(), openapi3.VisitAsResponse(),
		openapi3.SetSchemaRegexCompiler(func(text string) (openapi3.RegexMatcher, error) {
			return compilePattern(text), nil
		}),
		openapi3.WithStringFormatValidator("uri", openapi3.NewCallbackValidator(absoluteURI)),
		openapi3.SetSchemaErrorMessageCustomizer(func(e *openapi3.SchemaError) string { return e.SchemaField }))
})

// absoluteURI is the format uri, which kin-openapi leaves unchecked and JSON
// Schema checks.
func absoluteURI(text string) error {
	u, err := url.Parse(text)
	if err == nil && !u.IsAbs() {
		err = errors.New("not an absolute URI")
	}
	return err
}

// otherFormats are those that JSON Schema checks and kin-openapi leaves to its
// user: a format asks the same in every version of OpenAPI.
func otherFormats() []openapi3.SchemaValidationOption {
	var all []openapi3.SchemaValidationOption
	for _, name := range strings.Fields("date date-time duration email hostname ipv4 ipv6 uri-reference uuid") {
		c := jsonschema.NewCompiler()
		c.AssertFormat()
		if err := c.AddResource(schemaURL, map[string]any{"format": name}); err != nil {
			panic(err) // it is not the document's
		}
		schema := c.MustCompile(schemaURL)
		all = append(all, openapi3.WithStringFormatValidator(name,
			openapi3.NewCallbackValidator(func(text string) error { return schema.Validate(text) })))
	}
	return all
}

// visited adds what an error of kin-openapi says.
func visited(found []Deviation, err error) []Deviation {
	if err == nil || len(found) >= maxDeviations {
		return found
	}
	if many, ok := err.(openapi3.MultiError); ok {
		for _, e := range many {
			found = visited(found, e)
		}
		return found
	}
	e, ok := errors.AsType[*openapi3.SchemaError](err)
	switch {
	case !ok:
		return append(found, Deviation{Keyword: "value", Want: "to be a value that a schema can describe"})
	case e.SchemaField == "allOf":
		many, _ := errors.AsType[openapi3.MultiError](e.Origin)
		return visited(found, many)
	case e.SchemaField == "properties":
		return unlisted(found, e)
	case e.SchemaField == "nullable":
		e.SchemaField = "type"
	}
	return append(found, deviation(e.JSONPointer(), e.SchemaField, limit(e), TypeName(e.Value)))
}

// unlisted names the members that a closed schema does not have. The library has
// an error for each, without the name, so that the first names them all.
func unlisted(found []Deviation, e *openapi3.SchemaError) []Deviation {
	members, _ := e.Value.(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if e.Schema.Properties[name] != nil {
			continue
		}
		d := deviation(append(e.JSONPointer(), name), "additionalProperties", nil, "")
		if len(found) < maxDeviations && !slices.Contains(found, d) {
			found = append(found, d)
		}
	}
	return found
}

// limit is what an OpenAPI 3.0 schema sets under the keyword that an error names.
func limit(e *openapi3.SchemaError) any {
	s := e.Schema
	if s == nil {
		return nil
	}
	switch e.SchemaField {
	case "type":
		return strings.Join(s.Type.Slice(), " or ")
	case "pattern":
		return s.Pattern
	case "format":
		return s.Format
	case "enum":
		return s.Enum
	case "minLength":
		return s.MinLength
	case "maxLength":
		return number(s.MaxLength)
	case "minimum", "exclusiveMinimum":
		return number(s.Min)
	case "maximum", "exclusiveMaximum":
		return number(s.Max)
	}
	return nil
}

func number[N any](limit *N) any {
	if limit == nil {
		return nil
	}
	return *limit
}
