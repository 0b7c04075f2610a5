package spec

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// NegativeKind is the rule of the document that a negative request breaks.
type NegativeKind string

const (
	Missing     NegativeKind = "missing"      // a required parameter is left out
	WrongType   NegativeKind = "wrong type"   // a JSON value of another type
	TooLong     NegativeKind = "too long"     // one character over maxLength
	OutsideEnum NegativeKind = "outside enum" // a value that the enumeration lacks
	Undeclared  NegativeKind = "content type" // a media type that the document lacks
)

// Negative is a request that the document says a server has no reason to
// accept. It belongs to one check of the catalogue.
type Negative struct {
	Check    string // catalogue id
	Kind     NegativeKind
	Param    string   // empty for Undeclared
	Required bool     // the document requires Param
	Encoding Encoding // for Undeclared the encoding of the body's bytes
	// ContentType is the media type sent in place of the encoding's own;
	// empty except for Undeclared.
	ContentType string
	// Value is the JSON text of the value sent; empty for Missing and Undeclared.
	Value string

	operation *Operation
}

// String names the case in findings and recordings: "device_type missing (json)".
// ParseNegative reads it.
func (n Negative) String() string {
	if n.Kind == Undeclared {
		return n.Mistake()
	}
	return fmt.Sprintf("%s (%s)", n.Mistake(), n.Encoding.Short())
}

// Mistake is what is wrong with the request, in whatever encoding: "device_type
// missing".
func (n Negative) Mistake() string {
	switch n.Kind {
	case Undeclared:
		return labelled + n.ContentType
	case WrongType, OutsideEnum:
		return fmt.Sprintf("%s %s: %s", n.Param, n.Kind, n.Value)
	}
	return fmt.Sprintf("%s %s", n.Param, n.Kind)
}

const labelled = "body labelled "

// ParseNegative reads what String wrote: the kind, the parameter, its value and the
// encoding, or the content type. It reports whether the text names a negative.
func ParseNegative(text string) (n Negative, ok bool) {
	if n.ContentType, ok = strings.CutPrefix(text, labelled); ok {
		n.Kind = Undeclared
		return n, true
	}
	for _, e := range Encodings() {
		mistake, in := strings.CutSuffix(text, " ("+e.Short()+")")
		if !in {
			continue
		}
		for _, kind := range []NegativeKind{Missing, TooLong, WrongType, OutsideEnum} {
			n = Negative{Kind: kind, Encoding: e}
			n.Param, n.Value, ok = strings.Cut(mistake, " "+string(kind))
			n.Value = strings.TrimPrefix(n.Value, ": ")
			if ok && n.String() == text {
				return n, true
			}
		}
	}
	return Negative{}, false
}

// Apply makes the negative request from the parameters of a valid one.
func (n Negative) Apply(base Params) (contentType string, body []byte) {
	switch n.Kind {
	case Missing:
		return n.operation.Encode(n.Encoding, base.Without(n.Param))
	case Undeclared:
		contentType, body = n.operation.Encode(n.Encoding, base)
		if n.Encoding == Form {
			contentType = n.ContentType
		}
		return contentType, body
	}
	if n.Encoding != JSON {
		return n.Encoding.Encode(base.With(n.Param, plain(n.Value)))
	}
	params := base.With(n.Param, "")
	values := make([]string, len(params))
	for i, p := range params {
		if values[i] = n.operation.jsonValue(p); p.Name == n.Param {
			values[i] = n.Value
		}
	}
	return string(JSON), jsonObject(params, values)
}

// plain is the text of a JSON value outside JSON: a string without its quotes.
func plain(value string) string {
	var s string
	if json.Unmarshal([]byte(value), &s) == nil {
		return s
	}
	return value
}

// wrongValues are sent in place of every parameter whose type they are not.
var wrongValues = []struct{ text, typ string }{
	{"123", "integer"}, {"1.5", "number"}, {"true", "boolean"}, {"null", "null"},
	{"[]", "array"}, {`["x"]`, "array"}, {"{}", "object"}, {`{"a":1}`, "object"},
}

