package spec

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"path"
	"regexp"
	"strings"
)

// prefix is the path of the first server URL, the nearest declaration first.
func (d *document) prefix(item, op node) string {
	for _, from := range []node{op, item, d.root} {
		if servers := from.get("servers").list(); len(servers) > 0 {
			return serverPath(servers[0])
		}
	}
	return ""
}

// serverPath is the path of a server URL, with the defaults of its variables. A
// relative URL is relative to the place of the document, which is taken to be the
// root of the host.
func serverPath(server node) string {
	text := server.get("url").text()
	for name, v := range server.get("variables").all() {
		value := v.get("default").text()
		if values := v.get("enum").texts(); value == "" && len(values) > 0 {
			value = values[0]
		}
		if value != "" {
			text = strings.ReplaceAll(text, "{"+name+"}", value)
		}
	}
	text, _, _ = strings.Cut(text, "#")
	text, _, _ = strings.Cut(text, "?")
	if absolute.MatchString(text) {
		return strings.TrimRight(absolute.ReplaceAllString(text, ""), "/")
	}
	return strings.TrimRight(path.Join("/", text), "/")
}

// absolute is the front of a server URL that has a host, a host without its scheme
// included: api.example.com/v1, localhost:8080.
var absolute = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]*:)?//[^/]*|` +
	`^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(:[0-9]+)?|^[A-Za-z0-9-]+:[0-9]+`)

var template = regexp.MustCompile(`\{([^{}/]+)\}`)

// fits reports whether a concrete path is one of the template's, and with which
// values. A final slash makes no difference.
func fits(pattern, concrete string) (map[string]string, bool) {
	var names []string
	var b strings.Builder
	rest := strings.TrimSuffix(pattern, "/")
	for _, at := range template.FindAllStringSubmatchIndex(rest, -1) {
		names = append(names, rest[at[2]:at[3]])
	}
	for i, literal := range template.Split(rest, -1) {
		if i > 0 {
			b.WriteString(`([^/]+)`)
		}
		b.WriteString(regexp.QuoteMeta(literal))
	}
	re, err := regexp.Compile("^" + b.String() + "$")
	if err != nil {
		return nil, false
	}
	found := re.FindStringSubmatch(strings.TrimSuffix(concrete, "/"))
	if found == nil {
		return nil, false
	}
	values := map[string]string{}
	for i, name := range names {
		value, err := url.PathUnescape(found[i+1])
		if err != nil {
			return nil, false
		}
		values[name] = value
	}
	return values, true
}

// named reports whether a hint means the operation, and what it says of the
// parameters in its path. A hint is an operationId, a path or a URL.
func (c *candidate) named(hint string) (map[string]string, bool) {
	if hint == "" {
		return nil, false
	}
	if hint == c.id || hint == c.path || hint == c.prefix+c.path {
		return nil, true
	}
	if u, err := url.Parse(hint); err == nil && u.Host != "" {
		hint = u.EscapedPath()
	}
	for _, p := range []string{c.path, c.prefix + c.path} {
		if values, ok := fits(p, hint); ok {
			return values, true
		}
	}
	return nil, false
}

// filled is the operation's path with values for its parameters: given ones, else
// those that the document offers. The error asks for one that is missing.
func (c *candidate) filled(given map[string]string) (string, error) {
	known := map[string]string{}
	for _, p := range c.parameters("path") {
		if v := offered(p); v != "" {
			known[p.get("name").text()] = v
		}
	}
	maps.Copy(known, given)
	var missing error
	plain, _, _ := strings.Cut(c.prefix+c.path, "#") // some documents tell operations at one path apart so
	full := template.ReplaceAllStringFunc(plain, func(part string) string {
		name := part[1 : len(part)-1]
		value := known[name]
		if value == "" && missing == nil {
			missing = OperationError(fmt.Sprintf("%s %s: what stands for {%s}? The document offers no value; give one with "+
				"\"request: {path: {%s: ...}}\", or name the whole path as the endpoint", c.method, c.prefix+c.path, name, name))
		}
		return url.PathEscape(value)
	})
	return full, missing
}

// offered is a value that the document itself has for a parameter, "" for none.
func offered(p node) string {
	value := p.get("example").text()
	if examples := p.get("examples").all(); value == "" {
		for _, name := range p.get("examples").names() {
			value = cmp.Or(value, examples[name].get("value").text())
		}
	}
	s := paramSpec(p.get("name").text(), p.get("schema"), true)
	return cmp.Or(value, s.Example)
}
