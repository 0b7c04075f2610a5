package spec

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// grammar is the part of OpenAPI that documents get wrong: what kind of thing each
// member of an object is. A mark of exclamation is for members that must be there,
// brackets for lists, braces for maps. What it lacks is not looked at.
var grammar = map[string]map[string]string{
	"document": {"info!": "info", "paths": "{path}", "components": "components", "servers": "[server]",
		"webhooks": "{path}", "tags": "[tag]"},
	"swagger":  {"info!": "info", "paths!": "{object}", "definitions": "{schema}"},
	"info":     {"title!": "text", "version!": "text"},
	"server":   {"url!": "text", "variables": "{variable}"},
	"variable": {"default!": "text"},
	"tag":      {"name!": "text"},
	"components": {"schemas": "{schema}", "responses": "{response}", "parameters": "{parameter}",
		"requestBodies": "{body}", "headers": "{object}", "securitySchemes": "{scheme}"},
	"scheme": {"type!": "text"},
	"path": {"parameters": "[parameter]", "servers": "[server]", "get": "operation", "put": "operation",
		"post": "operation", "patch": "operation", "delete": "operation", "head": "operation", "options": "operation"},
	"operation": {"operationId": "text", "parameters": "[parameter]", "requestBody": "body", "responses": "{response}",
		"tags": "[any]", "servers": "[server]"},
	"parameter": {"name!": "text", "in!": "text", "schema": "schema", "content": "{media}"},
	"body":      {"content!": "{media}"},
	"response":  {"description!": "text", "content": "{media}", "headers": "{object}"},
	"media":     {"schema": "schema"},
	"schema": {"properties": "{schema}", "items": "schema", "additionalProperties": "schema", "not": "schema",
		"allOf": "[schema]", "oneOf": "[schema]", "anyOf": "[schema]", "type": "type", "required": "names", "enum": "[any]",
		"minLength": "number", "maxLength": "number", "minimum": "number", "maximum": "number", "pattern": "text",
		"format": "text"},
}

// mistake is one thing that is wrong with a document, and where.
type mistake struct{ place, what string }

// linter looks a document over for what should not be in it. Nothing follows from
// what it finds but a note.
type linter struct {
	found []mistake
	ids   map[string]bool // operationIds
	left  int
}

// overlook notes in one line what is wrong with the document.
func (d *document) overlook() {
	l := linter{ids: map[string]bool{}, left: maxNodes}
	root, kind := node{d.files.trees[""], "", d.files}, "document"
	if root.get("openapi").value == nil {
		kind = "swagger"
	}
	l.look(root, kind, "")
	l.paths(root.get("paths"))
	if len(l.found) == 0 {
		return
	}
	first := shorten(strings.TrimSpace(l.found[0].place+" "+l.found[0].what), 200)
	if len(l.found) == 1 {
		d.note("the document has a mistake that was passed over: %s", first)
	} else {
		d.note("the document has %d mistakes that were passed over, the first: %s", len(l.found), first)
	}
}

func (l *linter) mistake(place, format string, args ...any) {
	place = strings.Replace(strings.TrimPrefix(place, "/"), "paths//", "paths /", 1)
	l.found = append(l.found, mistake{place, fmt.Sprintf(format, args...)})
}

func (l *linter) look(n node, kind, place string) {
	if l.left--; l.left < 0 || strings.Count(place, "/") > maxDepth {
		return
	}
	if ref, ok := n.own("$ref"); ok && kind != "any" {
		if _, found := n.follow(); !found {
			l.mistake(place, "refers to %s, which cannot be read", shorten(fmt.Sprint(ref.value), 80))
		}
		return
	}
	switch {
	case strings.HasPrefix(kind, "["):
		l.list(n, strings.Trim(kind, "[]"), place)
	case strings.HasPrefix(kind, "{"):
		l.members(n, strings.Trim(kind, "{}"), place)
	case grammar[kind] != nil:
		l.object(n, kind, place)
	default:
		l.scalar(n, kind, place)
	}
}

