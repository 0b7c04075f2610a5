package spec

import (
	"encoding/json"
	"slices"
	"strconv"
)

// offers are the values that the document itself has for members of a request: their
// examples, those of the whole request, defaults, and what an enumeration or const
// allows, in this order.
func (c *candidate) offers(members object) map[string]any {
	out := map[string]any{}
	bodies := c.wholeExamples()
	for name, schema := range members.properties {
		if v := members.selects[name]; v != "" {
			out[name] = v
			continue
		}
		given := examples(schema)
		for _, b := range bodies {
			v, _ := b.own(name)
			given = append(given, v)
		}
		out[name] = firstOf(given, name, schema)
	}
	return out
}

// firstOf is the first of some examples of a parameter, or what its schema settles; nil
// for neither. What a document shows everybody is no secret that works.
func firstOf(shown []node, name string, schema node) any {
	if Confidential(name) || concealed(schema) {
		shown = nil
	}
	for _, n := range append(shown, settled(schema)...) {
		if v := n.target().value; v != nil {
			return v
		}
	}
	return nil
}

// examples are those of one schema or parameter.
func examples(s node) []node {
	s = unwrapped(s)
	all := []node{s.get("example")}
	if list := s.get("examples"); list.isMap() { // of a parameter: by name
		for _, name := range list.names() {
			all = append(all, list.get(name).get("value"))
		}
	} else {
		all = append(all, list.list()...)
	}
	return all
}

// settled are the values that a schema leaves no choice about, or little.
func settled(s node) []node {
	s = unwrapped(s)
	return append([]node{s.get("default"), s.get("const")}, s.get("enum").list()...)
}

// wholeExamples are the examples of the request's bodies that may be one of the device
// grant.
func (c *candidate) wholeExamples() []node {
	var all []node
	for _, b := range c.bodies() {
		all = append(all, b.examples()...)
	}
	return slices.DeleteFunc(all, func(n node) bool {
		grant, has := n.own("grant_type")
		return !n.isMap() || has && !deviceGrant(grant.text())
	})
}

// concealed reports whether a schema says that its value is a secret.
func concealed(s node) bool {
	s = unwrapped(s)
	return s.get("format").text() == "password" || s.get("writeOnly").value == true
}

// ParamOf is a parameter with a value of any JSON type.
func ParamOf(name string, value any) Param {
	var text string
	if json.Unmarshal([]byte(jsonText(value)), &text) == nil { // a time is text as well
		return Param{Name: name, Value: text}
	}
	return param(name, value, "")
}

// param is a parameter with a value of the document: a string, or the JSON text of
// what the declared type says.
func param(name string, value any, declared string) Param {
	if text, ok := value.(string); ok {
		p := Param{Name: name, Value: text}
		_, err := strconv.ParseFloat(text, 64)
		_, err2 := strconv.ParseBool(text)
		switch {
		case (declared == "integer" || declared == "number") && err == nil, declared == "boolean" && err2 == nil:
			p.JSON = json.Valid([]byte(text))
		case declared == "array":
			p.Value, p.JSON = jsonText([]any{text}), true
		}
		return p
	}
	p := Param{Name: name, Value: jsonText(value), JSON: true}
	_, list := value.([]any)
	_, object := value.(map[string]any)
	if declared == "string" && !list && !object {
		p.JSON = false
	}
	return p
}

func jsonText(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return "null"
	}
	return string(text)
}
