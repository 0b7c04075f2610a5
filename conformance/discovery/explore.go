package discovery

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/spec"
)

// An explorer finds the device flow of a host. Whoever looks for one uses it, so
// that init, doctor, conformance and load find the same.
type explorer struct {
	*prober
	target *conformance.Target
	choice conformance.Choice
	usual  []pair
	meta   *serverMetadata // of issuer; nil for none
	issuer string
	halves []string // what was found of a device flow, and not the rest
	lacks  string   // the flag that would name the rest of the first half
}

// find prefers what the user named, then the documented API where its path answers,
// then metadata, and then the places where servers are known to have things.
func (e *explorer) find(ctx context.Context) error {
	auto, c := e.choice.Spec != "rfc8628", e.choice
	e.issuer = cmp.Or(c.Issuer, e.target.Host)
	e.meta = e.metadata(ctx, WellKnown(e.issuer))
	switch {
	case c.Start != "" && c.Token != "":
		return e.take("flag", "both endpoints are named", pair{})
	case auto && e.documented(ctx):
		return e.takeDocumented()
	case e.dead(ctx):
		return e.nothing(ctx)
	}
	if found, err := e.byMetadata(); found || err != nil {
		return err
	}
	if c.Start != "" || c.Token != "" {
		return e.complete(ctx)
	}
	if found, err := e.byUsualIssuers(ctx); found || err != nil {
		return err
	}
	if auto && e.byDocument(ctx) {
		e.learn()
		return e.target.Adopt()
	}
	if e.byEndpoints(ctx) {
		return nil
	}
	return e.nothing(ctx)
}

// take makes the standard contract the target's, with the endpoints that were found.
func (e *explorer) take(by, why string, found pair) (err error) {
	t := e.target
	if e.choice.Spec == "rfc8628" {
		by, why = "flag", strings.TrimSuffix(namedSpec+"; "+why, "; ")
	}
	t.Contract, err = spec.BuiltinContract("rfc8628")
	t.ChosenBy, t.ChosenWhy = by, why
	t.StartURL, t.TokenURL, t.Look.Spec = found.start, found.token, "rfc8628"
	e.learn()
	return err
}

// documented reports whether the documented path answers.
func (e *explorer) documented(ctx context.Context) bool {
	v1, err := spec.BuiltinContract("documented-v1")
	if err != nil {
		return false
	}
	_, ok := e.endpoint(ctx, join(e.target.Host, v1.Start.Path), documentedInquiry(&v1.Start))
	return ok
}

func (e *explorer) takeDocumented() (err error) {
	t := e.target
	t.Contract, err = spec.BuiltinContract("documented-v1")
	t.ChosenBy, t.ChosenWhy, t.Look.Spec = "probe", "the documented paths answer", "documented-v1"
	if e.meta != nil && e.meta.endpoints.start != "" {
		t.Also = []string{"rfc8628"}
	}
	return err
}

// byMetadata takes the endpoints that metadata names, with those that the user
// names in their places. Metadata that names one and not the other is an error:
// nothing is to be assumed in its place.
func (e *explorer) byMetadata() (found bool, err error) {
	m := e.meta
	if m == nil {
		return false, nil
	}
	c, named := e.choice, m.endpoints
	if e.target.Client.Certificate != nil { // RFC 8705 section 5
		named = pair{start: cmp.Or(m.aliases.start, named.start), token: cmp.Or(m.aliases.token, named.token)}
	}
	incomplete := func(member, flag string) error {
		return &conformance.PreflightError{Problem: fmt.Sprintf("%s names no %s", m.URL, member), Incomplete: true,
			Tried: e.tried, See: conformance.HalfFound,
			Hint: fmt.Sprintf("the server has to name it; until then name it with %s (%s in dfcheck.yaml)", flag, keyOf[flag])}
	}
	switch {
	case named.start == "" && c.Start == "" && m.aliases.start != "":
		return false, e.wantsCertificate(m, "device_authorization_endpoint", flagStart)
	case named.start == "" && c.Start == "":
		if named.token != "" {
			e.half(m.URL+" names a token endpoint and no device_authorization_endpoint", flagStart)
		}
		return false, nil
	case named.token == "" && c.Token == "" && m.aliases.token != "":
		return false, e.wantsCertificate(m, "token_endpoint", flagToken)
	case named.token == "" && c.Token == "" && named.start != "":
		return false, incomplete("token_endpoint", flagToken)
	case named.token == "" && c.Token == "":
		return false, nil
	}
	why := "the server's metadata names a device authorization endpoint: " + m.URL
	if c.Start != "" {
		why = "the server's metadata names the token endpoint: " + m.URL
	}
	return true, e.take("metadata", why, named)
}

// The flags that name the endpoints, and the keys that do.
const (
	flagStart = "--device-authorization-endpoint"
	flagToken = "--token-endpoint"
)

var keyOf = map[string]string{flagStart: "endpoints: {device_authorization: …}", flagToken: "endpoints: {token: …}"}

