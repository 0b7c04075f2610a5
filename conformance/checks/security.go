package checks

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/traits"
	"github.com/dfcheck/dfcheck/spec"
)

// securityChecks judge what an attacker would try: this file guesses and
// forgeries, security_text.go hostile values, security_page.go the approval page,
// security_flood.go sizes and floods, security_crowd.go
// many devices behind one address.
var securityChecks = []Check{
	{
		ID:      "DF-SEC-001",
		Gate:    GateStart,
		Reads:   []*Scenario{codeSample},
		Passive: true,
		Judge:   judgeDeviceCodeBits,
	},
	{
		ID:      "DF-SEC-002",
		Gate:    GateStart,
		Reads:   []*Scenario{codeSample},
		Wants:   []*Scenario{startingRace},
		Passive: true,
		Judge:   judgeDeviceCodeOrder,
	},
	{
		ID:         "DF-SEC-003",
		Gate:       GateStart,
		Reads:      []*Scenario{hostileText},
		OwnsLimits: true,
		Judge:      judgeHostileText,
	},
	{
		ID:    "DF-SEC-004",
		Gate:  GatePending,
		Reads: []*Scenario{queryOperators},
		Judge: judgeQueryOperators,
	},
	{
		ID:         "DF-SEC-005",
		Gate:       GateStart,
		Needs:      []Capability{NeedAbuse},
		Reads:      []*Scenario{oversized},
		OwnsLimits: true,
		Judge:      judgeOversized,
	},
	{
		ID:    "DF-SEC-006",
		Gate:  GateStart,
		Reads: []*Scenario{forgedHosts},
		Judge: judgeForgedHosts,
	},
	{
		ID:      "DF-SEC-007",
		Gate:    GateStart,
		Reads:   []*Scenario{verificationPage},
		Wants:   []*Scenario{consentPages},
		Shows:   "URL in a response",
		Passive: true,
		Judge:   judgeSecretURLs,
	},
	{
		ID:    "DF-SEC-008",
		Gate:  GateTokens,
		Needs: []Capability{NeedApprover, NeedHTTPApproval},
		Reads: []*Scenario{forgedDecisions},
		Judge: judgeForgedDecisions,
	},
	{
		ID:    "DF-SEC-009",
		Gate:  GateStart,
		Needs: []Capability{NeedApprover, NeedHTTPApproval},
		Reads: []*Scenario{hostileDevice},
		Judge: judgeScriptedPage,
	},
	{
		ID:         "DF-SEC-010",
		Gate:       GatePending,
		Needs:      []Capability{NeedAbuse},
		Reads:      []*Scenario{flood},
		OwnsLimits: true,
		Judge:      judgeFlood,
	},
	{
		ID:    "DF-SEC-011",
		Gate:  GateTokens,
		Needs: []Capability{NeedApprover},
		Reads: []*Scenario{codeChallenge},
		Judge: judgeCodeChallenge,
	},
	{
		ID:    "DF-SEC-012",
		Gate:  GatePending,
		Reads: []*Scenario{addressedPolls},
		Judge: judgeAddressedPolls,
	},
	{
		ID:         "DF-SEC-013",
		Gate:       GatePending,
		Needs:      []Capability{NeedThorough},
		Reads:      []*Scenario{politeCrowd},
		OwnsLimits: true,
		Judge:      judgePoliteCrowd,
	},
}

// Bits of choice in a device code (ruling R17; RFC 6749 section 10.10).
const (
	guessable = 64
	strong    = 120
)

func judgeDeviceCodeBits(e *Evidence, j *Judgement) {
	p := e.Pools["device_code"]
	if p.Count < traits.InRow {
		j.Inconclusive(fmt.Sprintf("too few device codes were seen: %d of the %d needed", p.Count, traits.InRow))
		return
	}
	bits, how := p.Bits, fmt.Sprintf("about %.0f bits, estimated from %d codes", p.Bits, p.Count)
	if uuids(e)[4] == p.Count {
		bits, how = 122, "122 bits, the random part of a UUID"
	}
	expected := fmt.Sprintf("device codes with at least %d bits of randomness", strong)
	switch {
	case bits < guessable:
		j.Fail(expected, how)
	case bits >= strong:
		j.Saw(p.Count, "device code")
	case p.Count < EnoughCodes:
		j.Inconclusive(how + "; too few codes to tell")
	default:
		j.Warn(expected, how)
	}
}

