package spec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Bounds of a body that is validated at all. Validators compute numbers
// exactly, so that 1e999999 would cost them a million digits.
const (
	maxDepth    = 64
	maxNumber   = 64 // characters of one number
	maxExponent = 3  // digits of a number's exponent
)

// scanner walks the tokens of valid JSON before anything builds values of them.
type scanner struct {
	found []Deviation
	open  []map[string]bool // names of the open objects, nil for an open array
	name  bool              // the next string is a member name
}

// scan reports whether the body is within the bounds, and notes names that one
// object has twice (RFC 8259 section 4).
func (s *scanner) scan(body []byte) (safe bool) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	for {
		token, err := d.Token()
		if err != nil {
			return true // the end
		}
		switch t := token.(type) {
		case json.Delim:
			if !s.nest(t) {
				return false
			}
		case json.Number:
			if !s.number(string(t)) {
				return false
			}
		case string:
			if s.name {
				s.member(t)
				continue
			}
		}
		s.name = len(s.open) > 0 && s.open[len(s.open)-1] != nil
	}
}

func (s *scanner) nest(d json.Delim) bool {
	switch d {
	case '{':
		s.open = append(s.open, map[string]bool{})
	case '[':
		s.open = append(s.open, nil)
	default:
		s.open = s.open[:len(s.open)-1]
	}
	if len(s.open) > maxDepth {
		s.found = append(s.found, Deviation{Keyword: "depth", Want: fmt.Sprintf("to be nested at most %d deep", maxDepth),
			Got: "more"})
		return false
	}
	return true
}

func (s *scanner) number(text string) bool {
	_, exponent, _ := strings.Cut(strings.ToLower(text), "e")
	if len(text) <= maxNumber && len(strings.TrimLeft(exponent, "+-0")) <= maxExponent {
		return true
	}
	s.found = append(s.found, Deviation{Keyword: "number", Got: "a longer one",
		Want: fmt.Sprintf("to have numbers of at most %d characters, with exponents of at most %d digits", maxNumber,
			maxExponent)})
	return false
}

func (s *scanner) member(name string) {
	names := s.open[len(s.open)-1]
	if names[name] && len(s.found) < maxDeviations {
		s.found = append(s.found, Deviation{Pointer: pointer([]string{name}), Keyword: "duplicate",
			Want: "to be given once in its object", Got: "the same name twice"})
	}
	names[name], s.name = true, false
}
