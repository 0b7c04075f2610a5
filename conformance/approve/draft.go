package approve

import (
	"cmp"
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
)

// A Draft is a first recipe for a server's pages, as far as they can be seen by
// somebody who cannot sign in: what was not seen is a guess, and marked as one.
type Draft struct {
	Kind          string // form, or browser where the pages need JavaScript
	Steps         []DraftStep
	Approve, Deny []DraftStep
	User          []string // placeholders for which values are wanted
	Pages         []string // that were seen, by their titles
}

// A DraftStep is a step, and what is left to do about it.
type DraftStep struct {
	Step
	Todo string
}

// NewDraft opens the verification page of a device, enters the code where it is asked
// for, and stops where somebody has to sign in or to decide.
func NewDraft(ctx context.Context, env Env, v Verification) (*Draft, error) {
	if v.VerificationURI == "" {
		return nil, errors.New("the device authorization response has no verification URI")
	}
	r := &recipe{host: v.VerificationURI}
	d := &drafter{visit: newVisit(env.Client, r), v: v, Draft: &Draft{Kind: "form"}}
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(env.Client.Timeout, stepTimeout))
	defer cancel()
	if err := d.visit.open(ctx, v.VerificationURI); err != nil {
		return nil, err
	}
	d.Steps = append(d.Steps, DraftStep{Step: Step{Open: "{verification_uri}"}})
	const mostPages = 4
	for range mostPages {
		goOn, err := d.page(ctx, d.visit.page)
		if err != nil {
			return nil, err
		}
		if !goOn {
			break
		}
	}
	d.finish()
	return d.Draft, nil
}

// drafter is on its way through a server's pages.
type drafter struct {
	*Draft
	visit *httpDriver
	v     Verification
	code  bool // the code is asked for by a step
	user  bool // and so is who is there
}

// Words by which fields and buttons are known, in the languages of most recipes.
var (
	codeWords    = regexp.MustCompile(`(?i)code|otp|pin\b`)
	approveWords = regexp.MustCompile(`(?i)approve|allow|authori[sz]e|accept|grant|confirm|continue|connect|yes|agree`)
	denyWords    = regexp.MustCompile(`(?i)deny|cancel|refuse|reject|decline|abort|disallow|disagree|^no\b`)
)

// page adds the steps that a page asks for, and reports whether there is another one
// behind it.
func (d *drafter) page(ctx context.Context, p *page) (goOn bool, err error) {
	if p.status >= 400 {
		return false, errors.New("it answers " + p.state() + ": " + p.says())
	}
	d.Pages = append(d.Pages, cut(p.name(), 60))
	code, user, password := d.fields(p)
	if needsScripts(p) {
		d.Kind = "browser"
	}
	switch {
	case password != nil:
		d.signIn(p, code, user, password)
		d.hidden(p)
	case code != nil && !d.code:
		d.code = true
		button := d.button(p, code)
		d.Steps = append(d.Steps, d.step(Fields{{d.name(code), "{user_code}"}}, button))
		if button == nil || d.Kind == "browser" {
			break
		}
		if err := p.fill(code, d.v.UserCode); err != nil {
			return false, err
		}
		return d.visit.press(ctx, button) == nil, nil // what it leads to may be on another host
	default:
		d.decision(p.controls)
	}
	return false, nil
}

// fields finds those that want the code, a user name and a password.
func (d *drafter) fields(p *page) (code, user, password *control) {
	var texts []*control
	for _, c := range p.controls {
		switch {
		case !c.typable():
		case c.typ == "password":
			password = c
		case c.tag == "input" && slices.Contains([]string{"", "text", "email", "tel", "search", "number"}, c.typ):
			texts = append(texts, c)
		}
	}
	for _, c := range texts {
		switch {
		case code == nil && d.asksCode(c):
			code = c
		case password != nil && user == nil && c.form == password.form:
			user = c
		}
	}
	if code == nil && password == nil && len(texts) == 1 {
		code = texts[0]
	}
	return code, user, password
}

func (d *drafter) asksCode(c *control) bool {
	return slices.ContainsFunc([]string{c.name, c.sel.AttrOr("id", ""), c.label}, codeWords.MatchString)
}

