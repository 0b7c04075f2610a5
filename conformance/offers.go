package conformance

import (
	"cmp"
	"context"
	"net/http"

	"github.com/dfcheck/dfcheck/spec"
)

// Offers are what a server has beside the two endpoints of the device flow: as the
// configuration names it, or else the metadata. What nobody names is empty.
type Offers struct {
	Revocation string `json:"revocation_endpoint,omitempty"` // RFC 7009
	Keys       string `json:"jwks_uri,omitempty"`
	UserInfo   string `json:"userinfo_endpoint,omitempty"` // OpenID Connect Core section 5.3
}

// Learn takes from metadata what the configuration leaves open. An endpoint on a host
// that the user did not name is none (ruling R120).
func (t *Target) Learn(metadata map[string]any) {
	endpoint := func(member string) string {
		if u, _ := metadata[member].(string); t.Named(u) {
			return u
		}
		return ""
	}
	o := &t.Offers
	o.Revocation = cmp.Or(o.Revocation, endpoint("revocation_endpoint"))
	o.Keys, o.UserInfo = endpoint("jwks_uri"), endpoint("userinfo_endpoint")
}

// Revoke asks the server to revoke a token (RFC 7009 section 2.1) of the run's client.
// It returns nil where the server has no such endpoint.
func (s *ScenarioRun) Revoke(ctx context.Context, token string, opts ...Option) *Exchange {
	if s.target.Offers.Revocation == "" || token == "" {
		return nil
	}
	s.hide("token", token)
	return s.Send(ctx, Call{Op: OpOther, Method: http.MethodPost, URL: s.target.Offers.Revocation,
		Client: &s.target.Client, Encoding: spec.Form,
		Params: spec.Params{{Name: "token", Value: token}, {Name: "client_id", Value: s.target.Client.ID}}}, opts...)
}
