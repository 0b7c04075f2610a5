package checks

import (
	"context"
	"fmt"
	"slices"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/spec"
)

// clientChecks judge who may start and poll: this file public clients,
// client_credentials.go those with a secret, client_places.go where requests hold what
// they say.
var clientChecks = []Check{
	{
		ID:    "DF-CLIENT-001",
		Gate:  GatePending,
		Reads: []*Scenario{bareDevice},
		Judge: func(e *Evidence, j *Judgement) {
			j.Each(e.Of(bareDevice, "start"), ExpectSuccess,
				"200 for a device that sends no credentials, cookies or anti-forgery token",
				PassIf(GivesCodes), InconclusiveIf(Infrastructure), FailIf(StatusIs(401, 403)))
			j.Each(e.Of(bareDevice, "poll"), ExpectPending, "authorization_pending for a poll on another connection",
				PassIf(StillPending), FailIf(StatusIs(401, 403)))
		},
	},
	{
		ID:    "DF-CLIENT-002",
		Gate:  GatePending,
		Reads: []*Scenario{foreignPolls, foreignRedemption, unknownCodes},
		Judge: taking(OpToken, "client_id", judgeForeignPolls),
	},
	{
		ID:    "DF-CLIENT-003",
		Gate:  GateTokens,
		Needs: []Capability{NeedApprover, NeedSecondClient},
		Reads: []*Scenario{foreignRedemption, unprimedFlow},
		Judge: taking(OpToken, "client_id", judgeUnburntCode),
	},
	{
		ID:    "DF-CLIENT-004",
		Gate:  GatePending,
		Reads: []*Scenario{namelessPolls, namelessRedemption},
		Judge: taking(OpToken, "client_id", func(e *Evidence, j *Judgement) {
			given := FailIf(GivesTokens)
			if p, _ := e.Contract.Token.Param("client_id"); !p.Required {
				given = WarnIf(GivesTokens) // ruling R90
			}
			j.Each(append(e.Of(namelessPolls, "without client_id"), e.Of(namelessRedemption, "without client_id")...),
				ExpectRefusal, "invalid_request or invalid_client", given,
				PassIf(Class(4), ErrorIs(spec.ErrInvalidRequest, spec.ErrInvalidClient)),
				WarnIf(StillPending), WarnIf(ErrorIs(spec.ErrInvalidGrant)))
		}),
	},
	{
		ID:    "DF-CLIENT-005",
		Gate:  GatePending,
		Reads: []*Scenario{namelessPolls, namelessRedemption},
		Judge: judgeOptionalClient,
	},
	{
		ID:    "DF-CLIENT-006",
		Needs: []Capability{NeedConfidential},
		Reads: []*Scenario{confidentialStarts},
		Judge: judgeConfidentialStarts,
	},
	{
		ID:    "DF-CLIENT-007",
		Gate:  GateTokens,
		Needs: []Capability{NeedApprover, NeedConfidential},
		Reads: []*Scenario{confidentialRedemption},
		Judge: judgeConfidentialRedemption,
	},
	{
		ID:    "DF-CLIENT-008",
		Needs: []Capability{NeedConfidential},
		Reads: []*Scenario{failedBasic},
		Judge: judgeFailedBasic,
	},
	{
		ID:    "DF-CLIENT-009",
		Needs: []Capability{NeedConfidential},
		Reads: []*Scenario{secretMethods, metadata},
		Judge: judgeSecretMethods,
	},
	{
		ID:    "DF-CLIENT-010",
		Needs: []Capability{NeedConfidential},
		Reads: []*Scenario{doubleCredentials, doubleRedemption, foreignRedemption, unknownCodes},
		Judge: judgeDoubleCredentials,
	},
	{
		ID:    "DF-CLIENT-011",
		Gate:  GatePending,
		Reads: []*Scenario{unknownClientPoll},
		Judge: taking(OpToken, "client_id", func(e *Evidence, j *Judgement) {
			j.Each(e.Of(unknownClientPoll, "unknown client"), ExpectRefusal, "400 or 401 with invalid_client",
				FailIf(StillPending), FailIf(GivesTokens),
				PassIf(StatusIs(400, 401), ErrorIs(spec.ErrInvalidClient)),
				WarnIf(Class(4), ErrorIs(spec.ErrInvalidGrant, spec.ErrUnauthorizedClient, spec.ErrInvalidRequest)))
		}),
	},
	{
		ID:    "DF-CLIENT-012",
		Needs: []Capability{NeedConfidential},
		Reads: []*Scenario{basicAlone},
		Judge: judgeBasicAlone,
	},
}

