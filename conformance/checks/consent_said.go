package checks

import (
	"regexp"
	"slices"
	"strings"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/spec"
)

// judgeComparison: the page behind a link shows the code, and asks to compare it. One that
// has it typed asks for more.
func judgeComparison(e *Evidence, j *Judgement) {
	starts := e.Of(consentPages, byLink)
	if len(starts) > 0 && starts[0].HasCodes() && starts[0].Text("verification_uri_complete") == "" {
		j.Skip("the server gives no verification_uri_complete")
		return
	}
	c, ok := atDecision(e, j, byLink)
	if !ok {
		return
	}
	const expected = "the page behind verification_uri_complete to show the user code, and to ask whether the device " +
		"shows the same"
	words := e.Consent.Texts.Compare
	switch {
	case slices.ContainsFunc(c.pages, func(p approve.Sight) bool { return p.AsksCode }):
		j.Pass(c.start)
	case !slices.ContainsFunc(c.pages, c.shows):
		j.Warn(expected, "no user code on the page; "+c.quote(), c.start)
	case says(c.text(), words, english.Compare):
		j.Pass(c.start)
	default:
		c.lacks(j, "compare", words, expected, "the code, and nothing that asks to compare it")
	}
}

// shows reports whether a page shows the code, however it is separated.
func (c consent) shows(p approve.Sight) bool {
	text := p.Text
	for _, f := range p.Fields {
		text += " " + f.Value
	}
	return strings.Contains(plainly(text), plainly(c.code)) || strings.Contains(text, approve.Clean(c.code))
}

// plainly is a text in capital letters and without what separates or cannot be seen.
func plainly(text string) string {
	return spec.NormalUserCode(strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return -1
		}
		return r
	}, text))
}

// judgeClientName: the pages name the client. Where they may call it by a name that nobody
// has told us, the pages of two clients differ.
func judgeClientName(e *Evidence, j *Judgement) {
	c, ok := atDecision(e, j, lookedAt)
	if !ok {
		return
	}
	const expected = "a page that names the client which asks"
	name := e.Client.Name
	switch {
	case hasWord(c.text(), e.Client.ID), name != "" && saysAny(c.text(), []string{name}):
		j.Pass(c.start)
	case name != "":
		j.Warn(expected, "neither "+name+" nor "+e.Client.ID+"; "+c.quote(), c.start)
	default:
		other, ok := consentOf(e, consentPages, ofAnother)
		switch {
		case !ok || !other.Reached:
			j.SkipFor(Lack{Needs: []Capability{NeedClientName},
				Because: "the pages do not show the client_id, and client.name in dfcheck.yaml does not tell the client's name"})
		case c.steady() == other.steady():
			j.Warn(expected, "the same words for two clients; "+c.quote(), c.start, other.start)
		default:
			j.Pass(c.start, other.start)
		}
	}
}

// steady is what the pages say but for what is different each time: codes and figures.
func (c consent) steady() string {
	text := strings.ReplaceAll(c.text(), c.code, "")
	text = strings.ReplaceAll(text, spec.NormalUserCode(c.code), "")
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return -1
		}
		return r
	}, text)
}

// hasWord reports whether a text has a word that is not part of a longer one.
func hasWord(text, word string) bool {
	text, word = strings.ToLower(text), strings.ToLower(word)
	part := func(b byte) bool { return b == '-' || b == '_' || '0' <= b && b <= '9' || 'a' <= b && b <= 'z' }
	for from := 0; word != ""; {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return false
		}
		i, from = from+i, from+i+1
		if end := i + len(word); (i == 0 || !part(text[i-1])) && (end == len(text) || !part(text[end])) {
			return true
		}
	}
	return false
}

// spelled are other ways to say what devices send as their type.
var spelled = map[string][]string{"tv": {"television", "smart tv"}, "settop": {"set-top"}, "phone": {"mobile"}}

