package spec

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A Sender is a device, and whoever configured it, as their requests show them.
type Sender struct {
	ClientID string
	Secret   string // of the client, where it stands in the body
	Scope    string
	// Type and System are what the documented API wants of a device.
	Type, System string
	Authorized   bool // an Authorization field says who the client is
	Given        Given
}

// Given are the values that a user has for requests: they win over all others.
type Given struct {
	Start, Poll   Params
	Header, Query Params
}

// Start are the parameters of a device authorization request: those of RFC 8628 that
// the contract has room for, and those that it requires beside them. Different nonces
// make different requests wherever a value is made up.
func (s Sender) Start(c *Contract, nonce string) Params {
	base := s.named(Params{{Name: "client_id", Value: s.ClientID}}, c)
	p := s.complete(&c.Start, base, s.Given.Start, nonce)
	if s.Scope != "" && c.Start.hasRoom("scope") {
		if _, given := s.Given.Start.Get("scope"); !given {
			p = p.With("scope", s.Scope)
		}
	}
	return p
}

// Poll are the parameters of a token request for a device code (RFC 8628 section 3.4).
func (s Sender) Poll(c *Contract, deviceCode string) Params {
	base := s.named(Params{{Name: "grant_type", Value: c.Token.grant()}, {Name: "device_code", Value: deviceCode},
		{Name: "client_id", Value: s.ClientID}}, c)
	return s.complete(&c.Token, base, s.Given.Poll, "")
}

// named adds the secret of a client that the document wants in the body.
func (s Sender) named(p Params, c *Contract) Params {
	if s.Secret != "" && (c.Start.Requires("client_secret") || c.Token.Requires("client_secret")) {
		p = append(p, Param{Name: "client_secret", Value: s.Secret})
	}
	return p
}

// Follow makes the polls of a device say what its device authorization request said,
// where the document wants the same of both.
func (s Sender) Follow(c *Contract, start Params) Sender {
	s.Given.Poll = slices.Clone(s.Given.Poll)
	for _, p := range start {
		if _, given := s.Given.Poll.Get(p.Name); !given && p.Name != "client_id" && p.Name != "scope" &&
			c.Token.Requires(p.Name) {
			s.Given.Poll = append(s.Given.Poll, p)
		}
	}
	return s
}

// complete is a request: what of base the operation has room for, what it requires
// beside that, and what is given.
func (s Sender) complete(o *Operation, base, given Params, salt string) Params {
	var out Params
	for _, p := range base {
		if o.hasRoom(p.Name) || p.Name == "device_code" { // without which there is no poll
			out = append(out, p)
		}
	}
	for _, name := range o.demanded() {
		if _, there := out.Get(name); there || name == "device_code" {
			continue
		}
		if _, there := given.Get(name); there {
			continue
		}
		if p, ok := s.value(o, name, salt); ok {
			out = append(out, p)
		}
	}
	for _, p := range given {
		p.Value = strings.ReplaceAll(p.Value, newUUID, sampler{salt: salt}.formatted("uuid"))
		out = append(out.Without(p.Name), p)
	}
	return out
}

// newUUID in a given value stands for a UUID, another one for each device.
const newUUID = "{uuid}"

// value is what is sent for a parameter that the contract requires; ok is false where
// nobody can know.
func (s Sender) value(o *Operation, name, salt string) (p Param, ok bool) {
	schema, declared := o.schemas[name], o.typeOf(name)
	if v := o.offered[name]; v != nil && o.family == Document {
		return param(name, v, declared), true
	}
	switch name {
	case "device_type":
		return Param{Name: name, Value: s.Type}, s.Type != ""
	case "device_os":
		return Param{Name: name, Value: strings.TrimSpace(s.System + " " + salt)}, s.System != ""
	case "scope":
		return Param{Name: name, Value: s.Scope}, s.Scope != ""
	}
	if Confidential(name) || concealed(schema) {
		return Param{}, false
	}
	v, ok := sampler{salt: salt}.value(schema)
	return param(name, v, declared), ok
}

// Check returns an error that asks for the values which a device has to send and
// nobody can make up, by the keys that give them.
func (s Sender) Check(c *Contract) error {
	var errs []error
	ask := func(o *Operation, what, name, key string) {
		errs = append(errs, fmt.Errorf("the document requires %s %q in the request to %s, for which there is no value: %s",
			what, name, o.Path, key))
	}
	start, poll := s.Start(c, "f1"), s.Poll(c, "code")
	for _, r := range []struct {
		o    *Operation
		sent Params
		key  string
	}{{&c.Start, start, "start"}, {&c.Token, poll, "poll"}} {
		for _, name := range r.o.demanded() {
			if _, there := r.sent.Get(name); !there {
				ask(r.o, "the member", name, memberKey(r.key, name))
			}
		}
		for _, place := range []struct {
			key   string
			sent  Params
			wants []field
		}{{"headers", s.Header(r.o), r.o.headers}, {"query", s.Query(r.o), r.o.query}} {
			for _, f := range place.wants {
				if _, there := get(place.sent, f.name); f.required && !there &&
					!(s.Authorized && strings.EqualFold(f.name, "authorization")) {
					ask(r.o, "the "+strings.TrimSuffix(place.key, "s")+" parameter", f.name, requestKey(place.key, f.name))
				}
			}
		}
	}
	return errors.Join(errs...)
}

