package suite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"
	"github.com/onsi/gomega"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/waiver"
	"github.com/dfcheck/dfcheck/reports"
)

// A session is what the specs of a process share.
type session struct {
	*recording // nil before the first spec
	gate       reports.ExitOptions
	waivers    []waiver.Waiver
	failFast   bool
}

// errEnded is why a recording ends that outlives the specs.
var errEnded = errors.New("the suite has ended")

// record starts to carry out a run.
func (s *session) record(ctx context.Context, run *conformance.Run) {
	s.recording = newRecording(ctx, run)
	s.start(s.judged)
}

// judged ends the recording at the first failure where the user asked for that.
func (s *session) judged(res conformance.Result) error {
	if s.failFast && s.failing(s.reported(res)) {
		return fmt.Errorf("%s failed, and --fail-fast ends the run", res.Check.ID)
	}
	return nil
}

// reported is a result in the catalogue's words, waived where a waiver says so.
func (s *session) reported(res conformance.Result) reports.Check {
	return waiver.Apply(conformance.ReportCheck(s.run.Transcript(), res), s.waivers, time.Now())
}

// failing reports whether a verdict fails its spec.
func (s *session) failing(c reports.Check) bool {
	return c.Verdict == reports.Fail || c.Verdict == reports.Error || c.Verdict == reports.Warning && s.gate.FailOnWarning
}

// check is the body of a spec: it waits for the verdict and tells Ginkgo.
func (s *session) check(ctx ginkgo.SpecContext, id string) {
	res := s.await(ctx, id)
	c := s.reported(res.Result)
	s.enter(c, res.Check)
	switch c.Verdict {
	case reports.Skipped, reports.Inconclusive:
		ginkgo.Skip(s.safe(s.whySkipped(c)))
	case reports.Warning, reports.Waived:
		if !s.failing(c) {
			ginkgo.AddReportEntry(string(c.Verdict), s.safe(findings(c, s.curl)))
		}
	}
	gomega.Expect(c).To(conforms{s})
}

// whySkipped is the reason of a verdict that is none, with what would bring one.
func (s *session) whySkipped(c reports.Check) string {
	why := string(c.Verdict) + ": " + c.Reason
	for _, p := range s.run.Plan().Checks {
		if p.ID == c.ID && p.Enable != "" {
			why += " (" + p.Enable + ")"
		}
	}
	if early := s.ended(); early != nil && c.Verdict == reports.Inconclusive {
		why += " (" + early.Error() + ")"
	}
	return why
}

// maxEntries is how many exchanges of a spec are shown.
const maxEntries = 20

// enter adds the exchanges that the findings cite to the report of the spec. With -v
// it adds the first of those that the check reads where they cite none.
func (s *session) enter(c reports.Check, check conformance.Check) {
	var cited []string
	for _, f := range c.Findings {
		cited = append(cited, f.Exchanges...)
	}
	_, reporter := ginkgo.GinkgoConfiguration()
	if len(cited) == 0 && reporter.Verbosity().LT(types.VerbosityLevelVerbose) {
		return
	}
	n := 0
	for _, x := range s.run.Transcript().Exchanges {
		reads := slices.ContainsFunc(check.Reads, func(r *conformance.Scenario) bool { return r.Name == x.Scenario })
		if n == maxEntries || !slices.Contains(cited, x.ID) && (len(cited) > 0 || !reads) {
			continue
		}
		n++
		ginkgo.AddReportEntry(x.ID, s.safe(exchange(x)), ginkgo.ReportEntryVisibilityFailureOrVerbose)
	}
}

// curl is the command line that sends an exchange again.
func (s *session) curl(id string) string {
	for _, x := range s.run.Transcript().Exchanges {
		if x.ID == id {
			return x.Curl()
		}
	}
	return ""
}

func (s *session) safe(text string) string { return safe(s.run.Target, text) }
