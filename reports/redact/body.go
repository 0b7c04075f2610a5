package redact

import (
	"encoding/json"
	"mime"
	"regexp"
	"strings"

	"github.com/dfcheck/dfcheck/spec"
)

// About is what must be known of a body.
type About struct {
	ContentType string
	// Refusal: a text with spaces in the place of a secret is a message about
	// it, as in {"device_code": "This field is required."}.
	Refusal bool
	Request bool // it was sent: what stands in it may be made up
	Cut     bool // the body was longer, or was broken off
}

// Text returns a text with pseudonyms in the places of secrets.
func (r *Redactor) Text(text string) string {
	return replace(text, r.find(view{text: text}, false))
}

// Body returns a body with pseudonyms in the places of secrets: in the strings
// of JSON, the fields of forms and of multipart bodies, in any other text.
// Everything else stays byte for byte, defects included, so that a body keeps
// its shape. It must be given whole: a secret that was cut is found only where
// About says so.
func (r *Redactor) Body(body string, a About) string {
	mediaType, params, _ := mime.ParseMediaType(a.ContentType)
	start := strings.TrimLeft(strings.TrimPrefix(body, "\ufeff"), " \t\r\n")
	var hits []hit
	switch {
	case start == "":
		return body
	case strings.HasPrefix(start, "--") && mediaType == string(spec.Multipart):
		hits = r.multipart(body, params["boundary"], a)
	case strings.IndexByte("{[\"", start[0]) >= 0:
		hits = r.json(body, a)
	case mediaType == string(spec.Form) || formShaped.MatchString(start):
		hits = append(r.form(body, a), r.matches(view{text: body})...) // it may only look like one
	default:
		hits = r.find(view{text: body}, a.Cut)
	}
	if a.Cut { // in the middle of a field, perhaps
		end := max(0, len(body)-maxTail)
		view{text: body[end:], base: end}.layers(func(v view) { hits = append(hits, r.tail(v)...) })
	}
	return replace(body, hits)
}

// maxTail is how much of the end of a body that was cut may be the beginning of
// one secret, in bytes.
const maxTail = 16 << 10

var formShaped = regexp.MustCompile(`^[A-Za-z0-9_.%\[\]-]+=[^\s<>]*$`)

// valueOf is the hit for a value that stands where a secret stands. What an
// accepting answer gives out is a secret from then on.
func (r *Redactor) valueOf(kind, value string, v view, a About) []hit {
	if value == "" || r.pseudonym(value) || a.Refusal && strings.ContainsAny(value, " \t\n") && !r.knows(value) {
		return r.find(v, a.Cut)
	}
	from, to := v.span(0, len(v.text))
	standing := real
	switch {
	case a.Request:
		standing = sent
	case a.Refusal || a.Cut:
		standing = placed
	}
	name := r.name(kind, value, standing)
	return []hit{{from, to, name, exact}}
}

func (r *Redactor) knows(value string) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.known[value] != nil
}

// json finds the secrets in the strings of a JSON text, broken ones included.
func (r *Redactor) json(body string, a About) (hits []hit) {
	walk(body, func(t token) {
		kind := members[t.member]
		switch {
		case !t.quoted && kind != "" && t.number():
			hits = append(hits, hit{t.from, t.to, "0", 1}) // a code as a number stays one
		case !t.quoted: // punctuation, and numbers must stay numbers
		case kind != "" && !t.name:
			of := a
			of.Cut = !t.closed
			hits = append(hits, r.valueOf(kind, t.view.text, t.view, of)...)
		default:
			hits = append(hits, r.whole(t.view, a.Cut && !t.closed)...)
		}
	})
	if !json.Valid([]byte(strings.TrimPrefix(body, "\ufeff"))) {
		hits = append(hits, r.find(view{text: body}, a.Cut)...)
	}
	return hits
}

// whole finds the secrets in a value. One that is a secret from end to end goes
// by its own name, whatever else reads like it.
func (r *Redactor) whole(v view, cut bool) []hit {
	r.mu.RLock()
	s := r.known[v.text]
	r.mu.RUnlock()
	if s != nil && s.standing != placed && len(s.value) >= minSearched && !s.word && !r.isShown(s.value) {
		from, to := v.span(0, len(v.text))
		return []hit{{from, to, s.name, 2*len(v.text) + 1}}
	}
	return r.find(v, cut)
}

func (r *Redactor) isShown(value string) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return strings.Contains(r.shown.String(), value)
}

