package keys

import (
	"reflect"
	"strings"

	"github.com/dfcheck/dfcheck/spec/strict"
)

// kind is what may stand in the place of a value.
type kind int

const (
	text kind = iota
	boolean
	whole
	natural // a whole number that is not negative
	number
	duration
	list
	mapping // of any keys
	section // a mapping of known keys
	anything
)

var kindNames = map[kind]string{text: "text", boolean: "true or false", whole: "whole number",
	natural: "whole number, not negative", number: "number", duration: "time", mapping: "mapping", section: "mapping",
	anything: "any value"}

// kindOf is the kind of a type that does not decode itself into something else.
func kindOf(typ reflect.Type) kind {
	switch typ.Kind() {
	case reflect.String:
		return text
	case reflect.Bool:
		return boolean
	case reflect.Int64: // a time.Duration, or a type of one
		return duration
	case reflect.Int:
		return whole
	case reflect.Uint64:
		return natural
	case reflect.Float64:
		return number
	case reflect.Slice:
		return list
	case reflect.Map:
		return mapping
	case reflect.Struct:
		return section
	case reflect.Interface:
		return anything
	}
	panic("no kind for " + typ.String()) // a key of a kind that no file ever had
}

// shapesOf lists what a value of a type is read as.
func shapesOf(typ reflect.Type) []reflect.Type {
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	if shapes := strict.Shapes(typ); len(shapes) > 0 {
		return shapes
	}
	return []reflect.Type{typ}
}

// named says in words what may stand in the place of a value.
func named(typ reflect.Type) string {
	var out []string
	for _, shape := range shapesOf(typ) {
		k := kindOf(shape)
		name := kindNames[k]
		if k == list {
			name = "list of " + named(shape.Elem()) + "s"
		} else if k == mapping && shape.Elem().Kind() != reflect.Interface {
			name = "mapping of " + named(shape.Elem()) + "s"
		}
		out = append(out, name)
	}
	return strings.Join(out, ", or ")
}

// sections lists the structs whose keys stand below a value of a type, or below the
// elements of a list, with what their paths begin with.
func sections(path string, typ reflect.Type) (out []below) {
	for _, shape := range shapesOf(typ) {
		switch kindOf(shape) {
		case section:
			out = append(out, below{path, shape})
		case list:
			out = append(out, sections(path+"[]", shape.Elem())...)
		}
	}
	return out
}

type below struct {
	path string
	typ  reflect.Type
}