// signIn adds the step of a page that wants to know who is there.
func (d *drafter) signIn(p *page, code, user, password *control) {
	var fill Fields
	if user != nil {
		fill, d.User = append(fill, Field{d.name(user), "{username}"}), append(d.User, "username")
	}
	fill, d.User = append(fill, Field{d.name(password), "{password}"}), append(d.User, "password")
	if code != nil && code.form == password.form && !d.code {
		fill, d.code = append(fill, Field{d.name(code), "{user_code}"}), true
	}
	d.user = true
	d.Steps = append(d.Steps, d.step(fill, d.button(p, password)))
}

// hidden takes over what a page shows only later.
func (d *drafter) hidden(p *page) {
	for _, c := range p.controls {
		if !d.code && concealed(c.sel) && c.tag == "input" && c.typ != "hidden" && d.asksCode(c) {
			d.code = true
			d.Steps = append(d.Steps, DraftStep{Step: Step{Fill: Fields{{d.name(c), "{user_code}"}}}})
		}
	}
	d.decision(slices.DeleteFunc(slices.Clone(p.controls), func(c *control) bool { return !concealed(c.sel) }))
}

// decision finds the two buttons.
func (d *drafter) decision(controls []*control) {
	for _, c := range controls {
		caption := d.caption(c)
		switch {
		case c.tag != "button" && (c.tag != "input" || !slices.Contains(buttonTypes, c.typ)) && c.tag != "a" || caption == "":
		case denyWords.MatchString(caption):
			if d.Deny == nil {
				d.Deny = []DraftStep{{Step: Step{Press: caption}}}
			}
		case d.Approve == nil && c.tag != "a" && approveWords.MatchString(caption):
			d.Approve = []DraftStep{{Step: Step{Press: caption}}}
		}
	}
}

// finish fills in by guesses what was not seen.
func (d *drafter) finish() {
	if !d.code {
		d.Steps = append(d.Steps, DraftStep{Step{Fill: Fields{{"user_code", "{user_code}"}}, Press: "Continue"},
			"the page that asks for the code was not seen: name its field and its button"})
	}
	for _, of := range []struct {
		steps *[]DraftStep
		press string
	}{{&d.Approve, "Approve"}, {&d.Deny, "Deny"}} {
		if *of.steps == nil {
			*of.steps = []DraftStep{{Step{Press: of.press}, "the page of the decision was not seen: name its button"}}
		}
	}
	if !d.user {
		last := &d.Approve[len(d.Approve)-1]
		last.Todo = strings.TrimPrefix(last.Todo+"; if it asks to sign in first, or afterwards, a step for that is missing: "+
			`fill: {username: "{username}", password: "{password}"}, press: Sign in`, "; ")
	}
}

// step is one that fills and presses.
func (d *drafter) step(fill Fields, button *control) DraftStep {
	if button == nil {
		return DraftStep{Step: Step{Fill: fill}, Todo: "no button was found below it"}
	}
	return DraftStep{Step: Step{Fill: fill, Press: d.caption(button)}}
}

// button is the one that sends the form of a field.
func (d *drafter) button(p *page, field *control) *control {
	for _, c := range p.controls {
		if c.pressable() && c.tag != "a" && c.typ != "reset" && c.form == field.form && d.caption(c) != "" &&
			!denyWords.MatchString(d.caption(c)) {
			return c
		}
	}
	return nil
}

// name is how a recipe names a field; caption is the text of a button, "" for one
// that no recipe can hold: with the code of this device in it, or with braces.
func (d *drafter) name(c *control) string {
	for _, s := range []string{c.name, c.sel.AttrOr("id", ""), c.label} {
		if s != "" {
			return s
		}
	}
	return c.typ
}

func (d *drafter) caption(c *control) string {
	caption := c.caption()
	if strings.ContainsAny(caption, "{}") || d.v.UserCode != "" && strings.Contains(caption, d.v.UserCode) ||
		len(caption) > 60 {
		return ""
	}
	return caption
}

// needsScripts reports whether the forms of a page do nothing without its scripts.
func needsScripts(p *page) bool {
	if p.doc.Find("script").Length() == 0 {
		return false
	}
	forms := p.doc.Find("form")
	return forms.Length() == 0 || forms.Filter("[action], [method]").Length() == 0
}
