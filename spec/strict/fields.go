package strict

import (
	"encoding"
	"maps"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

var (
	yamlUnmarshaler   = reflect.TypeFor[yaml.Unmarshaler]()
	legacyUnmarshaler = reflect.TypeFor[interface{ UnmarshalYAML(func(any) error) error }]()
	textUnmarshaler   = reflect.TypeFor[encoding.TextUnmarshaler]()
	nodeType          = reflect.TypeFor[yaml.Node]()
)

// decodesItself says whether the keys below typ are its own business.
func decodesItself(typ reflect.Type) bool {
	if typ == nil || typ.Kind() == reflect.Interface {
		return false
	}
	if typ == nodeType {
		return true
	}
	for _, t := range []reflect.Type{typ, reflect.PointerTo(typ)} {
		if t.Implements(yamlUnmarshaler) || t.Implements(legacyUnmarshaler) || t.Implements(textUnmarshaler) {
			return true
		}
	}
	return false
}

// A Shaper decodes itself and has keys nonetheless: Shape returns a pointer to
// what a node is decoded into, so that its keys can be looked at; nil when the
// node is of no known shape.
type Shaper interface{ Shape(n *yaml.Node) any }

var shaper = reflect.TypeFor[Shaper]()

// shapeOf is the type a node is decoded into by a type that decodes itself, nil
// when that is not known.
func shapeOf(typ reflect.Type, n *yaml.Node) reflect.Type {
	if typ.Kind() != reflect.Pointer {
		typ = reflect.PointerTo(typ)
	}
	if !typ.Implements(shaper) {
		return nil
	}
	shape := reflect.TypeOf(reflect.New(typ.Elem()).Interface().(Shaper).Shape(n))
	if shape == nil {
		return nil
	}
	return shape.Elem()
}

// elem is the type of the values in a list or a map, nil when typ is neither.
func elem(typ reflect.Type) reflect.Type {
	if typ == nil {
		return nil
	}
	switch typ.Kind() {
	case reflect.Slice, reflect.Array, reflect.Map:
		return typ.Elem()
	}
	return nil
}

// A Field is a key that a mapping may have.
type Field struct {
	Name string
	Was  string // the old name of a key that was renamed, which is still read
	Type reflect.Type
}

// Fields lists the keys that a mapping may have by the yaml tags of a struct, in
// the order of their declaration. open means that any key goes.
func Fields(typ reflect.Type) (fields []Field, open bool) {
	if typ == nil || typ.Kind() != reflect.Struct {
		return nil, true
	}
	for f := range typ.Fields() {
		name, flags, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case name == "-" || !f.IsExported() && !f.Anonymous:
			continue
		case slices.Contains(strings.Split(flags, ","), "inline"):
			inner := f.Type
			for inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			if inner.Kind() == reflect.Map {
				return nil, true
			}
			more, _ := Fields(inner)
			fields = append(fields, more...)
			continue
		case name == "":
			name = strings.ToLower(f.Name)
		}
		fields = append(fields, Field{name, f.Tag.Get("was"), f.Type})
	}
	return fields, false
}

// fieldsOf has the types of the keys of a struct by their names.
func fieldsOf(typ reflect.Type) (fields map[string]reflect.Type, open bool) {
	list, open := Fields(typ)
	if open {
		return nil, true
	}
	fields = map[string]reflect.Type{}
	for _, f := range list {
		fields[f.Name] = f.Type
	}
	return fields, false
}

// renamedKeys has the new names of keys by their old ones.
func renamedKeys(typ reflect.Type) map[string]string {
	list, _ := Fields(typ)
	renamed := map[string]string{}
	for _, f := range list {
		if f.Was != "" {
			renamed[f.Was] = f.Name
		}
	}
	return renamed
}

// Shapes lists the types that a value of typ can be read as: typ itself, or for one
// that decodes itself what it makes of a mapping, of a list of mappings and of a
// list of texts. It is empty where such a type tells nothing of its keys.
func Shapes(typ reflect.Type) (shapes []reflect.Type) {
	if !decodesItself(typ) {
		return []reflect.Type{typ}
	}
	text := &yaml.Node{Kind: yaml.ScalarNode}
	mapping := &yaml.Node{Kind: yaml.MappingNode}
	for _, n := range []*yaml.Node{mapping, {Kind: yaml.SequenceNode, Content: []*yaml.Node{mapping}},
		{Kind: yaml.SequenceNode, Content: []*yaml.Node{text}}} {
		if shape := shapeOf(typ, n); shape != nil && !slices.Contains(shapes, shape) {
			shapes = append(shapes, shape)
		}
	}
	return shapes
}

func sortedKeys(fields map[string]reflect.Type) []string {
	return slices.Sorted(maps.Keys(fields))
}
