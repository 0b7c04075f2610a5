package reports_test

import (
	"fmt"
	"os"

	"github.com/dfcheck/dfcheck/reports"
)

// A report is filled in by a run and rendered by a function of it alone.
func Example() {
	r := reports.New(reports.KindConformance, "1.0")
	r.Target = reports.Target{Host: "https://auth.example.com", Spec: "rfc8628"}
	checks := []reports.Check{
		{ID: "DF-AUTHZ-001", Group: "AUTHZ", Level: "MUST", Verdict: reports.Pass},
		{ID: "DF-REUSE-001", Group: "REUSE", Level: "MUST", Verdict: reports.Fail,
			Title: "A device code gives tokens only once",
			Findings: []reports.Finding{{Verdict: reports.Fail,
				Expected: "400 invalid_grant for a code that was redeemed", Actual: "200 with other tokens"}}},
	}
	r.Conformance = &reports.Conformance{Checks: checks, Summary: reports.Tally(checks)}
	r.Run.ExitCode = reports.ExitCode(r, reports.ExitOptions{})

	if err := reports.WriteText(os.Stdout, r, false); err != nil {
		fmt.Println(err)
	}
	fmt.Println("exit code", r.Run.ExitCode)
	// Output:
	// FAIL         DF-REUSE-001    A device code gives tokens only once
	//         fail expected 400 invalid_grant for a code that was redeemed
	//              got      200 with other tokens
	//
	// 2 checks: 1 passed, 1 failed, 0 warnings, 0 inconclusive, 0 skipped, 0 waived, 0 errors in 0s
	// exit code 1
}

func ExampleParseDestination() {
	d, err := reports.ParseDestination("junit=out.xml")
	fmt.Println(d.Format, d.Path, err)
	_, err = reports.ParseDestination("out.xml")
	fmt.Println(err != nil)
	// Output:
	// junit out.xml <nil>
	// true
}

func ExampleCompare() {
	before, now := reports.New(reports.KindConformance, "1.0"), reports.New(reports.KindConformance, "1.0")
	check := reports.Check{ID: "DF-TOKEN-001", Title: "An approved code gives tokens", Verdict: reports.Pass}
	before.Conformance = &reports.Conformance{Checks: []reports.Check{check}}
	check.Verdict, check.Reason = reports.Skipped, "needs an approver"
	now.Conformance = &reports.Conformance{Checks: []reports.Check{check}}
	c, err := reports.Compare([]*reports.Report{before}, []*reports.Report{now}, reports.CompareOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := c.WriteText(os.Stdout); err != nil {
		fmt.Println(err)
	}
	fmt.Println("regressed:", c.Regressed())
	// Output:
	// NO LONGER TESTED DF-TOKEN-001    pass -> skipped  An approved code gives tokens
	//                  needs an approver
	// 0 broken, 1 no longer tested, 0 fixed, 0 newly tested, 0 other changes; 0 checks fail as before
	// regressed: true
}
