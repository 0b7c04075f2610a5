package checks

import (
	"context"
	"fmt"
	"slices"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/spec"
)

// missingClient starts flows that nobody owns, in the encodings of the contract.
var missingClient = &Scenario{
	Name: "start without client", Lane: LaneInstant,
	Cost: FixedCost(0, 0), Starts: StartNegatives("DF-AUTHZ-011"),
	Run: func(ctx context.Context, s *ScenarioRun) {
		s.Negatives(ctx, OpStart, "DF-AUTHZ-011", s.Target().BaseStart("no client"))
	},
}

// unknownClientStart names a client that nobody registered.
var unknownClientStart = &Scenario{
	Name: "start of an unknown client", Lane: LaneInstant, Cost: FixedCost(1, 1),
	Run: func(ctx context.Context, s *ScenarioRun) {
		s.Start(ctx, As(&Client{ID: UnknownClient()}), Provoked(), Step("unknown client"))
	},
}

func judgeUnknownClientStart(e *Evidence, j *Judgement) {
	if e.OpenRegistration {
		j.Inconclusive("the target registers any client")
		return
	}
	accepted := FailIf(GivesCodes)
	if e.Documented() && !e.ClientsRegistered {
		accepted = WarnIf(GivesCodes) // ruling R12
	}
	listed := func(x *Exchange) bool { // a value outside the list is no valid request
		p, _ := e.Contract.Start.Param("client_id")
		return e.OwnDocument() && len(p.Enum) > 0 && x.ErrorCode() == spec.ErrInvalidRequest
	}
	j.Each(e.Of(unknownClientStart), ExpectRefusal, "400 or 401 with invalid_client", accepted, PassIf(Class(4), listed),
		PassIf(StatusIs(400, 401), ErrorIs(spec.ErrInvalidClient, spec.ErrUnauthorizedClient)),
		WarnIf(Class(4), ErrorIs(spec.ErrInvalidRequest, spec.ErrInvalidClient, spec.ErrUnauthorizedClient)),
		e.FrameworkAnswer(),
		WarnIf(StatusIs(403, 404)))
}

// missingMetadata leaves out, in every encoding, each parameter that the
// contract requires beside the client.
var missingMetadata = &Scenario{
	Name: "start without device metadata", Lane: LaneInstant,
	Cost: FixedCost(0, 0), Starts: StartNegatives("DF-AUTHZ-013", "DF-AUTHZ-014"),
	Run: func(ctx context.Context, s *ScenarioRun) {
		for _, check := range []string{"DF-AUTHZ-013", "DF-AUTHZ-014"} {
			s.Negatives(ctx, OpStart, check, s.Target().BaseStart("incomplete"))
		}
	},
}

// judgeMissingMetadata judges the cases of one check; DF-AUTHZ-013 also owns
// whatever else a user's document requires.
func judgeMissingMetadata(e *Evidence, j *Judgement, check string) {
	cases := map[string]bool{}
	for _, n := range e.Contract.Start.Negatives() {
		cases[n.String()] = n.Check == check
	}
	mine := slices.DeleteFunc(e.Of(missingMetadata), func(x *Exchange) bool { return !cases[x.Step] })
	if len(mine) == 0 {
		j.Skip("the contract requires no such parameter")
		return
	}
	for _, x := range mine {
		n, _ := x.Negative()
		j.Each([]*Exchange{x}, ExpectRefusal, "400 for a device authorization request without this parameter",
			tolerated(e, OpStart, n.Param, GivesCodes), PassIf(StatusIs(400)), PassIf(unprocessable(e)), WarnIf(StatusIs(422)))
	}
}