// bareDevice starts on one connection and polls on another, each with nothing
// but what the contract names and a different User-Agent.
var bareDevice = &Scenario{
	Name: "bare device", Lane: LaneInterval, Cost: WaitingCost(2, 1, 1),
	Run: func(ctx context.Context, s *ScenarioRun) {
		f := s.Start(ctx, Fresh(), Field("User-Agent", "television/1"))
		f.PollDue(ctx, Fresh(), Field("User-Agent", "television/2"))
	},
}

// stranger is the client that polls somebody else's code: the second one where
// there is one, else one that nobody registered.
func stranger(s *ScenarioRun) *Client {
	if s.Target().Second != nil {
		return s.Target().Second
	}
	return &Client{ID: UnknownClient()}
}

// foreignPolls lets another client, and one that nobody knows, poll an undecided
// code.
var foreignPolls = &Scenario{
	Name: "polls of another client", Lane: LaneInstant, Cost: FixedCost(4, 2),
	Words: Words{"undecided": "by another client before the decision"},
	Run: func(ctx context.Context, s *ScenarioRun) {
		s.Start(ctx).Poll(ctx, As(stranger(s)), Step("undecided"), Provoked())
		if s.Documented() { // elsewhere DF-CLIENT-011 does that
			s.Start(ctx).Poll(ctx, As(&Client{ID: UnknownClient()}), Step("undecided"), Provoked())
		}
	},
}

// foreignRedemption lets another client poll a code before and after its approval, and one
// that nobody knows; then its own client redeems it.
var foreignRedemption = &Scenario{
	Name: "redemption by another client", Lane: LaneApprove, Needs: []Capability{NeedApprover}, Cost: WaitingCost(6, 1, 3),
	Words: Words{"undecided": "by another client before the decision", "approved": "by another client after the approval",
		"own": "by the client itself"},
	Run: func(ctx context.Context, s *ScenarioRun) {
		f := s.Start(ctx)
		f.Poll(ctx, As(stranger(s)), Step("undecided"), Provoked())
		switch f.Approve(ctx) {
		case Accepted:
		case Refused:
			f.PollDue(ctx, Step("own")) // it may have ended at the foreign poll
			return
		default:
			return
		}
		f.PollDue(ctx, As(stranger(s)), Step("approved"), Provoked())
		if s.Target().Second != nil {
			f.PollDue(ctx, As(&Client{ID: UnknownClient()}), Step("approved"), Provoked())
		}
		if f.WithinLifetime(f.Interval()) {
			f.Collect(ctx, "own")
		}
	},
}

func judgeForeignPolls(e *Evidence, j *Judgement) {
	refused := []Rule{
		FailIf(GivesTokens),
		PassIf(ErrorIs(spec.ErrInvalidGrant, spec.ErrInvalidClient, spec.ErrUnauthorizedClient)),
		WarnIf(Class(4), ErrorIs(spec.ErrInvalidRequest, spec.ErrAccessDenied)),
	}
	unknown := likeUnknown(e, j)
	unknown.Each(e.Of(foreignPolls, "undecided"), ExpectRefusal, "invalid_grant for another client's code",
		append([]Rule{WarnIf(StillPending)}, refused...)...)
	unknown.Each(e.Of(foreignRedemption, "approved"), ExpectRefusal, "invalid_grant for another client's code",
		append(refused, WarnIf(StillPending))...)
	if !e.Has(NeedSecondClient) {
		j.Inconclusive("only an unregistered client was tried; configure second_client to see whether another registered " +
			"client can redeem the code")
	}
}

// frozenAfter is how many polls of an approved code are pending where it is frozen: as many
// as Flow.Collect sends.
const frozenAfter = 3

