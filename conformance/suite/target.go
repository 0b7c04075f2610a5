package suite

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/onsi/ginkgo/v2"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/conformance/checks"
	"github.com/dfcheck/dfcheck/conformance/discovery"
	"github.com/dfcheck/dfcheck/reports"
)

// begin speaks to the server for the first time and starts the recording.
func (p *prepared) begin(ctx context.Context, t *testing.T) error {
	target, err := p.target(ctx, t)
	if err != nil {
		return explained(target, err)
	}
	run, err := conformance.Prepare(ctx, target, checks.All(), p.run)
	if err != nil {
		return explained(target, err)
	}
	t.Cleanup(run.Close)
	if err := run.Plan().NothingRuns(); err != nil {
		return explained(target, err)
	}
	s := p.session
	s.record(t.Context(), run)
	t.Cleanup(func() {
		s.stop(errEnded)
		s.work.Wait()
	})
	return nil
}

// explained is an error with what to do about it. The target may be nil.
func explained(target *conformance.Target, err error) error {
	text := err.Error()
	if p, ok := errors.AsType[*conformance.PreflightError](err); ok {
		text += "\n  hint: " + p.Hint
		if p.Exchange != nil {
			text += "\n  " + p.Exchange.Curl()
		}
	}
	if e, ok := errors.AsType[*conformance.EmptyError](err); ok {
		text += "\n  hint: " + e.Hint()
	}
	return errors.New(safe(target, text))
}

// safe is a text that may be shown and written: a secret that still stands in it
// keeps all of it back. The target may be nil.
func safe(target *conformance.Target, text string) string {
	if target != nil {
		text = target.Redact(text)
		if err := target.Guard("the suite", []byte(text)); err != nil {
			return err.Error()
		}
	}
	return reports.Legible(text)
}

// target makes the target of the options: the handler, the configuration's host, or
// the embedded server. The end of the test ends what is started for it.
func (p *prepared) target(ctx context.Context, t *testing.T) (*conformance.Target, error) {
	c := *p.config
	if p.Handler == nil && c.Host == "" {
		target, stop, err := Embedded(&c)
		if err != nil {
			return nil, err
		}
		t.Cleanup(stop)
		return target, p.approver(target, t)
	}
	if p.Handler != nil {
		base, stop, err := listen(func(string) http.Handler { return p.Handler })
		if err != nil {
			return nil, err
		}
		t.Cleanup(stop)
		c.Host = base
	}
	target, err := c.Target()
	if err != nil {
		return nil, err
	}
	if err := discovery.Choose(ctx, target, c.Choice()); err != nil {
		return target, err
	}
	return target, p.approver(target, t)
}

// approver gives the target the approver of the options; the embedded server has one.
func (p *prepared) approver(target *conformance.Target, t *testing.T) (err error) {
	switch {
	case p.Approver != nil:
		target.Approver = p.Approver
		return nil
	case target.Embedded && p.config.Approve.Kind == "":
		return nil
	}
	target.Approver, err = approve.New(p.config.Approve, approve.Env{Host: target.Host, Client: target.PageClient(),
		Out: ginkgo.GinkgoWriter, Redact: target.Redact})
	if c, ok := target.Approver.(io.Closer); ok {
		t.Cleanup(func() { c.Close() })
	}
	return err
}
