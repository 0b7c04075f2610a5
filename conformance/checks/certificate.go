package checks

import (
	"context"
	"crypto/tls"
	"net/http"
	"slices"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/spec"
)

var certificateChecks = []Check{
	{
		ID:    "DF-MTLS-001",
		Needs: []Capability{NeedCertificate},
		Reads: []*Scenario{certifiedStarts},
		Judge: judgeCertified,
	},
	wrongCertificateCheck("DF-MTLS-002", noCertificate, NeedCertificateAuth),
	wrongCertificateCheck("DF-MTLS-003", imitatedCertificate, NeedCertificateAuth),
	wrongCertificateCheck("DF-MTLS-004", otherCertificate, NeedCertificateAuth, NeedSecondCertificate),
	{
		ID:    "DF-MTLS-005",
		Gate:  GateTokens,
		Needs: []Capability{NeedApprover, NeedCertificate},
		Reads: []*Scenario{certifiedTokens},
		Judge: judgeCertifiedTokens,
	},
	{
		ID:    "DF-MTLS-006",
		Gate:  GateTokens,
		Needs: []Capability{NeedApprover, NeedCertificate},
		Reads: []*Scenario{certifiedTokens},
		Judge: judgeCertifiedRefresh,
	},
}

// wrongCertificateCheck makes a check of what must not authenticate a client.
func wrongCertificateCheck(id, step string, needs ...Capability) Check {
	return Check{ID: id, Needs: needs, Reads: []*Scenario{certifiedStarts}, Wants: []*Scenario{certifiedPolls},
		Judge: func(e *Evidence, j *Judgement) { judgeWrongCertificate(e, j, step) }}
}

// What a client shows.
const (
	goodCertificate     = "with its certificate"
	goodCertificatePoll = "with its certificate as well"
	noCertificate       = "without a certificate"
	imitatedCertificate = "with a certificate of the same names that somebody else issued"
	otherCertificate    = "with the certificate of another client"
)

// certifiedStarts starts and polls with the certificate, and starts with what is wrong.
var certifiedStarts = &Scenario{
	Name: "starts with certificates", Lane: LaneQuiet, Needs: []Capability{NeedCertificate}, Cost: FixedCost(5, 4),
	Run: func(ctx context.Context, s *ScenarioRun) {
		s.Start(ctx, Step(goodCertificate)).Poll(ctx, Step(goodCertificatePoll))
		for _, w := range wrongCertificates(s.Target()) {
			s.Start(ctx, w...)
		}
	},
}

// wrongCertificates are the ways in which a client that authenticates by its certificate
// must not get through.
func wrongCertificates(t *Target) (out [][]Option) {
	if !ByCertificate(t.Client.Auth) {
		return nil
	}
	out = append(out, showing(t, noCertificate, nil), showing(t, imitatedCertificate, imitation(t.Client.Certificate)))
	if t.Has(NeedSecondCertificate) {
		out = append(out, showing(t, otherCertificate, t.Second.Certificate))
	}
	return out
}

// showing sends a request of the client with another certificate, nil for none.
func showing(t *Target, step string, certificate *tls.Certificate) []Option {
	if certificate == nil {
		certificate = &tls.Certificate{}
	}
	return []Option{As(&Client{ID: t.Client.ID, Auth: "none", Certificate: certificate}), Step(step), Provoked(), Once()}
}

// judgeCertified: what works at one endpoint works at the other.
func judgeCertified(e *Evidence, j *Judgement) {
	j.Each(e.Of(certifiedStarts, goodCertificate), ExpectSuccess, "codes for a client "+goodCertificate,
		PassIf(GivesCodes), InconclusiveIf(AnyAnswer)) // whether it is registered, the server alone knows
	j.Each(e.Of(certifiedStarts, goodCertificatePoll), ExpectPending, "authorization_pending for a client "+
		goodCertificate+", as it works at the device authorization endpoint", PassIf(StillPending), FailIf(Class(4)))
}

// certifiedPolls polls an approved code with what is wrong, and with the certificate at
// last: a server need not look at the client before there are tokens to be had.
var certifiedPolls = &Scenario{
	Name: "polls with certificates", Lane: LaneApprove, Needs: []Capability{NeedApprover, NeedCertificateAuth},
	Cost: WaitingCost(5, 1, 5), Spared: true,
	Run: func(ctx context.Context, s *ScenarioRun) {
		f := s.Start(ctx)
		if f.Approve(ctx) != Accepted {
			return
		}
		f.Settle(ctx)
		for _, w := range wrongCertificates(s.Target()) {
			if x := f.PollDue(ctx, w...); x == nil || x.HasTokens() {
				return
			}
		}
		f.PollDue(ctx, Step(goodCertificate))
	},
}

