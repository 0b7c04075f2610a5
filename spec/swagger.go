package spec

import (
	"maps"
	"path"
	"slices"
	"strings"
)

// swaggerTree is a Swagger 2.0 document as one of OpenAPI 3.0: servers, request
// bodies and the contents of answers stand elsewhere there. Schemas stay where they
// are, since references into the document are resolved in the original.
func swaggerTree(root node) any {
	paths := map[string]any{}
	items := root.get("paths").all()
	for name, item := range items {
		out := map[string]any{}
		for _, method := range methods {
			if op := item.get(method); op.isMap() {
				out[method] = swaggerOperation(root, item, op)
			}
		}
		paths[name] = out
	}
	return map[string]any{"openapi": "3.0.3", "info": root.get("info").value, "paths": paths,
		"servers": []any{map[string]any{"url": swaggerServer(root)}}}
}

// swaggerServer is the URL that host and basePath make.
func swaggerServer(root node) string {
	base := root.get("basePath").text()
	if host := root.get("host").text(); host != "" {
		return "https://" + strings.TrimRight(host, "/") + "/" + strings.Trim(base, "/")
	}
	return base
}

func swaggerOperation(root, item, op node) any {
	out := map[string]any{"responses": swaggerAnswers(root, op)}
	for _, name := range []string{"operationId", "tags"} {
		out[name] = op.get(name).value
	}
	c := candidate{item: item, node: op}
	var parameters []any
	for _, p := range c.parameters("path", "query", "header") {
		parameters = append(parameters, map[string]any{"name": p.get("name").value, "in": p.get("in").value,
			"required": p.get("required").value, "schema": swaggerSchema(p)})
	}
	out["parameters"] = parameters
	if content := swaggerBody(c, first(op.get("consumes").texts(), root.get("consumes").texts())); content != nil {
		out["requestBody"] = map[string]any{"content": content}
	}
	return out
}

// swaggerBody is the content of a request, nil when it has none.
func swaggerBody(c candidate, consumes []string) map[string]any {
	content := map[string]any{}
	if whole := c.parameters("body"); len(whole) > 0 {
		for _, media := range first(consumes, []string{string(JSON)}) {
			content[media] = map[string]any{"schema": whole[0].get("schema").rebased()}
		}
		return content
	}
	fields := c.parameters("formData")
	if len(fields) == 0 {
		return nil
	}
	properties, required := map[string]any{}, []any{}
	media := slices.DeleteFunc(slices.Clone(consumes), func(m string) bool {
		t, _ := mediaType(m)
		return t != string(Form) && t != string(Multipart)
	})
	for _, p := range fields {
		name := p.get("name").text()
		properties[name] = swaggerSchema(p)
		if p.get("required").value == true {
			required = append(required, name)
		}
	}
	schema := map[string]any{"type": "object", "properties": properties, "required": required}
	for _, media := range first(media, []string{string(Form)}) {
		content[media] = map[string]any{"schema": schema}
	}
	return content
}

// swaggerSchema is the type of a parameter, which Swagger 2.0 writes beside its name.
func swaggerSchema(p node) any {
	out, _ := p.rebased().(map[string]any)
	out = maps.Clone(out)
	for _, name := range []string{"name", "in", "required", "description"} {
		delete(out, name)
	}
	return out
}

// swaggerAnswers are the responses with a content for every media type that is
// produced: any, where the document says nothing of it.
func swaggerAnswers(root, op node) any {
	answers := map[string]any{}
	responses := op.get("responses")
	produces := first(op.get("produces").texts(), root.get("produces").texts(), []string{"*/*"})
	for _, status := range responses.names() {
		response := responses.get(status)
		out, content := map[string]any{"description": response.get("description").value}, map[string]any{}
		if schema := response.get("schema"); schema.isMap() {
			for _, media := range produces {
				content[media] = map[string]any{"schema": schema.rebased()}
			}
		}
		for media, e := range response.get("examples").all() {
			if described, ok := content[media].(map[string]any); ok {
				described["example"] = e.rebased()
			} else if len(content) == 0 {
				content[media] = map[string]any{"example": e.rebased()}
			}
		}
		out["content"] = content
		answers[status] = out
	}
	return answers
}

// first is the first list that is not empty.
func first(lists ...[]string) []string {
	for _, l := range lists {
		if len(l) > 0 {
			return l
		}
	}
	return nil
}

// rebased is the value for another place, in the document itself: its references
// name their file.
func (n node) rebased() any {
	n = n.target()
	if n.file == "" {
		return n.value
	}
	return rebase(n.value, n.file, 0)
}

func rebase(value any, file string, depth int) any {
	if depth > maxDepth {
		return nil
	}
	switch v := value.(type) {
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = rebase(e, file, depth+1)
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for name, e := range v {
			out[name] = rebase(e, file, depth+1)
		}
		if ref, ok := v["$ref"].(string); ok && networkRef(strings.Split(ref, "#")[0]) == nil {
			name, fragment, _ := strings.Cut(ref, "#")
			if name == "" {
				name = file
			} else {
				name = path.Join(path.Dir(file), name)
			}
			out["$ref"] = name + "#" + fragment
		}
		return out
	}
	return value
}
