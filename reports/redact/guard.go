package redact

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// A Leak is a secret in what was about to be written. It names the place, never
// the secret.
type Leak struct {
	File  string
	Place string // line, JSON pointer and exchange
	Name  string // pseudonym
}

func (l *Leak) Error() string {
	return fmt.Sprintf("internal error: %s would have shown a secret (%s) at %s; it was not written", l.File, l.Name,
		l.Place)
}

// Check reads what is about to be written, and returns a *Leak when it holds a
// secret that was issued or configured, however it is written. Those that are
// replaced in their places alone are looked for there.
func (r *Redactor) Check(file string, text []byte) error {
	body := string(text)
	if isJSON(body) {
		return r.checkJSON(file, body)
	}
	if name, at := r.leak(view{text: body}); name != "" {
		line := body[strings.LastIndexByte(body[:at], '\n')+1:]
		line, _, _ = strings.Cut(line, "\n")
		return &Leak{file, fmt.Sprintf("line %d%s", 1+strings.Count(body[:at], "\n"), exchangeIn(line)), name}
	}
	return nil
}

// isJSON reports whether a text is a JSON document, or JSON lines.
func isJSON(text string) bool {
	if json.Valid([]byte(text)) {
		return true
	}
	for line := range strings.Lines(text) {
		if !json.Valid([]byte(line)) {
			return false
		}
	}
	return text != ""
}

var exchangeID = regexp.MustCompile(`\bx\d+\b`)

func exchangeIn(text string) string {
	if id := exchangeID.FindString(text); id != "" {
		return ", exchange " + id
	}
	return ""
}

// checkJSON reads the strings of a JSON document, or of JSON lines.
func (r *Redactor) checkJSON(file, body string) error {
	var found *Leak
	walk(body, func(t token) {
		if found != nil {
			return
		}
		if !t.quoted { // numbers are our own
			return
		}
		name, _ := r.leak(t.view)
		if kind := members[t.member]; name == "" && kind != "" && !t.name {
			name = r.held(t.view.text)
		}
		if name != "" {
			found = &Leak{file, place(body, t.from), name}
		}
	})
	if found == nil {
		return nil
	}
	return found
}

// leak is the pseudonym of a secret in a view, and where it is.
func (r *Redactor) leak(v view) (name string, at int) {
	v.layers(func(v view) {
		if name != "" {
			return
		}
		if hits := r.match(v, real); len(hits) > 0 {
			name, at = hits[0].secret, hits[0].from
			return
		}
		places(v, func(kind string, i, j int) {
			if n := r.held(v.text[i:j]); n != "" && name == "" {
				name = n
				at, _ = v.span(i, j)
			}
		})
		basics(v.text, func(i, j int) {
			if _, secret, ok := credentials(v.text[i:j]); ok && name == "" {
				name = r.held(secret)
				at, _ = v.span(i, j)
			}
		})
	})
	return name, at
}

// held is the pseudonym of a text that is a secret, issued or configured.
func (r *Redactor) held(text string) string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if s := r.known[text]; s != nil && s.standing == real {
		return s.name
	}
	return ""
}

// place is where in JSON lines an offset is: the line, the JSON pointer (RFC
// 6901), and the id of the exchange around it.
func place(body string, offset int) string {
	type level struct {
		step  string
		array bool
		index int
	}
	var open []level
	name, id := "", ""
	step := func() string {
		if len(open) > 0 && open[len(open)-1].array {
			return strconv.Itoa(open[len(open)-1].index)
		}
		return escape.Replace(name)
	}
	for i := 0; i < offset; i++ {
		switch body[i] {
		case '"':
			v, end, _ := literal(body, i+1)
			if i = end; end >= offset {
				break
			}
			if strings.HasPrefix(strings.TrimLeft(body[min(end+1, len(body)):min(end+64, len(body))], " \t\r\n"), ":") {
				name = v.text
			} else if name == "id" && exchangeID.MatchString(v.text) {
				id = ", exchange " + v.text
			}
		case '{', '[':
			open, name = append(open, level{step: step(), array: body[i] == '['}), ""
		case '}', ']':
			open = open[:max(len(open)-1, 0)]
		case ',':
			if len(open) > 0 {
				open[len(open)-1].index++
			}
		}
	}
	path := ""
	for _, l := range open[min(1, len(open)):] {
		path += "/" + l.step
	}
	return fmt.Sprintf("line %d, %s/%s%s", 1+strings.Count(body[:offset], "\n"), path, step(), id)
}

var escape = strings.NewReplacer("~", "~0", "/", "~1")