// uuids counts the device codes by their UUID version.
func uuids(e *Evidence) map[int]int {
	out := map[int]int{}
	for _, x := range e.Authorizations() {
		out[e.Secrets[x.Text("device_code")].UUID]++
	}
	return out
}

// judgeDeviceCodeOrder: no code twice, none that tells the next. Codes that two
// starts got together are DF-AUTHZ-010's when the starts were alike, and
// DF-CONC-003's when they came at the same time.
func judgeDeviceCodeOrder(e *Evidence, j *Judgement) {
	p := e.Pools["device_code"]
	if p.Count < traits.InRow {
		j.Inconclusive(fmt.Sprintf("too few device codes were seen: %d of the %d needed", p.Count, traits.InRow))
		return
	}
	by := map[string]*Exchange{}
	for _, x := range e.Starts() {
		code := x.Text("device_code")
		if y := by[code]; y != nil && !x.Overlaps(y) && !slices.Equal(x.Request.Params, y.Request.Params) {
			j.Fail("a different device code for each device authorization request", "the same one twice", y, x)
		}
		by[code] = x
	}
	uuids := uuids(e)
	if n := uuids[1] + uuids[2] + uuids[6]; n > 0 {
		j.Fail("random device codes", fmt.Sprintf("%d UUIDs made of a clock or a network address", n))
	}
	const expected = "device codes in random order"
	switch {
	case uuids[7] > 0 || p.Rising && p.Bits >= guessable:
		j.Warn(expected, "codes that begin with the time, such as UUIDs of version 7")
	case p.Rising:
		j.Fail(expected, "codes that rise or fall steadily")
	}
	if room(e, p) >= guessable { // shorter ones are alike by accident
		actual := fmt.Sprintf("two that differ in only %.0f %% of the characters that vary", 100*p.Nearest)
		switch {
		case p.Nearest < 0.1:
			j.Fail("device codes that have nothing in common", actual)
		case p.Nearest < 0.3:
			j.Warn("device codes that have nothing in common", actual)
		}
	}
	j.Saw(p.Count, "device code")
}

// room is how many bits the changing characters of the device codes could hold.
// What they do hold is DF-SEC-001's, and cannot be estimated from the codes of a
// second or two.
func room(e *Evidence, p traits.Pool) float64 {
	for _, x := range e.Starts() {
		if s := e.Secrets[x.Text("device_code")]; s.Length > 0 {
			return float64(p.Length-p.Fixed) * s.Bits / float64(s.Length)
		}
	}
	return 0
}

// forgedHost is a name that nobody can own (RFC 6761).
const forgedHost = "dfcheck.invalid"

// hostField is the header field that every request has.
const hostField = "Host"

var forgedHosts = &Scenario{
	Name: "forged hosts", Lane: LaneInstant, Cost: FixedCost(6, 6),
	Words: Words{"honest": ""},
	Run: func(ctx context.Context, s *ScenarioRun) {
		s.Start(ctx, Step("honest"))
		for _, f := range []struct{ name, value string }{
			{"X-Forwarded-Host", forgedHost}, {"Forwarded", "for=192.0.2.1;host=" + forgedHost + ";proto=http"},
			{"X-Forwarded-Proto", "http"}, {"X-Original-Host", forgedHost},
		} {
			s.Start(ctx, Field(f.name, f.value), Step(f.name), Provoked(), Once())
		}
		s.Start(ctx, func(c *Call) { c.Host = forgedHost }, Step(hostField), Provoked(), Once())
	},
}

func judgeForgedHosts(e *Evidence, j *Judgement) {
	honest := e.One(forgedHosts, "honest")
	if honest == nil || !honest.HasCodes() {
		return
	}
	here, _ := url.Parse(e.Host)
	for _, x := range e.Of(forgedHosts) {
		if x == honest || !x.HasCodes() { // refused
			j.Pass(x)
			continue
		}
		for _, member := range []string{"verification_uri", "verification_uri_complete"} {
			was, is := origin(honest.Text(member)), origin(x.Text(member))
			expected := member + " to stay at " + was + " whatever the header field " + x.Step + " says"
			switch {
			case was == is || is == "" || was == "":
				j.Pass(x)
			case !strings.Contains(is, forgedHost):
				j.Warn(expected, is, x)
			case x.Step == hostField && here != nil && IsLoopback(here.Hostname()):
				j.Warn(expected, is+" (a server that serves only its own machine may do so)", x)
			default:
				j.Fail(expected, is, x)
			}
		}
	}
}

