package suite_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/conformance/checks"
	"github.com/dfcheck/dfcheck/conformance/suite"
)

// A test of the server that dfcheck.yaml describes.
func ExampleRun() {
	_ = func(t *testing.T) { // func TestConformance(t *testing.T)
		suite.Run(t, "dfcheck.yaml")
	}
}

// A test of a server written in Go, in its own process: users decide by a call.
func ExampleOptions_Run() {
	var server interface {
		http.Handler
		Approve(userCode string) error
		Deny(userCode string) error
	}
	_ = func(t *testing.T) { // func TestConformance(t *testing.T)
		suite.Options{
			Handler: server,
			Config:  &conformance.Config{Client: conformance.ClientConfig{ID: "tv-app"}},
			Approver: approve.Func(func(_ context.Context, v approve.Verification, d approve.Decision) error {
				if d == approve.Deny {
					return server.Deny(v.UserCode)
				}
				return server.Approve(v.UserCode)
			}),
			Conformance: conformance.Options{Skip: []string{"REFRESH"}},
		}.Run(t)
	}
}

// One check of the embedded server, without Ginkgo.
func ExampleEmbedded() {
	ctx := context.Background()
	target, stop, err := suite.Embedded(&conformance.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer stop()
	run, err := conformance.Prepare(ctx, target, checks.All(), conformance.Options{Only: []string{"DF-DISC-001"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer run.Close()
	for _, res := range run.Conform(ctx) {
		fmt.Println(res.Check.ID, res.Verdict)
	}
	// Output:
	// DF-DISC-001 pass
}
