package strict

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// A place is a value of the document: where it stands, and what it was to become.
type place struct {
	node *yaml.Node
	typ  reflect.Type
	path string
	text string // of a scalar as it was written, before variables were replaced
}

// Formed says how a value of its type is written, for errors about what stands in
// its place: a mapping as people write it. Without it its first keys are shown.
type Formed interface{ Form() string }

// position is a line and a column.
type position struct{ line, column int }

// yamlError gives the library's errors the words of the document: the key, what
// belongs there, and what was found. The library names Go types instead.
func (d *decoder) yamlError(err error) {
	var many *yaml.LoadErrors
	var one *yaml.LoadError
	switch {
	case errors.As(err, &many):
		for _, e := range many.Errors {
			d.loadError(e)
		}
	case errors.As(err, &one):
		d.loadError(one)
	default:
		d.problems = append(d.problems, fmt.Errorf("%s: %w", d.file, err))
	}
}

func (d *decoder) loadError(e *yaml.LoadError) {
	p, known := d.places[position{e.Mark.Line, e.Mark.Column}]
	construct := strings.HasPrefix(e.Message, "cannot construct ")
	switch {
	case known && (construct || strings.HasPrefix(e.Message, "time: ")):
		d.problem(p.node, "%s must be %s; got %s", name(p.path), expected(p.typ), found(p))
	case construct:
		d.problems = append(d.problems, fmt.Errorf("%s:%d: a value is not of the kind that belongs there", d.file,
			max(e.Mark.Line, 1)))
	case known && p.path != "":
		d.problem(p.node, "%s: %s", name(p.path), e.Message)
	default:
		d.problems = append(d.problems, fmt.Errorf("%s:%d: %s", d.file, max(e.Mark.Line, 1), e.Message))
	}
}

// name is a value as errors call it.
func name(path string) string {
	if path == "" {
		return "the file"
	}
	return fmt.Sprintf("%q", path)
}

// expected says what a value of a type looks like in YAML.
func expected(typ reflect.Type) string {
	for typ != nil && typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	switch {
	case typ == nil:
		return "of another kind"
	case typ == reflect.TypeFor[time.Duration]() || typ.Kind() == reflect.Int64 && decodesItself(typ): // a time of ours
		return "a time such as 90s or 3m"
	case decodesItself(typ):
		return "a text"
	}
	if f, ok := reflect.New(typ).Interface().(Formed); ok {
		return "a mapping like " + f.Form()
	}
	switch typ.Kind() {
	case reflect.Struct:
		return "a mapping like " + example(typ)
	case reflect.Map:
		return "a mapping like {name: value}"
	case reflect.Slice, reflect.Array:
		return expectedList(typ.Elem())
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number that is not negative"
	}
	return "a whole number"
}

func expectedList(of reflect.Type) string {
	for of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	if f, ok := reflect.New(of).Interface().(Formed); ok {
		return "a list like [" + f.Form() + "]"
	}
	switch of.Kind() {
	case reflect.Struct:
		return "a list like [" + example(of) + "]"
	case reflect.Int, reflect.Int64, reflect.Float64:
		return "a list of numbers like [1, 2]"
	}
	return "a list like [one, two]"
}

// example shows the first keys of a mapping, in the order of their declaration.
func example(typ reflect.Type) string {
	const shown = 3
	var keys []string
	for f := range typ.Fields() {
		key, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if f.IsExported() && key != "-" && key != "" {
			keys = append(keys, key+": …")
		}
	}
	if len(keys) > shown {
		keys = append(keys[:shown], "…")
	}
	return "{" + strings.Join(keys, ", ") + "}"
}

// found says what stands at a place. The value of a variable is not repeated: it
// may be a secret.
func found(p place) string {
	switch p.node.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	const shown = 40
	text := []rune(p.text)
	if len(text) > shown {
		text = append(text[:shown], '…')
	}
	if p.node.ShortTag() == "!!str" {
		return fmt.Sprintf("the text %q", string(text))
	}
	return string(text)
}
