package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

// rules says which rules are applied, and why those.
func rules(target *conformance.Target) string {
	c := target.Contract
	what := "RFC 8628"
	switch {
	case c.Name == "documented-v1":
		what = "the documented device API in its first revision (documented-v1), and the standards"
	case c.Name == "documented-v2":
		what = "the documented device API in its second revision (documented-v2), and the standards"
	case c.Family == spec.Document:
		what = "RFC 8628, and what the OpenAPI document " + c.Name + " adds"
	}
	line := fmt.Sprintf("rules: %s, because %s", what, target.ChosenWhy)
	if there := elsewhere(target); there != "" {
		line += fmt.Sprintf("; the requests go to %s, which is not --host", there)
	}
	return reports.Legible(line)
}

// approvers says of each kind who decides.
var approvers = map[string]string{
	"prompt": "you are asked", "reference": "the reference server's own decision endpoint",
	"form":    "the recipe in dfcheck.yaml, through the server's pages",
	"browser": "the recipe in dfcheck.yaml, through the server's pages in a browser",
	"http":    "the requests in dfcheck.yaml", "exec": "the commands in dfcheck.yaml",
}

// deciders says who approves and denies.
func deciders(target *conformance.Target, kind string) string {
	if target.Approver == nil {
		return "approver: none, so nothing that follows a decision is tested (--approve prompt asks you)"
	}
	kind = cmp.Or(kind, "reference")
	return fmt.Sprintf("approver: %s (%s)", cmp.Or(approvers[kind], "the one of the program"), kind)
}

// untested says what will not be tested, why, and what would bring the most.
func untested(plan *conformance.Plan) string {
	type reason struct {
		why, how string
		checks   int
	}
	var reasons []reason
	for _, c := range plan.Checks {
		if c.Verdict == "" {
			continue
		}
		i := slices.IndexFunc(reasons, func(r reason) bool { return r.why == c.Reason })
		if i < 0 {
			reasons = append(reasons, reason{why: c.Reason, how: c.Enable})
			i = len(reasons) - 1
		}
		reasons[i].checks++
	}
	if len(reasons) == 0 {
		return "not tested: nothing; every check that was chosen can run"
	}
	slices.SortStableFunc(reasons, func(a, b reason) int { return b.checks - a.checks })
	const shown = 3
	var out []string
	for i, r := range reasons {
		if i == shown {
			out = append(out, fmt.Sprintf("and %s (-v names them)", reports.Count(len(reasons)-shown, "other reason",
				"other reasons")))
			break
		}
		text := fmt.Sprintf("%s: %s", reports.Count(r.checks, "check", "checks"), r.why)
		if r.how != "" {
			text += " (" + r.how + ")"
		}
		out = append(out, text)
	}
	return "not tested: " + strings.Join(out, "; ")
}
