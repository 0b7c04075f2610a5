package conformance

import (
	"context"
	"io"
	"sync"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/formatter"
	"github.com/onsi/gomega"
	"github.com/onsi/gomega/gcustom"
	gomegatypes "github.com/onsi/gomega/types"

	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

// Suite carries a run out as a Ginkgo suite: one spec a check, labelled with
// its id, group and level, in the order the verdicts become known.
// Every spec waits for its own recording and judges it; the specs themselves
// send nothing. A process can run one suite.
func (r *Run) Suite(ctx context.Context) []Result {
	results := map[string]Result{}
	var recording sync.WaitGroup
	ginkgo.Describe("device authorization grant", ginkgo.Ordered, ginkgo.ContinueOnFailure, func() {
		for _, c := range r.Ordered() {
			req, _ := spec.Lookup(c.ID) // Select looked it up before
			ginkgo.It(c.ID+" "+req.Title, labels(req), func() {
				res := r.Verdict(c)
				results[c.ID] = res
				if res.Verdict == reports.Skipped || res.Verdict == reports.Inconclusive {
					ginkgo.Skip(res.Reason)
				}
				gomega.Expect(res).To(conform())
			})
		}
	})
	suite, reporter := ginkgo.GinkgoConfiguration()
	suite.Timeout = 0 // the run bounds itself
	suite.FailOnEmpty = true
	suite.RandomizeAllSpecs = false
	reporter.Succinct, reporter.NoColor = true, true
	formatter.ColorableStdOut = io.Discard // the console belongs to the caller
	gomega.RegisterFailHandler(ginkgo.Fail)
	recording.Go(func() { r.Record(ctx) })
	ginkgo.RunSpecs(booked{}, "dfcheck", suite, reporter)
	recording.Wait()

	out := make([]Result, 0, len(r.checks))
	for _, c := range r.checks {
		res, ok := results[c.ID]
		if !ok { // the suite was interrupted before this spec
			res = r.Verdict(c)
		}
		out = append(out, res)
	}
	return out
}

// booked stands for the testing.T that Ginkgo wants; verdicts are read from the
// results, not from its exit.
type booked struct{}

func (booked) Fail() {}

func labels(r spec.Requirement) ginkgo.Labels {
	return ginkgo.Labels{"id:" + r.ID, "group:" + r.Group, "level:" + r.Level}
}

// conform matches a result that is no failure; what failed is shown finding by
// finding.
func conform() gomegatypes.GomegaMatcher {
	return gcustom.MakeMatcher(func(res Result) (bool, error) {
		return res.Verdict != reports.Fail && res.Verdict != reports.Error, nil
	}).WithTemplate("{{.Actual.Reason}}{{range .Actual.Findings}}\n  {{.Verdict}}: {{.Sentence}}{{with .Count}} ({{.}} times){{end}}{{end}}")
}