func (l *linter) list(n node, kind, place string) {
	if _, ok := n.value.([]any); !ok {
		l.mistake(place, "is not a list")
	}
	seen := map[string]bool{}
	for i, e := range n.list() {
		l.look(e, kind, fmt.Sprintf("%s/%d", place, i))
		if name := e.get("name").text(); name != "" && seen[name+e.get("in").text()] {
			l.mistake(place, "has %s twice", name)
		} else {
			seen[name+e.get("in").text()] = true
		}
	}
}

func (l *linter) members(n node, kind, place string) {
	if !n.isMap() {
		l.mistake(place, "is empty, or has no members")
		return
	}
	for _, name := range n.names() {
		if e, _ := n.own(name); !strings.HasPrefix(name, "x-") {
			l.look(e, kind, place+"/"+name)
		}
	}
}

func (l *linter) object(n node, kind, place string) {
	if _, flag := n.value.(bool); flag && kind == "schema" {
		return
	}
	if !n.isMap() {
		l.mistake(place, "is empty, or has no members")
		return
	}
	for _, name := range slices.Sorted(maps.Keys(grammar[kind])) {
		plain := strings.TrimSuffix(name, "!")
		v, there := n.own(plain)
		switch {
		case there:
			l.look(v, grammar[kind][name], place+"/"+plain)
		case plain != name:
			l.mistake(place, "has no %s", plain)
		}
	}
	if kind == "operation" {
		id := n.get("operationId").text()
		if id != "" && l.ids[id] {
			l.mistake(place, "has the operationId %s, as another one has", id)
		}
		l.ids[id] = true
	}
	if kind == "schema" {
		l.schema(n, place)
	}
}

func (l *linter) schema(n node, place string) {
	values := n.get("enum").texts()
	if d := n.get("default").text(); d != "" && len(values) > 0 && !slices.Contains(values, d) {
		l.mistake(place, "has the default %s outside its enumeration", shorten(d, 40))
	}
}

func (l *linter) scalar(n node, kind, place string) {
	text, isText := n.value.(string)
	_, isNumber := n.value.(json.Number)
	switch {
	case kind == "text" && (!isText || text == "" && strings.HasPrefix(place, "/info")):
		l.mistake(place, "is empty, or no text")
	case kind == "number" && !isNumber:
		l.mistake(place, "is no number")
	case kind == "type":
		if _, known := typeNames(nil, n, 0); !known {
			l.mistake(place, "is no type of JSON")
		}
	case kind == "names":
		l.required(n, place)
	case kind == "object" && !n.isMap():
		l.mistake(place, "is empty")
	}
}

func (l *linter) required(n node, place string) {
	list, ok := n.value.([]any)
	if !ok {
		l.mistake(place, "is not a list")
	} else if names, _ := uniqueTexts(nil, n, 0); len(names.([]any)) < len(list) {
		l.mistake(place, "names a member twice")
	}
}

// paths holds the parameters of each path against its template, and the templates
// against each other.
func (l *linter) paths(paths node) {
	alike := map[string]string{}
	items := paths.all()
	for _, path := range paths.names() {
		if strings.HasPrefix(path, "x-") {
			continue
		}
		place := "paths/" + path // reads as "paths /device"
		if !strings.HasPrefix(path, "/") {
			l.mistake(place, "does not begin with a slash")
		}
		plain := template.ReplaceAllString(path, "{}")
		if other := alike[plain]; other != "" {
			l.mistake(place, "is the same path as %s", other)
		}
		alike[plain] = path
		for _, method := range methods {
			if op := items[path].get(method); op.isMap() {
				l.parameters(path, candidate{item: items[path], node: op}, place+"/"+method)
			}
		}
	}
}

func (l *linter) parameters(path string, c candidate, place string) {
	declared := map[string]bool{}
	for _, p := range c.parameters("path") {
		name := p.get("name").text()
		declared[name] = true
		if !strings.Contains(path, "{"+name+"}") {
			l.mistake(place, "has the parameter %s, which is not in its path", name)
		}
		if p.get("required").value != true {
			l.mistake(place, "has the parameter %s in its path, which must be required", name)
		}
	}
	for _, found := range template.FindAllStringSubmatch(path, -1) {
		if !declared[found[1]] {
			l.mistake(place, "does not declare the parameter %s of its path", found[1])
		}
	}
}
