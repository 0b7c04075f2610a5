package spec

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// object is a schema with its allOf parts merged.
type object struct {
	properties map[string]node
	required   []string
	// selects is what a discriminator says of the branch that was taken: the
	// value of that member.
	selects map[string]string
	closed  bool // there may be no members beside these
	refresh bool // some branch is that of the refresh grant
}

func (o object) names() []string { return slices.Sorted(maps.Keys(o.properties)) }

// grants are the values that the schema allows for grant_type, nil for any.
func (o object) grants() []string {
	if v := o.selects["grant_type"]; v != "" {
		return []string{v}
	}
	return allowed(o.properties["grant_type"])
}

// maxParts bounds the schemas that are merged into one: documents may refer to
// themselves in more ways than one.
const maxParts = 2000

// flatten merges allOf. Of oneOf, anyOf and the schemas that a discriminator names it
// takes the branch for the device grant when one has a device_code, else all members
// of all branches, none of them required by the choice.
func flatten(n node) object {
	m := merger{left: maxParts, above: map[uintptr]bool{}}
	o := newObject()
	m.merge(&o, n)
	slices.Sort(o.required)
	o.required = slices.Compact(o.required)
	return o
}

func newObject() object {
	return object{properties: map[string]node{}, selects: map[string]string{}}
}

type merger struct {
	left  int
	above map[uintptr]bool // the schemas that the current one stands in
}

// merge adds a schema's members to o.
func (m *merger) merge(o *object, n node) {
	id := n.identity()
	if id == 0 || m.above[id] || m.left <= 0 {
		return
	}
	m.left--
	m.above[id] = true
	defer delete(m.above, id)
	if next, ok := n.follow(); ok {
		m.merge(o, next)
	}
	if properties, ok := n.own("properties"); ok {
		for name, p := range properties.all() {
			o.properties[name] = p
		}
	}
	if required, ok := n.own("required"); ok {
		o.required = append(o.required, required.texts()...)
	}
	for _, keyword := range []string{"additionalProperties", "unevaluatedProperties"} {
		if others, ok := n.own(keyword); ok && others.value == false {
			o.closed = true
		}
	}
	if parts, ok := n.own("allOf"); ok {
		for _, part := range parts.list() {
			m.merge(o, part)
		}
	}
	m.choices(o, n)
}

// branch is one schema of a choice, with the value of the discriminator that selects it.
type branch struct {
	schema node
	value  string
}

func (m *merger) choices(o *object, n node) {
	d, given := n.own("discriminator")
	selector := cmp.Or(d.get("propertyName").text(), d.text())
	var mapped []branch
	for value, ref := range d.get("mapping").all() {
		mapped = append(mapped, branch{n.schemaNamed(ref.text()), value})
	}
	slices.SortFunc(mapped, func(a, b branch) int { return strings.Compare(a.value, b.value) })
	listed := false
	for _, keyword := range []string{"oneOf", "anyOf"} {
		list, _ := n.own(keyword)
		var branches []branch
		for _, schema := range list.list() {
			b := branch{schema, ""}
			for _, other := range mapped {
				if other.schema.target().identity() == schema.target().identity() {
					b.value = other.value
				}
			}
			branches = append(branches, b)
		}
		listed = listed || len(branches) > 0
		m.choose(o, branches, selector)
	}
	switch {
	case listed:
	case len(mapped) > 0:
		m.choose(o, mapped, selector)
	case given && selector != "":
		m.choose(o, n.extensions(), selector)
	}
}

// choose merges the branch of the device grant, or all of them.
func (m *merger) choose(o *object, branches []branch, selector string) {
	all := make([]object, len(branches))
	for i, b := range branches {
		all[i] = newObject()
		m.merge(&all[i], b.schema)
		o.refresh = o.refresh || all[i].refresh || all[i].properties["refresh_token"].files != nil
	}
	for i, b := range branches {
		if all[i].properties["device_code"].files != nil {
			maps.Copy(o.properties, all[i].properties)
			maps.Copy(o.selects, all[i].selects)
			o.closed = o.closed || all[i].closed
			o.required = append(o.required, all[i].required...)
			if b.value != "" && selector != "" {
				o.selects[selector] = b.value
			}
			return
		}
	}
	for _, b := range all {
		maps.Copy(o.properties, b.properties)
	}
}

// schemaNamed is the schema that a discriminator's mapping means: a reference, or
// the name of one of the document's schemas.
func (n node) schemaNamed(ref string) node {
	if ref == "" || n.files == nil {
		return node{}
	}
	if !strings.ContainsAny(ref, "#/.") {
		ref = "#/components/schemas/" + ref
	}
	found, _ := n.files.resolve(n.file, ref)
	return found
}

// extensions are the document's schemas that build on n with allOf: what a
// discriminator without a mapping means.
func (n node) extensions() []branch {
	if n.files == nil {
		return nil
	}
	file := node{n.files.trees[n.file], n.file, n.files}
	schemas := file.get("components").get("schemas")
	if !schemas.isMap() {
		schemas = file.get("definitions") // of Swagger 2.0
	}
	all := schemas.all()
	var out []branch
	for _, name := range schemas.names() {
		parts, _ := all[name].own("allOf")
		for _, part := range parts.list() {
			if part.target().identity() == n.identity() {
				out = append(out, branch{all[name], name})
			}
		}
	}
	return out
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

// types are the ones that JSON Schema has, but for null.
var types = []string{"string", "integer", "number", "boolean", "array", "object"}

func paramSpec(name string, s node, required bool) ParamSpec {
	s = unwrapped(s)
	p := ParamSpec{Name: name, Required: required, Nullable: s.nullable()}
	kinds := s.get("type").texts()
	if one := s.get("type").text(); one != "" {
		kinds = []string{one}
	}
	for _, t := range kinds {
		switch {
		case t == "null":
			p.Nullable = true
		case slices.Contains(types, t):
			p.Type = t
		}
	}
	if n, err := strconv.Atoi(s.get("maxLength").text()); err == nil && n > 0 && n < maxGenerated {
		p.MaxLength = n
	}
	for _, v := range s.get("enum").list() {
		if v.value == nil {
			p.Nullable = true
		}
	}
	p.Enum = allowed(s)
	p.Example = example(s, p.Enum)
	return p
}

// unwrapped is the schema in an allOf of one, as OpenAPI 3.0 writes a reference
// beside other keywords.
func unwrapped(s node) node {
	for range maxFollow {
		parts := s.get("allOf").list()
		if len(parts) != 1 || s.get("type").value != nil {
			break
		}
		s = parts[0]
	}
	return s
}

// allowed are the values that an enumeration or const allows, nil for any.
func allowed(s node) []string {
	s = unwrapped(s)
	if c := s.get("const").text(); c != "" {
		return []string{c}
	}
	return s.get("enum").texts()
}

func example(s node, enum []string) string {
	candidates := append([]node{s.get("example"), s.get("default")}, s.get("examples").list()...)
	for _, c := range candidates {
		if text := c.text(); text != "" {
			return text
		}
	}
	if len(enum) > 0 {
		return enum[0]
	}
	return ""
}

// nullable reports whether null is a value as well, in the words of OpenAPI 3.0 or of
// those who used Swagger 2.0.
func (n node) nullable() bool {
	return n.get("nullable").value == true || n.get("x-nullable").value == true
}
