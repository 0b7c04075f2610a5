package approve

import (
	"context"
	"net/http"
	"slices"
)

// Form walks a server's HTML pages by a recipe, with plain requests: it signs
// in, types the code and presses Approve or Deny as a person would. Pages that
// need JavaScript are for Browser.
type Form struct {
	recipe *recipe
	client *http.Client
	trace  func(PageSeen)
}

// NewForm makes a form approver of a configuration (steps, approve, deny, ...).
// All problems of the recipe are reported at once.
func NewForm(c Config, env Env) (*Form, error) {
	r, err := newRecipe(c, env.Host)
	if err != nil {
		return nil, err
	}
	return &Form{recipe: r, client: env.Client, trace: env.Trace}, nil
}

// Powers are those of the recipe; it can always name its requests.
func (f *Form) Powers() Powers {
	p := f.recipe.powers()
	p.HTTP = true
	return p
}

// Decide takes all the steps of a decision.
func (f *Form) Decide(ctx context.Context, v Verification, d Decision) error {
	steps, err := f.recipe.of(v, d)
	if err != nil {
		return err
	}
	return f.begin(v, d).all(ctx, steps)
}

// Enter takes the steps up to the last request, and looks whether that could be
// made.
func (f *Form) Enter(ctx context.Context, v Verification) error {
	if !f.recipe.steps {
		return ErrUnsupported
	}
	steps, err := f.recipe.of(v, Approve)
	if err != nil {
		return err
	}
	return f.begin(v, Approve).enter(ctx, steps)
}

// Trace takes the steps up to the last request, which it makes up and does not
// send.
func (f *Form) Trace(ctx context.Context, v Verification, d Decision) (Trace, error) {
	steps, err := f.recipe.of(v, d)
	if err != nil {
		return Trace{}, err
	}
	w := f.begin(v, d)
	if err := w.enter(ctx, steps); err != nil {
		return Trace{}, err
	}
	i := last(steps)
	visit := w.on.(*httpDriver)
	visit.hold = true
	decide := func(ctx context.Context) error {
		return w.within(ctx, i, steps[i], func(ctx context.Context) error { return w.step(ctx, steps[i]) })
	}
	err = decide(ctx)
	way := Trace{Requests: visit.requests, Cookies: visit.jar}
	way.Finish = func(ctx context.Context) error {
		visit.hold = false
		return decide(ctx)
	}
	if visit.page != nil {
		way.Page = visit.page.raw
	}
	if visit.held {
		return way, nil
	}
	return way, err
}

// View goes to the decision on each device in turn, with the cookies of one person.
func (f *Form) View(ctx context.Context, looks ...Look) []View {
	on := newVisit(f.client, f.recipe)
	return f.recipe.views(ctx, looks, on, f.trace, func(context.Context) string { return "" })
}

func (f *Form) begin(v Verification, d Decision) *runner {
	return f.recipe.begin(newVisit(f.client, f.recipe), f.trace, v, d)
}

func (r *recipe) begin(on driver, trace func(PageSeen), v Verification, d Decision) *runner {
	w := &runner{on: on, values: r.values(v, d), trace: trace, way: v.Way}
	w.knows = slices.ContainsFunc(r.approve, func(s Step) bool { return (Step{Fill: s.Fill}).types(codeTyped) })
	for _, text := range r.refused {
		w.refused = append(w.refused, w.text(text))
	}
	return w
}

// enter takes the steps before the last request, and looks for what that one
// presses.
func (w *runner) enter(ctx context.Context, steps []Step) error {
	i := last(steps)
	if err := w.all(ctx, steps[:i]); err != nil || steps[i].Press == "" {
		return err
	}
	return w.within(ctx, i, steps[i], func(ctx context.Context) error {
		if steps[i].Open != "" {
			return nil // what it presses is on a page that is not opened yet
		}
		_, err := w.find(ctx, steps[i])
		return err
	})
}
