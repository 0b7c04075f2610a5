package refserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/dfcheck/dfcheck/spec"
)

// request is a POST to one of the two operations, read.
type request struct {
	*http.Request
	op       *spec.Operation
	name     string // start or token
	encoding spec.Encoding
	params   spec.Params
	kinds    map[string]string // of JSON members that are no texts: number, boolean, null, array, object
	client   *Client           // nil when the request names none
	// thumbprint is that of the key of its DPoP proof, "" without one.
	thumbprint string
}

// get is a parameter's value; a parameter without a value counts as absent
// (RFC 6749 section 3.1).
func (q *request) get(name string) string {
	v, _ := q.params.Get(name)
	return v
}

// maxRequest bounds a request body, in bytes.
const maxRequest = 64 << 10

// maxDrained is how much of a body that is too large is read past.
const maxDrained = 16 << 20

// read parses the body in the encoding its Content-Type names, if the contract
// declares it.
func (s *Server) read(r *http.Request, name string, op *spec.Operation) (*request, *answer) {
	q := &request{Request: r, op: op, name: name}
	label := r.Header.Get("Content-Type")
	mediaType := label
	var boundary string
	if label != string(spec.Form) && label != string(spec.JSON) { // the usual spellings need no parser
		t, args, err := mime.ParseMediaType(label)
		if err != nil {
			return q, refuse(spec.ErrInvalidRequest, "the Content-Type cannot be read")
		}
		mediaType, boundary = t, args["boundary"]
	}
	q.encoding = spec.Encoding(mediaType)
	if !op.Accepts(q.encoding) {
		return q, problem(http.StatusUnsupportedMediaType, "the media type of the body is not supported")
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequest+1))
	switch {
	case err != nil:
		return q, refuse(spec.ErrInvalidRequest, "the body could not be read")
	case len(body) > maxRequest:
		io.CopyN(io.Discard, r.Body, maxDrained) // so that the sender is there to hear the answer
		return q, problem(http.StatusRequestEntityTooLarge, "the body is too large")
	}
	q.params, q.kinds, err = decode(q.encoding, body, boundary)
	if err != nil {
		return q, refuse(spec.ErrInvalidRequest, err.Error())
	}
	return q, nil
}

var (
	errForm      = errors.New("the body is not a form")
	errJSON      = errors.New("the body is not one JSON object with text members")
	errMultipart = errors.New("the body is not multipart/form-data")
)

func decode(e spec.Encoding, body []byte, boundary string) (params spec.Params, kinds map[string]string, err error) {
	switch e {
	case spec.JSON:
		return decodeJSON(body)
	case spec.Multipart:
		params, err = decodeMultipart(body, boundary)
	default:
		params, err = decodeForm(string(body))
	}
	return params, nil, err
}

func decodeForm(body string) (spec.Params, error) {
	params := make(spec.Params, 0, 4)
	for body != "" {
		var pair string
		pair, body, _ = strings.Cut(body, "&")
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		var err error
		if name, err = url.QueryUnescape(name); err != nil {
			return nil, errForm
		}
		if value, err = url.QueryUnescape(value); err != nil {
			return nil, errForm
		}
		params = append(params, spec.Param{Name: name, Value: value})
	}
	return params, nil
}

// known are the parameters whose values must be text; what a request holds
// beside them is ignored (RFC 6749 section 3.1).
var known = map[string]bool{"client_id": true, "client_secret": true, "client_assertion": true,
	"client_assertion_type": true, "scope": true, "device_type": true,
	"device_os":  true,
	"grant_type": true, "device_code": true, "refresh_token": true}

// decodeJSON reads one object. Repeated names are kept, so that they can be
// refused like repeated form parameters.
func decodeJSON(body []byte) (params spec.Params, kinds map[string]string, err error) {
	if !utf8.Valid(body) {
		return nil, nil, errJSON
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, nil, errJSON
	}
	kinds = map[string]string{}
	for d.More() {
		t, err := d.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return nil, nil, errJSON
		}
		var raw json.RawMessage
		if d.Decode(&raw) != nil {
			return nil, nil, errJSON
		}
		var value string
		switch kind := kindOf(raw); {
		case kind == "string":
			if json.Unmarshal(raw, &value) != nil {
				return nil, nil, errJSON
			}
		case known[name]:
			return nil, nil, errJSON
		default:
			kinds[name] = kind
			if kind != "null" {
				value = string(raw)
			}
		}
		params = append(params, spec.Param{Name: name, Value: value})
	}
	if _, err := d.Token(); err != nil {
		return nil, nil, errJSON
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, nil, errJSON
	}
	return params, kinds, nil
}

