package strict

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Option changes how a document is read.
type Option func(*decoder)

// ExpandEnv replaces ${NAME} in values by what lookup says, usually
// os.LookupEnv. An unset variable is an error that names it; $${ stands for a
// literal ${. Keys are never expanded.
func ExpandEnv(lookup func(name string) (string, bool)) Option {
	return func(d *decoder) { d.lookup = lookup }
}

// NoBlanks refuses keys whose text is empty, white space, or missing: they must
// not stand for the default. except are keys that may be empty, each with all
// below it.
func NoBlanks(except ...string) Option {
	return func(d *decoder) { d.noBlanks, d.mayBeBlank = true, except }
}

// Decode reads one YAML document into v, a pointer to a struct whose fields
// carry yaml tags. A key that was renamed is still read by its old name, which
// the tag was:"NAME" has. Fields of absent keys keep what they hold, so defaults
// can be set before. An empty document leaves v alone. The error joins every
// problem found, each as file:line: text.
func Decode(data []byte, file string, v any, options ...Option) error {
	d := &decoder{file: file, seen: map[visit]bool{}, places: map[position]place{}}
	for _, o := range options {
		o(d)
	}
	var documents []yaml.Node
	if err := yaml.Load(data, &documents, yaml.WithAllDocuments()); err != nil {
		d.yamlError(err)
		return errors.Join(d.problems...)
	}
	if len(documents) == 0 {
		return nil
	}
	if len(documents) > 1 {
		d.problem(&documents[1], "a second YAML document, where one is expected")
	}
	root := &documents[0]
	d.walk(root, reflect.TypeOf(v), "")
	if err := root.Load(v, yaml.WithUniqueKeys(false)); err != nil {
		d.yamlError(err)
	}
	return errors.Join(d.problems...)
}

// ItemLines returns the line of each item of a document that is a list, for errors
// about what an item says.
func ItemLines(data []byte) []int {
	var root yaml.Node
	if yaml.Load(data, &root) != nil || len(root.Content) == 0 {
		return nil
	}
	var lines []int
	for _, item := range root.Content[0].Content {
		lines = append(lines, item.Line)
	}
	return lines
}

type decoder struct {
	file   string
	lookup func(string) (string, bool)

	noBlanks   bool
	mayBeBlank []string

	seen     map[visit]bool
	places   map[position]place
	problems []error
}

// visit is one node read as one type: aliases share nodes, and each is looked
// at once, however often it is referred to.
type visit struct {
	node *yaml.Node
	typ  reflect.Type
}

func (d *decoder) problem(n *yaml.Node, format string, args ...any) {
	d.problems = append(d.problems, fmt.Errorf("%s:%d: %s", d.file, n.Line, fmt.Sprintf(format, args...)))
}

// walk looks at keys and values below n, which will be decoded into typ (nil
// when that is not known: a free-form value, or a type that decodes itself).
func (d *decoder) walk(n *yaml.Node, typ reflect.Type, path string) {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	for typ != nil && typ.Kind() == reflect.Pointer && !decodesItself(typ) {
		typ = typ.Elem()
	}
	own := typ
	if decodesItself(typ) {
		typ = shapeOf(typ, n)
	}
	if d.seen[visit{n, typ}] {
		return
	}
	d.seen[visit{n, typ}] = true
	d.place(n, own, typ, path)
	switch n.Kind {
	case yaml.DocumentNode:
		for _, c := range n.Content {
			d.walk(c, typ, path)
		}
	case yaml.SequenceNode:
		for i, c := range n.Content {
			d.walk(c, elem(typ), fmt.Sprintf("%s[%d]", path, i))
		}
	case yaml.MappingNode:
		d.mapping(n, typ, path)
	case yaml.ScalarNode:
		d.expand(n, typ)
	}
}

// place remembers what a value was to become: its shape where it has one.
func (d *decoder) place(n *yaml.Node, own, shape reflect.Type, path string) {
	if shape == nil {
		shape = own
	}
	d.places[position{n.Line, n.Column}] = place{n, shape, path, n.Value}
}

// blank refuses a text that is not there. What variables leave empty is refused
// where they are replaced.
func (d *decoder) blank(n *yaml.Node, typ reflect.Type, path string) {
	if !d.noBlanks || typ.Kind() != reflect.String || slices.ContainsFunc(d.mayBeBlank, func(may string) bool {
		return path == may || strings.HasPrefix(path, may+".")
	}) {
		return
	}
	if n.Kind == yaml.ScalarNode && (n.ShortTag() == "!!null" || strings.TrimSpace(n.Value) == "") {
		d.problem(n, "%q is empty; give it a value, or leave the key out", path)
	}
}

// mergeKey takes over the keys of another mapping (YAML 1.1 merge key).
const mergeKey = "<<"

func (d *decoder) mapping(n *yaml.Node, typ reflect.Type, path string) {
	fields, open := fieldsOf(typ)
	renamed := renamedKeys(typ)
	lines := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind != yaml.ScalarNode { // Load says what is wrong with it
			d.place(key, reflect.TypeFor[string](), nil, join(path, "a key"))
			continue
		}
		if now, old := renamed[key.Value]; old && lines[now] > 0 {
			d.problem(key, "key %q%s is the old name of %q, which is given too; leave one of them out", key.Value, in(path), now)
			continue
		} else if old {
			key.Value = now
		}
		name := key.Value
		if first, repeated := lines[name]; repeated {
			d.problem(key, "key %q is given twice%s, first on line %d", name, in(path), first)
		}
		lines[name] = key.Line
		switch {
		case name == mergeKey:
			d.walk(value, typ, path)
		case open:
			d.walk(value, elem(typ), join(path, name))
		case fields[name] == nil:
			known := sortedKeys(fields)
			d.problem(key, "unknown key %q%s; the nearest known key is %q", name, in(path), Nearest(name, known))
		default:
			d.blank(value, fields[name], join(path, name))
			d.walk(value, fields[name], join(path, name))
		}
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func in(path string) string {
	if path == "" {
		return ""
	}
	return fmt.Sprintf(" in %q", path)
}
