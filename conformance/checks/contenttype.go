package checks

import (
	"context"
	"fmt"
	"strings"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/spec"
)

// contentTypeChecks judge how request bodies are read: this file the declared
// encodings, contenttype_labels.go media types and Accept, contenttype_json.go,
// contenttype_multipart.go and contenttype_form.go one encoding each,
// contenttype_states.go every state of a poll in every encoding.
var contentTypeChecks = []Check{
	encodingCheck("DF-CTYPE-001", spec.Form),
	encodingCheck("DF-CTYPE-002", spec.JSON),
	{ID: "DF-CTYPE-003", Gate: GatePending, Reads: []*Scenario{encodedFlows, unusualMultipart}, Judge: judgeMultipart},
	{ID: "DF-CTYPE-004", Gate: GatePending, Reads: []*Scenario{encodedFlows, accentedStarts}, Judge: judgeMixedEncodings},
	{ID: "DF-CTYPE-005", Gate: GateStart, Reads: []*Scenario{encodedFaults, encodedFlows}, Judge: judgeEncodedFaults},
	{ID: "DF-CTYPE-006", Gate: GateStart, Reads: []*Scenario{labelledStarts, encodedFlows}, Judge: judgeLabelledStarts},
	{ID: "DF-CTYPE-007", Gate: GateStart, Reads: []*Scenario{undeclaredTypes}, Judge: judgeUndeclaredTypes},
	{ID: "DF-CTYPE-008", Gate: GateStart, Reads: []*Scenario{wrongLabels}, Judge: judgeWrongLabels},
	{ID: "DF-CTYPE-009", Gate: GateStart, Reads: []*Scenario{malformedJSON}, Judge: judgeMalformedJSON},
	{ID: "DF-CTYPE-010", Gate: GateStart, Reads: []*Scenario{wrongTypes}, Judge: judgeWrongTypes},
	{
		ID: "DF-CTYPE-011", Gate: GateStart, Needs: []Capability{NeedSecondClient},
		Reads: []*Scenario{repeatedNames, unknownClientStart}, Judge: taking(OpStart, "client_id", judgeRepeatedNames),
	},
	{ID: "DF-CTYPE-012", Gate: GateStart, Reads: []*Scenario{brokenMultipart, missingClient, missingMetadata},
		Judge: judgeBrokenMultipart},
	{ID: "DF-CTYPE-013", Gate: GateStart, Reads: []*Scenario{acceptedTypes}, Judge: judgeAcceptedTypes},
	{ID: "DF-CTYPE-014", Gate: GatePending, Reads: []*Scenario{formSpellings},
		Judge: taking(OpToken, "grant_type", judgeFormSpellings)},
	{ID: "DF-CTYPE-015", Gate: GatePending, Reads: []*Scenario{encodedHaste, encodedFlows}, Judge: judgeEncodedHaste},
	{
		ID: "DF-CTYPE-016", Gate: GateTokens, Needs: []Capability{NeedApprover},
		Reads: []*Scenario{encodedRedemptions, encodedFlows}, Judge: judgeEncodedRedemptions,
	},
	{
		ID: "DF-CTYPE-017", Gate: GatePending, Needs: []Capability{NeedApprover},
		Reads: []*Scenario{encodedDenials, encodedFlows}, Judge: judgeEncodedDenials,
	},
	{
		ID: "DF-CTYPE-018", Gate: GatePending, Needs: []Capability{NeedShortExpiry},
		Reads: []*Scenario{encodedExpiries, encodedFlows}, Judge: judgeEncodedExpiries,
	},
	{
		ID: "DF-CTYPE-019", Gate: GateTokens, Needs: []Capability{NeedApprover},
		Reads: []*Scenario{encodedRedemptions}, Judge: judgeEncodedReplays,
	},
}

// encodingCheck holds that one encoding works wherever it is declared.
func encodingCheck(id string, enc spec.Encoding) Check {
	return Check{ID: id, Gate: GatePending, Reads: []*Scenario{encodedFlows},
		Judge: func(e *Evidence, j *Judgement) { judgeEncoding(e, j, enc) }}
}

