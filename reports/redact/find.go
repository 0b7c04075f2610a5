package redact

import (
	"cmp"
	"encoding/base64"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// index finds the patterns that begin at a place of a text, by their first
// eight bytes.
type index struct {
	patterns map[uint64][]pattern
	filter   [1 << 10]uint64 // of 16-bit hashes of the keys
	longest  int
}

// pattern is a way a secret reads. A plus sign and a space are one: forms write
// one for the other.
type pattern struct {
	text   string
	secret *secret
}

func fold(c byte) byte {
	if c == '+' {
		return ' '
	}
	return c
}

func folded(s string) string { return strings.ReplaceAll(s, "+", " ") }

func hash(key uint64) uint64 { return key * 0x9e3779b97f4a7c15 >> 48 }

func (x *index) add(s *secret, text string) {
	if len(text) < minSearched {
		return
	}
	text = folded(text)
	key := uint64(0)
	for i := range minSearched {
		key = key<<8 | uint64(text[i])
	}
	if x.patterns == nil {
		x.patterns = map[uint64][]pattern{}
	}
	if slices.Contains(x.patterns[key], pattern{text, s}) {
		return
	}
	x.patterns[key] = append(x.patterns[key], pattern{text, s})
	h := hash(key)
	x.filter[h>>6] |= 1 << (h & 63)
	x.longest = max(x.longest, len(text))
}

// A hit is a secret in a text.
type hit struct {
	from, to int // in the source
	secret   string
	size     int // of the secret
}

// match looks for the known secrets in a view.
func (r *Redactor) match(v view, least standing) (hits []hit) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	key := uint64(0)
	for i := range len(v.text) {
		key = key<<8 | uint64(fold(v.text[i]))
		if h := hash(key); i < minSearched-1 || r.index.filter[h>>6]&(1<<(h&63)) == 0 {
			continue
		}
		at := i - minSearched + 1
		for _, p := range r.index.patterns[key] {
			s := p.secret
			if s.standing < least || !begins(v.text[at:], p.text) ||
				s.word && (least == real || !bounded(v.text, at, at+len(p.text))) {
				continue
			}
			from, to := v.span(at, at+len(p.text))
			size := 2 * len(p.text)
			if v.text[at:at+len(p.text)] == s.value { // to the letter: before those that read alike
				size++
			}
			hits = append(hits, hit{from, to, s.name, size})
		}
	}
	return hits
}

func begins(text, pattern string) bool {
	if len(text) < len(pattern) {
		return false
	}
	for i := range len(pattern) {
		if fold(text[i]) != pattern[i] {
			return false
		}
	}
	return true
}

// bounded reports whether no word goes on beyond either end.
func bounded(text string, i, j int) bool {
	return (i == 0 || !wordByte(text[i-1])) && (j == len(text) || !wordByte(text[j]))
}

// minTail is the least part of a secret that is taken for one at the end of a
// text that was cut.
const minTail = 4

// tail finds the beginning of a secret at the end of a text that was cut there.
func (r *Redactor) tail(v view) (hits []hit) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	end := len(v.text)
	if i := strings.LastIndexAny(v.text, `\%&`); i >= 0 && len(v.text)-i < 8 {
		end = i // an escape may be broken off with it
	}
	for _, s := range r.known {
		if s.standing == placed || len(s.value) < minSearched {
			continue
		}
		value := folded(s.value)
		for _, end := range []int{len(v.text), end} {
			for n := min(len(value)-1, end); n >= minTail; n-- {
				if begins(v.text[end-n:end], value[:n]) {
					from, _ := v.span(end-n, end)
					_, to := v.span(end-n, len(v.text))
					hits = append(hits, hit{from, to, s.name, 2 * n})
					break
				}
			}
		}
	}
	return hits
}

// matches looks for the known secrets in every layer of a view.
func (r *Redactor) matches(v view) (hits []hit) {
	v.layers(func(v view) { hits = append(hits, r.match(v, sent)...) })
	return hits
}

// exact is the size of a hit that is sure of its name.
const exact = 1 << 20

// find looks for secrets in every layer of a view: known ones, and what stands
// where secrets stand. What stands there may be written in some encoding: the
// layer in which it is known names it, or else the first.
func (r *Redactor) find(v view, cut bool) (hits []hit) {
	type standing struct {
		from, to            int
		kind, value, before string
	}
	var unknown []standing // apart from each other: an outer layer goes before those in it
	stands := func(v view, i, j int, kind, value, before string) {
		from, to := v.span(i, j)
		if name := r.knownAs(value); name != "" {
			hits = append(hits, hit{from, to, before + name, exact})
		} else if !r.pseudonym(value) && !slices.ContainsFunc(unknown,
			func(s standing) bool { return from < s.to && s.from < to }) {
			unknown = append(unknown, standing{from, to, kind, value, before})
		}
	}
	v.layers(func(v view) {
		hits = append(hits, r.match(v, sent)...)
		places(v, func(kind string, i, j int) { stands(v, i, j, kind, v.text[i:j], "") })
		basics(v.text, func(i, j int) {
			if id, secret, ok := credentials(v.text[i:j]); ok {
				stands(v, i, j, ClientSecret, secret, id+":")
			}
		})
		if cut {
			hits = append(hits, r.tail(v)...)
		}
	})
	for _, s := range unknown {
		if !slices.ContainsFunc(hits, func(h hit) bool { return h.from <= s.from && s.to <= h.to && h.size >= exact }) {
			hits = append(hits, hit{s.from, s.to, s.before + r.name(s.kind, s.value, placed), 2 * (s.to - s.from)})
		}
	}
	return hits
}

// knownAs is the pseudonym of a secret that is known beyond its place.
func (r *Redactor) knownAs(value string) string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if s := r.known[value]; s != nil && s.standing != placed {
		return s.name
	}
	return ""
}

