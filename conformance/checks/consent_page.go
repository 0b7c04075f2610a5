package checks

import (
	"fmt"
	"slices"
	"strings"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/approve"
)

// refusals are what refuses on the pages between the code and the decision: as the recipe
// says, or by its caption.
func (c consent) refusals(e *Evidence) (out []approve.SeenControl) {
	words := e.Consent.Texts.Refuse
	for _, p := range c.pages {
		for _, x := range p.Controls {
			if !x.Approves && (x.Refuses || says(x.Caption, words, english.Refuse)) {
				out = append(out, x)
			}
		}
	}
	return out
}

// judgeRefusal: refusing is as easy as approving.
func judgeRefusal(e *Evidence, j *Judgement) {
	c, ok := atDecision(e, j, lookedAt)
	if !ok {
		return
	}
	const expected = "a page on which refusing is offered beside approving"
	words := e.Consent.Texts.Refuse
	offered := c.refusals(e)
	within := func(x approve.SeenControl) bool { return !x.Hidden && !x.Disabled }
	switch approving := c.approving(); {
	case slices.ContainsFunc(offered, within):
		j.Pass(c.start)
	case len(offered) > 0:
		j.Warn(expected, fmt.Sprintf("%q, which is not shown or cannot be pressed; %s", offered[0].Caption, c.quote()),
			c.start)
	case says(c.text(), words, english.Close):
		j.Pass(c.start) // whoever closes it has refused (ruling R102)
	case approving != nil && !c.inEnglish() && slices.ContainsFunc(c.decision().Controls,
		func(x approve.SeenControl) bool {
			return !x.Approves && x.Submits && x.Form == approving.Form && within(x)
		}):
		j.Pass(c.start) // the other button, in whatever language
	default:
		c.lacks(j, "refuse", words, expected, "nothing to refuse with")
	}
}

// judgeDefaultButton: whoever presses Enter, or whatever sends the form without a
// decision, has not approved.
func judgeDefaultButton(e *Evidence, j *Judgement) {
	const expected = "a form that approves only when the approving button is pressed on purpose"
	if c, ok := atDecision(e, j, lookedAt); ok {
		p, x := c.decision(), c.approving()
		switch {
		case x == nil || x.Link || x.Form == 0:
			j.Pass(c.start) // there is no form to send
		case x.Focused:
			j.Warn(expected, fmt.Sprintf("%q, on which the page puts the focus; %s", x.Caption, quote(p)), c.start)
		case x.Default && hasField(p, x.Form):
			j.Warn(expected, fmt.Sprintf("%q as the default button, which Enter presses in a field of the form; %s", x.Caption,
				quote(p)), c.start)
		default:
			j.Pass(c.start)
		}
	}
	c, ok := consentOf(e, undecidedForm, formAlone)
	if !ok || !c.Sent {
		return
	}
	tokens := WithTokens(e.Polls(c.flow, "after"))
	if len(tokens) > 0 && !enteredOnly(e) {
		j.Inconclusive("whether it was the form that approved is not known: no code that was entered alone stayed pending; "+
			"see DF-POLL-018", tokens...)
		return
	}
	if len(tokens) > 0 {
		j.Warn(expected, "tokens after the form was sent without a button; "+c.quote(), append(tokens[:1], c.start)...)
		return
	}
	j.Pass(c.start)
}

// enteredOnly reports whether a code that was entered and not decided on was seen to stay
// pending.
func enteredOnly(e *Evidence) bool {
	return slices.ContainsFunc([]string{inOneRow, byLink}, func(step string) bool {
		c, ok := consentOf(e, consentPages, step)
		polls := e.Polls(c.flow, "looked at")
		return ok && c.Reached && len(polls) > 0 && polls[len(polls)-1].StillPending()
	})
}

// hasField reports whether the form has a field in which Enter can be pressed.
func hasField(p approve.Sight, form int) bool {
	return slices.ContainsFunc(p.Fields, func(f approve.SeenField) bool { return f.Form == form && f.Text })
}

// judgePrivatePage: pages with the code in them or in their address are not kept, and tell
// other sites nothing.
func judgePrivatePage(e *Evidence, j *Judgement) {
	for _, step := range []string{lookedAt, byLink} {
		c, ok := consentOf(e, consentPages, step)
		if !ok {
			continue
		}
		for _, p := range c.pages {
			if p.Headers == nil || !p.Carries && !c.shows(p) {
				continue
			}
			j.Saw(1, "page with a user code")
			if kept := cacheable(p.Headers); kept != "" {
				j.Warn("Cache-Control: no-store on a page with a user code", kept+"; "+quote(p), c.start)
			}
			judgeForeign(j, c, p)
		}
	}
}

// cacheable says what lets browsers or proxies keep a page, "" where nothing does.
func cacheable(h map[string]string) string {
	control := strings.ToLower(h["Cache-Control"] + "," + h["Pragma"])
	for _, directive := range []string{"no-store", "no-cache", "private"} {
		if strings.Contains(control, directive) {
			return ""
		}
	}
	switch {
	case strings.Contains(control, "max-age=0"):
		return ""
	case h["Cache-Control"] == "":
		return "no Cache-Control"
	}
	return "Cache-Control: " + h["Cache-Control"]
}

// judgeForeign: other sites do not learn the code from the address of the page, nor do
// their scripts run beside it.
func judgeForeign(j *Judgement, c consent, p approve.Sight) {
	policy := strings.ToLower(p.Headers["Referrer-Policy"])
	if i := strings.LastIndex(policy, ","); i >= 0 {
		policy = policy[i+1:] // the last one that is known holds
	}
	policy = strings.TrimSpace(policy)
	whole := policy == "unsafe-url" || policy == "no-referrer-when-downgrade"
	const expected = "a page with a user code to load nothing from other sites, or to send a Referrer-Policy that " +
		"keeps its address"
	switch {
	case whole && p.Carries && len(p.Foreign)+len(p.Links) > 0:
		j.Warn(expected, "Referrer-Policy: "+policy+", which tells "+strings.Join(append(p.Foreign, p.Links...),
			", ")+" the whole address", c.start)
	case len(p.Foreign) > 0 && policy == "":
		j.Warn(expected, "no Referrer-Policy, and something loaded from "+strings.Join(p.Foreign, ", ")+"; "+quote(p),
			c.start)
	}
}
