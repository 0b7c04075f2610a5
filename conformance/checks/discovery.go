package checks

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/discovery"
	"github.com/dfcheck/dfcheck/spec"
)

var discoveryChecks = []Check{
	{
		ID:    GatePaths,
		Reads: []*Scenario{documentedPaths},
		Judge: func(e *Evidence, j *Judgement) {
			j.Each(e.Of(documentedPaths), ExpectRefusal, "an endpoint at this path (no 404, 405, 410 or redirect)",
				PassIf(declared(e), ErrorIs(RegisteredErrors...)), FailIf(MissingPath), InconclusiveIf(Infrastructure),
				PassIf(AnyAnswer))
		},
	},
	{
		ID:    "DF-DISC-002",
		Reads: []*Scenario{metadata},
		Judge: judgeMetadata,
	},
	{
		ID:    "DF-DISC-003",
		Needs: []Capability{NeedIssuer},
		Reads: []*Scenario{metadata},
		Judge: withMetadata(judgeIssuer),
	},
	{
		ID:    "DF-DISC-004",
		Reads: []*Scenario{metadata},
		Judge: withMetadata(judgeAdvertisedStart),
	},
	{
		ID:    "DF-DISC-005",
		Reads: []*Scenario{metadata},
		Judge: withMetadata(judgeGrantTypes),
	},
	{
		ID:    "DF-DISC-006",
		Reads: []*Scenario{metadata},
		Judge: withMetadata(judgeMetadataTypes),
	},
	{
		ID:    "DF-DISC-007",
		Gate:  GatePending,
		Reads: []*Scenario{metadata, firstPoll},
		Judge: withMetadata(judgeAuthMethods),
	},
	{
		ID:    "DF-DISC-008",
		Reads: []*Scenario{metadata},
		Judge: judgeAgreeingDocuments,
	},
}

// documentedPaths asks both endpoints something, redirects off.
var documentedPaths = &Scenario{
	Name: "documented paths", Lane: LaneFirst, Cost: FixedCost(2, 1),
	Run: func(ctx context.Context, s *ScenarioRun) {
		s.Start(ctx, Step(ToStart))
		s.PollCode(ctx, RandomCode(40), Step(ToToken), Provoked())
	},
}

// metadata fetches both discovery documents and starts a flow at the device
// authorization endpoint that the first of them names.
var metadata = &Scenario{
	Name: "metadata", Lane: LaneFirst, Cost: FixedCost(5, 1),
	Words: Words{"advertised start": "to the advertised endpoint"},
	Run: func(ctx context.Context, s *ScenarioRun) {
		issuer := s.Target().Issuer
		if issuer == "" {
			issuer = s.Target().Host
		}
		var found *Exchange
		for i, u := range discovery.WellKnown(issuer) {
			if i >= 2 && found != nil {
				break // the places that no standard names matter where there is nothing else
			}
			x := s.Send(ctx, Call{Op: OpMetadata, Step: metadataSteps[i], Method: http.MethodGet,
				URL: u, Header: http.Header{"Accept": {"application/json"}}})
			if x != nil && found == nil && IsMetadata(x) {
				found = x
			}
		}
		if found == nil {
			return
		}
		v, _ := advertisedStart(s.Target().Has(NeedCertificate), found)
		if u, _ := v.(string); WellFormedEndpoint(u) {
			s.Start(ctx, Step("advertised start"), func(c *Call) { c.URL = u })
		}
	},
}

// withMetadata leaves a check undecided when no document is there.
func withMetadata(judge func(e *Evidence, j *Judgement, doc *Exchange)) func(*Evidence, *Judgement) {
	return func(e *Evidence, j *Judgement) {
		if doc := document(e); doc != nil {
			judge(e, j, doc)
			return
		}
		j.Skip("the server publishes no metadata document")
	}
}

func judgeMetadata(e *Evidence, j *Judgement) {
	absent, asked := 0, e.Of(metadata, metadataSteps...)
	for _, x := range asked {
		switch {
		case x.Infrastructure():
			j.Inconclusive(OfInfrastructure(x), x)
		case x.Status() != http.StatusOK:
			absent++
		case x.Object() == nil && IsHTML(x):
			j.Warn("metadata to be one JSON object, or 404", "an HTML page with status 200", x) // ruling R32
		case x.Object() == nil:
			j.Fail("metadata to be one JSON object", Describe(x), x)
		case x.MediaType() != "application/json":
			j.Warn("metadata with Content-Type application/json", HeaderText(x, "Content-Type"), x)
		default:
			j.Pass(x)
		}
	}
	if absent == len(asked) && absent > 0 {
		j.Skip("the server publishes no metadata document")
	}
}

func judgeIssuer(e *Evidence, j *Judgement, doc *Exchange) {
	issuer, ok := doc.Object()["issuer"].(string)
	if !ok || issuer != e.Issuer {
		j.Fail(fmt.Sprintf("issuer %q", e.Issuer), MemberText(doc, "issuer"), doc)
		return
	}
	u, err := url.Parse(issuer)
	formed := err == nil && u.Scheme == "https" && u.RawQuery == "" && u.Fragment == ""
	switch {
	case formed, err == nil && IsLoopback(u.Hostname()) && u.RawQuery == "" && u.Fragment == "":
		j.Pass(doc)
	case err == nil && IsLoopback(u.Hostname()):
		j.Warn("issuer to be an https URL without query or fragment", issuer, doc)
	default:
		j.Fail("issuer to be an https URL without query or fragment", issuer, doc)
	}
}