// memberKey says how a member is given.
func memberKey(operation, name string) string {
	switch name {
	case "client_secret":
		return "name the variable that holds it with \"client: {secret_env: NAME}\" in dfcheck.yaml"
	case "scope":
		return "name one with --scope"
	}
	return requestKey(operation, name)
}

func requestKey(place, name string) string {
	value := "..."
	if Confidential(name) {
		value = "\"${VARIABLE}\""
	}
	return fmt.Sprintf("give it with \"request: {%s: {%s: %s}}\" in dfcheck.yaml", place, name, value)
}

// field is a header field or a parameter in the URL that a document declares.
type field struct {
	name     string
	node     node // of the parameter
	required bool
}

// fields are the declared ones of a place, less those that OpenAPI leaves to others.
func (c *candidate) fields(place string) []field {
	var all []field
	for _, p := range c.parameters(place) {
		f := field{p.get("name").text(), p, p.get("required").value == true}
		if place != "header" || !slices.Contains([]string{"content-type", "content-length", "host", "user-agent"},
			strings.ToLower(f.name)) {
			all = append(all, f)
		}
	}
	slices.SortFunc(all, func(a, b field) int { return strings.Compare(a.name, b.name) })
	return all
}

// Header are the header fields of a request beside the usual ones.
func (s Sender) Header(o *Operation) Params { return s.fields(o.headers, s.Given.Header) }

// Query are the parameters in the URL of a request.
func (s Sender) Query(o *Operation) Params { return s.fields(o.query, s.Given.Query) }

func (s Sender) fields(declared []field, given Params) Params {
	out := slices.Clone(given)
	for _, f := range declared {
		if _, there := get(given, f.name); there || !f.required || Confidential(f.name) {
			continue
		}
		schema := f.node.get("schema")
		v, ok := firstOf(append(examples(f.node), examples(schema)...), f.name, schema), true
		if v == nil {
			v, ok = sampler{}.value(schema)
		}
		if p := param(f.name, v, "string"); ok && !p.JSON && f.name != "" {
			out = append(out, p)
		}
	}
	return out
}

// get finds a field by its name in any letter case.
func get(p Params, name string) (string, bool) {
	i := slices.IndexFunc(p, func(q Param) bool { return strings.EqualFold(q.Name, name) })
	if i < 0 {
		return "", false
	}
	return p[i].Value, true
}

// hasRoom reports whether a parameter may be sent: it is declared, or the schema
// leaves room for others.
func (o *Operation) hasRoom(name string) bool { return o.Has(name) || !o.closed }

// Closed reports whether the document forbids parameters that it does not list.
func (o *Operation) Closed() bool { return o.closed }

// Requires reports whether some encoding of the operation requires a parameter.
func (o *Operation) Requires(name string) bool { return slices.Contains(o.demanded(), name) }

// demanded lists the parameters that some encoding requires, in their order.
func (o *Operation) demanded() []string {
	var names []string
	for _, p := range o.Params {
		if p.Required || slices.ContainsFunc(o.Encodings, func(e Encoding) bool {
			in, _ := paramNamed(o.In(e), p.Name)
			return in.Required
		}) {
			names = append(names, p.Name)
		}
	}
	return names
}

func (o *Operation) typeOf(name string) string {
	p, _ := o.Param(name)
	return p.Type
}

// grant is the device grant's name: RFC 8628's, unless the document allows only others.
func (o *Operation) grant() string {
	p, _ := o.Param("grant_type")
	names := p.Enum
	if len(names) == 0 { // an example may be of another grant at the same endpoint
		names = slices.DeleteFunc([]string{o.Offered("grant_type")}, func(n string) bool { return !deviceGrant(n) })
	}
	if len(names) == 0 || slices.Contains(names, GrantDeviceCode) {
		return GrantDeviceCode
	}
	return names[max(0, slices.IndexFunc(names, deviceGrant))]
}

// Offered is a value that the document has for a parameter, "" for none.
func (o *Operation) Offered(name string) string {
	if v := o.offered[name]; v != nil {
		return param(name, v, o.typeOf(name)).Value
	}
	return ""
}
