package television_test

import (
	"context"
	"testing"

	_ "github.com/onsi/ginkgo/v2" // by which the ginkgo command knows that there is a suite

	"example.com/television"
	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/conformance/suite"
)

// TestConformance checks the server by the rules of RFC 8628, in this process.
func TestConformance(t *testing.T) {
	server := television.NewServer()
	suite.Options{
		Handler: server,
		Config: &conformance.Config{
			Spec:              "rfc8628",
			Endpoints:         conformance.EndpointsConfig{DeviceAuthorization: "/device_authorization", Token: "/token"},
			Client:            conformance.ClientConfig{ID: television.Client},
			ClientsRegistered: true,
		},
		Approver: approve.Func(func(_ context.Context, v approve.Verification, d approve.Decision) error {
			if d == approve.Deny {
				return server.Deny(v.UserCode)
			}
			return server.Approve(v.UserCode)
		}),
	}.Run(t)
}