// basics finds Basic credentials in a text: what stands behind the word. A regular
// expression takes a third of the time of a whole report for it.
func basics(text string, f func(i, j int)) {
	const word = "basic"
	for at := 0; ; {
		space := strings.IndexByte(text[at:], ' ')
		if space < 0 {
			return
		}
		space += at
		at = space + 1
		begin := space - len(word)
		if begin < 0 || !strings.EqualFold(text[begin:space], word) || begin > 0 && wordByte(text[begin-1]) {
			continue
		}
		from := space + len(text[space:]) - len(strings.TrimLeft(text[space:], " "))
		to := from
		for to < len(text) && (wordByte(text[to]) || strings.IndexByte("+/-", text[to]) >= 0) {
			to++
		}
		if to-from < minCredentials {
			continue
		}
		for range 2 {
			if to < len(text) && text[to] == '=' {
				to++
			}
		}
		f(from, to)
		at = to
	}
}

// minCredentials is the least length of Basic credentials, in bytes of base64.
const minCredentials = 6

// credentials reads Basic credentials: an id that is safe to print, and the
// secret with its percent-encoding undone.
func credentials(text string) (id, secret string, ok bool) {
	text = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
	pair, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return "", "", false
	}
	id, secret, ok = strings.Cut(string(pair), ":")
	if plain, err := url.QueryUnescape(secret); err == nil {
		secret = plain
	}
	if plain, err := url.QueryUnescape(id); err == nil {
		id = plain
	}
	return url.QueryEscape(id), secret, ok && secret != ""
}

// shortestMember is the length of the shortest name of members, in bytes.
const shortestMember = len("id_token")

// places finds the values that stand in a text where secrets stand: as
// name=value, "name": "value" and in fields of HTML forms.
func places(v view, f func(kind string, i, j int)) {
	if len(v.text) < shortestMember {
		return
	}
	for name, kind := range members {
		for at := 0; ; {
			k := strings.Index(v.text[at:], name)
			if k < 0 {
				break
			}
			from := at + k
			at = from + len(name)
			if !bounded(v.text, from, at) {
				continue
			}
			if i, j := valueAfter(v.text, at); j > i {
				f(kind, i, j)
				at = j
			} else if i, j := fieldValue(v.text, from, at); j > i {
				f(kind, i, j)
			}
		}
	}
}

// valueAfter is the value behind the end of a name: name=value, name="value",
// "name": "value", 'name' => 'value'. Without quotation marks a colon begins no
// value, as in "device_code: is required".
func valueAfter(text string, i int) (from, to int) {
	quoted := i < len(text) && (text[i] == '"' || text[i] == '\'')
	if quoted || i < len(text) && text[i] == ']' {
		i++
	}
	rest := strings.TrimLeft(text[i:], " \t")
	spaced := len(rest) < len(text)-i
	i = len(text) - len(rest)
	switch {
	case strings.HasPrefix(rest, "=>"):
		i += 2
	case strings.HasPrefix(rest, "=") && (!spaced || quoted), strings.HasPrefix(rest, ":"):
		i++
	default:
		return 0, 0
	}
	colon := text[i-1] != '='
	rest = strings.TrimLeft(text[i:], " \t")
	spaced = len(rest) < len(text)-i
	i = len(text) - len(rest)
	if rest != "" && (rest[0] == '"' || rest[0] == '\'') {
		for j := i + 1; j < len(text); j++ {
			if text[j] == rest[0] {
				return i + 1, j
			}
			if text[j] == '\\' {
				j++
			}
		}
		return i + 1, len(text)
	}
	if colon || spaced {
		return 0, 0
	}
	n := strings.IndexAny(rest, " \t\r\n&#;,\"'<>(){}[]|`")
	if n < 0 {
		n = len(rest)
	}
	return i, i + n
}

var (
	namePart  = regexp.MustCompile(`(?i)(?:name|id)\s*=\s*["']?$`)
	valuePart = regexp.MustCompile(`(?i)\svalue\s*=\s*(?:"([^"]*)|'([^']*)|([^\s"'>]+))`)
)

// fieldValue is the value of the HTML form field whose name is the text from i
// to j.
func fieldValue(text string, i, j int) (from, to int) {
	before := max(i-1<<10, 0) // a text without tags is long
	begin := before + strings.LastIndexByte(text[before:i], '<')
	end := strings.IndexByte(text[j:], '>')
	if begin < before || end > 1<<10 || !namePart.MatchString(text[begin:i]) {
		return 0, 0
	}
	if end < 0 {
		end = min(len(text)-j, 1<<10)
	}
	tag := text[begin : j+end]
	m := valuePart.FindStringSubmatchIndex(tag)
	for k := 2; k < len(m); k += 2 {
		if m[k] >= 0 {
			return begin + m[k], begin + m[k+1]
		}
	}
	return 0, 0
}

// replace puts pseudonyms into the source. Hits that overlap are one, called by
// the longest: no end of the other is left behind.
func replace(source string, hits []hit) string {
	if len(hits) == 0 {
		return source
	}
	slices.SortFunc(hits, func(a, b hit) int { return cmp.Or(a.from-b.from, b.to-a.to, b.size-a.size) })
	var b strings.Builder
	done := 0
	for i := 0; i < len(hits); {
		h := hits[i]
		for i++; i < len(hits) && hits[i].from < h.to; i++ {
			h.to = max(h.to, hits[i].to)
			if hits[i].size > h.size {
				h.secret, h.size = hits[i].secret, hits[i].size
			}
		}
		b.WriteString(source[done:h.from] + h.secret)
		done = h.to
	}
	return b.String() + source[done:]
}
