package spec

import (
	"encoding/json"
	"fmt"
	"mime"
	"slices"
	"strconv"

	"github.com/getkin/kin-openapi/openapi3"
)

// Operation is one POST of the contract.
type Operation struct {
	Path      string // with the path of the document's server URL
	Method    string
	ID        string
	Encodings []Encoding  // the declared ones, in the order form, JSON, multipart
	Params    []ParamSpec // required ones first, each part sorted by name

	token    bool              // this is the token operation
	standard bool              // of the standard contract
	answers  map[string]answer // by status: "200", "4XX", "DEFAULT"
}

func (o *Operation) describe(d *document, p post) error {
	o.Path, o.Method, o.ID = p.prefix+p.path, "POST", p.OperationID
	for _, e := range Encodings() {
		if media(p.Operation, e) != nil {
			o.Encodings = append(o.Encodings, e)
		}
	}
	if len(o.Encodings) == 0 {
		return fmt.Errorf("POST %s takes no form, JSON or multipart body", p.path)
	}
	members := requestMembers(p.Operation)
	for _, name := range members.names() {
		o.Params = append(o.Params, paramSpec(name, members.properties[name], slices.Contains(members.required, name)))
	}
	slices.SortStableFunc(o.Params, func(a, b ParamSpec) int { return btoi(b.Required) - btoi(a.Required) })
	var err error
	o.answers, err = declaredAnswers(d, p)
	return err
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// media returns what the request body declares for an encoding. Media types
// compare without case and parameters (RFC 9110 section 8.3.1).
func media(op *openapi3.Operation, e Encoding) *openapi3.MediaType {
	if op.RequestBody == nil || op.RequestBody.Value == nil {
		return nil
	}
	for name, m := range op.RequestBody.Value.Content {
		if t, _, err := mime.ParseMediaType(name); err == nil && t == string(e) || name == "*/*" {
			return m
		}
	}
	return nil
}

// requestMembers merges the request schema of the first declared encoding.
func requestMembers(op *openapi3.Operation) object {
	for _, e := range Encodings() {
		if m := media(op, e); m != nil && m.Schema != nil {
			return flatten(m.Schema)
		}
	}
	return object{}
}

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
func (o *Operation) Param(name string) (ParamSpec, bool) {
	for _, p := range o.Params {
		if p.Name == name {
			return p, true
		}
	}
	return ParamSpec{}, false
}

// Accepts says whether the operation declares the encoding.
func (o *Operation) Accepts(e Encoding) bool { return slices.Contains(o.Encodings, e) }

// Complete adds the required parameters that base lacks, with a value the
// document offers or, where it offers none, one that says who sent it.
func (o *Operation) Complete(base Params) Params {
	for _, p := range o.Params {
		if _, given := base.Get(p.Name); given || !p.Required {
			continue
		}
		value := p.Example
		switch {
		case value != "":
		case p.Type == "integer" || p.Type == "number":
			value = "1"
		case p.Type == "boolean":
			value = "true"
		default:
			value = "dfcheck"
		}
		base = base.With(p.Name, value)
	}
	return base
}

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
	declared, _ := o.Param(p.Name)
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