// kindOf is the type of a JSON value.
func kindOf(raw json.RawMessage) string {
	switch raw[0] {
	case '"':
		return "string"
	case '{':
		return "object"
	case '[':
		return "array"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	}
	return "number"
}

func decodeMultipart(body []byte, boundary string) (spec.Params, error) {
	if boundary == "" {
		return nil, errMultipart
	}
	var params spec.Params
	r := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := r.NextPart()
		if err == io.EOF {
			return params, nil
		}
		if err != nil || part.FileName() != "" { // no parameter is a file
			return nil, errMultipart
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return nil, errMultipart
		}
		if part.FormName() != "" {
			params = append(params, spec.Param{Name: part.FormName(), Value: string(value)})
		}
	}
}

// wellFormed refuses what no honest device sends: known parameters twice, text
// that is not printable, values longer than declared, required ones missing.
func (s *Server) wellFormed(q *request) *answer {
	seen := map[string]bool{}
	for _, p := range q.params {
		if !known[p.Name] && !q.op.Has(p.Name) {
			continue
		}
		if seen[p.Name] {
			return refuse(spec.ErrInvalidRequest, p.Name+" is given more than once")
		}
		seen[p.Name] = true
		if declared, ok := q.op.Param(p.Name); ok {
			if a := q.declared(p, declared); a != nil {
				return a
			}
		}
		if !printable(p.Value) {
			return refuse(spec.ErrInvalidRequest, p.Name+" has characters that are not allowed")
		}
	}
	for _, p := range q.op.Params {
		if p.Required && q.get(p.Name) == "" && s.required(q, p.Name) {
			return refuse(spec.ErrInvalidRequest, p.Name+" is missing")
		}
	}
	return nil
}

// declared holds a parameter to what the contract says of it.
func (q *request) declared(p spec.Param, is spec.ParamSpec) *answer {
	kind, typed := q.kinds[p.Name]
	if q.encoding == spec.JSON && !typed {
		kind, typed = "string", true
	}
	_, numeric := strconv.ParseFloat(p.Value, 64)
	_, integral := strconv.ParseInt(p.Value, 10, 64)
	number := is.Type == "integer" && integral == nil || is.Type == "number" && numeric == nil
	boolean := is.Type == "boolean" && (p.Value == "true" || p.Value == "false")
	switch {
	case p.Value == "": // counts as absent
		return nil
	case typed && kind == "null" && is.Nullable:
		return nil
	case (is.Type == "integer" || is.Type == "number") && (!number || typed && kind != "number"),
		is.Type == "boolean" && (!boolean || typed && kind != "boolean"),
		is.Type == "string" && typed && kind != "string":
		return refuse(spec.ErrInvalidRequest, p.Name+" has another type")
	case is.MaxLength > 0 && utf8.RuneCountInString(p.Value) > is.MaxLength:
		return refuse(spec.ErrInvalidRequest, p.Name+" is too long")
	case len(is.Enum) > 0 && !slices.Contains(is.Enum, p.Value) && p.Name != "grant_type": // which has its own error
		return refuse(spec.ErrInvalidRequest, p.Name+" is not one of the allowed values")
	}
	return nil
}

// required reports whether a declared parameter is due in this request: a refresh
// needs no device code, and a client that authenticates with HTTP Basic or an assertion
// need not name itself again.
func (s *Server) required(q *request, param string) bool {
	if param == "device_code" && q.get("grant_type") != spec.GrantDeviceCode {
		return false
	}
	if param == "client_id" {
		if _, _, basic := q.BasicAuth(); basic || s.cfg.Assertions && q.get("client_assertion") != "" {
			return false
		}
	}
	return s.is.required(q.name, param)
}

// printable reports whether a text is valid UTF-8 without control characters.
func printable(s string) bool {
	for _, r := range s {
		if r < 0x20 || r == 0x7f || r == utf8.RuneError {
			return false
		}
	}
	return true
}

// extension parameters come from standards beside RFC 8628; a server that does
// not know them ignores them (RFC 7636, RFC 8707, OpenID Connect Core).
var extension = map[string]bool{"code_challenge": true, "code_challenge_method": true, "code_verifier": true,
	"resource": true, "nonce": true}