// extraMembers starts with parameters that no server knows, and once without
// them, so that a refusal can be laid to them.
var extraMembers = &Scenario{
	Name: "start with unknown parameters", Lane: LaneInstant, Cost: FixedCost(2, 2),
	Words: Words{"with": "with unknown parameters", "without": "without unknown parameters"},
	Run: func(ctx context.Context, s *ScenarioRun) {
		extra := []spec.Param{{Name: "dfcheck_extra", Value: "1"}, {Name: "a[b]", Value: "c"}}
		for _, p := range (spec.Params{{Name: "device_type", Value: "tv"}, {Name: "device_os", Value: "x"}}) {
			if !s.Operation(OpStart).Has(p.Name) {
				extra = append(extra, p)
			}
		}
		s.Start(ctx, Also(extra...), Step("with"))
		s.Start(ctx, Step("without"))
	},
}

func judgeExtraMembers(e *Evidence, j *Judgement) {
	with, without := e.One(extraMembers, "with"), e.One(extraMembers, "without")
	if without == nil || !without.HasCodes() {
		j.Inconclusive("the same device authorization request without the unknown parameters got " + Describe(without))
		return
	}
	refused := FailIf(AnyAnswer)
	if e.Contract.Start.Closed() {
		refused = WarnIf(Class(4)) // ruling R91
	}
	j.Each([]*Exchange{with}, ExpectSuccess, "200, as without the unknown parameters",
		PassIf(GivesCodes), InconclusiveIf(Infrastructure), refused)
}

// emptyMembers sends parameters without a value, which count as left out
// (RFC 8628 section 3.1).
var emptyMembers = &Scenario{
	Name: "start with empty parameters", Lane: LaneInstant,
	Cost: FixedCost(0, 0),
	Starts: inEach(func(f *Facts) int {
		n := len(mustNotBeEmpty(f.Declared(OpStart)))
		if f.Declared(OpStart).Has("scope") {
			n += 2
		}
		return n
	}),
	Run: func(ctx context.Context, s *ScenarioRun) {
		for _, enc := range s.Encodings(OpStart) {
			in := In(enc)
			if s.Operation(OpStart).Has("scope") {
				s.Start(ctx, in, Without("scope"), Step(scopeAbsent), Provoked())
				s.Start(ctx, in, With("scope", ""), Step(emptied("scope")), Provoked())
			}
			for _, name := range mustNotBeEmpty(s.Operation(OpStart)) {
				s.Start(ctx, in, With(name, ""), Step(emptied(name)), Provoked())
			}
		}
	},
}

// mustNotBeEmpty are the parameters that a request needs, beside the scope, which may
// be empty.
func mustNotBeEmpty(start *spec.Operation) []string {
	return slices.DeleteFunc(start.Required(), func(name string) bool { return name == "scope" })
}

const scopeAbsent = "scope absent"

// emptied is the step of a start with an empty parameter.
func emptied(name string) string { return name + " empty" }

func judgeEmptyMembers(e *Evidence, j *Judgement) {
	for _, x := range e.Of(emptyMembers) {
		switch x.Step {
		case scopeAbsent:
		case emptied("scope"):
			judgeEmptyScope(e, j, x)
		default:
			accepted := FailIf(GivesCodes)
			for _, name := range e.Contract.Start.Required() {
				switch {
				case x.Step != emptied(name):
				case acceptedWithout(e, name, x.Request.Encoding):
					accepted = PassIf(GivesCodes) // that it may be missing is another check's business
				default:
					accepted = tolerated(e, OpStart, name, GivesCodes)
				}
			}
			j.Each([]*Exchange{x}, ExpectRefusal, "an empty parameter to be refused like a missing one", accepted,
				PassIf(Class(4)))
		}
	}
}

func judgeEmptyScope(e *Evidence, j *Judgement, x *Exchange) {
	for _, absent := range e.Of(emptyMembers, scopeAbsent) {
		if absent.Request.Encoding != x.Request.Encoding {
			continue
		}
		switch {
		case x.Infrastructure() || absent.Infrastructure():
			j.Inconclusive(OfInfrastructure(x), x)
		case !absent.HasCodes():
			j.Inconclusive("the server requires a scope", absent)
		case x.HasCodes():
			j.Pass(x)
		case x.Class() == 4 && x.Request.Encoding == spec.JSON:
			j.Warn("an empty scope to be treated like no scope", Describe(x), x, absent)
		default:
			j.Fail("an empty scope to be treated like no scope", Describe(x), x, absent)
		}
	}
}

