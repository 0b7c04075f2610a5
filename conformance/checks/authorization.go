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

// authorizationChecks judge the device authorization endpoint: this file its
// ordinary answers, authorization_members.go the members of the response,
// authorization_refusals.go what must be refused.
var authorizationChecks = []Check{
	{
		ID:    GateStart,
		Gate:  GatePaths,
		Reads: []*Scenario{minimalStart},
		Judge: func(e *Evidence, j *Judgement) {
			judgeMinimalStart(e, j, "device_code", "user_code", "verification_uri", "expires_in", "interval")
		},
	},
	{
		ID:    GateStartStandard,
		Gate:  GatePaths,
		Reads: []*Scenario{minimalStart},
		Judge: func(e *Evidence, j *Judgement) {
			judgeMinimalStart(e, j, "device_code", "user_code", "verification_uri", "expires_in")
		},
	},
	passive("DF-AUTHZ-003", judgeStartTypes),
	passive("DF-AUTHZ-004", judgeStartMediaType),
	passive("DF-AUTHZ-005", judgeVerificationURI),
	passive("DF-AUTHZ-006", judgeSpokenCode),
	passive("DF-AUTHZ-007", judgeCompleteURI),
	passive("DF-AUTHZ-008", judgeLifetime),
	passive("DF-AUTHZ-009", judgeInterval),
	{
		ID:    "DF-AUTHZ-010",
		Gate:  GatePending,
		Reads: []*Scenario{twinStarts},
		Judge: judgeTwinStarts,
	},
	{
		ID:    "DF-AUTHZ-011",
		Gate:  GateStart,
		Reads: []*Scenario{missingClient},
		Judge: taking(OpStart, "client_id", func(e *Evidence, j *Judgement) {
			if namedByHeader(e) { // DF-CLIENT-012
				j.Skip("HTTP Basic names the client, which may leave client_id out of the body")
				return
			}
			if e.Client.Auth == AuthAssertion { // RFC 7521 section 4.2
				j.Skip("the assertion names the client, which may leave client_id out")
				return
			}
			j.Each(e.Of(missingClient), ExpectRefusal, "4xx with invalid_request or invalid_client",
				tolerated(e, OpStart, "client_id", GivesCodes),
				PassIf(Class(4), ErrorIs(spec.ErrInvalidRequest, spec.ErrInvalidClient)),
				WarnIf(Class(4), HasError), e.FrameworkAnswer())
		}),
	},
	{
		ID:    "DF-AUTHZ-012",
		Gate:  GateStart,
		Reads: []*Scenario{unknownClientStart},
		Judge: taking(OpStart, "client_id", judgeUnknownClientStart),
	},
	{
		ID:    "DF-AUTHZ-013",
		Gate:  GateStart,
		Reads: []*Scenario{missingMetadata},
		Judge: func(e *Evidence, j *Judgement) { judgeMissingMetadata(e, j, "DF-AUTHZ-013") },
	},
	{
		ID:    "DF-AUTHZ-014",
		Gate:  GateStart,
		Reads: []*Scenario{missingMetadata},
		Judge: func(e *Evidence, j *Judgement) { judgeMissingMetadata(e, j, "DF-AUTHZ-014") },
	},
	{
		ID:    "DF-AUTHZ-015",
		Gate:  GateStart,
		Reads: []*Scenario{extraMembers},
		Judge: judgeExtraMembers,
	},
	{
		ID:    "DF-AUTHZ-016",
		Gate:  GateStart,
		Reads: []*Scenario{emptyMembers, missingClient, missingMetadata},
		Judge: judgeEmptyMembers,
	},
	{
		ID:    "DF-AUTHZ-017",
		Gate:  GateStart,
		Reads: []*Scenario{repeatedMembers},
		Judge: judgeRepeatedMembers,
	},
	{
		ID:    "DF-AUTHZ-018",
		Gate:  GateStart,
		Reads: []*Scenario{malformedScope},
		Judge: taking(OpStart, "scope", func(e *Evidence, j *Judgement) {
			j.Each(e.Of(malformedScope), ExpectRefusal, "400 invalid_scope", InconclusiveIf(Infrastructure), FailIf(Class(5)),
				WarnIf(GivesCodes),
				PassIf(StatusIs(400), ErrorIs(spec.ErrInvalidScope, spec.ErrInvalidRequest)), WarnIf(Class(4), HasError),
				e.FrameworkAnswer())
		}),
	},
	{
		ID:    "DF-AUTHZ-019",
		Gate:  GateStart,
		Needs: []Capability{NeedRestricted},
		Reads: []*Scenario{restrictedStart},
		Judge: taking(OpStart, "client_id", func(e *Evidence, j *Judgement) {
			j.Each(e.Of(restrictedStart), ExpectRefusal, "4xx with unauthorized_client",
				FailIf(GivesCodes),
				PassIf(StatusIs(400, 401, 403), ErrorIs(spec.ErrUnauthorizedClient, spec.ErrInvalidClient)),
				WarnIf(Class(4), HasError))
		}),
	},
	{
		ID:    "DF-AUTHZ-020",
		Gate:  GateStart,
		Reads: []*Scenario{queryStart},
		Judge: func(e *Evidence, j *Judgement) {
			if namedByHeader(e) {
				j.Skip("HTTP Basic names the client, so that the request is complete without what is in its URL")
				return
			}
			j.Each(e.Of(queryStart), ExpectRefusal, "4xx, because parameters in the URL must be ignored",
				WarnIf(GivesCodes), InconclusiveIf(Infrastructure), PassIf(Class(4)))
		},
	},
}

