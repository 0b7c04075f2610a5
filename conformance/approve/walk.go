package approve

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// A driver is what a recipe is carried out on: plain requests or a browser.
type driver interface {
	open(ctx context.Context, url string) error
	look(ctx context.Context) (*page, error) // the page as it is now
	fill(ctx context.Context, c *control, value string) error
	press(ctx context.Context, c *control) error
	wait(ctx context.Context) bool // for the page to change by itself; false when it cannot any more
	addresses() []string           // of all pages and redirections so far
}

// PageSeen is a page on the way, and the step that led to it.
type PageSeen struct {
	Step       string
	Title, URL string
	Status     int // 0 when it is not known
}

// runner is a recipe on its way to a decision.
type runner struct {
	on        driver
	values    map[string]string
	refused   []string
	trace     func(PageSeen)
	way       Way
	knows     bool                                  // the recipe says where the code is typed
	codeField string                                // where the code was typed
	password  string                                // the field where a password was typed that was not sent yet
	signIn    string                                // the field whose password was sent last, with no code beside it
	typed     bool                                  // the code is typed
	sent      bool                                  // and it reached the server
	at        string                                // the step that is taken, for errors
	again     bool                                  // the session has seen a device before, so that pages may be left out
	asked     int                                   // buttons pressed after the code was sent, but for signing in
	watch     func(step string, p *page, sent bool) // sees every page on the way; nil for nobody
}

// all takes the steps one after the other.
func (w *runner) all(ctx context.Context, steps []Step) error { return w.first(ctx, len(steps), steps) }