// A token of JSON: a string, or what stands between strings.
type token struct {
	from, to int  // in the source, without quotation marks
	view     view // of a string
	quoted   bool
	closed   bool
	name     bool   // it is the name of a member
	member   string // the name it stands under, in an array that of the array
	source   string
}

func (t token) number() bool {
	text := strings.TrimSpace(t.source[t.from:t.to])
	return text != "" && strings.Trim(text, "0123456789.eE+-") == ""
}

// walk reads a JSON text token by token. It never fails: of what is no JSON it
// makes what it can.
func walk(source string, f func(token)) {
	var open []string // what stands under which name, for each open array and object
	member := ""
	under := func() string {
		if member == "" && len(open) > 0 {
			return open[len(open)-1]
		}
		return member
	}
	begin := 0
	flush := func(end int) {
		if end > begin {
			f(token{from: begin, to: end, member: under(), source: source})
		}
	}
	for i := 0; i < len(source); i++ {
		switch source[i] {
		case '"':
			flush(i)
			t := token{from: i + 1, quoted: true, source: source}
			t.view, t.to, t.closed = literal(source, i+1)
			i = t.to
			rest := strings.TrimLeft(source[min(i+1, len(source)):min(i+64, len(source))], " \t\r\n")
			t.name = strings.HasPrefix(rest, ":")
			if t.name {
				member = t.view.text
			} else {
				t.member = under()
				member = ""
			}
			f(t)
			begin = min(i+1, len(source))
		case ',', ':', '{', '[', '}', ']':
			flush(i)
			begin = i + 1
			switch source[i] {
			case ',':
				member = ""
			case '{':
				open, member = append(open, ""), ""
			case '[':
				open, member = append(open, under()), ""
			case '}', ']':
				open, member = open[:max(len(open)-1, 0)], ""
			}
		}
	}
	flush(len(source))
}

// form finds the secrets in the fields of a form.
func (r *Redactor) form(body string, a About) (hits []hit) {
	for i := 0; i < len(body); {
		end := i + strings.IndexByte(body[i:]+"&", '&')
		pair := body[i:end]
		name, value, found := strings.Cut(pair, "=")
		of := a
		of.Cut = a.Cut && end == len(body)
		if found {
			plain, _ := view{text: name}.decoded(form)
			v, _ := view{text: value, base: i + len(name) + 1}.decoded(form)
			if kind := members[field(plain.text)]; kind != "" && value != "" {
				hits = append(hits, r.valueOf(kind, v.text, v, of)...)
			} else {
				hits = append(hits, r.whole(v, of.Cut)...)
			}
		}
		hits = append(hits, r.find(view{text: pair[:len(name)], base: i}, of.Cut && !found)...)
		i = end + 1
	}
	return hits
}

// field is the name of a form field without what PHP and Rails put around it:
// token[device_code].
func field(name string) string {
	if i := strings.LastIndexByte(name, '['); i >= 0 && strings.HasSuffix(name, "]") && i+1 < len(name)-1 {
		return name[i+1 : len(name)-1]
	}
	return name
}

var partName = regexp.MustCompile(`(?i)\bname="?([^";\r\n]*)`)

// multipart finds the secrets in the parts of a multipart body (RFC 7578).
func (r *Redactor) multipart(body, boundary string, a About) (hits []hit) {
	if boundary == "" {
		boundary, _, _ = strings.Cut(strings.TrimPrefix(strings.TrimLeft(body, " \t\r\n"), "--"), "\r\n")
	}
	at := 0
	for part := range strings.SplitSeq(body, "--"+boundary) {
		header, content, found := strings.Cut(part, "\r\n\r\n")
		if !found {
			header, content, found = strings.Cut(part, "\n\n")
		}
		of := a
		of.Cut = a.Cut && at+len(part) == len(body)
		if found {
			content = strings.TrimSuffix(strings.TrimSuffix(content, "\n"), "\r")
			v := view{text: content, base: at + strings.LastIndex(part, content)}
			name := partName.FindStringSubmatch(header)
			if name != nil && members[field(name[1])] != "" && content != "" {
				hits = append(hits, r.valueOf(members[field(name[1])], content, v, of)...)
			} else {
				hits = append(hits, r.whole(v, of.Cut)...)
			}
		}
		hits = append(hits, r.find(view{text: header, base: at}, of.Cut && !found)...)
		at += len(part) + len("--"+boundary)
	}
	return hits
}