// judgeWrongCertificate blames a refusal in other words where the code was alive, as the
// right certificate at last shows.
func judgeWrongCertificate(e *Evidence, j *Judgement, step string) {
	control := e.One(certifiedStarts, goodCertificate)
	if control == nil || !control.HasCodes() {
		j.Inconclusive("the device authorization request "+goodCertificate+" got "+Describe(control), control)
		return
	}
	bare := e.One(certifiedStarts, noCertificate)
	for _, x := range e.Of(certifiedStarts, step) {
		served := FailIf(GivesCodes)
		switch {
		case step == noCertificate:
			served = WarnIf(GivesCodes)
		case bare != nil && bare.HasCodes():
			continue // this endpoint looks at no certificate, which is what DF-MTLS-002 says
		}
		judgeRefused(j, control, x, step, served)
	}
	for _, f := range e.FlowsOf(certifiedPolls) {
		if !WasDecided(e, j, certifiedPolls, f) {
			continue
		}
		alive := slices.ContainsFunc(e.Polls(f, goodCertificate), GivesTokens)
		ended := InconclusiveIf(func(x *Exchange) bool { return IsTerminal(x) && !alive })
		for _, x := range e.Polls(f, step) {
			judgeRefused(j, control, x, step, FailIf(GivesTokens), InconclusiveIf(StillPending), ended)
		}
	}
}

// judgeRefused judges the answer to what is wrong. A server may refuse it in the handshake,
// or have a proxy refuse it with a page, where the certificate gets through (ruling R163).
func judgeRefused(j *Judgement, control, x *Exchange, step string, first ...Rule) {
	if RefusedByTLS(x) {
		j.Pass(control)
		return
	}
	rules := append(first, PassIf(StatusIs(400, 401), ErrorIs(spec.ErrInvalidClient)), PassIf(Class(4), IsHTML))
	if step == otherCertificate { // by which the server may have found the other client
		rules = append(rules, PassIf(Class(4), ErrorIs(spec.ErrInvalidGrant, spec.ErrInvalidRequest,
			spec.ErrUnauthorizedClient)))
	}
	j.Each([]*Exchange{x}, ExpectRefusal, "400 or 401 invalid_client, or no TLS connection, for a client "+step,
		append(rules, WarnIf(Class(4)))...)
}

// Where the tokens of certifiedTokens are shown, and with what.
const (
	shownWithOwn   = "to userinfo with the certificate of the token"
	shownWithOther = "to userinfo with another certificate"
	shownWithNone  = "to userinfo without a certificate"

	refreshedWithOther = "with the refresh token and another certificate"
	refreshedWithNone  = "with the refresh token and no certificate"
	refreshedWithOwn   = "with the refresh token and its certificate"

	factCertificate = "certificate" // its thumbprint
)

// certifiedTokens redeems a code, asks introspection what its tokens are bound to, and uses
// them with the certificate, with another one and with none.
var certifiedTokens = &Scenario{
	Name: "tokens bound to a certificate", Lane: LaneApprove, Needs: []Capability{NeedApprover, NeedCertificate},
	Cost: WaitingCost(11, 1, 3), Spared: true, Words: Words{"introspect": "to introspection"},
	Run: func(ctx context.Context, s *ScenarioRun) {
		t := s.Target()
		s.Event(EventFact, "", factCertificate+"="+Thumbprint(t.Client.Certificate))
		f, ok := s.Redeem(ctx)
		if !ok {
			return
		}
		s.InspectToken(ctx, f.Token.AccessToken, "introspect")
		stranger := imitation(t.Client.Certificate)
		if t.Offers.UserInfo != "" {
			seen := Call{Op: OpOther, Method: http.MethodGet, URL: t.Offers.UserInfo,
				Header: http.Header{"Authorization": {"Bearer " + f.Token.AccessToken}}}
			s.Send(ctx, seen, Step(shownWithOwn))
			s.Send(ctx, seen, showing(t, shownWithOther, stranger)...)
			s.Send(ctx, seen, showing(t, shownWithNone, nil)...)
		}
		if f.Token.RefreshToken == "" {
			return
		}
		for _, wrong := range [][]Option{showing(t, refreshedWithOther, stranger), showing(t, refreshedWithNone, nil)} {
			if x := s.Refresh(ctx, f.Token.RefreshToken, wrong...); x == nil || x.HasTokens() {
				return // the refresh token may be used up
			}
		}
		s.Refresh(ctx, f.Token.RefreshToken, Step(refreshedWithOwn))
	},
}

