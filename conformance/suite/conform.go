package suite

import (
	"context"
	"io"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/formatter"

	"github.com/dfcheck/dfcheck/conformance"
)

// Conform carries out a run that is prepared already as a Ginkgo suite, for a program
// with a console and reports of its own: Ginkgo prints nothing. A process can do so
// once. Results are in catalogue order.
func Conform(ctx context.Context, run *conformance.Run) []conformance.Result {
	var ids []string
	for _, c := range run.Plan().Checks {
		ids = append(ids, c.ID)
	}
	s := &session{}
	describe(ids, func(ginkgo.SpecContext) error { s.record(ctx, run); return nil }, s.check)

	suite, reporter := ginkgo.GinkgoConfiguration()
	suite.Timeout = 0 // the run bounds itself
	formatter.ColorableStdOut = io.Discard
	ginkgo.RunSpecs(silent{}, title, suite, reporter)
	if s.recording == nil { // interrupted before the first spec
		s.record(ctx, run)
	}
	return s.results()
}

// silent stands for the testing.T that Ginkgo tells of failures: the results say more.
type silent struct{}

func (silent) Fail() {}
