package reports

import (
	"regexp"
	"strings"
)

// citation is a piece of a source: a section of a standard with where it can be
// read, or text between.
type citation struct{ Text, URL string }

// citedRFC finds "RFC 8628 sections 3.2, 3.5" and the like; each section after the
// first is found by citedSection.
var (
	citedRFC = regexp.MustCompile(`RFC (\d{1,5})(?: (?:sections?|appendix) [A-Z0-9][0-9.]*` +
		`(?:(?:,| and| to) [A-Z]?\.?[0-9][0-9.]*)*)?`)
	citedSection = regexp.MustCompile(`(?:(?:sections?|appendix) )?\b([A-Z]?[0-9.]*[0-9]|[A-Z])\b`)
)

// citations are the pieces of a source. Sections of RFCs link to the RFC Editor's
// text.
func citations(source string) (out []citation) {
	at := 0
	for _, m := range citedRFC.FindAllStringSubmatchIndex(source, -1) {
		if out = append(out, citation{Text: source[at:m[0]]}); m[0] == at {
			out = out[:len(out)-1]
		}
		at = m[1]
		out = append(out, sections(source[m[0]:m[1]], source[m[2]:m[3]])...)
	}
	if at < len(source) {
		out = append(out, citation{Text: source[at:]})
	}
	return out
}

// sections are the pieces of "RFC 8628 sections 3.2, 3.5".
func sections(text, number string) (out []citation) {
	page := "https://www.rfc-editor.org/rfc/rfc" + number
	name := "RFC " + number
	rest := text[len(name):]
	found := citedSection.FindAllStringSubmatchIndex(rest, -1)
	if found == nil {
		return []citation{{text, page}}
	}
	at := 0
	for i, m := range found {
		shown, kind := rest[m[0]:m[1]], "section"
		if strings.Contains(rest, "appendix") || strings.IndexByte("ABCDEFGH", rest[m[2]]) >= 0 {
			kind = "appendix"
		}
		if i == 0 {
			shown = name + rest[:m[1]]
		} else {
			out = append(out, citation{Text: rest[at:m[0]]})
		}
		at = m[1]
		out = append(out, citation{shown, page + "#" + kind + "-" + rest[m[2]:m[3]]})
	}
	return out
}