// boundTo are the thumbprints by which the token, where it is a JWT, and introspection say
// what it is bound to: "" for nothing.
func boundTo(e *Evidence, x *Exchange) (jwt, introspected string) {
	if t := e.Secrets[x.Text("access_token")].JWT; t != nil {
		jwt = t.Certificate
	}
	if seen := introspection(e); seen != nil {
		cnf, _ := seen.Object()["cnf"].(map[string]any)
		introspected, _ = cnf["x5t#S256"].(string)
	}
	return jwt, introspected
}

// introspection is the answer that the token is active, nil where there is none.
func introspection(e *Evidence) *Exchange {
	if seen := e.One(certifiedTokens, "introspect"); seen != nil && seen.Object()["active"] == true {
		return seen
	}
	return nil
}

// judgeCertifiedTokens: what is bound to a certificate is good with it alone (RFC 8705
// section 3). Nothing obliges a server to bind the tokens of a client (ruling R164).
func judgeCertifiedTokens(e *Evidence, j *Judgement) {
	x := e.Issued(certifiedTokens)
	if x == nil {
		e.Unredeemed(j, certifiedTokens)
		return
	}
	own, _ := e.Fact(certifiedTokens, factCertificate)
	jwt, introspected := boundTo(e, x)
	seen := introspection(e)
	const expected = "cnf x5t#S256 to be the thumbprint of the certificate that the client shows"
	switch {
	case jwt+introspected == "":
		j.Skip("neither the access token nor introspection says that it is bound to a certificate")
		return
	case jwt != "" && jwt != own:
		j.Fail(expected, "another one in the access token", x)
	case introspected != "" && introspected != own:
		j.Fail(expected, "another one in introspection", x, seen)
	case introspected == "" && seen != nil:
		j.Warn("introspection to tell the certificate of a bound token in cnf x5t#S256", "none", x, seen)
	default:
		j.Pass(x)
	}
	with := e.One(certifiedTokens, shownWithOwn)
	if with == nil || with.Class() != 2 {
		return // userinfo takes no token of this client
	}
	for _, y := range e.Of(certifiedTokens, shownWithOther, shownWithNone) {
		if RefusedByTLS(y) {
			j.Pass(with)
			continue
		}
		j.Each([]*Exchange{y}, ExpectRefusal, "401 invalid_token for a bound token "+y.Step, FailIf(Class(2)),
			PassIf(StatusIs(http.StatusUnauthorized)), PassIf(Class(4), IsHTML), WarnIf(Class(4)))
	}
}

// judgeCertifiedRefresh: the refresh tokens of clients that authenticate are bound to that
// (RFC 8705 section 7.1), those of public clients should be to the certificate (section 4).
func judgeCertifiedRefresh(e *Evidence, j *Judgement) {
	x := e.Issued(certifiedTokens)
	if x == nil {
		e.Unredeemed(j, certifiedTokens)
		return
	}
	jwt, introspected := boundTo(e, x)
	served, whose := FailIf(GivesTokens), "a client that authenticates by its certificate"
	switch {
	case x.Text("refresh_token") == "":
		j.Skip("the server issues no refresh token")
		return
	case ByCertificate(e.Client.Auth):
	case jwt+introspected == "":
		j.Skip("nothing says that the tokens are bound to a certificate")
		return
	default:
		served, whose = WarnIf(GivesTokens), "a public client whose access tokens are bound to its certificate"
	}
	for _, y := range e.Of(certifiedTokens, refreshedWithOther, refreshedWithNone) {
		if RefusedByTLS(y) {
			j.Pass(x)
			continue
		}
		j.Each([]*Exchange{y}, ExpectRefusal, "a refresh token of "+whose+" to be refused without it", served,
			PassIf(Class(4)))
	}
	j.Each(e.Of(certifiedTokens, refreshedWithOwn), ExpectTokens, "a refresh token to work with the certificate",
		PassIf(GivesTokens), InconclusiveIf(AnyAnswer)) // what was tried before may have ended it
}