// first takes the first n of the steps.
func (w *runner) first(ctx context.Context, n int, steps []Step) error {
	for i, s := range steps[:n] {
		later := append(steps[i+1:len(steps):len(steps)], Step{})
		err := w.within(ctx, i, s, func(ctx context.Context) error {
			if done, err := w.passed(ctx, s, later); done || err != nil {
				return err
			}
			s, err := w.onWay(ctx, s, later[0])
			if err != nil {
				return err
			}
			return w.step(ctx, s)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// within does something for a step in the time it has, and names it in errors.
func (w *runner) within(ctx context.Context, i int, s Step, do func(context.Context) error) error {
	w.at = fmt.Sprintf("step %d (%s)", i+1, s)
	limited, cancel := context.WithTimeout(ctx, s.timeout())
	defer cancel()
	err := do(limited)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, ErrRefused):
		return err
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s took longer than %s", w.at, s.timeout())
	}
	return fmt.Errorf("%s: %w", w.at, err)
}

func (w *runner) step(ctx context.Context, s Step) error {
	if s.When != "" {
		p, err := w.on.look(ctx)
		if err != nil || !p.has(w.text(s.When)) {
			return err
		}
	}
	if s.Open != "" {
		if err := w.open(ctx, s); err != nil {
			return err
		}
	}
	if err := w.fillAll(ctx, s); err != nil {
		return err
	}
	if s.Press != "" {
		c, err := w.find(ctx, s)
		if err == nil {
			if w.sent && w.password == "" {
				w.asked++
			}
			w.signIn, w.password = w.password, ""
			err = w.on.press(ctx, c)
		}
		if err == nil {
			err = w.arrived(ctx, s)
		}
		if err != nil {
			return err
		}
	}
	if s.Expect == "" {
		return nil
	}
	want := w.text(s.Expect)
	return w.until(ctx, fmt.Sprintf("there is no %q", want), func(p *page) bool { return p.has(want) })
}

// address is the URL a step opens. Only a URL at its beginning is kept as it is.
func (w *runner) address(s Step) string {
	for _, whole := range []string{"{host}", "{verification_uri}", "{verification_uri_complete}"} {
		if rest, ok := strings.CutPrefix(s.Open, whole); ok {
			return w.values[whole] + fill(rest, w.values, escapeQuery)
		}
	}
	return fill(s.Open, w.values, escapeQuery)
}

func (w *runner) open(ctx context.Context, s Step) error {
	w.typed = w.typed || (Step{Open: s.Open}).types("{user_code}", "{verification_uri_complete}")
	for _, name := range []string{"{verification_uri}", "{verification_uri_complete}"} {
		if strings.Contains(s.Open, name) && w.values[name] == "" {
			return fmt.Errorf("there is no value for %s", strings.Trim(name, "{}"))
		}
	}
	if err := w.on.open(ctx, w.address(s)); err != nil {
		return err
	}
	return w.arrived(ctx, Step{Open: s.Open, Expect: s.Expect})
}

// fillAll types into the fields of a step.
func (w *runner) fillAll(ctx context.Context, s Step) error {
	code := false
	for _, f := range s.Fill {
		var field *control
		err := w.until(ctx, fmt.Sprintf("there is no field %q", f.Name), func(p *page) bool {
			field = p.field(f.Name)
			return field != nil
		})
		if err == nil {
			err = w.on.fill(ctx, field, w.text(f.Value))
		}
		if err != nil {
			return err
		}
		switch {
		case strings.Contains(f.Value, "{user_code}"):
			w.typed, w.codeField, code = true, f.Name, true
		case field.typ == "password":
			w.password = f.Name
		}
	}
	if code {
		w.password = "" // it may be the code that is refused
	}
	return nil
}

// find looks for the button of a step.
func (w *runner) find(ctx context.Context, s Step) (*control, error) {
	name := w.text(s.Press)
	var button *control
	err := w.until(ctx, fmt.Sprintf("there is no button or link %q", name), func(p *page) bool {
		button = p.button(name, s.Fill.names())
		return button != nil
	})
	return button, err
}

// arrived looks at the page a step led to. An answer of 4xx refuses the code
// once it was sent, unless it is what the step expects.
func (w *runner) arrived(ctx context.Context, s Step) error {
	w.sent = w.sent || w.typed
	p, err := w.on.look(ctx)
	if err != nil {
		return err
	}
	if w.trace != nil {
		w.trace(PageSeen{s.String(), p.name(), p.address(), p.status})
	}
	if w.watch != nil {
		w.watch(s.String(), p, w.sent)
	}
	switch {
	case p.status < http.StatusBadRequest || s.Expect != "" && p.has(w.text(s.Expect)):
		return w.refusal(p)
	case w.sent && p.status < http.StatusInternalServerError || w.unknown(p):
		return w.refusedBy(p)
	}
	told := fmt.Sprintf("got %s on %s", p.state(), p.describe())
	if w.sent && w.signIn == "" && w.owns(p) {
		return &ServerError{p.status, told}
	}
	return errors.New(told)
}

// owns reports whether a page is one of the server's: some people sign in elsewhere.
func (w *runner) owns(p *page) bool {
	return OnHost(p.url, w.values["{host}"]) || OnHost(p.url, w.values["{verification_uri}"])
}

// until waits for something on the page.
func (w *runner) until(ctx context.Context, missing string, found func(*page) bool) error {
	for {
		p, err := w.on.look(ctx)
		if err != nil {
			return err
		}
		if found(p) {
			return nil
		}
		if err := w.refusal(p); err != nil {
			return err
		}
		if w.sent && p.status/100 == 4 {
			return w.refusedBy(p)
		}
		if w.on.wait(ctx) {
			continue
		}
		if w.sent && w.codeField != "" && p.field(w.codeField) != nil || w.unknown(p) {
			return w.refusedBy(p) // it asks for the code, or the password, again
		}
		return fmt.Errorf("%s on %s", missing, p.describe())
	}
}

// refusal is the error for a page that has one of the texts by which the recipe
// knows a refusal.
func (w *runner) refusal(p *page) error {
	for _, what := range w.refused {
		if p.has(what) {
			return w.refusedBy(p)
		}
	}
	return nil
}

// unknown reports whether a page is the answer to a password that is not the
// user's: it asks for one again, or the status says so.
func (w *runner) unknown(p *page) bool {
	if w.signIn == "" {
		return false
	}
	field := p.field(w.signIn)
	return field != nil && field.typ == "password" || p.status == http.StatusUnauthorized ||
		p.status == http.StatusForbidden
}

// refusedBy is the error for a page that refuses what was sent last: the sign-in, or
// the code.
func (w *runner) refusedBy(p *page) error {
	answer := fmt.Sprintf("%s %q: %s", p.state(), p.name(), p.says())
	if w.unknown(p) {
		return fmt.Errorf("%w: %s", ErrSignIn, answer)
	}
	return &RefusedError{Answer: answer, Later: later(p.status)}
}

func (w *runner) text(s string) string { return fill(s, w.values, identity) }