// wantsCertificate is the error of metadata that has an endpoint for clients with a
// certificate alone.
func (e *explorer) wantsCertificate(m *serverMetadata, member, flag string) error {
	return &conformance.PreflightError{
		Problem: fmt.Sprintf("%s names %s only in mtls_endpoint_aliases: it is for clients that authenticate with mutual "+
			"TLS (RFC 8705), and no client certificate is configured", m.URL, member),
		Hint: fmt.Sprintf("show one with --client-cert FILE --client-key FILE (client: {cert: …, key: …} in dfcheck.yaml), "+
			"or name an endpoint that works without one with %s (%s)", flag, keyOf[flag]),
		See: conformance.WantsCertificate, Incomplete: true, Tried: e.tried,
	}
}

// learn takes over what metadata says beside the endpoints, also where they were found
// without it.
func (e *explorer) learn() {
	m, t := e.meta, e.target
	if m == nil {
		return
	}
	if t.Issuer == "" {
		t.Issuer = m.issuerOf(e.issuer)
	}
	t.Look.Issuer, t.Look.Scope, t.Look.AuthMethods = t.Issuer, m.preferred(), conformance.AuthMethods(m.members)
	t.Learn(m.members)
}

// complete finds the endpoint beside the one that the user named.
func (e *explorer) complete(ctx context.Context) error {
	t, c := e.target, e.choice
	if c.Start != "" {
		base, p := placeOf(t.Host, c.Start)
		if token := e.first(ctx, base, tokenPathsFor(p, e.usual), askToken); token != "" {
			t.Look.Token = token
			return e.take("flag", c.Start+" is named, and "+token+" answers as a token endpoint", pair{token: token})
		}
		e.half("the device authorization endpoint is named and no token endpoint was found", flagToken)
		return e.nothing(ctx)
	}
	base, p := placeOf(t.Host, c.Token)
	if start := e.first(ctx, base, startPathsFor(p, e.usual), askStart); start != "" {
		t.Look.Start = start
		return e.take("flag", c.Token+" is named, and "+start+" answers as a device authorization endpoint",
			pair{start: start})
	}
	e.half("the token endpoint is named and no device authorization endpoint was found", flagStart)
	return e.nothing(ctx)
}

// first is the first of some paths at which an endpoint answers; "" for none.
func (e *explorer) first(ctx context.Context, base string, paths []string, a inquiry) string {
	for _, p := range paths {
		if e.over(ctx) {
			break
		}
		if _, ok := e.endpoint(ctx, join(base, p), a); ok {
			return join(base, p)
		}
	}
	return ""
}

// half notes what was found of a device flow, and which flag would name the rest.
func (e *explorer) half(what, flag string) {
	e.halves = append(e.halves, what)
	e.lacks = cmp.Or(e.lacks, flag)
}

// dead reports whether nothing has answered, or nothing but that https is wanted.
func (e *explorer) dead(ctx context.Context) bool {
	return e.over(ctx) || slices.ContainsFunc(e.tried, conformance.WantsHTTPS)
}

// nothing explains a look that showed no device flow: the host was out of reach,
// or it answered something else.
func (e *explorer) nothing(ctx context.Context) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	host := e.target.Host
	p := &conformance.PreflightError{Tried: e.tried}
	for _, x := range e.tried {
		if x.Response != nil {
			p.Exchange = x
		}
	}
	last := e.tried[len(e.tried)-1]
	https := slices.IndexFunc(e.tried, conformance.WantsHTTPS)
	switch {
	case https >= 0:
		p.Exchange = e.tried[https]
		p.Problem = "no device flow was found at " + host + ": " + conformance.Describe(p.Exchange)
		p.Hint, p.See = conformance.HTTPSHint(host), conformance.SpeaksHTTPS
	case p.Exchange == nil:
		p.Problem, p.Exchange = "cannot reach "+host+": "+last.Error, last
		p.Hint, p.See = conformance.ReachHint(last.Error)
	case e.lacks != "":
		p.Problem = "no device flow was found at " + host + ": " + strings.Join(e.halves, "; ")
		p.Hint = fmt.Sprintf("name the other endpoint with %s (%s in dfcheck.yaml)", e.lacks, keyOf[e.lacks])
		p.See = conformance.HalfFound
	case !slices.ContainsFunc(e.tried, func(x *conformance.Exchange) bool {
		return x.Response != nil && !conformance.IsHTML(x)
	}):
		p.Problem = "no device flow was found at " + host + ": whatever is asked for, it answers with an HTML page"
		p.Hint, p.See = conformance.HTMLHint, conformance.AnswersHTML
	default:
		reasons := append(e.halves, "the documented paths do not answer, no metadata names a device authorization "+
			"endpoint, and the usual places have neither an OpenAPI document of one nor endpoints")
		p.Problem = "no device flow was found at " + host + ": " + strings.Join(reasons, "; ")
		p.Hint = "name the endpoints (--device-authorization-endpoint, --token-endpoint), the issuer (--issuer) or an " +
			"OpenAPI document (--spec)"
		p.See = conformance.NoDeviceFlow
	}
	return p
}
