package spec

import (
	"slices"
	"strings"
)

// methods are the members of a path item that are operations.
var methods = []string{"post", "get", "put", "patch", "delete", "query", "head", "options", "trace"}

// candidate is one operation of a document, with what tells it from others.
type candidate struct {
	path, method string
	prefix       string // path of the server URL
	id           string
	tags         []string
	item, node   node

	asks   []string // members of its requests: of all bodies and of the query
	grants []string // what its grant_type may be; nil for anything
	gives  []string // members of its successful answers
	device bool     // the device grant is named in its request
	flow   string   // the role that a security scheme's device flow gives its path
}

// candidates lists the operations, sorted by path, POST first.
func (d *document) candidates() []*candidate {
	var all []*candidate
	paths := d.root.get("paths")
	items := paths.all()
	for _, path := range paths.names() {
		for _, method := range methods {
			if op := items[path].get(method); op.isMap() {
				all = append(all, d.candidate(path, method, items[path], op))
			}
		}
	}
	start, token := d.flow()
	for _, c := range all {
		if _, ok := c.named(start); ok {
			c.flow = startRole.hint
		} else if _, ok := c.named(token); ok {
			c.flow = tokenRole.hint
		}
	}
	return all
}

// flow is what the document's security schemes say of the device flow (OpenAPI 3.2):
// the URLs of the two endpoints.
func (d *document) flow() (start, token string) {
	schemes := d.root.get("components").get("securitySchemes")
	for _, name := range schemes.names() {
		if f := schemes.get(name).get("flows").get("deviceAuthorization"); f.isMap() {
			return f.get("deviceAuthorizationUrl").text(), f.get("tokenUrl").text()
		}
	}
	return "", ""
}

func (d *document) candidate(path, method string, item, op node) *candidate {
	c := &candidate{path: path, method: strings.ToUpper(method), item: item, node: op,
		id: op.get("operationId").text(), tags: op.get("tags").texts()}
	c.prefix = d.prefix(item, op)
	for _, b := range c.bodies() {
		o := b.members()
		c.asks = append(c.asks, o.names()...)
		c.grants = append(c.grants, o.grants()...)
		c.device = c.device || deviceGrant(example(unwrapped(o.properties["grant_type"]), nil)) || exampleGrant(b)
	}
	for _, p := range c.parameters("query") {
		name := p.get("name").text()
		c.asks = append(c.asks, name)
		if name == "grant_type" {
			c.grants = append(c.grants, allowed(p.get("schema"))...)
			c.device = c.device || deviceGrant(offered(p))
		}
	}
	c.device = c.device || slices.ContainsFunc(c.grants, deviceGrant) ||
		strings.Contains(op.get("description").text(), GrantDeviceCode)
	for _, b := range c.successes() {
		c.gives = append(c.gives, b.members().names()...)
	}
	for _, list := range []*[]string{&c.asks, &c.grants, &c.gives} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return c
}

// deviceGrant reports whether a grant type is that of RFC 8628, or one of the names
// that it has elsewhere.
func deviceGrant(name string) bool { return strings.Contains(name, "device") }

// exampleGrant reports whether an example of the request has the device grant.
func exampleGrant(b body) bool {
	return slices.ContainsFunc(b.examples(), func(e node) bool { return deviceGrant(e.get("grant_type").text()) })
}

// examples are those of a media type, and of its schema.
func (b body) examples() []node { return append(examples(b.node), examples(b.schema)...) }

// members are those of the schema. Where it has none, those of an example: some
// documents say no more.
func (b body) members() object {
	o := flatten(b.schema)
	for _, e := range b.examples() {
		if len(o.properties) > 0 {
			break
		}
		for name, v := range e.all() {
			member := map[string]any{"example": v.value}
			if _, text := v.value.(string); !text { // which any value is in a form
				member["type"] = TypeName(v.value)
			}
			o.properties[name] = node{member, v.file, v.files}
		}
	}
	return o
}

// body is one media type of a request or an answer.
type body struct {
	media  string // in lower case, without parameters
	name   string // as the document writes it
	schema node
	node   node // the media type object
}

// contents lists the media types of a request body or an answer, sorted.
func contents(n node) []body {
	content := n.get("content")
	var all []body
	for _, name := range content.names() {
		if media, ok := mediaType(name); ok {
			all = append(all, body{media, name, content.get(name).get("schema"), content.get(name)})
		}
	}
	return all
}

// bodies lists the media types of the request. Some documents describe it as
// Swagger 2.0 did, whatever their version is.
func (c *candidate) bodies() []body {
	if all := contents(c.node.get("requestBody")); len(all) > 0 {
		return all
	}
	content := swaggerBody(*c, c.node.get("consumes").texts())
	return contents(node{map[string]any{"content": content}, "", c.node.files})
}

// parameters lists the ones that stand in one of these places, those of the path
// item included.
func (c *candidate) parameters(places ...string) []node {
	var all []node
	seen := map[string]bool{}
	for _, from := range []node{c.node, c.item} {
		for _, p := range from.get("parameters").list() {
			in, name := p.get("in").text(), p.get("name").text()
			if name == "" || seen[in+" "+name] || !slices.Contains(places, in) {
				continue
			}
			seen[in+" "+name] = true
			all = append(all, p)
		}
	}
	return all
}

// successes are the bodies of the answers with 2xx; where none has one, of the
// default answer.
func (c *candidate) successes() []body {
	var all, otherwise []body
	responses := c.node.get("responses")
	for _, status := range responses.names() {
		for _, b := range contents(responses.get(status)) {
			switch {
			case !b.node.isMap():
			case strings.HasPrefix(status, "2"):
				all = append(all, b)
			case strings.EqualFold(status, "default"):
				otherwise = append(otherwise, b)
			}
		}
	}
	if len(all) == 0 {
		return otherwise
	}
	return all
}

func (c *candidate) String() string {
	return strings.TrimSpace(c.method + " " + c.path + " " + c.id)
}

func (c *candidate) has(want ...string) bool { return containsAll(c.gives, want) }

func (c *candidate) takes(names ...string) bool { return containsAll(c.asks, names) }

func containsAll(have, want []string) bool {
	return !slices.ContainsFunc(want, func(w string) bool { return !slices.Contains(have, w) })
}
