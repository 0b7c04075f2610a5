package suite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/conformance/checks"
	"github.com/dfcheck/dfcheck/reports"
)

// Options say which server is checked, and how. The zero value checks the embedded
// reference server.
type Options struct {
	// File is a configuration file, dfcheck.yaml. A relative path is looked for in the
	// folder of the test and in those above it, up to the module's root; what the file
	// names is found from there. Config is the same in code; one of them may be set.
	File   string
	Config *conformance.Config
	// Handler is a server in the same process. It is started on a free port of
	// loopback, and is the host of the configuration, which then names none.
	Handler http.Handler
	// Approver decides instead of the configuration's: an approve.Func, say.
	Approver approve.Approver
	// Conformance chooses checks, before Ginkgo's filters do, and bounds the run.
	Conformance conformance.Options
	// FailOnWarning makes warnings failures; Strict wants each MUST and DOC check of
	// the contract to be judged.
	FailOnWarning, Strict bool
}

// Run checks the server of a configuration file as a Ginkgo suite: Options.Run
// with nothing but the file. An empty name stands for the embedded server.
func Run(t *testing.T, file string) {
	t.Helper()
	Options{File: file}.Run(t)
}

// Run checks the server as a Ginkgo suite, with a spec for each check. Ginkgo's flags
// and those of its command apply; what its filters leave out sends nothing. A
// process can run one suite.
func (o Options) Run(t *testing.T) {
	t.Helper()
	suite, reporter := ginkgo.GinkgoConfiguration()
	reporter = absolute(reporter)
	p, err := o.prepare(t)
	if err != nil {
		t.Fatal(err)
	}
	s := p.session
	s.failFast = suite.FailFast
	suite.FailOnEmpty = true // a filter that matches nothing proves nothing
	describe(p.ids, func(ctx ginkgo.SpecContext) error { return p.begin(ctx, t) }, s.check)
	p.run.Only = selected(ginkgo.PreviewSpecs(title, suite, reporter))
	ginkgo.ReportAfterSuite("the run as a whole", s.conclude)
	ginkgo.RunSpecs(t, title, suite, reporter)
}

// absolute makes the paths of Ginkgo's reports independent of the working directory.
func absolute(r types.ReporterConfig) types.ReporterConfig {
	for _, path := range []*string{&r.JSONReport, &r.JUnitReport, &r.TeamcityReport, &r.GoJSONReport} {
		if abs, err := filepath.Abs(*path); err == nil && *path != "" {
			*path = abs
		}
	}
	return r
}

// prepared is a suite before anything is sent.
type prepared struct {
	Options
	config  *conformance.Config
	run     conformance.Options
	ids     []string // to choose from
	session *session
}

// prepare reads what the options name. It sends nothing.
func (o Options) prepare(t *testing.T) (*prepared, error) {
	c, err := o.configuration(t)
	if err != nil {
		return nil, err
	}
	p := &prepared{Options: o, config: c, run: c.Options(o.Conformance),
		session: &session{gate: reports.ExitOptions{FailOnWarning: o.FailOnWarning, Strict: o.Strict}}}
	var errs []error
	if c.Approve.Kind == "prompt" && o.Approver == nil {
		errs = append(errs, errors.New("approve.kind is prompt, which asks a person, and a test has no terminal: "+
			"let a program decide (form, browser, http or exec), or run dfcheck conformance"))
	}
	if o.Handler != nil && c.Host != "" {
		errs = append(errs, fmt.Errorf("the host is %q and a Handler is given: the server is one or the other", c.Host))
	}
	if o.Handler == nil {
		errs = append(errs, c.CheckHost())
	}
	if c.Waivers != "" {
		p.session.waivers, err = conformance.ReadWaivers(c.Waivers)
		errs = append(errs, err)
	}
	chosen, err := conformance.Select(checks.All(), p.run)
	for _, c := range chosen {
		p.ids = append(p.ids, c.ID)
	}
	return p, errors.Join(append(errs, err)...)
}