// minimalStart sends nothing but what is required: the client, and what the contract
// wants beside it.
var minimalStart = &Scenario{
	Name: "minimal start", Lane: LaneFirst, Cost: FixedCost(1, 1),
	Words: Words{"minimal": "with the required parameters alone"},
	Run:   func(ctx context.Context, s *ScenarioRun) { s.Start(ctx, unscoped(s), Step("minimal")) },
}

// unscoped leaves the scope out, unless a user's document requires one.
func unscoped(s *ScenarioRun) Option {
	if scope, _ := s.Operation(OpStart).Param("scope"); scope.Required {
		return func(*Call) {}
	}
	return Without("scope")
}

func judgeMinimalStart(e *Evidence, j *Judgement, members ...string) {
	has := func(x *Exchange, m string) bool { _, ok := x.Member(m); return ok }
	excused := func(x *Exchange, m string) bool {
		return m == "verification_uri" && e.Lenient.VerificationURL && has(x, "verification_url")
	}
	lacks := func(x *Exchange) bool {
		return slices.ContainsFunc(members, func(m string) bool { return !has(x, m) && !excused(x, m) })
	}
	expected := "200 with " + strings.Join(members, ", ")
	for _, x := range e.Of(minimalStart) {
		if x.HasCodes() && !has(x, "verification_uri") && excused(x, "verification_uri") {
			j.Waive(LenientVerificationURL, "the member verification_uri", "verification_url", x)
		}
	}
	j.Each(e.Of(minimalStart), ExpectSuccess, expected,
		InconclusiveIf(Infrastructure),
		WarnIf(ErrorIs(spec.ErrInvalidScope), func(*Exchange) bool { return !e.Documented() }),
		FailIf(lacks),
		PassIf(StatusIs(http.StatusOK)),
		PassIf(Class(2), declared(e)), // ruling R88
		WarnIf(StatusIs(http.StatusCreated)))
}

// twinStarts starts twice with byte-identical parameters, as two devices of one
// model do, and polls both codes when their interval has passed. What a user's document
// wants besides may be the name of a device: there the two differ.
var twinStarts = &Scenario{
	Name: "twin starts", Lane: LaneIsolation, Cost: WaitingCost(4, 2, 1),
	Run: func(ctx context.Context, s *ScenarioRun) {
		one := s.Target().BaseStart("twin")
		other := one
		if s.Target().Contract.Family == spec.Document {
			other = s.Target().BaseStart("other twin")
		}
		a := s.Start(ctx, Sending(one), Step("first"))
		b := s.Start(ctx, Sending(other), Step("second"))
		a.PollDue(ctx, Step("first"))
		b.PollDue(ctx, Step("second"))
	},
}

func judgeTwinStarts(e *Evidence, j *Judgement) {
	flows := e.FlowsOf(twinStarts)
	if len(flows) < 2 {
		return
	}
	a, b := e.Authorization(flows[0]), e.Authorization(flows[1])
	if a == nil || b == nil || a.Infrastructure() || b.Infrastructure() {
		j.Inconclusive("the device authorization requests were rate-limited", a, b)
		return
	}
	for _, m := range []string{"device_code", "user_code"} {
		if code := a.Text(m); code != "" && code == b.Text(m) {
			j.Fail("a different "+m+" for each device authorization request", fmt.Sprintf("%s for both", code), a, b)
		}
	}
	for _, f := range flows {
		j.Each(e.Polls(f), ExpectPending, "both grants to stay pending", PassIf(StillPending))
	}
}