// advertisedStart is the device authorization endpoint that metadata names for a client:
// for one with a certificate it may name another one (RFC 8705 section 5).
func advertisedStart(certified bool, doc *Exchange) (v any, ok bool) {
	const member = "device_authorization_endpoint"
	if aliases, _ := doc.Object()["mtls_endpoint_aliases"].(map[string]any); certified && aliases[member] != nil {
		return aliases[member], true
	}
	return doc.Member(member)
}

func judgeAdvertisedStart(e *Evidence, j *Judgement, doc *Exchange) {
	v, ok := advertisedStart(e.Has(NeedCertificate), doc)
	if !ok {
		j.Warn("device_authorization_endpoint in the metadata", "metadata without it", doc)
		return
	}
	u, _ := v.(string)
	if !WellFormedEndpoint(u) {
		j.Fail("device_authorization_endpoint to be an absolute https URL without fragment", JSONText(v), doc)
		return
	}
	start := e.One(metadata, "advertised start")
	switch {
	case start == nil || start.Infrastructure():
		j.Inconclusive("the advertised endpoint could not be tried: "+Describe(start), doc)
	case !start.HasCodes():
		j.Fail("a device authorization response from the advertised endpoint", Describe(start), doc, start)
	case u != e.StartURL:
		j.Warn("the metadata to name the endpoint under test, "+e.StartURL, "another URL, which works too: "+u, doc, start)
	default:
		j.Pass(doc, start)
	}
}

func judgeGrantTypes(e *Evidence, j *Judgement, doc *Exchange) {
	v, ok := doc.Member("grant_types_supported")
	list, isList := v.([]any)
	switch {
	case !ok:
		j.Warn("grant_types_supported to contain "+spec.GrantDeviceCode,
			"no grant_types_supported, and its default lacks the device grant", doc)
	case isList && !slices.Contains(list, any(spec.GrantDeviceCode)):
		j.Fail("grant_types_supported to contain "+spec.GrantDeviceCode, JSONText(v), doc)
	default:
		j.Pass(doc) // its type is DF-DISC-006's business
	}
}

func judgeMetadataTypes(e *Evidence, j *Judgement, doc *Exchange) {
	obj := doc.Object()
	for _, name := range SortedNames(obj) {
		v := obj[name]
		list, isList := v.([]any)
		_, isText := v.(string)
		_, isBool := v.(bool)
		switch {
		case v == nil:
			j.Warn("metadata to leave out members that have no value", name+": null", doc)
		case strings.HasSuffix(name, "_endpoint") || strings.HasSuffix(name, "_uri"):
			if !isText {
				j.Fail(name+" to be a string", JSONText(v), doc)
			}
		case strings.HasSuffix(name, "_supported") && !isBool:
			if !isList || len(list) == 0 {
				j.Fail(name+" to be an array that is not empty", JSONText(v), doc)
			}
		}
	}
	j.Pass(doc)
}

// judgeAuthMethods compares what is advertised with what was seen to work.
func judgeAuthMethods(e *Evidence, j *Judgement, doc *Exchange) {
	poll := e.One(firstPoll, "due")
	if poll == nil || !poll.StillPending() {
		j.Inconclusive("no poll of the configured client was accepted")
		return
	}
	method := map[string]string{"": "none", "none": "none", "basic": "client_secret_basic",
		"post": "client_secret_post", AuthAssertion: AuthAssertion, AuthCertificate: AuthCertificate,
		AuthSelfSigned: AuthSelfSigned}[e.Client.Auth]
	works := []string{method}
	if ByCertificate(method) {
		works = []string{AuthCertificate, AuthSelfSigned} // to the client they are the same
	}
	v, ok := doc.Member("token_endpoint_auth_methods_supported")
	list, _ := v.([]any)
	listed := func(name any) bool { text, _ := name.(string); return slices.Contains(works, text) }
	if slices.ContainsFunc(list, listed) || !ok && method == "client_secret_basic" {
		j.Pass(doc, poll)
		return
	}
	j.Warn("token_endpoint_auth_methods_supported to contain "+method+", which works",
		MemberText(doc, "token_endpoint_auth_methods_supported"), doc, poll)
}

// judgeAgreeingDocuments compares the two discovery documents where both exist.
func judgeAgreeingDocuments(e *Evidence, j *Judgement) {
	oauth, openid := e.One(metadata, stepOAuth), e.One(metadata, stepOpenID)
	if oauth == nil || openid == nil || !IsMetadata(oauth) || !IsMetadata(openid) {
		j.Skip("the server publishes only one metadata document, or none")
		return
	}
	for _, m := range []string{"issuer", "token_endpoint", "device_authorization_endpoint"} {
		if a, b := oauth.Text(m), openid.Text(m); a != b {
			j.Warn("the same "+m+" in both metadata documents", fmt.Sprintf("%q and %q", a, b), oauth, openid)
		}
	}
	j.Pass(oauth, openid)
}