// repeatedMembers sends a parameter twice, with equal and with different values.
var repeatedMembers = &Scenario{
	Name: "start with repeated parameters", Lane: LaneInstant, Cost: FixedCost(4, 4),
	Starts: together(startsIn(spec.Form, 3), startsIn(spec.Multipart, 1)),
	Run: func(ctx context.Context, s *ScenarioRun) {
		id, other := s.Target().Client.ID, UnknownClient()
		if s.Target().Second != nil {
			other = s.Target().Second.ID
		}
		send := func(step string, e spec.Encoding, p ...spec.Param) {
			if s.Operation(OpStart).Accepts(e) {
				s.Start(ctx, In(e), Also(p...), Step(step), Provoked())
			}
		}
		if s.Operation(OpStart).Has("client_id") {
			send("identical client_id", spec.Form, spec.Param{Name: "client_id", Value: id})
			send(conflictingClient, spec.Form, spec.Param{Name: "client_id", Value: other})
		}
		scope := s.Target().Scope
		if scope == "" {
			scope = "a"
		}
		if s.Operation(OpStart).Has("scope") {
			send("repeated scope", spec.Form, spec.Param{Name: "scope", Value: scope}, spec.Param{Name: "scope", Value: "b"})
		}
		send("repeated client_id part", spec.Multipart, spec.Param{Name: "client_id", Value: other})
	},
}

const conflictingClient = "conflicting client_id"

func judgeRepeatedMembers(e *Evidence, j *Judgement) {
	if start := &e.Contract.Start; !start.Accepts(spec.Form) && !start.Accepts(spec.Multipart) {
		j.Skip("the contract declares JSON bodies alone, whose repeated names are DF-CTYPE-011's")
		return
	}
	for _, x := range e.Of(repeatedMembers) {
		accepted := WarnIf(GivesCodes)
		if x.Step == conflictingClient && !e.Documented() {
			accepted = FailIf(GivesCodes) // ruling R7
		}
		j.Each([]*Exchange{x}, ExpectRefusal, "400 invalid_request", accepted,
			PassIf(StatusIs(400), ErrorIs(spec.ErrInvalidRequest)),
			PassIf(StatusIs(401), ErrorIs(spec.ErrInvalidClient)),
			WarnIf(Class(4), HasError), e.FrameworkAnswer())
	}
}

// restrictedStart speaks for a client that may not use the device grant.
var restrictedStart = &Scenario{
	Name: "start of a client without the device grant", Lane: LaneInstant,
	Needs: []Capability{NeedRestricted}, Cost: FixedCost(1, 1),
	Words: Words{"restricted client": "by a client that may not use the device grant"},
	Run: func(ctx context.Context, s *ScenarioRun) {
		s.Start(ctx, As(s.Target().Restricted), Provoked(), Step("restricted client"))
	},
}

// queryStart sends every parameter in the URL and an empty form.
var queryStart = &Scenario{
	Name: "start with parameters in the URL", Lane: LaneInstant, Cost: FixedCost(1, 1),
	Run: func(ctx context.Context, s *ScenarioRun) {
		s.Start(ctx, Provoked(), Step("query"), Body(string(spec.Form), []byte{}), addressed(s.Target().BaseStart("query")))
	},
}

// malformedScopes break the grammar of RFC 6749 section 3.3.
var malformedScopes = []string{`a"b`, `a\b`, "café", "a\tb", "a\x7fb"}

var malformedScope = &Scenario{
	Name: "start with a malformed scope", Lane: LaneInstant, Cost: FixedCost(len(malformedScopes), len(malformedScopes)),
	Run: func(ctx context.Context, s *ScenarioRun) {
		for _, scope := range malformedScopes {
			s.Start(ctx, With("scope", scope), Step(fmt.Sprintf("scope %q", scope)), Provoked())
		}
	},
}
