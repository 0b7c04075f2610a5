package spec

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Deviation is one way in which an answer departs from the document. It holds
// no values of the answer, only names of members, and none that is too long.
type Deviation struct {
	Pointer string `json:"pointer,omitempty"` // JSON Pointer (RFC 6901) into the body, "" for the whole answer
	// the schema keyword, or status, contentType, size, depth, number, json, duplicate
	Keyword string `json:"keyword"`
	Want    string `json:"want"`          // what the document asks: "to match the pattern ^[0-9]{6}$"
	Got     string `json:"got,omitempty"` // what came, where that can be told without its value
}

func (d Deviation) String() string {
	return fmt.Sprintf("expected %s %s, got %s", d.Subject(), d.Want, cmp.Or(d.Got, "another value"))
}

// Subject is what deviates: the member as a JSON Pointer, or the answer.
func (d Deviation) Subject() string { return cmp.Or(d.Pointer, "the answer") }

// Renamed is the deviation with its member names changed by f.
func (d Deviation) Renamed(f func(string) string) Deviation {
	names := strings.Split(d.Pointer, "/")
	for i, name := range names {
		names[i] = escapeName.Replace(f(unescapeName.Replace(name)))
	}
	d.Pointer = strings.Join(names, "/")
	return d
}

// Bounds of what is looked at and of what is reported: the body is the peer's.
const (
	maxDeviations = 20
	maxName       = 64  // bytes of a member's name
	maxPointer    = 240 // bytes
	maxDemand     = 200 // bytes of what a schema asks
)

// CheckResponse compares one recorded answer with the document: status, media
// type, then the body against the schema. An error status that the document
// does not mention is no deviation, because the error codes come from the
// standards. contentType is the header's value.
func (o *Operation) CheckResponse(status int, contentType string, body []byte) []Deviation {
	declared, ok := o.answer(status)
	if !ok {
		if status >= 400 || !o.declaresSuccess() {
			return nil
		}
		return []Deviation{{Keyword: "status", Want: "to have a status that the document declares (" + o.statuses() + ")",
			Got: strconv.Itoa(status)}}
	}
	if len(declared.types) == 0 {
		return nil
	}
	var found []Deviation
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil || !declared.allows(media) {
		found = append(found, Deviation{Keyword: "contentType", Want: "to have the media type " +
			strings.Join(declared.types, " or "), Got: "another"})
	}
	schema := declared.schema(media)
	if schema == nil {
		return found
	}
	value, problems := parse(body)
	found = append(found, problems...)
	if value != nil {
		found = append(found, sorted(schema.deviations(*value))...)
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

// declaresSuccess reports whether the document says anything of answers that are no
// errors: one that does not promises nothing of them.
func (o *Operation) declaresSuccess() bool {
	for status := range o.answers {
		if strings.HasPrefix(status, "2") || strings.HasPrefix(status, "3") {
			return true
		}
	}
	return false
}

// Describes reports whether the document says what the body of an answer with
// this status holds.
func (o *Operation) Describes(status int) bool {
	a, ok := o.answer(status)
	return ok && len(a.schemas) > 0
}

// Declares reports whether the document names a status, or its class.
func (o *Operation) Declares(status int) bool {
	_, exact := o.answers[strconv.Itoa(status)]
	_, class := o.answers[fmt.Sprintf("%dXX", status/100)]
	return exact || class
}

// DescribesErrors reports whether the document says what the body of any error
// holds.
func (o *Operation) DescribesErrors() bool {
	for status, a := range o.answers {
		if len(a.schemas) > 0 && !strings.HasPrefix(status, "2") && !strings.HasPrefix(status, "3") {
			return true
		}
	}
	return false
}

// statuses lists the declared ones.
func (o *Operation) statuses() string {
	return strings.Join(slices.Sorted(maps.Keys(o.answers)), ", ")
}

func sorted(all []Deviation) []Deviation {
	slices.SortFunc(all, func(a, b Deviation) int {
		return cmp.Or(cmp.Compare(a.Pointer, b.Pointer), cmp.Compare(a.Keyword, b.Keyword), cmp.Compare(a.Want, b.Want))
	})
	return slices.Compact(all)
}

// parse decodes a body within the bounds. The value is nil when it is beyond
// them or not JSON.
func parse(body []byte) (value *any, found []Deviation) {
	whole := func(keyword, want, got string) []Deviation {
		return append(found, Deviation{Keyword: keyword, Want: want, Got: got})
	}
	if len(body) > MaxBody {
		return nil, whole("size", fmt.Sprintf("to be at most %d bytes long", MaxBody), "more")
	}
	if text, marked := bytes.CutPrefix(body, byteOrderMark); marked {
		found, body = whole("json", "to be JSON without a byte order mark (RFC 8259 section 8.1)", "one"), text
	}
	if !utf8.Valid(body) {
		found = whole("json", "to be in UTF-8 (RFC 8259 section 8.1)", "other bytes")
	}
	if !json.Valid(body) {
		return nil, whole("json", "to be one JSON value", "none")
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
		return nil, whole("json", "to be one JSON value", "none")
	}
	return &v, found
}

// pointer names a place in a body. Names are the peer's: one that is too long is
// told by its length.
func pointer(location []string) string {
	var b strings.Builder
	for _, name := range location {
		if len(name) > maxName || !utf8.ValidString(name) {
			name = fmt.Sprintf("(a name of %d bytes)", len(name))
		}
		if b.Len()+len(name) > maxPointer {
			return b.String() + "/..."
		}
		b.WriteString("/" + escapeName.Replace(name))
	}
	return b.String()
}

var (
	escapeName   = strings.NewReplacer("~", "~0", "/", "~1")
	unescapeName = strings.NewReplacer("~1", "/", "~0", "~")
)