// pairs are all that a contract declares (rule C20).
func pairs(c *spec.Contract) []EncodingPair {
	var out []EncodingPair
	for _, a := range c.Start.Encodings {
		for _, b := range c.Token.Encodings {
			out = append(out, EncodingPair{Start: a, Token: b})
		}
	}
	return out
}

// encodedFlows starts and polls once in every pair of declared encodings.
var encodedFlows = &Scenario{
	Name: "flows in every encoding", Lane: LaneInterval,
	Cost: func(t Timing) Cost {
		n := t.Encodings * t.Encodings
		return Cost{Requests: 2 * n, Starts: n, Wait: t.Interval + Slack}
	},
	Starts: inEach(func(f *Facts) int { return len(f.Declared(OpToken).Encodings) }),
	Run: func(ctx context.Context, s *ScenarioRun) {
		all := pairs(s.Target().Contract)
		s.Times(len(all), func(i int) {
			step := Step(all[i].String())
			s.Start(ctx, In(all[i].Start), step).PollDue(ctx, In(all[i].Token), step)
		})
	},
}

// spoken returns the exchange of an operation in a pair's flow.
func spoken(e *Evidence, p EncodingPair, op Operation) *Exchange {
	for _, x := range e.Of(encodedFlows, p.String()) {
		if x.Op == op {
			return x
		}
	}
	return nil
}

// works reports whether an operation could be spoken to in an encoding at all.
// Where it could not, that is the business of one check (DF-CTYPE-001 to 003),
// and the others pass the encoding over (rule C13).
func works(e *Evidence, op Operation, enc spec.Encoding) bool {
	for _, p := range pairs(e.Contract) {
		switch {
		case op == OpStart && p.Start == enc:
			if x := spoken(e, p, OpStart); x != nil && x.HasCodes() {
				return true
			}
		case op == OpToken && p.Token == enc:
			if x := spoken(e, p, OpToken); x != nil && x.StillPending() {
				return true
			}
		}
	}
	return false
}

// usable lists the token operation's encodings that work.
func usable(e *Evidence) []spec.Encoding {
	var out []spec.Encoding
	for _, enc := range e.Contract.Token.Encodings {
		if works(e, OpToken, enc) {
			out = append(out, enc)
		}
	}
	return out
}

func judgeEncoding(e *Evidence, j *Judgement, enc spec.Encoding) {
	if !e.Contract.Start.Accepts(enc) && !e.Contract.Token.Accepts(enc) {
		j.Skip("the contract does not declare " + enc.Short())
		return
	}
	j.Each(purest(e, OpStart, enc), ExpectSuccess, "200 with codes for a device authorization request as "+enc.Short(),
		PassIf(Class(2), GivesCodes), InconclusiveIf(Infrastructure), FailIf(AnyAnswer))
	j.Each(purest(e, OpToken, enc), ExpectPending, "authorization_pending for a poll as "+enc.Short(),
		PassIf(StillPending), InconclusiveIf(Infrastructure), FailIf(AnyAnswer))
}

// purest is the exchange of an operation in an encoding from the flow that
// spoke it throughout; failing that, from any flow.
func purest(e *Evidence, op Operation, enc spec.Encoding) []*Exchange {
	var best []*Exchange
	for _, p := range pairs(e.Contract) {
		if op == OpStart && p.Start != enc || op == OpToken && p.Token != enc {
			continue
		}
		x := spoken(e, p, op)
		if x != nil && (best == nil || p.Start == p.Token) {
			best = []*Exchange{x}
		}
	}
	return best
}

// accentedStarts names a type of device with letters outside ASCII, where the
// contract has one and leaves it open.
var accentedStarts = &Scenario{
	Name: "starts with accented letters", Lane: LaneInstant,
	Cost: func(t Timing) Cost { return Cost{Requests: t.Encodings, Starts: t.Encodings} },
	Starts: inEach(func(f *Facts) int {
		if !freeType(f.Declared(OpStart)) {
			return 0
		}
		return 1
	}),
	Words: Words{"accented": "with an accented letter"},
	Run: func(ctx context.Context, s *ScenarioRun) {
		if !freeType(s.Operation(OpStart)) {
			return
		}
		for _, enc := range s.Encodings(OpStart) {
			s.Start(ctx, In(enc), With("device_type", "T\u00e9l\u00e9"), Step("accented"))
		}
	},
}

