package checks

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/spec"
)

var dpopChecks = []Check{
	dpopCheck("DF-DPOP-001", judgeBound, boundTokens),
	dpopCheck("DF-DPOP-002", judgeWrongProofs, wrongProof, boundTokens),
	dpopCheck("DF-DPOP-003", judgeReplayedProof, replayedProof),
	dpopCheck("DF-DPOP-004", judgeNonce, boundTokens),
	dpopCheck("DF-DPOP-005", judgeBoundRefresh, boundTokens),
	{
		ID:    "DF-DPOP-006",
		Needs: []Capability{NeedDPoP},
		Reads: []*Scenario{metadata},
		Judge: withMetadata(judgeProofAlgorithms),
	},
}

// dpopCheck makes a check of tokens that are bound to a key.
func dpopCheck(id string, judge func(*Evidence, *Judgement), reads ...*Scenario) Check {
	return Check{ID: id, Gate: GateTokens, Needs: []Capability{NeedApprover, NeedDPoP}, Reads: reads, Judge: judge}
}

// What is sent in the flow whose tokens are bound.
const (
	provenPoll    = "with a first proof"
	answeredNonce = "at once, with the nonce"
	otherKey      = "with the refresh token and another key"
	withoutProof  = "with the refresh token and no proof"
	ownKey        = "with the refresh token and its key"
)

// boundTokens polls with proofs, before the decision and after it, and refreshes with the
// key of the device, with another one and with none.
var boundTokens = &Scenario{
	Name: "tokens bound to a key", Lane: LaneApprove, Needs: []Capability{NeedApprover, NeedDPoP},
	Cost: WaitingCost(11, 1, 3), Spared: true,
	Words: Words{"introspect": "to introspection"},
	Run: func(ctx context.Context, s *ScenarioRun) {
		p := newProver(s.Target())
		if p == nil {
			return
		}
		s.Event(EventFact, "", "thumbprint="+p.thumbprint())
		f := p.start(ctx, s)
		if p.challenged(f.PollDue(ctx, Step(provenPoll), p.proving(nil))) {
			f.Poll(ctx, Step(answeredNonce), p.proving(nil))
		}
		if f.Approve(ctx) != Accepted {
			return
		}
		f.Settle(ctx)
		x := p.poll(ctx, f, "redeem", nil)
		if x == nil || !x.HasTokens() {
			return
		}
		s.InspectToken(ctx, f.Token.AccessToken, "introspect")
		if f.Token.RefreshToken == "" {
			return
		}
		thief := p.thief()
		for _, x := range []*Exchange{thief.refresh(ctx, s, f.Token.RefreshToken, otherKey),
			s.Refresh(ctx, f.Token.RefreshToken, Step(withoutProof), Provoked())} {
			if x == nil || x.HasTokens() {
				return // the refresh token may be used up
			}
		}
		p.refresh(ctx, s, f.Token.RefreshToken, ownKey)
	},
}

func judgeBound(e *Evidence, j *Judgement) {
	x := e.One(boundTokens, "redeem")
	for _, f := range e.FlowsOf(boundTokens) {
		if !WasDecided(e, j, boundTokens, f) {
			return
		}
	}
	const expected = "tokens for an approved code and a good proof, with token_type DPoP"
	switch {
	case x == nil:
		j.Inconclusive("the code was not polled with a proof")
	case !x.HasTokens():
		j.Each([]*Exchange{x}, ExpectTokens, expected, InconclusiveIf(StillPending), FailIf(Class(4)))
	default:
		judgeBinding(e, j, x, expected)
	}
}

