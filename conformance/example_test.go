package conformance_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/checks"
	"github.com/dfcheck/dfcheck/conformance/discovery"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/refserver"
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
	selected, err := conformance.Select(checks.All(), conformance.Options{Only: []string{"REUSE", "POLL-003"},
		Skip: []string{"DF-REUSE-004"}})
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

// A check is a literal: what it reads, and how it judges that. What it reads is a
// scenario, which sends requests and records them. Here a server with a fault takes
// every grant type that ends in device_code for the device grant.
func ExampleCheck() {
	foreignGrant := &conformance.Scenario{
		Name: "foreign grant type", Lane: conformance.LaneInstant, Cost: conformance.FixedCost(2, 1),
		Run: func(ctx context.Context, s *conformance.ScenarioRun) {
			s.Start(ctx).Poll(ctx, conformance.With("grant_type", "urn:example:device_code"),
				conformance.Step("of another grant type"),
				conformance.Provoked())
		},
	}
	check := conformance.Check{
		ID:    "DF-POLL-015",
		Reads: []*conformance.Scenario{foreignGrant},
		Judge: func(e *conformance.Evidence, j *conformance.Judgement) {
			j.Each(e.Of(foreignGrant, "of another grant type"), conformance.ExpectRefusal, "400 unsupported_grant_type",
				conformance.PassIf(conformance.Class(4), conformance.ErrorIs(spec.ErrUnsupportedGrantType)),
				conformance.WarnIf(conformance.Class(4), conformance.ErrorIs(spec.ErrInvalidRequest)))
		},
	}

	fault, err := refserver.FaultNamed("grant-type-suffix")
	if err != nil {
		fmt.Println(err)
		return
	}
	server := httptest.NewUnstartedServer(nil)
	base := "http://" + server.Listener.Addr().String()
	server.Config.Handler = refserver.New(refserver.Config{Contract: "rfc8628", BaseURL: base}, fault)
	server.Start()
	defer server.Close()
	target := &conformance.Target{Facts: conformance.Facts{Host: base, Client: conformance.Client{ID: "dfcheck"}}}
	ctx := context.Background()
	if err := discovery.Choose(ctx, target, conformance.Choice{Spec: "rfc8628"}); err != nil {
		fmt.Println(err)
		return
	}
	run, err := conformance.Prepare(ctx, target, conformance.Checks{check}, conformance.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer run.Close()
	for _, r := range run.Conform(ctx) {
		fmt.Println(r.Check.ID, r.Verdict)
		for _, f := range r.Findings {
			fmt.Printf("expected %s, got %s\n", f.Expected, f.Actual)
		}
	}
	// Output:
	// DF-POLL-015 fail
	// expected 400 unsupported_grant_type, got 400 authorization_pending for a token request (of another grant type)
}
