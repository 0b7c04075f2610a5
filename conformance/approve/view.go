package approve

import (
	"context"
	"slices"
	"strings"
)

// A Viewer tells what a person gets to see. It goes to the decision on each device in
// turn, in one session of a person, and makes the move there that the look wants. It stops
// at the first device with which it gets nowhere.
type Viewer interface {
	View(ctx context.Context, looks ...Look) []View
}

// A Look is a device whose pages are looked at, and the move at the decision on it.
type Look struct {
	Verification
	Move Move
}

// A Move is what a person does who has come to a decision.
type Move string

const (
	Stop  Move = "stop"    // nothing
	Press Move = "approve" // presses what approves
	Send  Move = "send"    // sends the form with both decisions in it, and presses neither
)

// A View is what a person saw on the way to one decision.
type View struct {
	Pages []Sight `json:"pages"`          // in their order
	Done  *Sight  `json:"done,omitempty"` // after the move
	// Reached: the last page is that of the decision. Opens: an address with the code in it
	// approves when it is opened. Sent: the form was sent.
	Reached bool `json:"reached,omitempty"`
	Opens   bool `json:"opens,omitempty"`
	Sent    bool `json:"sent,omitempty"`
	// Asked is how many buttons were pressed between the code and the decision, but for
	// signing in: so often a page asked to go on.
	Asked int   `json:"asked,omitempty"`
	Err   error `json:"-"` // as of Decide
	// Addresses are those of all pages and redirections on the way, with the secrets in them.
	Addresses []string `json:"-"`
}

// views looks at one device after the other.
func (r *recipe) views(ctx context.Context, looks []Look, on driver, trace func(PageSeen),
	picture func(context.Context) string) (out []View) {
	for i, l := range looks {
		w := r.begin(on, trace, l.Verification, Approve)
		w.again = i > 0
		before := len(on.addresses())
		v := (&viewing{w, r, View{}}).look(ctx, l, picture)
		v.Addresses = on.addresses()[before:]
		if out = append(out, v); v.Err != nil {
			break
		}
	}
	return out
}

// viewing is a walk whose pages are kept.
type viewing struct {
	*runner
	recipe *recipe
	View
}

func (v *viewing) look(ctx context.Context, l Look, picture func(context.Context) string) View {
	steps, err := v.recipe.of(l.Verification, Approve)
	if err != nil {
		return View{Err: err}
	}
	v.watch = func(step string, p *page, sent bool) { v.Pages = append(v.Pages, v.sight(step, p, sent, nil)) }
	i := last(steps)
	v.Err = v.first(ctx, i, steps)
	if v.Err == nil {
		v.Err = v.within(ctx, i, steps[i], func(ctx context.Context) error {
			return v.decide(ctx, steps[i], l.Move, picture)
		})
	}
	v.Asked = v.asked
	return v.View
}

// decide looks at the page of the decision and makes the move there.
func (v *viewing) decide(ctx context.Context, s Step, move Move, picture func(context.Context) string) error {
	v.Opens = s.Press == "" && s.opensCode()
	if v.Opens || s.Press == "" && len(v.Pages) == 0 {
		return nil
	}
	if s.Open != "" && s.Press != "" {
		if err := v.open(ctx, Step{Open: s.Open}); err != nil {
			return err
		}
		s.Open = ""
	}
	if s.Press != "" {
		if _, err := v.find(ctx, s); err != nil {
			return err
		}
	}
	p, err := v.on.look(ctx)
	if err != nil {
		return err
	}
	var button *control // of the page as it was looked at now; none where the recipe opens what a script would
	if s.Press != "" {
		button = p.button(v.text(s.Press), s.Fill.names())
	}
	v.Reached = button != nil || s.Press == "" && v.sent
	shown := v.sight(s.String(), p, v.sent, button)
	shown.Picture = picture(ctx)
	v.add(shown)
	asked := v.asked
	defer func() { v.asked = asked }() // this press decides
	return v.move(ctx, s, move, p, button)
}

// add keeps a page, in the place of the one that it was when it had just come.
func (v *viewing) add(s Sight) {
	if n := len(v.Pages); n > 0 && v.Pages[n-1].Address == s.Address && v.Pages[n-1].Text == s.Text {
		s.Step, v.Pages = v.Pages[n-1].Step, v.Pages[:n-1]
	}
	v.Pages = append(v.Pages, s)
}

func (v *viewing) move(ctx context.Context, s Step, move Move, p *page, button *control) error {
	v.watch = nil
	switch move {
	case Press:
		s, err := v.onWay(ctx, s, Step{})
		if err == nil {
			err = v.step(ctx, s)
		}
		if err != nil {
			return err
		}
	case Send:
		form := p.formOf(button)
		if form == nil || len(p.submitters(form.form)) < 2 {
			return nil // there is no form in which both could be meant
		}
		if err := v.on.press(ctx, form); err != nil {
			return err
		}
		v.Sent = true
	default:
		return nil
	}
	after, err := v.on.look(ctx)
	if err != nil {
		return err
	}
	done := v.sight(s.String(), after, true, nil)
	v.Done = &done
	return nil
}

// formOf is the form that a button sends, nil when it sends none.
func (p *page) formOf(button *control) *control {
	if button == nil || button.form == nil {
		return nil
	}
	return p.first(func(c *control) bool { return c.tag == "form" },
		func(c *control) bool { return c.form == button.form })
}

// codeFields are the fields into which the recipe types the code.
func (r *recipe) codeFields() (out []string) {
	for _, s := range r.approve {
		for _, f := range s.Fill {
			if strings.Contains(f.Value, codeTyped) && !slices.Contains(out, f.Name) {
				out = append(out, f.Name)
			}
		}
	}
	return out
}
