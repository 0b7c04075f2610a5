package strict

import (
	"reflect"
	"regexp"

	"go.yaml.in/yaml/v4"
)

var reference = regexp.MustCompile(`\$?\$\{[^}]*\}`)

// expand replaces the environment references in a scalar. In a string field
// the result stays a string whatever it looks like; elsewhere it is read again
// as YAML would read it, so that ${PORT} can fill a number.
func (d *decoder) expand(n *yaml.Node, typ reflect.Type) {
	if d.lookup == nil || !reference.MatchString(n.Value) {
		return
	}
	n.Value = reference.ReplaceAllStringFunc(n.Value, func(ref string) string {
		if ref[1] == '$' {
			return ref[1:]
		}
		name := ref[2 : len(ref)-1]
		value, set := d.lookup(name)
		if !set {
			d.problem(n, "environment variable %q is not set", name)
		}
		return value
	})
	n.Tag = "!!str"
	if n.Style == 0 && typ != nil && typ.Kind() != reflect.String && typ.Kind() != reflect.Interface {
		n.Tag = tagOf(n.Value)
	}
}

func tagOf(value string) string {
	var n yaml.Node
	if yaml.Load([]byte(value), &n) == nil && len(n.Content) == 1 && n.Content[0].Kind == yaml.ScalarNode {
		return n.Content[0].Tag
	}
	return "!!str"
}