func judgeUnburntCode(e *Evidence, j *Judgement) {
	const expected = "tokens for the client that the code was issued to"
	for _, f := range e.FlowsOf(foreignRedemption) {
		own := e.Polls(f, "own")
		for _, x := range e.Decisions(foreignRedemption) {
			if x.Flow == f && x.Decision.Outcome == Refused && len(own) == 1 &&
				ErrorIs(spec.ErrInvalidGrant, spec.ErrExpiredToken)(own[0]) {
				j.Warn(expected, Describe(own[0])+"; another client had polled the code, and its approval was refused", own...)
				return
			}
		}
		if !WasDecided(e, j, foreignRedemption, f) {
			return
		}
		for _, x := range e.Polls(f, "undecided", "approved") {
			if x.HasTokens() {
				j.Inconclusive("another client got the tokens", x)
				return
			}
		}
		if len(own) == frozenAfter && !slices.ContainsFunc(own, func(x *Exchange) bool { return !x.StillPending() }) &&
			servedUnprimed(e) {
			j.Warn(expected, fmt.Sprintf("%s on each of %d polls, one an interval, since another client has polled the code",
				Describe(own[frozenAfter-1]), frozenAfter), own...)
			continue
		}
		j.Each(own[max(0, len(own)-1):], ExpectTokens, expected,
			PassIf(GivesTokens), InconclusiveIf(Infrastructure), InconclusiveIf(StillPending), WarnIf(AnyAnswer))
	}
}

// servedUnprimed reports whether a code got tokens that nobody had polled before its
// approval; where none does, DF-POLL-019 says so.
func servedUnprimed(e *Evidence) bool {
	return slices.ContainsFunc(e.FlowsOf(unprimedFlow), func(f string) bool {
		return slices.ContainsFunc(e.Polls(f, "first"), (*Exchange).HasTokens)
	})
}

// namelessPolls polls without client_id, then with it.
var namelessPolls = &Scenario{
	Name: "polls without client", Lane: LaneInterval, Cost: WaitingCost(5, 2, 2),
	Words: Words{"with client_id": "with client_id", "empty client_id": "with an empty client_id"},
	Run: func(ctx context.Context, s *ScenarioRun) {
		nameless := func(c *Call) { c.Client = nil }
		s.Parallel(
			func() {
				f := s.Start(ctx)
				f.PollDue(ctx, Without("client_id"), nameless, Step("without client_id"))
				f.PollDue(ctx, Step("with client_id"))
			},
			func() {
				if s.Documented() {
					s.Start(ctx).PollDue(ctx, With("client_id", ""), nameless, Step("empty client_id"), Provoked())
				}
			})
	},
}

// namelessRedemption redeems an approved code without client_id.
var namelessRedemption = &Scenario{
	Name: "redemption without client", Lane: LaneApprove, Needs: []Capability{NeedApprover}, Cost: WaitingCost(2, 1, 1),
	Run: func(ctx context.Context, s *ScenarioRun) {
		f := s.Start(ctx)
		if f.Approve(ctx) == Accepted {
			f.PollDue(ctx, Without("client_id"), func(c *Call) { c.Client = nil }, Step("without client_id"))
		}
	},
}

// judgeOptionalClient holds a contract that lets client_id be left out. One
// that requires it is CLIENT-004's (rule C20).
func judgeOptionalClient(e *Evidence, j *Judgement) {
	for _, p := range e.Contract.Token.Params {
		if p.Name == "client_id" && p.Required {
			j.Skip("the contract requires client_id when polling")
			return
		}
	}
	pending := []Rule{PassIf(StillPending), InconclusiveIf(Infrastructure)}
	j.Each(e.Of(namelessPolls, "without client_id"), ExpectPending, "authorization_pending for a poll without client_id",
		append(pending, FailIf(Class(4)))...)
	j.Each(e.Of(namelessPolls, "with client_id"), ExpectPending, "authorization_pending for a poll with client_id",
		append(pending, FailIf(Class(4)))...)
	j.Each(e.Of(namelessPolls, "empty client_id"), ExpectPending, "an empty client_id to be treated like none",
		append(pending, WarnIf(Class(4)))...)
	for _, f := range e.FlowsOf(namelessRedemption) {
		if d, ok := e.Decision(namelessRedemption, f, ""); ok && d.Decision.Outcome == Accepted {
			j.Each(e.Polls(f, "without client_id"), ExpectTokens, "tokens for a poll without client_id",
				PassIf(GivesTokens), InconclusiveIf(Infrastructure), InconclusiveIf(StillPending), FailIf(IsTerminal),
				FailIf(Class(4)))
		}
	}
}

// unknownClientPoll polls a live code in the name of a client nobody registered.
var unknownClientPoll = &Scenario{
	Name: "poll of an unknown client", Lane: LaneInstant, Cost: FixedCost(2, 1),
	Run: func(ctx context.Context, s *ScenarioRun) {
		s.Start(ctx).Poll(ctx, As(&Client{ID: UnknownClient()}), Step("unknown client"), Provoked())
	},
}
