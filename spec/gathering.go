package spec

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// gathering copies a schema with all that it refers to, so that it stands alone.
// OpenAPI 3.0 says some things in other words than JSON Schema 2020-12, which are
// translated unless kin-openapi is to read them; keywords that make no demand of a
// value are dropped, and so are those that are broken, with a problem for each.
type gathering struct {
	since31  bool
	kin      bool               // in the words of OpenAPI 3.0
	circular bool               // some schema refers to itself
	names    map[uintptr]string // of what is in schemas already
	schemas  map[string]any
	problems []string
}

// gathered is the name of the schema itself among those that it refers to.
const gathered = "gathered"

func gather(n node, since31, kin bool) *gathering {
	g := &gathering{since31: since31, kin: kin, names: map[uintptr]string{}, schemas: map[string]any{}}
	g.schemas[gathered] = g.schema(n, 0)
	return g
}

// maxProblems bounds what is said of one schema.
const maxProblems = 5

func (g *gathering) problem(format string, args ...any) {
	text := shorten(fmt.Sprintf(format, args...), 200)
	if len(g.problems) < maxProblems && !slices.Contains(g.problems, text) {
		g.problems = append(g.problems, text)
	}
}

// schema copies what stands where a schema belongs.
func (g *gathering) schema(n node, depth int) any {
	if allowed, ok := n.value.(bool); ok {
		return allowed
	}
	if !n.isMap() || depth > maxDepth {
		return true
	}
	out := map[string]any{}
	if ref, ok := n.own("$ref"); ok {
		at := g.reference(n)
		switch {
		case at != "":
			out["$ref"] = at
		case ref.value != nil:
			return true // anything; what cannot be read is noted
		}
		if !g.since31 {
			return out
		}
	}
	for _, name := range n.names() {
		v, ok := n.own(name)
		if demand := keywords[name]; ok && demand != nil {
			if copied, ok := demand(g, v, depth); ok {
				out[name] = copied
			} else if _, flag := v.value.(bool); v.value != nil && !(flag && strings.HasPrefix(name, "exclusive")) {
				g.problem("%s is %s, and is passed over", name, shorten(fmt.Sprint(v.value), 40))
			}
		}
	}
	return g.translated(n, out)
}

// reference copies the target once, and returns where it is: "" when there is none
// that can be read.
func (g *gathering) reference(n node) string {
	at, ok := n.follow()
	id := at.identity()
	if _, endless := n.target().own("$ref"); !ok || id == 0 || endless {
		return ""
	}
	name, there := g.names[id]
	if !there {
		name = fmt.Sprintf("s%d", len(g.names))
		g.names[id] = name
		g.schemas[name] = g.schema(at, 0)
	}
	if g.schemas[name] == nil { // it is being copied
		g.circular = true
	}
	return "#/components/schemas/" + name
}

// translated says in the words of JSON Schema what OpenAPI says in its own.
func (g *gathering) translated(n node, out map[string]any) any {
	if d, ok := n.own("discriminator"); ok && d.isMap() && out["oneOf"] != nil && out["anyOf"] == nil {
		out["anyOf"] = out["oneOf"] // the discriminator tells the branches apart
		delete(out, "oneOf")
	}
	if g.kin {
		for _, name := range []string{"exclusiveMinimum", "exclusiveMaximum", "writeOnly"} {
			if flag, _ := n.own(name); flag.value == true {
				out[name] = true
			}
		}
		if n.nullable() {
			out["nullable"] = true
		}
		return out
	}
	for _, bound := range [][2]string{{"exclusiveMinimum", "minimum"}, {"exclusiveMaximum", "maximum"}} {
		exclusive, _ := n.own(bound[0])
		if limit := out[bound[1]]; exclusive.value == true && limit != nil {
			out[bound[0]] = limit
			delete(out, bound[1])
		}
	}
	g.sides(n, out)
	if n.nullable() {
		return nulled(out)
	}
	return out
}

// sides sorts out the members that stand in requests only.
func (g *gathering) sides(n node, out map[string]any) {
	properties, _ := n.own("properties")
	for name, p := range properties.all() {
		if p.get("writeOnly").value != true {
			continue
		}
		if copied, ok := out["properties"].(map[string]any); ok {
			copied[name] = false
		}
		if required, ok := out["required"].([]any); ok {
			out["required"] = slices.DeleteFunc(required, func(v any) bool { return v == name })
		}
	}
}