// judgeBinding compares what the response says with what introspection says.
func judgeBinding(e *Evidence, j *Judgement, x *Exchange, expected string) {
	thumbprint, _ := e.Fact(boundTokens, "thumbprint")
	isBound := strings.EqualFold(x.Text("token_type"), "DPoP")
	seen := e.One(boundTokens, "introspect")
	var told any
	active := seen != nil && seen.Request.Method == http.MethodPost && seen.Object()["active"] == true
	if active {
		cnf, _ := seen.Object()["cnf"].(map[string]any)
		told = cnf["jkt"]
	}
	switch {
	case !isBound && told != nil:
		j.Fail(expected+", because introspection says that it is bound", MemberText(x, "token_type"), x, seen)
	case !isBound:
		j.Warn(expected, MemberText(x, "token_type"), x) // ruling R141
	case told == nil && active:
		j.Warn("introspection to tell the key of the token in cnf.jkt", "none", seen)
	case told != nil && told != thumbprint:
		j.Fail("cnf.jkt to be the thumbprint of the key of the proof", "another one", seen)
	default:
		j.Pass(x, seen)
	}
}

// wrongProof polls approved codes with proofs of which one part is wrong, and with a good
// one at last: a server need not look at proofs before there are tokens to be had.
var wrongProof = &Scenario{
	Name: "wrong proofs", Lane: LaneApprove, Needs: []Capability{NeedApprover, NeedDPoP},
	Cost:      WaitingCost(27, len(wrongProofs), 5),
	Decisions: DecisionCount(len(wrongProofs)), Spared: true,
	Run: func(ctx context.Context, s *ScenarioRun) {
		s.Times(len(wrongProofs), func(i int) {
			p := newProver(s.Target())
			if p == nil {
				return
			}
			f := p.start(ctx, s)
			if f.Approve(ctx) != Accepted {
				return
			}
			f.Settle(ctx)
			for _, part := range wrongProofs[i] {
				if x := p.poll(ctx, f, part.step, part.change); x == nil || x.HasTokens() {
					return
				}
			}
			p.poll(ctx, f, "with a good proof", nil)
		})
	},
}

func judgeWrongProofs(e *Evidence, j *Judgement) {
	nonces := len(challenges(e.Of(boundTokens)))+len(challenges(e.Of(wrongProof))) > 0
	for _, f := range e.FlowsOf(wrongProof) {
		if !WasDecided(e, j, wrongProof, f) {
			continue
		}
		polls := e.Polls(f, wrongSteps...)
		for i, x := range polls {
			lost := i > 0 && IsTerminal(x)
			switch byNonce := x.Step == proofOfYesterday || x.Step == proofOfTomorrow; {
			case x.ErrorCode() == spec.ErrUseDPoPNonce:
				j.Pass(x) // it has given no tokens
			case byNonce && nonces: // ruling R143
			case lost:
				j.Inconclusive("the code had ended before all proofs were tried: "+Describe(x), x)
			default:
				j.Each([]*Exchange{x}, ExpectRefusal, "400 invalid_dpop_proof", FailIf(GivesTokens),
					PassIf(Class(4), ErrorIs(spec.ErrInvalidDPoPProof)), InconclusiveIf(StillPending), WarnIf(Class(4)))
			}
		}
	}
}

// challenges keeps the answers that ask for a nonce.
func challenges(xs []*Exchange) []*Exchange {
	return slices.DeleteFunc(slices.Clone(xs), func(x *Exchange) bool { return x.ErrorCode() != spec.ErrUseDPoPNonce })
}

// replayedProof redeems two codes with one and the same proof.
var replayedProof = &Scenario{
	Name: "replayed proof", Lane: LaneApprove, Needs: []Capability{NeedApprover, NeedDPoP}, Cost: WaitingCost(6, 2, 1),
	Decisions: DecisionCount(2), Spared: true,
	Words: Words{"first": "with a proof", "again": "with the same proof for another code"},
	Run: func(ctx context.Context, s *ScenarioRun) {
		p := newProver(s.Target())
		if p == nil {
			return
		}
		one, other := p.start(ctx, s), p.start(ctx, s)
		if one.Approve(ctx) != Accepted || other.Approve(ctx) != Accepted || !one.WaitInterval(ctx, Slack) {
			return
		}
		same := Field("DPoP", p.proof(nil)...)
		x := one.Poll(ctx, Step("first"), same, Provoked(), Once())
		if p.challenged(x) {
			same = Field("DPoP", p.proof(nil)...)
			x = one.Poll(ctx, Step("first"), same, Provoked(), Once())
		}
		if x != nil && x.HasTokens() {
			other.PollDue(ctx, Step("again"), same, Provoked(), Once())
		}
	},
}