// freeType reports whether the type of a device may be any text.
func freeType(start *spec.Operation) bool {
	p, ok := start.Param("device_type")
	return ok && len(p.Enum) == 0
}

func judgeMixedEncodings(e *Evidence, j *Judgement) {
	all := pairs(e.Contract)
	if len(all) < 2 {
		j.Skip("the contract declares only one encoding")
		return
	}
	for _, p := range all {
		if p.Start == p.Token || !works(e, OpStart, p.Start) || !works(e, OpToken, p.Token) {
			continue // DF-CTYPE-001 to 003
		}
		if x := spoken(e, p, OpToken); x != nil {
			j.Each([]*Exchange{x}, ExpectPending, "authorization_pending", PassIf(StillPending), InconclusiveIf(Infrastructure),
				FailIf(AnyAnswer))
		}
	}
	judgeAccents(e, j)
}

// judgeAccents: a server may know a list of device types, but not one per
// encoding.
func judgeAccents(e *Evidence, j *Judgement) {
	accepted, refused := 0, []*Exchange{}
	for _, x := range e.Of(accentedStarts) {
		switch {
		case !works(e, OpStart, x.Request.Encoding):
		case x.Infrastructure():
			j.Inconclusive(OfInfrastructure(x), x)
		case x.HasCodes():
			accepted++
			j.Pass(x)
		case x.Class() == 5:
			j.Fail("a device type with an accented letter to be accepted", Describe(x)+" as "+x.Request.Encoding.Short(), x)
		default:
			refused = append(refused, x)
		}
	}
	if accepted == 0 {
		return
	}
	for _, x := range refused {
		j.Warn("a device type with an accented letter to be treated the same in every encoding",
			Describe(x)+" as "+x.Request.Encoding.Short(), x)
	}
}

// encodedFaults makes four mistakes in each encoding.
var encodedFaults = &Scenario{
	Name: "the same faults in every encoding", Lane: LaneInstant,
	Cost:   func(t Timing) Cost { return Cost{Requests: 4 * t.Encodings, Starts: t.Encodings} },
	Starts: inEach(exactly(1)),
	Run: func(ctx context.Context, s *ScenarioRun) {
		code := RandomCode(40)
		nameless := func(c *Call) { c.Client = nil }
		for _, enc := range s.Encodings(OpStart) {
			s.Start(ctx, In(enc), Without("client_id"), nameless, Step("no client_id"), Provoked())
		}
		for _, enc := range s.Encodings(OpToken) {
			s.PollCode(ctx, code, In(enc), Step("unknown device_code"), Provoked())
			s.PollCode(ctx, code, In(enc), Without("device_code"), Step("no device_code"), Provoked())
			s.PollCode(ctx, code, In(enc), With("grant_type", "urn:dfcheck:none"), Step("foreign grant_type"), Provoked())
		}
	},
}

// judgeEncodedFaults compares error codes, or the members of field errors.
// Statuses of OAuth errors are for DF-ERR-001 (rule C1).
func judgeEncodedFaults(e *Evidence, j *Judgement) {
	if len(e.Contract.Start.Encodings) < 2 && len(e.Contract.Token.Encodings) < 2 {
		j.Skip("the contract declares only one encoding")
		return
	}
	for _, fault := range []string{"no client_id", "unknown device_code", "no device_code", "foreign grant_type"} {
		said, xs := map[string]string{}, []*Exchange{}
		for _, x := range e.Of(encodedFaults, fault) {
			if x.Infrastructure() {
				j.Inconclusive(OfInfrastructure(x), x)
			} else if works(e, x.Op, x.Request.Encoding) {
				said[x.Request.Encoding.Short()], xs = refusal(x), append(xs, x)
			}
		}
		if len(xs) == 0 {
			continue
		}
		if differ(said) {
			j.Warn("the same answer in every encoding ("+fault+")", listed(said), xs...)
			continue
		}
		j.Pass(xs...)
	}
}

// refusal is what an answer says to a program.
func refusal(x *Exchange) string {
	if code := x.ErrorCode(); code != "" {
		return code
	}
	if x.Class() == 2 {
		return Describe(x)
	}
	return fmt.Sprintf("%d with the members %s", x.Status(), strings.Join(SortedNames(x.Object()), ", "))
}