// Media types of no OAuth request. A server that reads a form under the label of the
// first is only liberal.
const (
	PlainText = "text/plain"
	XML       = "application/xml"
	Binary    = "application/octet-stream"
)

// undeclaredTypes label a body of valid form text.
var undeclaredTypes = []string{PlainText, XML, Binary}

// maxGenerated is the length up to which over-long values are made; beyond it
// the size of the request is what is tested.
const maxGenerated = 32 << 10

// Negatives generates the negative requests of the operation: each required
// parameter missing, each wrong JSON type, each string one character over
// maxLength and each value outside an enumeration, all in every declared
// encoding that can express them, and each undeclared content type. The order
// is stable.
func (o *Operation) Negatives() []Negative {
	var all []Negative
	for _, p := range o.Params {
		for _, e := range o.Encodings {
			if declared, ok := paramNamed(o.In(e), p.Name); ok {
				all = append(all, o.negatives(declared, e)...)
			}
		}
	}
	for _, e := range []Encoding{JSON, Multipart} {
		// RFC 8628 leaves other encodings open, a document does not.
		if !o.Accepts(e) && o.family != Standard {
			all = append(all, Negative{Kind: Undeclared, Encoding: e, ContentType: string(e)})
		}
	}
	if !o.Accepts(Form) {
		all = append(all, Negative{Kind: Undeclared, Encoding: Form, ContentType: string(Form)})
	}
	for _, t := range undeclaredTypes {
		all = append(all, Negative{Kind: Undeclared, Encoding: Form, ContentType: t})
	}
	for i := range all {
		all[i].operation = o
		all[i].Check = o.owner(all[i])
	}
	return all
}

func (o *Operation) negatives(p ParamSpec, e Encoding) []Negative {
	n := Negative{Param: p.Name, Required: p.Required, Encoding: e}
	var all []Negative
	add := func(k NegativeKind, value string) {
		n.Kind, n.Value = k, value
		all = append(all, n)
	}
	if p.Required || o.family == Document && o.isOwed(p.Name) {
		add(Missing, "")
	}
	if e == JSON && p.Type != "" {
		for _, w := range wrongValues {
			if !p.takes(w.typ) {
				add(WrongType, w.text)
			}
		}
	}
	if p.MaxLength > 0 && p.Type == "string" {
		add(TooLong, quoteJSON(strings.Repeat("x", p.MaxLength+1)))
	}
	if p.Enum != nil {
		add(OutsideEnum, p.outside())
	}
	return all
}

// isOwed reports whether RFC 8628 requires a parameter: documents often leave out the
// list of what is required.
func (o *Operation) isOwed(name string) bool {
	if o.token {
		return name == "grant_type" || name == "device_code"
	}
	return name == "client_id"
}

func (p ParamSpec) takes(typ string) bool {
	return typ == p.Type || typ == "integer" && p.Type == "number" || typ == "null" && p.Nullable
}

// outside is the JSON text of a value of the right type that the enumeration
// lacks, within maxLength.
func (p ParamSpec) outside() string {
	if p.Type == "integer" || p.Type == "number" {
		n := 0
		for slices.Contains(p.Enum, fmt.Sprint(n)) {
			n++
		}
		return fmt.Sprint(n)
	}
	value := "urn:dfcheck:none"
	if p.MaxLength > 0 && len(value) > p.MaxLength {
		value = strings.Repeat("x", p.MaxLength)
	}
	for slices.Contains(p.Enum, value) {
		value = value[:len(value)-1] + string(value[len(value)-1]+1)
	}
	return quoteJSON(value)
}

// owner is the catalogue check that a negative belongs to.
func (o *Operation) owner(n Negative) string {
	switch {
	case n.Kind == Undeclared:
		return "DF-CTYPE-007"
	case n.Kind == WrongType:
		return "DF-CTYPE-010"
	case o.token && n.Kind == TooLong:
		return "DF-POLL-016"
	case o.token && n.Param == "grant_type":
		return "DF-POLL-014"
	case o.token:
		return "DF-POLL-013"
	case n.Param == "client_id":
		return "DF-AUTHZ-011"
	case n.Param == "device_os" && o.family == Documented:
		return "DF-AUTHZ-014"
	}
	return "DF-AUTHZ-013"
}
