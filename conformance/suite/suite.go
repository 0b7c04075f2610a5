package suite

import (
	"net/http"
	"path/filepath"
	"testing"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/approve"
)

// Options say which server is checked, and how. The zero value checks the embedded
// reference server; a configuration must name another, or come with a Handler.
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
// with nothing but the file. An empty name is an error: it is most often a variable
// that is not set.
func Run(t *testing.T, file string) {
	t.Helper()
	if file == "" {
		t.Fatal("no configuration file is named; suite.Options{}.Run(t) checks the embedded server")
	}
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
