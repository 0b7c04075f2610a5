package spec

import (
	"encoding/json"
	"fmt"
	"mime"
	"slices"
	"strconv"
	"strings"
)

// Operation is one POST of the contract.
type Operation struct {
	Path      string // with the path of the document's server URL
	Prefix    string // the path of the document's server URL alone
	Method    string
	ID        string
	Encodings []Encoding // the declared ones, in the order form, JSON, multipart

	// Params are the members of the request, in whatever encoding: required ones
	// first, each part sorted by name. A member is required when every encoding
	// requires it. In tells them for one encoding.
	Params []ParamSpec

	token   bool   // this is the token operation
	family  Family // of the contract
	members map[Encoding][]ParamSpec
	closed  bool            // a request may hold nothing that is not declared
	refresh bool            // the refresh grant is another branch of its requests
	schemas map[string]node // of the members
	offered map[string]any  // values that the document has for them

	headers, query []field           // declared beside the members
	answers        map[string]answer // by status: "200", "4XX", "DEFAULT"
}

func (o *Operation) describe(d *document, c *candidate, values map[string]string) (err error) {
	o.Method, o.ID, o.Prefix, o.members = c.method, c.id, c.prefix, map[Encoding][]ParamSpec{}
	o.schemas, o.offered, o.headers = map[string]node{}, map[string]any{}, c.fields("header")
	if o.Path, err = c.filled(values); err != nil {
		return err
	}
	for _, e := range Encodings() {
		if b, ok := c.body(e); ok {
			o.Encodings = append(o.Encodings, e)
			members := b.members()
			o.members[e] = params(members)
			o.gather(members, c.offers(members))
		}
	}
	if len(o.Encodings) == 0 {
		if other := c.bodies(); len(other) > 0 {
			return OperationError(fmt.Sprintf("POST %s takes %s, and no form, JSON or multipart body", c.path,
				strings.Join(mediaTypes(other), " or ")))
		}
		o.assume(d, c)
	} else {
		o.query = c.fields("query")
		o.fill(d, c)
		if others := mediaTypes(c.unsent()); len(others) > 0 {
			d.note("POST %s takes %s as well, which is not sent", c.path, strings.Join(others, " and "))
		}
	}
	o.Params = union(o.Encodings, o.members)
	o.answers = declaredAnswers(d, c)
	o.explain(d)
	return nil
}

// gather keeps what requests are made of.
func (o *Operation) gather(members object, offers map[string]any) {
	o.closed, o.refresh = o.closed || members.closed, o.refresh || members.refresh
	for name, schema := range members.properties {
		if _, there := o.schemas[name]; !there {
			o.schemas[name] = schema
		}
		if o.offered[name] == nil && offers[name] != nil {
			o.offered[name] = offers[name]
		}
	}
}

// assume fills in a request that the document says nothing of: a form, with the
// parameters of RFC 8628, or those that the document has in the query.
func (o *Operation) assume(d *document, c *candidate) {
	o.Encodings = []Encoding{Form}
	for _, p := range c.parameters("query") {
		name, schema := p.get("name").text(), p.get("schema")
		o.members[Form] = append(o.members[Form], paramSpec(name, schema, p.get("required").value == true))
		o.gather(object{properties: map[string]node{name: schema}},
			map[string]any{name: firstOf(append(examples(p), examples(schema)...), name, schema)})
	}
	if len(o.members[Form]) > 0 {
		slices.SortStableFunc(o.members[Form], requiredFirst)
		d.note("POST %s has its parameters in the query and no request body: they are sent in a form, as RFC 8628 has them",
			c.path)
		return
	}
	o.members[Form] = o.usual()
	d.note("POST %s declares no request body: a form with the parameters of RFC 8628 is sent", c.path)
}

// fill gives encodings that are declared without members those of another, or else
// those of RFC 8628.
func (o *Operation) fill(d *document, c *candidate) {
	var described []ParamSpec
	for _, e := range o.Encodings {
		if described == nil {
			described = o.members[e]
		}
	}
	if described == nil && !o.closed {
		described = o.usual()
		d.note("POST %s does not declare the members of its request: the parameters of RFC 8628 are sent", c.path)
	}
	for _, e := range o.Encodings {
		if o.members[e] == nil {
			o.members[e] = described
		}
	}
}

// usual are the parameters that RFC 8628 has for the operation.
func (o *Operation) usual() []ParamSpec {
	if o.token {
		return []ParamSpec{{Name: "client_id", Required: true}, {Name: "device_code", Required: true},
			{Name: "grant_type", Required: true}}
	}
	return []ParamSpec{{Name: "client_id", Required: true}, {Name: "scope"}}
}

