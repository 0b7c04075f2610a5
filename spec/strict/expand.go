package strict

import (
	"reflect"
	"regexp"
	"strings"

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
	unset, empty := false, ""
	n.Value = reference.ReplaceAllStringFunc(n.Value, func(ref string) string {
		if ref[1] == '$' {
			return ref[1:]
		}
		name := ref[2 : len(ref)-1]
		value, set := d.lookup(name)
		if !set {
			unset = true
			d.problem(n, "environment variable %q is not set", name)
		} else if strings.TrimSpace(value) == "" {
			empty = name
		}
		return value
	})
	if !unset && empty != "" && strings.TrimSpace(n.Value) == "" {
		d.problem(n, "environment variable %q is empty, and nothing else stands there", empty)
	}
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
