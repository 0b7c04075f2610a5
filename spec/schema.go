package spec

import (
	"fmt"
	"maps"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

// object is a schema with its allOf parts merged: kin-openapi resolves
// references but leaves compositions alone.
type object struct {
	properties map[string]*openapi3.Schema
	required   []string
}

func (o object) names() []string { return slices.Sorted(maps.Keys(o.properties)) }

// flatten merges allOf. Of oneOf and anyOf it takes the branch for the device
// grant when one has a device_code, else all members of all branches, none of
// them required by the choice.
func flatten(ref *openapi3.SchemaRef) object {
	o := object{properties: map[string]*openapi3.Schema{}}
	o.merge(ref, map[*openapi3.Schema]bool{})
	slices.Sort(o.required)
	o.required = slices.Compact(o.required)
	return o
}

// merge adds a schema's members. above are the schemas it stands in: a schema
// may refer to itself.
func (o *object) merge(ref *openapi3.SchemaRef, above map[*openapi3.Schema]bool) {
	if ref == nil || ref.Value == nil || above[ref.Value] {
		return
	}
	s := ref.Value
	above[s] = true
	defer delete(above, s)
	for name, p := range s.Properties {
		if p != nil && p.Value != nil {
			o.properties[name] = p.Value
		}
	}
	o.required = append(o.required, s.Required...)
	for _, part := range s.AllOf {
		o.merge(part, above)
	}
	for _, choice := range []openapi3.SchemaRefs{s.OneOf, s.AnyOf} {
		o.choose(choice, above)
	}
}

func (o *object) choose(branches openapi3.SchemaRefs, above map[*openapi3.Schema]bool) {
	for _, b := range branches {
		branch := object{properties: map[string]*openapi3.Schema{}}
		branch.merge(b, above)
		if branch.properties["device_code"] != nil {
			maps.Copy(o.properties, branch.properties)
			o.required = append(o.required, branch.required...)
			return
		}
	}
	for _, b := range branches {
		branch := object{properties: map[string]*openapi3.Schema{}}
		branch.merge(b, above)
		maps.Copy(o.properties, branch.properties)
	}
}

// ParamSpec is one request parameter as the document declares it.
type ParamSpec struct {
	Name      string
	Type      string // string, integer, number, boolean, array, object, or "" for any
	Nullable  bool
	Required  bool
	MaxLength int      // code points, 0 for no limit
	Enum      []string // the allowed values as text, nil for any
	Example   string   // a value the document itself offers, "" for none
}

func paramSpec(name string, s *openapi3.Schema, required bool) ParamSpec {
	for len(s.AllOf) == 1 && s.Type == nil && s.AllOf[0].Value != nil { // a $ref in the 3.0 wrapping
		s = s.AllOf[0].Value
	}
	p := ParamSpec{Name: name, Required: required, Nullable: s.Nullable}
	for _, t := range s.Type.Slice() {
		if t == "null" {
			p.Nullable = true
		} else {
			p.Type = t
		}
	}
	if s.MaxLength != nil && *s.MaxLength < maxGenerated {
		p.MaxLength = int(*s.MaxLength)
	}
	for _, v := range s.Enum {
		if v == nil {
			p.Nullable = true
			continue
		}
		p.Enum = append(p.Enum, fmt.Sprint(v))
	}
	if s.Const != nil {
		p.Enum = []string{fmt.Sprint(s.Const)}
	}
	p.Example = example(s, p.Enum)
	return p
}

func example(s *openapi3.Schema, enum []string) string {
	candidates := append([]any{s.Example, s.Default}, s.Examples...)
	for _, c := range candidates {
		switch c.(type) {
		case string, float64, bool, int:
			return fmt.Sprint(c)
		}
	}
	if len(enum) > 0 {
		return enum[0]
	}
	return ""
}
