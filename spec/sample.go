package spec

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// sampler makes up values for which a document gives a schema and no value. Equal
// salts make equal values.
type sampler struct {
	salt  string
	depth int
}

// maxSampled is how deep objects are made up.
const maxSampled = 8

// value makes up one; ok is false where the schema asks for more than is understood.
func (m sampler) value(s node) (value any, ok bool) {
	s = unwrapped(s)
	if m.depth++; m.depth > maxSampled {
		return nil, false
	}
	if v := firstOf(examples(s), "", s); v != nil {
		return v, true
	}
	for _, keyword := range []string{"oneOf", "anyOf"} {
		if branches := s.get(keyword).list(); len(branches) > 0 {
			return m.value(branches[0])
		}
	}
	switch declaredType(s) {
	case "integer", "number":
		return jsonNumber(s), true
	case "boolean":
		return true, true
	case "array":
		v, ok := m.value(s.get("items"))
		return []any{v}, ok
	case "object":
		return m.object(s)
	}
	return m.text(s)
}

func (m sampler) object(s node) (value any, ok bool) {
	members, out := flatten(s), map[string]any{}
	for _, name := range members.required {
		if Confidential(name) {
			return nil, false
		}
		if out[name], ok = m.value(members.properties[name]); !ok {
			return nil, false
		}
	}
	return out, true
}

// declaredType is the type of a schema, or the one that its other keywords tell.
func declaredType(s node) string {
	if p := paramSpec("", s, true); p.Type != "" {
		return p.Type
	}
	switch {
	case s.get("properties").isMap() || len(s.get("allOf").list()) > 0:
		return "object"
	case s.get("items").isMap():
		return "array"
	}
	return "string"
}

// jsonNumber is 1, or what the limits of the schema leave next to it.
func jsonNumber(s node) any {
	limit := func(keyword string, step float64) (float64, bool) {
		n, err := strconv.ParseFloat(s.get(keyword).text(), 64)
		if s.get("exclusive"+strings.ToUpper(keyword[:1])+keyword[1:]).value == true { // OpenAPI 3.0
			n += step
		}
		if e, err := strconv.ParseFloat(s.get("exclusive"+strings.ToUpper(keyword[:1])+keyword[1:]).text(), 64); err == nil {
			return e + step, true
		}
		return n, err == nil
	}
	n := 1.0
	if most, ok := limit("maximum", -1); ok {
		n = min(n, most)
	}
	if least, ok := limit("minimum", 1); ok {
		n = max(n, least)
	}
	return n
}

// text makes up a string in the schema's format, to its pattern, or in plain words.
func (m sampler) text(s node) (value any, ok bool) {
	least, _ := strconv.Atoi(s.get("minLength").text())
	most, err := strconv.Atoi(s.get("maxLength").text())
	if err != nil || most < 0 {
		most = maxGenerated
	}
	text := strings.TrimSpace("dfcheck " + m.salt)
	if pattern := s.get("pattern").text(); pattern != "" {
		candidates := append([]string{text, m.formatted(s.get("format").text())}, matching(pattern, least)...)
		i := slices.IndexFunc(candidates, func(c string) bool {
			return c != "" && matches(pattern, c) && utf8.RuneCountInString(c) >= least && utf8.RuneCountInString(c) <= most
		})
		if i < 0 {
			return nil, false
		}
		return candidates[i], true
	}
	if f := m.formatted(s.get("format").text()); f != "" {
		return f, len(f) >= least && len(f) <= most
	}
	if least > maxGenerated {
		return nil, false
	}
	if n := len(text); n < least {
		text += strings.Repeat("x", least-n)
	}
	return text[max(0, len(text)-most):], most > 0
}

// formatted is a value of a string format, "" for one that is free text or unknown.
func (m sampler) formatted(format string) string {
	sum := sha256.Sum256([]byte("dfcheck " + m.salt))
	now := time.Now().UTC()
	switch format {
	case "uuid":
		id := sum[:16]
		id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80 // version 4 (RFC 9562)
		return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
	case "date-time":
		return now.Format(time.RFC3339)
	case "date":
		return now.Format(time.DateOnly)
	case "time":
		return now.Format("15:04:05Z")
	case "email", "idn-email":
		return "dfcheck@example.com"
	case "uri", "url", "iri", "uri-reference":
		return "https://dfcheck.example/"
	case "hostname", "idn-hostname":
		return "dfcheck.example"
	case "ipv4", "ip":
		return "192.0.2.1"
	case "ipv6":
		return "2001:db8::1"
	case "byte", "base64", "base64url":
		return base64.StdEncoding.EncodeToString(sum[:6])
	case "hex":
		return hex.EncodeToString(sum[:8])
	case "mac":
		return "02:00:5e:00:00:01"
	}
	return ""
}

func matches(pattern, text string) bool {
	re, err := regexp.Compile(pattern)
	return err == nil && re.MatchString(text)
}

// matching are texts that a pattern matches, the shortest first; none for a pattern
// in a dialect that is not Go's.
func matching(pattern string, least int) []string {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil
	}
	var out []string
	for more := range 3 { // what may be repeated is, none, once, or as often as needed
		if text := matched(re.Simplify(), []int{0, 1, least}[more], 0); len(text) <= maxGenerated {
			out = append(out, text)
		}
	}
	return out
}

// matched is a text that an expression matches, in which a star stands for so many.
func matched(re *syntax.Regexp, stars, depth int) string {
	if depth > maxDepth {
		return ""
	}
	each := func(n int) string {
		var b strings.Builder
		for range min(n, maxGenerated) {
			b.WriteString(matched(re.Sub[0], stars, depth+1))
			if b.Len() > maxGenerated {
				break
			}
		}
		return b.String()
	}
	switch re.Op {
	case syntax.OpLiteral:
		return string(re.Rune)
	case syntax.OpCharClass:
		return string(legible(re.Rune))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return "x"
	case syntax.OpStar:
		return each(stars)
	case syntax.OpQuest:
		return each(min(stars, 1))
	case syntax.OpPlus:
		return each(max(stars, 1))
	case syntax.OpCapture, syntax.OpAlternate:
		return each(1)
	case syntax.OpConcat:
		var b strings.Builder
		for _, sub := range re.Sub {
			b.WriteString(matched(sub, stars, depth+1))
		}
		return b.String()
	}
	return ""
}

// legible is a character of a class: a letter or digit where it has one.
func legible(class []rune) rune {
	for _, want := range "a1A" {
		for i := 0; i+1 < len(class); i += 2 {
			if class[i] <= want && want <= class[i+1] {
				return want
			}
		}
	}
	if len(class) == 0 {
		return 'x'
	}
	return class[0]
}