func origin(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// pseudonym is how a secret is called in a transcript.
var pseudonym = regexp.MustCompile(`(device_code|access_token|refresh_token|id_token|client_secret):[0-9a-f]{6,}`)

func judgeSecretURLs(e *Evidence, j *Judgement) {
	for _, x := range e.Exchanges {
		if x.Response == nil || x.Superseded {
			continue
		}
		urls := map[string]string{"Location": x.Response.Header.Get("Location"), "error_uri": x.Text("error_uri"),
			"verification_uri": x.Text("verification_uri"), "verification_uri_complete": x.Text("verification_uri_complete")}
		for _, where := range slices.Sorted(maps.Keys(urls)) {
			for _, secret := range pseudonym.FindAllString(urls[where], -1) {
				if strings.Contains(x.Request.URL, secret) {
					continue // it was put there by the request
				}
				j.Fail(where+" without a secret in it", urls[where], x)
			}
			if urls[where] != "" {
				j.Pass(x)
			}
		}
	}
	for _, flow := range e.FlowsOf(consentPages) {
		for _, v := range e.Viewings(consentPages, flow) {
			judgeVisited(j, e.Authorization(flow), v.Leaks)
		}
	}
}

// judgeVisited looks at the addresses that a person's browser was led to.
func judgeVisited(j *Judgement, start *Exchange, addresses []string) {
	for _, address := range addresses {
		for _, secret := range pseudonym.FindAllString(address, -1) {
			if start != nil && !strings.Contains(start.Text("verification_uri_complete"), secret) {
				j.Fail("the pages of the decision at addresses without a secret in them", address, start)
			}
		}
	}
}

// codeChallenge starts a flow with a code challenge and redeems it with a wrong
// verifier; where that is refused, it tries the right one, and another flow none.
var codeChallenge = &Scenario{
	Name: "code challenge", Lane: LaneApprove, Needs: []Capability{NeedApprover}, Cost: WaitingCost(5, 2, 2),
	Decisions: DecisionCount(2),
	Words: Words{
		"a wrong verifier":   "with a wrong code_verifier",
		"the right verifier": "with the right code_verifier",
		"no verifier":        "without code_verifier",
	},
	Run: func(ctx context.Context, s *ScenarioRun) {
		verifier := spec.NewVerifier()
		begin := func() *Flow {
			return s.Start(ctx, With("code_challenge", spec.CodeChallenge(verifier)), With("code_challenge_method", spec.S256),
				With("resource", s.Target().Host), Provoked())
		}
		f := begin()
		if f.Approve(ctx) != Accepted {
			return
		}
		f.Settle(ctx)
		verify := func(v string) Option { return With("code_verifier", v) }
		if x := f.PollDue(ctx, Step("a wrong verifier"), verify(spec.NewVerifier()), Provoked()); x == nil || x.HasTokens() ||
			x.StillPending() {
			return
		}
		f.PollDue(ctx, Step("the right verifier"), verify(verifier), Provoked())
		g := begin()
		if g.Approve(ctx) == Accepted {
			g.Settle(ctx)
			g.PollDue(ctx, Step("no verifier"), Without("code_verifier"), Provoked())
		}
	},
}

func judgeCodeChallenge(e *Evidence, j *Judgement) {
	starts := e.Of(codeChallenge, "start")
	if len(starts) > 0 && starts[0].Class() == 4 && !starts[0].Infrastructure() {
		j.Pass(starts[0]) // refused, and so not half done
		return
	}
	flows := e.FlowsOf(codeChallenge)
	wrong, none := e.One(codeChallenge, "a wrong verifier"), e.One(codeChallenge, "no verifier")
	switch {
	case len(flows) == 0 || !WasDecided(e, j, codeChallenge, flows[0]) || wrong == nil:
	case wrong.HasTokens():
		j.Pass(wrong) // ignored
	case wrong.StillPending() || wrong.Infrastructure():
		j.Inconclusive("a poll with a wrong code_verifier got "+Describe(wrong)+
			", so it did not show whether the verifier is checked", wrong)
	case none == nil:
		j.Inconclusive("no code was left to poll without a verifier")
	case none.HasTokens():
		j.Warn("a missing code_verifier to be refused like a wrong one", Describe(none), wrong, none)
	default:
		j.Pass(wrong, none)
	}
}