// judgeDeviceShown: the pages show what the device said of itself.
func judgeDeviceShown(e *Evidence, j *Judgement) {
	c, ok := atDecision(e, j, lookedAt)
	if !ok {
		return
	}
	words := e.Consent.Texts.Device
	text := c.text()
	var missing []string
	for _, said := range []string{e.Device.Type, e.Device.OS} {
		if said != "" && !hasWord(text, said) && !saysAny(text, spelled[strings.ToLower(said)]) {
			missing = append(missing, said)
		}
	}
	switch {
	case len(missing) == 0, len(words) > 0 && saysAny(text, words):
		j.Pass(c.start)
	default:
		c.lacks(j, "device", words, "a page that shows the device_type and device_os which the device sent",
			"no "+strings.Join(missing, " and no ")+" on it")
	}
}

// judgeScopeSaid: the pages say what is granted.
func judgeScopeSaid(e *Evidence, j *Judgement) {
	if e.Scope == "" {
		j.SkipFor(Lack{Needs: []Capability{NeedScope}})
		return
	}
	c, ok := atDecision(e, j, lookedAt)
	if !ok {
		return
	}
	const expected = "a page that says what the device gets access to"
	text := c.text()
	var silent, unknown []string
	for _, scope := range strings.Fields(e.Scope) {
		words, known := e.Consent.Scopes[scope]
		switch {
		case known && saysAny(text, words), !known && hasWord(text, scope):
		case known:
			silent = append(silent, scope)
		default:
			unknown = append(unknown, scope)
		}
	}
	switch {
	case len(silent) > 0:
		j.Warn(expected, "nothing of "+strings.Join(silent, " and ")+"; "+c.quote(), c.start)
	case len(unknown) == 0:
		j.Pass(c.start)
	case c.inEnglish() && !english.Granted.MatchString(text):
		j.Warn(expected, "nothing of any access; "+c.quote(), c.start)
	default:
		j.SkipFor(Lack{Needs: []Capability{NeedScopeWords}, Because: "the pages do not show the scope " +
			strings.Join(unknown, " ") +
			" as such, and consent.scopes in dfcheck.yaml does not tell in which words"})
	}
}

// judgeWarning: the pages say that a request which one did not start is to be refused.
func judgeWarning(e *Evidence, j *Judgement) {
	judgeSaid(e, j, "warning", e.Consent.Texts.Warning, english.Warning,
		"a page that warns: whoever did not start this on a device of their own should refuse", "no such warning")
}

// judgeOrigin: the pages say where or when the device asked.
func judgeOrigin(e *Evidence, j *Judgement) {
	judgeSaid(e, j, "origin", e.Consent.Texts.Origin, english.Origin,
		"a page that says where the request came from: an address, a place or a time", "nothing of the kind")
}

// judgeSaid: the pages say something before the decision, in one of the words or in
// English. key is what dfcheck.yaml calls the words.
func judgeSaid(e *Evidence, j *Judgement, key string, words []string, inEnglish *regexp.Regexp, expected,
	lacking string) {
	c, ok := atDecision(e, j, lookedAt)
	switch {
	case !ok:
	case says(c.text(), words, inEnglish):
		j.Pass(c.start)
	default:
		c.lacks(j, key, words, expected, lacking)
	}
}

// judgeReturn: after the decision, the person is sent back to the device.
func judgeReturn(e *Evidence, j *Judgement) {
	c, ok := atDecision(e, j, lookedAt)
	if !ok {
		return
	}
	if c.Done == nil {
		j.Inconclusive("no page came after the decision: "+c.Problem, c.start)
		return
	}
	words := e.Consent.Texts.Return
	if says(sightText(*c.Done), words, english.Return) {
		j.Pass(c.start)
		return
	}
	c.pages = append(c.pages, *c.Done)
	c.lacks(j, "return", words, "a page after the decision that sends the person back to the device", "no word of it")
}
