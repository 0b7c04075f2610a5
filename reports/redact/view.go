package redact

import (
	"html"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// A view is a text as it reads once an encoding is undone. It knows for each
// byte which bytes of the source it came from, so that what is found in a view
// can be replaced in the source: whole escapes, and nothing beside them.
type view struct {
	text     string
	from, to []int32 // of each byte; nil where the view is the source itself
	base     int     // of the source, when from is nil
}

// span is where in the source the bytes i to j of the view came from.
func (v view) span(i, j int) (from, to int) {
	if v.from == nil {
		return v.base + i, v.base + j
	}
	return int(v.from[i]), int(v.to[j-1])
}

// builder makes a view piece by piece.
type builder struct {
	text     []byte
	from, to []int32
}

func (b *builder) put(text string, from, to int) {
	b.text = append(b.text, text...)
	for range len(text) {
		b.from, b.to = append(b.from, int32(from)), append(b.to, int32(to))
	}
}

func (b *builder) view() view {
	if b.from == nil {
		b.from = []int32{}
	}
	return view{text: string(b.text), from: b.from, to: b.to}
}

// maxLayers bounds how many encodings around each other are undone: a URL in an
// attribute in a page in a JSON string is three. maxViews bounds how many texts
// are looked at for it.
const (
	maxLayers = 4
	maxViews  = 24
)

// A coding is a way in which texts are written with escapes, which begin with one
// of some bytes. read takes what a text begins with, and returns what it stands
// for and its length; 0 when it is no such escape.
type coding struct {
	leads string
	read  func(string) (string, int)
}

// codings are those of strings of JSON and of scripts, of URLs, HTML, and shell
// words; forms have a space besides (WHATWG URL section 5.1).
var (
	codings = []coding{{`\`, backslash}, {"%", percent}, {"&", entity}, {"'", shell}}
	form    = coding{"+%", unform}
)

// layers calls f with the view, and with what it reads as when one kind of
// escapes is undone, and another in that, in every order.
func (v view) layers(f func(view)) {
	f(v)
	if !strings.ContainsAny(v.text, `\%&'`) {
		return // most texts have no escapes
	}
	seen := map[string]bool{v.text: true}
	for todo, depth := []view{v}, 0; len(todo) > 0 && depth < maxLayers; depth++ {
		var next []view
		for _, v := range todo {
			for _, e := range codings {
				d, changed := v.decoded(e)
				if !changed || seen[d.text] || len(seen) == maxViews {
					continue
				}
				seen[d.text] = true
				f(d)
				next = append(next, d)
			}
		}
		todo = next
	}
}

// decoded undoes one layer of escapes.
func (v view) decoded(e coding) (view, bool) {
	first := e.next(v.text, 0)
	if first == len(v.text) {
		return v, false
	}
	b := builder{text: make([]byte, 0, len(v.text)), from: make([]int32, 0, len(v.text)),
		to: make([]int32, 0, len(v.text))}
	for i, at := 0, first; i < len(v.text); at = e.next(v.text, i) {
		for ; i < at; i++ {
			from, to := v.span(i, i+1)
			b.put(v.text[i:i+1], from, to)
		}
		if at < len(v.text) {
			out, n := e.read(v.text[at:])
			from, to := v.span(at, at+n)
			b.put(out, from, to)
			i += n
		}
	}
	return b.view(), true
}

// next is where the next such escape begins in a text, or the text's length.
func (e coding) next(text string, i int) int {
	for i < len(text) {
		at := strings.IndexAny(text[i:], e.leads)
		if at < 0 {
			break
		}
		if i += at; e.at(text[i:]) {
			return i
		}
		i++
	}
	return len(text)
}

func (e coding) at(text string) bool { _, n := e.read(text); return n > 0 }

// shell reads a quotation mark in a word in such marks.
func shell(s string) (string, int) {
	if strings.HasPrefix(s, `'\''`) {
		return "'", 4
	}
	return "", 0
}

func unform(s string) (string, int) {
	if s[0] == '+' {
		return " ", 1
	}
	return percent(s)
}

func percent(s string) (string, int) {
	if s[0] == '%' && len(s) >= 3 {
		if n, err := strconv.ParseUint(s[1:3], 16, 8); err == nil {
			return string([]byte{byte(n)}), 3
		}
	}
	return "", 0
}

const controls = "bfnrt"

func backslash(s string) (string, int) {
	if s[0] != '\\' || len(s) < 2 {
		return "", 0
	}
	c := s[1]
	switch {
	case c == 'u':
		return unicodeEscape(s)
	case c == 'x' && len(s) >= 4:
		if n, err := strconv.ParseUint(s[2:4], 16, 8); err == nil {
			return string(rune(n)), 4
		}
	case strings.IndexByte(controls, c) >= 0:
		return "\b\f\n\r\t"[strings.IndexByte(controls, c):][:1], 2
	case c > ' ' && c < 0x7f && !wordByte(c):
		return s[1:2], 2
	}
	return "", 0
}

// unicodeEscape reads \uXXXX, two of them where they are a surrogate pair.
func unicodeEscape(s string) (string, int) {
	high, ok := hex4(s)
	if !ok {
		return "", 0
	}
	if utf16.IsSurrogate(high) {
		if low, ok := hex4(s[6:]); ok {
			if r := utf16.DecodeRune(high, low); r != utf8.RuneError {
				return string(r), 12
			}
		}
		return string(utf8.RuneError), 6
	}
	return string(high), 6
}

func hex4(s string) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(s[2:6], 16, 16)
	return rune(n), err == nil
}

// maxEntity is the length of the longest entity that is read, in bytes.
const maxEntity = 34

func entity(s string) (string, int) {
	if s[0] != '&' {
		return "", 0
	}
	n := 1
	for n < len(s) && n < maxEntity && (s[n] == '#' || wordByte(s[n]) && s[n] != '_') {
		n++
	}
	if n < len(s) && s[n] == ';' {
		n++
	}
	if out := html.UnescapeString(s[:n]); out != s[:n] {
		return out, n
	}
	return "", 0
}

func wordByte(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || c == '_'
}

// literal reads the JSON string whose opening quotation mark is before offset i
// of the source: its text, as encoding/json reads it, and where it ends. What is
// broken off ends with the source.
func literal(source string, i int) (v view, end int, closed bool) {
	b := builder{}
	for i < len(source) {
		c := source[i]
		switch {
		case c == '"':
			return b.view(), i, true
		case c == '\\':
			out, n := backslash(source[i:])
			if n == 0 { // not JSON; as it stands, so that no quotation mark is skipped
				out, n = source[i:i+1], 1
			}
			b.put(out, i, i+n)
			i += n
		case c < utf8.RuneSelf:
			b.put(source[i:i+1], i, i+1)
			i++
		default:
			r, n := utf8.DecodeRuneInString(source[i:])
			b.put(string(r), i, i+n)
			i += n
		}
	}
	return b.view(), i, false
}
