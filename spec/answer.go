package spec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// answer is one response as the document declares it.
type answer struct {
	types   []string // media types in lower case, sorted; none when the document promises no body
	schemas map[string]validator
}

// schema is what the document says of a body with this media type. A body under
// another one is held against what the document says of JSON.
func (a answer) schema(media string) validator {
	if s := a.schemas[media]; s != nil {
		return s
	}
	if s := a.schemas[string(JSON)]; s != nil {
		return s
	}
	for _, t := range a.types {
		if s := a.schemas[t]; s != nil {
			return s
		}
	}
	return nil
}

// allows reports whether the document lists the media type, a range included.
func (a answer) allows(media string) bool {
	front, _, _ := strings.Cut(media, "/")
	return slices.ContainsFunc(a.types, func(t string) bool { return t == media || t == front+"/*" || t == "*/*" })
}

func declaredAnswers(d *document, c *candidate) map[string]answer {
	all := map[string]answer{}
	responses := c.node.get("responses")
	for _, status := range responses.names() {
		response := responses.get(status)
		if strings.HasPrefix(status, "x-") {
			continue
		}
		a := answer{schemas: map[string]validator{}}
		for _, b := range contents(response) {
			a.types = append(a.types, b.media)
			if b.schema.value == nil || !isJSON(b.media) {
				continue
			}
			schema, problems := d.compiled(b.schema)
			for _, problem := range problems {
				d.note("the schema of the %s answer of POST %s: %s", status, c.path, problem)
			}
			if schema != nil {
				a.schemas[b.media] = schema
			}
		}
		slices.Sort(a.types)
		a.types = slices.Compact(a.types)
		all[strings.ToUpper(status)] = a
	}
	return all
}

// isJSON reports whether a body with this media type, or one of this range, is held
// against its schema.
func isJSON(mediaType string) bool {
	return slices.Contains([]string{string(JSON), "text/json", "application/*", "*/*"}, mediaType) ||
		strings.HasSuffix(mediaType, "+json")
}

// compiled is the validator of a schema; answers often share one.
func (d *document) compiled(n node) (validator, []string) {
	if m, _ := n.value.(map[string]any); len(m) != 1 {
		return compileSchema(d, n)
	}
	n = n.target() // or n, where its one member is no reference
	id := n.identity()
	if s := d.schemas[id]; s != nil {
		return s, nil
	}
	s, problems := compileSchema(d, n)
	d.schemas[id] = s
	return s, problems
}

// schemaURL names a schema to the compiler; nothing is fetched from it.
const schemaURL = "mem:///schema.json"

// compileSchema makes a validator of a schema and of all that it refers to. What
// cannot be used is left out and named. OpenAPI 3.0 is left to kin-openapi, but for
// schemas that refer to themselves: it takes twice as long for each level of an
// answer to them, and the answers are the server's.
func compileSchema(d *document, n node) (v validator, problems []string) {
	g, err := gather(n, d.since31, !d.since31), error(nil)
	if g.kin && g.circular {
		g = gather(n, d.since31, false)
	}
	if g.kin {
		v, err = newSchema30(g.schemas)
	} else {
		v, err = newSchema31(g.schemas)
	}
	if err != nil {
		return nil, append(g.problems,
			fmt.Sprintf("it cannot be used (%v); only status and media type are compared", firstLine(err)))
	}
	return v, g.problems
}

// newSchema31 makes a validator of gathered schemas of JSON Schema.
func newSchema31(schemas map[string]any) (validator, error) {
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	c.UseRegexpEngine(func(text string) (jsonschema.Regexp, error) { return compilePattern(text), nil })
	err := c.AddResource(schemaURL, map[string]any{"$ref": "#/components/schemas/" + gathered,
		"components": map[string]any{"schemas": schemas}})
	if err != nil {
		return nil, err
	}
	s, err := c.Compile(schemaURL)
	return schema31{s}, err
}
