package conformance_test

import (
	"fmt"
	"os"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/checks"
	"github.com/dfcheck/dfcheck/reports"
)

// A recording of a real server is judged again. The verdicts follow from what was
// recorded and from the checks, which the engine is handed.
func ExampleJudge() {
	file, err := os.Open("../testdata/transcripts/zitadel-oidc.jsonl")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer file.Close()
	transcript, err := conformance.Load(file)
	if err != nil {
		fmt.Println(err)
		return
	}
	results, err := conformance.Judge(transcript, checks.All())
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range results {
		if r.Verdict == reports.Fail && r.Check.ID == "DF-REUSE-001" {
			f := r.Findings[0]
			fmt.Printf("%s: expected %s, got %s\n", r.Check.ID, f.Expected, f.Actual)
		}
	}
	// Output:
	// DF-REUSE-001: expected no tokens for a redeemed code, got 200 with an access token for a poll after the redemption
}

// A selection names checks and groups. A wrong name is an error that names the
// nearest.
func ExampleSelect() {
	selected, err := conformance.Select(checks.All(), conformance.Options{Only: []string{"REUSE", "POLL-003"}, Skip: []string{"DF-REUSE-004"}})
	for _, c := range selected {
		fmt.Println(c.ID)
	}
	fmt.Println(err)
	_, err = conformance.Select(checks.All(), conformance.Options{Only: []string{"REUSED"}})
	fmt.Println(err)
	// Output:
	// DF-POLL-003
	// DF-REUSE-001
	// DF-REUSE-002
	// DF-REUSE-003
	// <nil>
	// unknown check or group "REUSED"; the nearest is "REUSE"
}