// configuration is that of the file or of the code, and goes to where the file's
// names are found from.
func (o Options) configuration(t *testing.T) (*conformance.Config, error) {
	switch {
	case o.File != "" && o.Config != nil:
		return nil, errors.New("both a File and a Config are given: name one of them")
	case o.Config != nil:
		c := *o.Config
		return &c, nil
	case o.File == "":
		return &conformance.Config{}, nil
	}
	folder, err := folderOf(o.File)
	if err != nil {
		return nil, err
	}
	t.Chdir(folder)
	return conformance.ReadConfig(o.File)
}

// folderOf is the folder from which a path is found: that of the test, or the
// nearest above it within the module. An absolute path is found from its own.
func folderOf(file string) (string, error) {
	if filepath.IsAbs(file) {
		return filepath.Dir(file), nil
	}
	here, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for folder := here; ; folder = filepath.Dir(folder) {
		if _, err := os.Stat(filepath.Join(folder, file)); err == nil {
			return folder, nil
		}
		_, err := os.Stat(filepath.Join(folder, "go.mod"))
		if err == nil || folder == filepath.Dir(folder) {
			return "", fmt.Errorf("there is no %s in %s or above it, up to %s", file, here, folder)
		}
	}
}

// begin speaks to the server for the first time and starts the recording.
func (p *prepared) begin(ctx context.Context, t *testing.T) error {
	target, stop, err := p.target(ctx)
	if err != nil {
		return explained(err)
	}
	t.Cleanup(stop)
	run, err := conformance.Prepare(ctx, target, checks.All(), p.run)
	if err != nil {
		return errors.New(target.Redact(explained(err).Error()))
	}
	t.Cleanup(run.Close)
	if err := run.Plan().NothingRuns(); err != nil {
		return explained(err)
	}
	s := p.session
	s.recording = record(context.WithoutCancel(ctx), run, s.judged)
	t.Cleanup(func() {
		s.stop(errEnded)
		s.work.Wait()
	})
	return nil
}

// explained is an error with what to do about it.
func explained(err error) error {
	if p, ok := errors.AsType[*conformance.PreflightError](err); ok {
		if p.Exchange != nil {
			return fmt.Errorf("%w\n  hint: %s\n  %s", err, p.Hint, p.Exchange.Curl())
		}
		return fmt.Errorf("%w\n  hint: %s", err, p.Hint)
	}
	if e, ok := errors.AsType[*conformance.EmptyError](err); ok {
		return fmt.Errorf("%w\n  hint: %s", err, e.Hint())
	}
	return err
}

// target makes the target of the options: the handler, the configuration's host, or
// the embedded server.
func (p *prepared) target(ctx context.Context) (*conformance.Target, func(), error) {
	var ends []func()
	stop := func() {
		for _, end := range ends {
			end()
		}
	}
	target, err := p.host(ctx, &ends)
	if err == nil {
		err = p.approver(target, &ends)
	}
	if err != nil {
		stop()
		return nil, nil, err
	}
	return target, stop, nil
}

func (p *prepared) host(ctx context.Context, ends *[]func()) (*conformance.Target, error) {
	c := *p.config
	switch {
	case p.Handler != nil:
		base, stop, err := listen(func(string) http.Handler { return p.Handler })
		if err != nil {
			return nil, err
		}
		*ends = append(*ends, stop)
		c.Host = base
	case c.Host == "":
		target, stop, err := Embedded(&c)
		if err == nil {
			*ends = append(*ends, stop)
		}
		return target, err
	}
	target, err := c.Target()
	if err != nil {
		return nil, err
	}
	return target, target.Choose(ctx, c.Choice())
}

// approver gives the target the approver of the options; the embedded server has one.
func (p *prepared) approver(target *conformance.Target, ends *[]func()) (err error) {
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
		*ends = append(*ends, func() { c.Close() })
	}
	return err
}
