package spec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/textproto"
	"net/url"
	"strings"
)

// Encoding is the media type of a request body. The documented API takes all
// three, RFC 8628 only Form.
type Encoding string

const (
	Form      Encoding = "application/x-www-form-urlencoded"
	JSON      Encoding = "application/json"
	Multipart Encoding = "multipart/form-data"
)

// Encodings lists all three.
func Encodings() []Encoding { return []Encoding{Form, JSON, Multipart} }

// Short names the encoding in reports, profiles and flags.
func (e Encoding) Short() string {
	switch e {
	case Form:
		return "form"
	case JSON:
		return "json"
	case Multipart:
		return "multipart"
	}
	return string(e)
}

// ParseEncoding reads the short name or the media type of an encoding.
func ParseEncoding(s string) (Encoding, error) {
	for _, e := range Encodings() {
		if strings.EqualFold(s, e.Short()) || strings.EqualFold(s, string(e)) {
			return e, nil
		}
	}
	return "", fmt.Errorf("unknown encoding %q (form, json or multipart)", s)
}

// Param is one request parameter. Params keep their order and may repeat a
// name, because checks need both.
type Param struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	// JSON: the value is the text of a JSON value that is no string.
	JSON bool `json:"json,omitempty"`
}

// Params is an ordered list of request parameters.
type Params []Param

// Get returns the first value of a name, and whether it is there.
func (p Params) Get(name string) (string, bool) {
	for _, q := range p {
		if q.Name == name {
			return q.Value, true
		}
	}
	return "", false
}

// With returns a copy in which name has exactly this value, in its old place
// or at the end.
func (p Params) With(name, value string) Params {
	out, placed := make(Params, 0, len(p)+1), false
	for _, q := range p {
		if q.Name != name {
			out = append(out, q)
		} else if !placed {
			out, placed = append(out, Param{Name: name, Value: value}), true
		}
	}
	if !placed {
		out = append(out, Param{Name: name, Value: value})
	}
	return out
}

// Without returns a copy that lacks the names.
func (p Params) Without(names ...string) Params {
	out := make(Params, 0, len(p))
next:
	for _, q := range p {
		for _, n := range names {
			if q.Name == n {
				continue next
			}
		}
		out = append(out, q)
	}
	return out
}

// InURL is a URL with parameters in its query.
func InURL(at string, p Params) string {
	if len(p) == 0 {
		return at
	}
	_, query := Form.Encode(p)
	if strings.Contains(at, "?") {
		return at + "&" + string(query)
	}
	return at + "?" + string(query)
}

// multipartBoundary is fixed, so that equal requests have equal bytes.
const multipartBoundary = "dfcheck-7MA4YWxkTrZu0gW"

// Encode renders the parameters in this encoding and names the Content-Type
// to send: the bare media type, for multipart with its boundary.
func (e Encoding) Encode(params Params) (contentType string, body []byte) {
	switch e {
	case JSON:
		return string(JSON), encodeJSON(params)
	case Multipart:
		return encodeMultipart(params)
	}
	var b strings.Builder
	for i, p := range params.flat() {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(p.Name))
		b.WriteByte('=')
		b.WriteString(url.QueryEscape(p.Value))
	}
	return string(Form), []byte(b.String())
}

// flat has a parameter for each element of a JSON array, as OpenAPI writes arrays in
// forms.
func (p Params) flat() Params {
	out := make(Params, 0, len(p))
	for _, q := range p {
		var elements []json.RawMessage
		if !q.JSON || json.Unmarshal([]byte(q.Value), &elements) != nil {
			out = append(out, q)
			continue
		}
		for _, e := range elements {
			out = append(out, Param{Name: q.Name, Value: plain(string(e))})
		}
	}
	return out
}

func encodeJSON(params Params) []byte {
	values := make([]string, len(params))
	for i, p := range params {
		values[i] = p.json()
	}
	return jsonObject(params, values)
}

// json is the value as it stands in a JSON object.
func (p Param) json() string {
	if p.JSON && json.Valid([]byte(p.Value)) {
		return p.Value
	}
	return quoteJSON(p.Value)
}

// jsonObject writes members in their order, repeats included; values are JSON
// texts.
func jsonObject(params Params, values []string) []byte {
	var b strings.Builder
	b.WriteByte('{')
	for i, p := range params {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(quoteJSON(p.Name) + ":" + values[i])
	}
	b.WriteByte('}')
	return []byte(b.String())
}

func quoteJSON(s string) string {
	text, _ := json.Marshal(s) // a string does not fail
	return string(text)
}

func encodeMultipart(params Params) (string, []byte) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if err := w.SetBoundary(multipartBoundary); err != nil {
		panic(err) // the boundary is a constant
	}
	for _, p := range params.flat() {
		h := textproto.MIMEHeader{}
		h.Set("Content-Disposition", fmt.Sprintf(`form-data; name="%s"`, quoteName.Replace(p.Name)))
		part, _ := w.CreatePart(h) // a bytes.Buffer does not fail
		part.Write([]byte(p.Value))
	}
	w.Close()
	return w.FormDataContentType(), b.Bytes()
}

var quoteName = strings.NewReplacer(`\`, `\\`, `"`, `%22`, "\r", "%0D", "\n", "%0A")
