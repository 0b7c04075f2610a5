package spec

import (
	"errors"
	"fmt"
	"mime"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// answer is one response as the document declares it.
type answer struct {
	types  []string // media types in lower case, sorted; none when the document promises no body
	schema validator
}

// validator reports how a decoded JSON value departs from a schema.
type validator func(value any) []Deviation

func declaredAnswers(d *document, p post) (map[string]answer, error) {
	all := map[string]answer{}
	for status, ref := range p.Responses.Map() {
		if ref == nil || ref.Value == nil {
			continue
		}
		pointer := fmt.Sprintf("#/paths/%s/post/responses/%s", escapePointer.Replace(p.path), escapePointer.Replace(status))
		if ref.Ref != "" {
			pointer = ref.Ref
		}
		a := answer{}
		for name, m := range ref.Value.Content {
			t, _, err := mime.ParseMediaType(name)
			if err != nil {
				continue
			}
			a.types = append(a.types, t)
			if m.Schema == nil || !isJSON(t) {
				continue
			}
			if a.schema, err = newValidator(d, m.Schema.Value,
				pointer+"/content/"+escapePointer.Replace(name)+"/schema"); err != nil {
				return nil, fmt.Errorf("schema of the %s answer of POST %s: %w", status, p.path, err)
			}
		}
		slices.Sort(a.types)
		all[strings.ToUpper(status)] = a
	}
	return all, nil
}

func isJSON(mediaType string) bool {
	return mediaType == string(JSON) || strings.HasSuffix(mediaType, "+json")
}

var escapePointer = strings.NewReplacer("~", "~0", "/", "~1", "%", "%25")

func newValidator(d *document, schema *openapi3.Schema, pointer string) (validator, error) {
	if d.compiler == nil {
		return func(value any) []Deviation { return visitSchema(schema, value) }, nil
	}
	compiled, err := d.compiler.Compile(documentURL + pointer)
	if err != nil {
		return nil, err
	}
	return func(value any) []Deviation { return validateSchema(compiled, value) }, nil
}

// visitSchema validates against an OpenAPI 3.0 schema. kin-openapi's own
// messages print schema and value, gigabytes for a hostile body: they are never
// asked for, and where the library asks itself the customizer keeps them short.
func visitSchema(schema *openapi3.Schema, value any) []Deviation {
	err := schema.VisitJSON(value, openapi3.MultiErrors(), openapi3.VisitAsResponse(),
		openapi3.SetSchemaRegexCompiler(func(pattern string) (openapi3.RegexMatcher, error) {
			return compilePattern(pattern),
				nil
		}),
		openapi3.WithStringFormatValidator("uri", openapi3.NewCallbackValidator(absolute)),
		openapi3.SetSchemaErrorMessageCustomizer(func(e *openapi3.SchemaError) string { return e.SchemaField }))
	return kinDeviations(nil, err)
}

// absolute is the format uri, which kin-openapi leaves unchecked and JSON
// Schema checks.
func absolute(text string) error {
	u, err := url.Parse(text)
	if err == nil && !u.IsAbs() {
		err = errors.New("not an absolute URI")
	}
	return err
}

// pattern is a schema's regular expression. Documents may use the ECMA 262
// dialect, of which Go lacks lookahead and back references; such a pattern
// matches everything, because a contract is not wrong for it.
type pattern struct {
	*regexp.Regexp
	text string
}

func compilePattern(text string) pattern {
	re, _ := regexp.Compile(text)
	return pattern{re, text}
}

func (p pattern) String() string               { return p.text }
func (p pattern) MatchString(text string) bool { return p.Regexp == nil || p.Regexp.MatchString(text) }

func kinDeviations(found []Deviation, err error) []Deviation {
	if err == nil || len(found) >= maxDeviations {
		return found
	}
	if many, ok := err.(openapi3.MultiError); ok {
		for _, e := range many {
			found = kinDeviations(found, e)
		}
		return found
	}
	var e *openapi3.SchemaError
	if !errors.As(err, &e) {
		return append(found, Deviation{Keyword: "value", Message: "holds a value that no schema can describe"})
	}
	keyword := e.SchemaField
	switch keyword {
	case "nullable":
		keyword = "type"
	case "properties":
		keyword = "additionalProperties"
	}
	want := ""
	if e.Schema != nil && e.Schema.Type != nil {
		want = strings.Join(e.Schema.Type.Slice(), " or ")
	}
	return append(found, deviation(e.JSONPointer(), keyword, typeName(e.Value), want))
}

// validateSchema validates against a compiled JSON Schema (OpenAPI 3.1).
func validateSchema(schema *jsonschema.Schema, value any) []Deviation {
	var e *jsonschema.ValidationError
	if err := schema.Validate(value); !errors.As(err, &e) {
		return nil
	}
	return leaves(nil, e)
}
