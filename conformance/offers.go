package conformance

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/strict"
)

// Offers are what a server has beside the two endpoints of the device flow: as the
// configuration names it, or else the metadata. What nobody names is empty.
type Offers struct {
	Revocation string `json:"revocation_endpoint,omitempty"` // RFC 7009
	Keys       string `json:"jwks_uri,omitempty"`
	UserInfo   string `json:"userinfo_endpoint,omitempty"` // OpenID Connect Core section 5.3
	// DPoP are the algorithms of proofs that it takes (RFC 9449 section 5.1).
	DPoP []string `json:"dpop_signing_alg_values_supported,omitempty"`
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
	if algs, _ := metadata["dpop_signing_alg_values_supported"].([]any); len(o.DPoP) == 0 {
		for _, alg := range algs {
			if name, ok := alg.(string); ok {
				o.DPoP = append(o.DPoP, name)
			}
		}
	}
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

// ProofAlgorithms are those by which DPoP proofs can be signed.
var ProofAlgorithms = []string{"ES256", "ES384", "EdDSA", "PS256", "RS256"}

// checkDPoP holds that a configuration names one of them.
func checkDPoP(alg string) error {
	if alg == "" || slices.Contains(ProofAlgorithms, alg) {
		return nil
	}
	return fmt.Errorf("dpop is %q; the nearest is %q (%s)", alg, strict.Nearest(alg, ProofAlgorithms),
		strings.Join(ProofAlgorithms, ", "))
}
