package conformance

import (
	"context"

	"github.com/dfcheck/dfcheck/spec"
)

var refreshChecks = []Check{}

// refresh sends a refresh request (RFC 6749 section 6) for the run's client.
func (s *Scene) refresh(ctx context.Context, token string, opts ...Option) *Exchange {
	return s.PollCode(ctx, "", append([]Option{Step("refresh"), Sending(spec.Params{
		{Name: "grant_type", Value: spec.GrantRefreshToken},
		{Name: "refresh_token", Value: token},
		{Name: "client_id", Value: s.target.Client.ID},
	})}, opts...)...)
}
