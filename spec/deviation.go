package spec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// Deviation is one way in which an answer departs from the document. It holds
// no values of the answer, only member names, cut short.
type Deviation struct {
	Pointer string `json:"pointer"` // JSON Pointer (RFC 6901) into the body, "" for the whole answer
	Keyword string `json:"keyword"` // the schema keyword, or status, contentType, size, depth, number, json, duplicate
	Message string `json:"message"`
}

func (d Deviation) String() string {
	if d.Pointer == "" {
		return d.Message
	}
	return d.Pointer + " " + d.Message
}

// Bounds of what is looked at and of what is reported: the body is the peer's.
const (
	maxDeviations = 20
	maxPointer    = 120 // bytes
)

// CheckResponse compares one recorded answer with the document: status, media
// type, then the body against the schema. An error status that the document
// does not mention is no deviation, because the error codes come from the
// standards. contentType is the header's value.
func (o *Operation) CheckResponse(status int, contentType string, body []byte) []Deviation {
	declared, ok := o.answer(status)
	if !ok {
		if status >= 400 {
			return nil
		}
		return []Deviation{{Keyword: "status", Message: fmt.Sprintf("status %d is not declared", status)}}
	}
	if len(declared.types) == 0 {
		return nil
	}
	var found []Deviation
	mediaType, _, err := mime.ParseMediaType(contentType)
	if err != nil || !slices.Contains(declared.types, mediaType) && !slices.Contains(declared.types, "*/*") {
		found = append(found, Deviation{Keyword: "contentType",
			Message: "the media type is not " + strings.Join(declared.types, " or ")})
	}
	if declared.schema == nil {
		return found
	}
	value, problems := parse(body)
	found = append(found, problems...)
	if value != nil {
		found = append(found, sorted(declared.schema(*value))...)
	}
	return found[:min(len(found), maxDeviations)]
}

func (o *Operation) answer(status int) (answer, bool) {
	for _, key := range []string{strconv.Itoa(status), fmt.Sprintf("%dXX", status/100), "DEFAULT"} {
		if a, ok := o.answers[key]; ok {
			return a, true
		}
	}
	return answer{}, false
}

func sorted(all []Deviation) []Deviation {
	slices.SortFunc(all, func(a, b Deviation) int {
		return strings.Compare(a.Pointer+" "+a.Keyword,
			b.Pointer+" "+b.Keyword)
	})
	return slices.Compact(all)
}

// parse decodes a body within the bounds. The value is nil when it is beyond
// them or not JSON.
func parse(body []byte) (value *any, found []Deviation) {
	whole := func(keyword, format string, args ...any) []Deviation {
		return append(found, Deviation{Keyword: keyword, Message: fmt.Sprintf(format, args...)})
	}
	if len(body) > MaxBody {
		return nil, whole("size", "the body is larger than %d bytes", MaxBody)
	}
	if text, marked := bytes.CutPrefix(body, byteOrderMark); marked {
		found, body = whole("json", "the body starts with a byte order mark (RFC 8259 section 8.1)"), text
	}
	if !utf8.Valid(body) {
		found = whole("json", "the body is not UTF-8")
	}
	if !json.Valid(body) {
		return nil, whole("json", "the body is not one JSON value")
	}
	s := scanner{}
	safe := s.scan(body)
	found = append(found, s.found...)
	if !safe {
		return nil, found
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return nil, whole("json", "the body is not one JSON value")
	}
	return &v, found
}

func leaves(found []Deviation, e *jsonschema.ValidationError) []Deviation {
	if len(found) >= maxDeviations {
		return found
	}
	if len(e.Causes) > 0 {
		for _, cause := range e.Causes {
			found = leaves(found, cause)
		}
		return found
	}
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		for _, name := range k.Missing[:min(len(k.Missing), maxDeviations)] {
			found = append(found, deviation(append(slices.Clone(e.InstanceLocation), name), "required", "", ""))
		}
		return found
	case *kind.Type:
		return append(found, deviation(e.InstanceLocation, "type", k.Got, strings.Join(k.Want, " or ")))
	}
	keyword := path.Base(e.SchemaURL) // a boolean schema has no keyword of its own
	if own := e.ErrorKind.KeywordPath(); len(own) > 0 {
		keyword = own[0]
	}
	return append(found, deviation(e.InstanceLocation, keyword, "", ""))
}

func deviation(location []string, keyword, got, want string) Deviation {
	d := Deviation{Pointer: pointer(location), Keyword: keyword}
	switch keyword {
	case "required":
		d.Message = "is required and missing"
	case "type":
		d.Message = fmt.Sprintf("is of type %s, want %s", got, want)
	case "additionalProperties", "unevaluatedProperties":
		d.Message = "holds a member that the schema leaves no room for"
	default:
		d.Message = fmt.Sprintf("does not satisfy the schema's %q", keyword)
	}
	return d
}

func pointer(location []string) string {
	var b strings.Builder
	for _, p := range location {
		b.WriteString("/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(p[:min(len(p), maxPointer)]))
		if b.Len() > maxPointer {
			return strings.ToValidUTF8(b.String()[:maxPointer], "") + "..."
		}
	}
	return b.String()
}

// typeName names the JSON type of a decoded value.
func typeName(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case string:
		return "string"
	case bool:
		return "boolean"
	case json.Number, float64, int64:
		return "number"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	}
	return "unknown"
}