// nulled lets a schema of OpenAPI 3.0 take null as well.
func nulled(out map[string]any) any {
	if values, ok := out["enum"].([]any); ok && !slices.Contains(values, nil) {
		out["enum"] = append(values, nil)
	}
	switch t := out["type"].(type) {
	case string:
		out["type"] = []any{t, "null"}
	case []any:
		if !slices.Contains(t, any("null")) {
			out["type"] = append(t, "null")
		}
	}
	for _, keyword := range []string{"allOf", "oneOf", "anyOf", "$ref", "const", "not"} {
		if out[keyword] != nil {
			return map[string]any{"anyOf": []any{map[string]any{"type": "null"}, out}}
		}
	}
	return out
}

// keyword copies what stands at a keyword, and reports whether it can be used.
type keyword func(g *gathering, n node, depth int) (any, bool)

var keywords map[string]keyword

func init() {
	keywords = map[string]keyword{"type": typeNames, "enum": values, "const": constant, "required": uniqueTexts,
		"dependentRequired": requirements}
	for k, names := range map[string]string{
		"schema": "items additionalProperties not contains if then else propertyNames unevaluatedItems " +
			"unevaluatedProperties",
		"schemas": "properties patternProperties dependentSchemas",
		"list":    "allOf anyOf oneOf prefixItems",
		"number":  "minimum maximum exclusiveMinimum exclusiveMaximum",
		"count":   "minLength maxLength minItems maxItems minProperties maxProperties minContains maxContains",
		"text":    "pattern format",
		"flag":    "uniqueItems",
	} {
		for _, name := range strings.Fields(names) {
			keywords[name] = kinds[k]
		}
	}
}

var kinds = map[string]keyword{
	"schema": func(g *gathering, n node, depth int) (any, bool) {
		_, flag := n.value.(bool)
		return g.schema(n, depth+1), flag || n.isMap()
	},
	"schemas": func(g *gathering, n node, depth int) (any, bool) {
		out := map[string]any{}
		for name, v := range n.all() {
			out[name] = g.schema(v, depth+1)
		}
		return out, n.isMap()
	},
	"list": func(g *gathering, n node, depth int) (any, bool) {
		var out []any
		for _, v := range n.list() {
			out = append(out, g.schema(v, depth+1))
		}
		return out, len(out) > 0
	},
	"number": func(g *gathering, n node, _ int) (any, bool) {
		if v, ok := n.value.(json.Number); ok && bounded(v) {
			return v, true
		}
		return nil, false
	},
	"count": func(_ *gathering, n node, _ int) (any, bool) {
		v, ok := n.value.(json.Number)
		return v, ok && bounded(v) && strings.Trim(v.String(), "0123456789") == ""
	},
	"text": func(_ *gathering, n node, _ int) (any, bool) { v, ok := n.value.(string); return v, ok },
	"flag": func(_ *gathering, n node, _ int) (any, bool) { v, ok := n.value.(bool); return v, ok },
}

// bounded reports whether a number can be computed with: exactly, which
// 1e999999 would make a task of its own.
func bounded(v json.Number) bool { return (&scanner{}).number(v.String()) }

func typeNames(_ *gathering, n node, _ int) (any, bool) {
	known := func(v any) bool { t, ok := v.(string); return ok && (t == "null" || slices.Contains(types, t)) }
	list, ok := n.value.([]any)
	if !ok {
		return n.value, known(n.value)
	}
	var out []any
	for _, v := range list {
		if known(v) && !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out, len(out) > 0
}

func values(_ *gathering, n node, _ int) (any, bool) {
	list, ok := n.value.([]any)
	return slices.Clone(list), ok && len(list) > 0 && tame(list)
}

func constant(_ *gathering, n node, _ int) (any, bool) { return n.value, tame(n.value) }

// tame reports whether a value that an answer is compared with is within the bounds.
func tame(v any) bool {
	text, err := json.Marshal(v)
	return err == nil && (&scanner{}).scan(text)
}

func uniqueTexts(_ *gathering, n node, _ int) (any, bool) {
	list, ok := n.value.([]any)
	out := []any{}
	for _, v := range list {
		if _, text := v.(string); text && !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out, ok
}

func requirements(g *gathering, n node, depth int) (any, bool) {
	out := map[string]any{}
	for name, v := range n.all() {
		if list, ok := uniqueTexts(g, v, depth); ok {
			out[name] = list
		}
	}
	return out, n.isMap()
}
