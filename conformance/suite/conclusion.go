package suite

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/onsi/ginkgo/v2"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
)

// conclude fails the suite where the exit code of dfcheck would say that the run
// proves nothing although no spec failed, and tells what specs could not.
func (s *session) conclude(ginkgo.Report) {
	if s.recording == nil {
		return
	}
	s.stop(errEnded) // of what no spec waits for
	r := s.report()
	ginkgo.AddReportEntry("summary", s.safe(s.summary(r)))
	if err := errors.Join(append(s.unproven(r), s.untold()...)...); err != nil {
		ginkgo.Fail(s.safe(err.Error()))
	}
}

// report is the run as dfcheck conformance reports it.
func (s *session) report() *reports.Report {
	results, transcript := s.results(), s.run.Transcript()
	r := reports.New(reports.KindConformance, "")
	r.Run.DurationMS = float64(time.Since(transcript.Header.Started).Milliseconds())
	r.Conformance = conformance.Section(transcript, results, s.run.Plan(), s.waivers, nil)
	r.Run.Problem = transcript.Problem()
	r.Run.ExitCode = reports.ExitCode(r, s.gate)
	return r
}

// summary says what was checked, and how it went.
func (s *session) summary(r *reports.Report) string {
	h := s.run.Transcript().Header
	var b strings.Builder
	fmt.Fprintf(&b, "%s, contract %s, chosen by %s: %s", h.Target.Host, h.Contract, h.Target.ChosenBy, h.Target.ChosenWhy)
	reports.WriteSummary(&b, r) // a Builder takes everything
	return strings.TrimSpace(b.String())
}

// unproven says why a run proves nothing, or less than was asked for.
func (s *session) unproven(r *reports.Report) []error {
	var errs []error
	if p := r.Run.Problem; p != nil {
		errs = append(errs, fmt.Errorf("%s\n  hint: %s", p.Message, p.Hint))
	}
	switch r.Run.ExitCode {
	case reports.ExitUsage:
		errs = append(errs, conformance.NothingJudged(s.results()))
	case reports.ExitStaleWaiver:
		errs = append(errs, errors.New("a waiver no longer applies: the summary names it; take it out"))
	case reports.ExitUndecided:
		errs = append(errs, errors.New("a MUST or DOC check was not judged: the summary names it"))
	}
	return errs
}

// untold lists the failures that no spec has told, as the suite ended before it.
func (s *session) untold() []error {
	var errs []error
	for _, res := range s.results() {
		if c := s.reported(res); s.failing(c) && !s.verdicts[c.ID].told {
			errs = append(errs, errors.New("failed, and not shown above as the suite ended early: "+failure(c, s.curl)))
		}
	}
	return errs
}