func judgeReplayedProof(e *Evidence, j *Judgement) {
	first, again := e.One(replayedProof, "first"), e.One(replayedProof, "again")
	switch {
	case first == nil || !first.HasTokens() || again == nil:
		j.Inconclusive("no code was redeemed with a proof: " + Describe(first))
	case again.HasTokens():
		j.Warn("a proof to be good once", "tokens for the same proof a second time", first, again)
	default:
		j.Each([]*Exchange{again}, ExpectRefusal, "a proof that was used to be refused",
			InconclusiveIf(StillPending), PassIf(Class(4)))
	}
}

// judgeNonce: a device that is asked for a nonce polls again at once, and has lost nothing.
func judgeNonce(e *Evidence, j *Judgement) {
	asked, answered := e.One(boundTokens, provenPoll), e.One(boundTokens, answeredNonce)
	switch {
	case asked == nil:
		j.Inconclusive("the code was not polled with a proof")
		return
	case asked.ErrorCode() != spec.ErrUseDPoPNonce:
		j.Skip("the server asks for no nonce")
		return
	case asked.Response.Header.Get("DPoP-Nonce") == "":
		j.Fail("the nonce in DPoP-Nonce", "no such header field", asked)
		return
	case asked.Status() != http.StatusBadRequest:
		j.Warn("400 use_dpop_nonce", Describe(asked), asked)
	}
	j.Each([]*Exchange{answered}, ExpectPending, "authorization_pending for the same code, as for a first poll",
		WarnIf(ErrorIs(spec.ErrSlowDown)), PassIf(StillPending), FailIf(Class(4))) // ruling R142
}

func judgeBoundRefresh(e *Evidence, j *Judgement) {
	x := e.Issued(boundTokens)
	switch {
	case e.Client.Auth != "" && e.Client.Auth != "none":
		j.Skip("the client has a secret, to which its refresh tokens are bound")
		return
	case x == nil:
		j.Inconclusive("no token was issued for a proof: " + Describe(e.One(boundTokens, "redeem")))
		return
	case x.Text("refresh_token") == "":
		j.Skip("the server issues no refresh token")
		return
	case !strings.EqualFold(x.Text("token_type"), "DPoP"):
		j.Inconclusive("the tokens are not bound to a key; see DF-DPOP-001", x)
		return
	}
	last := func(step string) []*Exchange { return []*Exchange{e.One(boundTokens, step)} }
	for _, step := range []string{otherKey, withoutProof} {
		j.Each(last(step), ExpectRefusal, "a refresh token of a public client to be refused without the key of its device",
			FailIf(GivesTokens), PassIf(Class(4), ErrorIs(spec.ErrInvalidDPoPProof, spec.ErrInvalidGrant,
				spec.ErrInvalidRequest, spec.ErrUseDPoPNonce)), WarnIf(Class(4)))
	}
	j.Each(last(ownKey), ExpectTokens, "a refresh token to work with the key of its device", PassIf(GivesTokens),
		FailIf(Class(4)))
}

// judgeProofAlgorithms: algorithms of proofs have a public key (RFC 9449 sections 4.2, 5.1).
func judgeProofAlgorithms(_ *Evidence, j *Judgement, doc *Exchange) {
	v, there := doc.Member("dpop_signing_alg_values_supported")
	list, isList := v.([]any)
	switch {
	case !there:
		j.Skip("the metadata has no dpop_signing_alg_values_supported")
		return
	case !isList || len(list) == 0:
		j.Pass(doc) // its type is DF-DISC-006's business
		return
	}
	for _, alg := range list {
		name, isText := alg.(string)
		if !isText || strings.EqualFold(name, "none") || strings.HasPrefix(name, "HS") {
			j.Fail("dpop_signing_alg_values_supported to hold asymmetric algorithms alone",
				fmt.Sprintf("%.40q", fmt.Sprint(alg)), doc)
		}
	}
	j.Pass(doc)
}
