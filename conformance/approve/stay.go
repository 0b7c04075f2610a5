package approve

import (
	"context"
	"sync"
)

// A Stayer can enter codes in one session, as somebody does who stays on the page. What
// it enters is entered one after the other, also where several ask at once.
type Stayer interface {
	Stay() (Enterer, error)
}

// Stay begins a session of the first user, or of whom the first code is entered as.
func (f *Form) Stay() (Enterer, error) {
	if !f.recipe.steps {
		return nil, ErrUnsupported
	}
	return &staying{form: f, on: newVisit(f.client, f.recipe)}, nil
}

// Stay begins a session on the server's page.
func (r *Reference) Stay() (Enterer, error) {
	f, err := r.form()
	if err != nil {
		return nil, err
	}
	return f.Stay()
}

// staying is somebody who enters one code after the other.
type staying struct {
	form *Form
	mu   sync.Mutex
	on   *httpDriver
	been bool // the session has seen a code
}

// Enter takes the steps up to the last request, less those that the session spares.
func (s *staying) Enter(ctx context.Context, v Verification) error {
	steps, err := s.form.recipe.of(v, Approve)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.on.page, s.on.requests = nil, nil
	w := s.form.recipe.begin(s.on, s.form.trace, v, Approve)
	w.again, s.been = s.been, true
	return w.enter(ctx, steps)
}
