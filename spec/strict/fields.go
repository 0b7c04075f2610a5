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

// fieldsOf lists the keys a mapping may have by the yaml tags of a struct.
// open means that any key goes.
func fieldsOf(typ reflect.Type) (fields map[string]reflect.Type, open bool) {
	if typ == nil || typ.Kind() != reflect.Struct {
		return nil, true
	}
	fields = map[string]reflect.Type{}
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
			more, _ := fieldsOf(inner)
			maps.Copy(fields, more)
			continue
		case name == "":
			name = strings.ToLower(f.Name)
		}
		fields[name] = f.Type
	}
	return fields, false
}

// renamedKeys has the new names of keys by their old ones.
func renamedKeys(typ reflect.Type) map[string]string {
	if typ == nil || typ.Kind() != reflect.Struct {
		return nil
	}
	renamed := map[string]string{}
	for f := range typ.Fields() {
		if old := f.Tag.Get("was"); old != "" {
			renamed[old], _, _ = strings.Cut(f.Tag.Get("yaml"), ",")
		}
	}
	return renamed
}

func sortedKeys(fields map[string]reflect.Type) []string {
	return slices.Sorted(maps.Keys(fields))
}