// params are the members of a request schema.
func params(members object) []ParamSpec {
	var all []ParamSpec
	for _, name := range members.names() {
		if members.properties[name].get("readOnly").value == true {
			continue // it stands in answers
		}
		p := paramSpec(name, members.properties[name], slices.Contains(members.required, name))
		if v := members.selects[name]; v != "" {
			p.Example = v
		}
		all = append(all, p)
	}
	slices.SortStableFunc(all, requiredFirst)
	return all
}

func requiredFirst(a, b ParamSpec) int { return btoi(b.Required) - btoi(a.Required) }

// union is the members of all encodings.
func union(encodings []Encoding, members map[Encoding][]ParamSpec) []ParamSpec {
	required, first := map[string]int{}, map[string]ParamSpec{}
	for _, e := range encodings {
		for _, p := range members[e] {
			required[p.Name] += btoi(p.Required)
			if _, there := first[p.Name]; !there {
				first[p.Name] = p
			}
		}
	}
	var all []ParamSpec
	for name, p := range first {
		p.Required = required[name] == len(encodings)
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b ParamSpec) int { return strings.Compare(a.Name, b.Name) })
	slices.SortStableFunc(all, requiredFirst)
	return all
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// mediaType is the media type without case and parameters (RFC 9110 section 8.3.1).
func mediaType(name string) (string, bool) {
	t, _, err := mime.ParseMediaType(name)
	if err != nil { // sloppy parameters
		t, _, _ = strings.Cut(name, ";")
		t = strings.ToLower(strings.TrimSpace(t))
	}
	return t, strings.Contains(t, "/")
}

// body returns what the request declares for an encoding, and whether it declares
// the encoding.
func (c *candidate) body(e Encoding) (body, bool) {
	all := c.bodies()
	front, _, _ := strings.Cut(string(e), "/")
	for _, media := range []string{string(e), front + "/*", "*/*"} {
		for _, b := range all {
			if b.media == media {
				return b, true
			}
		}
	}
	return body{}, false
}

// unsent are the bodies of media types that are none of the encodings.
func (c *candidate) unsent() []body {
	return slices.DeleteFunc(slices.Clone(c.bodies()), func(b body) bool {
		return strings.Contains(b.media, "*") || slices.Contains(Encodings(), Encoding(b.media))
	})
}

// mediaTypes are the media types of bodies, as they are written.
func mediaTypes(bodies []body) []string {
	var out []string
	for _, b := range bodies {
		out = append(out, b.name)
	}
	return out
}

// In lists the members of a request in one encoding, required ones first.
func (o *Operation) In(e Encoding) []ParamSpec { return o.members[e] }

// Required lists the names of the required parameters, sorted.
func (o *Operation) Required() []string {
	var names []string
	for _, p := range o.Params {
		if p.Required {
			names = append(names, p.Name)
		}
	}
	return names
}

// Has says whether the operation declares the parameter.
func (o *Operation) Has(param string) bool {
	_, ok := o.Param(param)
	return ok
}

// Param returns the declaration of a parameter.
func (o *Operation) Param(name string) (ParamSpec, bool) { return paramNamed(o.Params, name) }

func paramNamed(all []ParamSpec, name string) (ParamSpec, bool) {
	for _, p := range all {
		if p.Name == name {
			return p, true
		}
	}
	return ParamSpec{}, false
}

// Accepts says whether the operation declares the encoding.
func (o *Operation) Accepts(e Encoding) bool { return slices.Contains(o.Encodings, e) }

// Encode renders the parameters as Encoding.Encode does, except that in JSON a
// parameter that the document declares as a number or a boolean is one.
func (o *Operation) Encode(e Encoding, params Params) (contentType string, body []byte) {
	if e != JSON {
		return e.Encode(params)
	}
	values := make([]string, len(params))
	for i, p := range params {
		values[i] = o.jsonValue(p)
	}
	return string(JSON), jsonObject(params, values)
}

func (o *Operation) jsonValue(p Param) string {
	if p.JSON {
		return p.json()
	}
	declared, ok := paramNamed(o.members[JSON], p.Name)
	if !ok {
		declared, _ = o.Param(p.Name)
	}
	var err error
	switch declared.Type {
	case "integer":
		_, err = strconv.ParseInt(p.Value, 10, 64)
	case "number":
		_, err = strconv.ParseFloat(p.Value, 64)
	case "boolean":
		_, err = strconv.ParseBool(p.Value)
	default:
		return quoteJSON(p.Value)
	}
	if err != nil || !json.Valid([]byte(p.Value)) {
		return quoteJSON(p.Value)
	}
	return p.Value
}
