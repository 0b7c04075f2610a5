package spec

import (
	"fmt"
	"mime"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
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
			if a.schema, err = newValidator(d, m.Schema.Value, pointer+"/content/"+escapePointer.Replace(name)+"/schema"); err != nil {
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
