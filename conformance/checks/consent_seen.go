package checks

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/approve"
)

// consent is what a person saw between the code of a device and the decision on it.
type consent struct {
	Viewing
	flow, code string
	start      *Exchange
	pages      []approve.Sight
}

// consentOf finds what was seen of the device with this step.
func consentOf(e *Evidence, s *Scenario, step string) (c consent, ok bool) {
	for _, start := range e.Of(s, step) {
		views := e.Viewings(s, start.Flow)
		if start.HasCodes() && len(views) > 0 {
			return consent{views[0], start.Flow, start.Text("user_code"), start, views[0].Between()}, true
		}
	}
	return c, false
}

// atDecision is what was seen of a device whose decision was come to; the verdict is open
// where the approver did not get there.
func atDecision(e *Evidence, j *Judgement, step string) (c consent, ok bool) {
	if c, ok = consentOf(e, consentPages, step); !ok {
		return c, false
	}
	if !c.Reached {
		c.unreached(j)
	}
	return c, c.Reached
}

// unreached leaves the verdict open.
func (c consent) unreached(j *Judgement) {
	why := c.Problem
	if why == "" {
		why = "no page asked for one; see DF-CONSENT-002"
	}
	j.Inconclusive("the approver did not come to a decision: "+why, c.start)
}

// decision is the page of the decision, which the person saw last.
func (c consent) decision() (s approve.Sight) {
	if n := len(c.pages); n > 0 {
		return c.pages[n-1]
	}
	return s
}

// approving is what approves on the page of the decision, nil for nothing.
func (c consent) approving() *approve.SeenControl {
	for _, x := range c.decision().Controls {
		if x.Approves {
			return &x
		}
	}
	return nil
}

// text is all that the pages say.
func (c consent) text() string {
	var all []string
	for _, p := range c.pages {
		all = append(all, sightText(p))
	}
	return strings.Join(all, "\n")
}

func (c consent) inEnglish() bool { return inEnglish(c.text(), c.decision().Language) }

func sightText(p approve.Sight) string {
	out := []string{p.Title, p.Text}
	for _, f := range p.Fields {
		out = append(out, f.Name+" "+f.Value)
	}
	for _, x := range p.Controls {
		if !x.Hidden {
			out = append(out, x.Caption)
		}
	}
	return strings.Join(out, "\n")
}

// says reports whether a text has one of the words, or says it in English.
func says(text string, words []string, english *regexp.Regexp) bool {
	return saysAny(text, words) || english != nil && english.MatchString(text)
}

func saysAny(text string, words []string) bool {
	text = strings.ToLower(strings.Join(strings.Fields(text), " "))
	return slices.ContainsFunc(words, func(w string) bool {
		return strings.Contains(text, strings.ToLower(strings.Join(strings.Fields(w), " ")))
	})
}

// quoted is how much of a page a finding repeats.
const quoted = 280

// quote is the page of the decision, as evidence.
func (c consent) quote() string { return quote(c.decision()) }

func quote(p approve.Sight) string {
	text := []rune(p.Text)
	if len(text) > quoted {
		text = append(text[:quoted:quoted], '…')
	}
	out := fmt.Sprintf("the page %q says: %q", p.Title, string(text))
	if p.Picture != "" {
		out += " (picture: " + p.Picture + ")"
	}
	return out
}

// lacks warns that the pages do not say something, where that can be told: in English, or
// in a language whose words the configuration has under the key.
func (c consent) lacks(j *Judgement, key string, words []string, expected, actual string) {
	if len(words) > 0 || c.inEnglish() {
		j.Warn(expected, actual+"; "+c.quote(), c.start)
		return
	}
	in := ""
	if l := c.decision().Language; l != "" {
		in = fmt.Sprintf(" (%q)", l)
	}
	j.SkipFor(Lack{Needs: []Capability{NeedWords}, Because: "the pages are not in English" + in +
		", and consent.words." + key +
		" in dfcheck.yaml does not tell how they say it"})
}
