package checks

import (
	"context"
	"slices"
	"strings"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/spec"
)

// unknownCodes polls a code of the usual shape that nobody issued, and one of
// another shape.
var unknownCodes = &Scenario{
	Name: "unknown codes", Lane: LaneInstant, Cost: FixedCost(3, 1),
	Run: func(ctx context.Context, s *ScenarioRun) {
		f := s.Start(ctx)
		if f.OK() {
			s.PollCode(ctx, LookAlike(f.Codes.DeviceCode), Step("of the usual shape"), Provoked())
		}
		s.PollCode(ctx, "dfcheck-no-such-code", Step("of another shape"), Provoked())
	},
}

func judgeUnknownCodes(e *Evidence, j *Judgement) {
	j.Each(e.Of(unknownCodes, "of the usual shape", "of another shape"), ExpectRefusal, spec.ErrInvalidGrant,
		FailIf(GivesTokens), FailIf(StillPending), FailIf(ErrorIs(spec.ErrAccessDenied)),
		PassIf(Class(4), ErrorIs(spec.ErrInvalidGrant)),
		WarnIf(ErrorIs(spec.ErrExpiredToken, spec.ErrInvalidRequest)), WarnIf(StatusIs(404), HasError))
}

// alteredCodes polls a live code in spellings that are not its own.
var alteredCodes = &Scenario{
	Name: "altered codes", Lane: LaneInstant, Cost: FixedCost(8, 3),
	Run: func(ctx context.Context, s *ScenarioRun) {
		try := func(code, step string) { s.PollCode(ctx, code, Step(step), Provoked()) }
		for i := range 3 { // not every code has letters of both cases
			f := s.Start(ctx)
			code := f.Codes.DeviceCode
			if code == "" {
				return
			}
			if swapped := SwapCase(code); swapped != code {
				try(swapped, "with upper and lower case swapped, "+letterCase(code))
			}
			if i == 0 {
				try(code[:len(code)-1], "without its last character")
				try(code+"x", "with one character more")
				try(" "+code, "with a space before it")
				try(code+"\n", "with a line break after it")
			}
		}
	},
}

func judgeAlteredCodes(e *Evidence, j *Judgement) {
	for _, x := range e.Of(alteredCodes) {
		if x.Op != OpToken {
			continue
		}
		space := strings.Contains(x.Step, "space") || strings.Contains(x.Step, "line break")
		folded := strings.Contains(x.Step, oneCase) // hexadecimal or a UUID: folding is harmless
		accepted := FailIf(StillPending)
		if space || folded {
			accepted = WarnIf(StillPending)
		}
		likeUnknown(e, j).Each([]*Exchange{x}, ExpectRefusal,
			spec.ErrInvalidGrant+" for a code that is not exactly the one issued", FailIf(GivesTokens), accepted,
			PassIf(Class(4), ErrorIs(spec.ErrInvalidGrant, spec.ErrInvalidRequest)),
			WarnIf(ErrorIs(spec.ErrAccessDenied, spec.ErrExpiredToken)))
	}
}

// oneCase also stands at the end of what saved transcripts call this step.
const (
	oneCase  = "of one case"
	bothCase = "of both cases"
)

// letterCase reports whether a code's letters are of one case.
func letterCase(code string) string {
	if strings.ToLower(code) == code || strings.ToUpper(code) == code {
		return "in a code " + oneCase
	}
	return "in a code " + bothCase
}

// missingCode polls without a device code, and with an empty one.
var missingCode = &Scenario{
	Name: "poll without code", Lane: LaneInstant,
	Cost: func(t Timing) Cost { return Cost{Requests: 2*t.Encodings + 2} },
	Run: func(ctx context.Context, s *ScenarioRun) {
		base := s.Target().BasePoll(RandomCode(40))
		s.PollCode(ctx, "", Without("device_code"), Step("device_code missing"), Provoked())
		s.PollCode(ctx, "", Step("device_code empty"), Provoked())
		s.Negatives(ctx, OpToken, "DF-POLL-013", base)
	},
}

func judgeMissingCode(e *Evidence, j *Judgement) {
	for _, x := range e.Of(missingCode) {
		if strings.HasPrefix(x.Step, "client_id missing") {
			continue // DF-CLIENT-004
		}
		j.Each([]*Exchange{x}, ExpectRefusal, "400 "+spec.ErrInvalidRequest,
			FailIf(GivesTokens), FailIf(StillPending), FailIf(ErrorIs(spec.ErrAccessDenied)),
			PassIf(Class(4), ErrorIs(spec.ErrInvalidRequest)), WarnIf(ErrorIs(spec.ErrInvalidGrant)), e.FrameworkAnswer())
	}
}

// missingGrantType polls live codes without a grant type, with an empty one and
// with values that the contract does not list.
var missingGrantType = &Scenario{
	Name: "poll without grant type", Lane: LaneInstant,
	Cost: func(t Timing) Cost { return Cost{Requests: 2*t.Encodings + 4, Starts: 3, Wait: 0} },
	Run: func(ctx context.Context, s *ScenarioRun) {
		s.Start(ctx).Poll(ctx, Without("grant_type"), Step("grant_type missing"), Provoked())
		s.Start(ctx).Poll(ctx, With("grant_type", ""), Step("grant_type empty"), Provoked())
		if f := s.Start(ctx); f.OK() {
			s.Negatives(ctx, OpToken, "DF-POLL-014", s.Target().BasePoll(f.Codes.DeviceCode))
		}
	},
}

func judgeMissingGrantType(e *Evidence, j *Judgement) {
	for _, x := range e.Of(missingGrantType) {
		if x.Op != OpToken || strings.Contains(x.Step, string(spec.OutsideEnum)) {
			continue // a value outside the list is DF-POLL-015's
		}
		j.Each([]*Exchange{x}, ExpectRefusal, "400 "+spec.ErrInvalidRequest, FailIf(GivesTokens), FailIf(StillPending),
			PassIf(Class(4), ErrorIs(spec.ErrInvalidRequest)), WarnIf(ErrorIs(spec.ErrUnsupportedGrantType)),
			e.FrameworkAnswer())
	}
}

// otherGrantTypes look like the device grant and are not.
var otherGrantTypes = []string{
	"urn:dfcheck:none", "urn:dfcheck:device_code", "device_code", "urn:ietf:params:oauth:grant-type:device-code",
	strings.ToUpper(spec.GrantDeviceCode), spec.GrantDeviceCode + "/",
}

// foreignGrantTypes polls a live code under grant types that are not the device
// grant.
var foreignGrantTypes = &Scenario{
	Name: "foreign grant types", Lane: LaneInstant, Cost: FixedCost(2*len(otherGrantTypes), len(otherGrantTypes)),
	Run: func(ctx context.Context, s *ScenarioRun) {
		for _, grant := range otherGrantTypes {
			s.Start(ctx).Poll(ctx, With("grant_type", grant), Step(grant), Provoked())
		}
	},
}

func judgeForeignGrantTypes(e *Evidence, j *Judgement) {
	for _, x := range append(e.Of(foreignGrantTypes, otherGrantTypes...), outsideEnum(e)...) {
		accepted := FailIf(StillPending)
		if x.Step == "device_code" {
			accepted = WarnIf(StillPending) // an alias of clients older than the standard
		}
		j.Each([]*Exchange{x}, ExpectRefusal, "400 "+spec.ErrUnsupportedGrantType, accepted, FailIf(GivesTokens),
			PassIf(Class(4), ErrorIs(spec.ErrUnsupportedGrantType)),
			PassIf(ErrorIs(spec.ErrInvalidRequest), otherEncoding(e)), // whether it is read at all is asked elsewhere
			WarnIf(ErrorIs(spec.ErrInvalidRequest, spec.ErrUnauthorizedClient)), e.FrameworkAnswer())
	}
}

// otherEncoding reports whether a poll went in another encoding than ordinary ones.
func otherEncoding(e *Evidence) Predicate {
	return func(x *Exchange) bool {
		due := e.One(firstPoll, "due")
		return due != nil && due.Request.Encoding != x.Request.Encoding
	}
}

// outsideEnum are the generated polls with a grant type that the document does
// not list.
func outsideEnum(e *Evidence) []*Exchange {
	return slices.DeleteFunc(e.Of(missingGrantType), func(x *Exchange) bool {
		return !strings.Contains(x.Step, string(spec.OutsideEnum))
	})
}

// longest is the length up to which the documented API takes codes and clients.
const longest = 255

// overlongPolls sends a code of the greatest length and values beyond it.
var overlongPolls = &Scenario{
	Name: "over-long polls", Lane: LaneInstant,
	Cost: func(t Timing) Cost { return Cost{Requests: 2*t.Encodings + 2, Starts: 1, Wait: 0} },
	Run: func(ctx context.Context, s *ScenarioRun) {
		limit := longest
		if p, ok := s.Operation(OpToken).Param("device_code"); ok && p.MaxLength > 0 {
			limit = p.MaxLength
		}
		s.PollCode(ctx, RandomCode(limit), Step("device_code at the limit"), Provoked())
		if f := s.Start(ctx); f.OK() {
			s.Negatives(ctx, OpToken, "DF-POLL-016", s.Target().BasePoll(f.Codes.DeviceCode))
		}
	},
}

func judgeOverlongPolls(e *Evidence, j *Judgement) {
	plain := likeUnknown(e, j)
	for _, x := range e.Of(overlongPolls) {
		switch {
		case x.Op != OpToken:
		case x.Step == "device_code at the limit":
			plain.Each([]*Exchange{x}, ExpectRefusal, "the answer that an unknown code of ordinary length gets",
				FailIf(GivesTokens),
				PassIf(Class(4), ErrorIs(spec.ErrInvalidGrant)), WarnIf(Class(4)))
		default:
			plain.Each([]*Exchange{x}, ExpectRefusal, "4xx for a value longer than the contract allows",
				FailIf(GivesTokens), FailIf(StillPending),
				WarnIf(ErrorIs(spec.ErrInvalidGrant)), PassIf(Class(4)))
		}
	}
	if j.Seen() == 1 {
		j.Skip("the contract sets no maximum length")
	}
}

// repeatedPollMembers sends a parameter twice, each pair with a separate code.
var repeatedPollMembers = &Scenario{
	Name: "poll with repeated parameters", Lane: LaneInterval, Cost: WaitingCost(12, 6, 1),
	Run: func(ctx context.Context, s *ScenarioRun) {
		if !s.Operation(OpToken).Accepts(spec.Form) {
			return
		}
		type pair struct {
			step, name string
			with       func(own string) (first, second string)
		}
		same := func(own string) (string, string) { return own, own }
		random := func(own string) (string, string) { return own, LookAlike(own) }
		turned := func(own string) (string, string) { return LookAlike(own), own }
		stranger := func(own string) (string, string) { return own, UnknownClient() }
		strangerFirst := func(own string) (string, string) { return UnknownClient(), own }
		pairs := []pair{
			{step: "grant_type twice", name: "grant_type", with: same},
			{step: "device_code twice", name: "device_code", with: same},
			{step: "device_code, then another", name: "device_code", with: random},
			{step: "another device_code, then this", name: "device_code", with: turned},
			{step: "client_id, then another", name: "client_id", with: stranger},
			{step: "another client_id, then this", name: "client_id", with: strangerFirst},
		}
		s.Times(len(pairs), func(i int) {
			f, p := s.Start(ctx), pairs[i]
			if !f.OK() || !f.WaitInterval(ctx, Slack) {
				return
			}
			own := map[string]string{"grant_type": spec.GrantDeviceCode, "device_code": f.Codes.DeviceCode,
				"client_id": s.Target().Client.ID}[p.name]
			first, second := p.with(own)
			f.Poll(ctx, In(spec.Form), Step(p.step), Provoked(), Without(p.name),
				Also(spec.Param{Name: p.name, Value: first}, spec.Param{Name: p.name, Value: second}))
		})
	},
}

func judgeRepeatedPollMembers(e *Evidence, j *Judgement) {
	if !e.Contract.Token.Accepts(spec.Form) {
		j.Skip("the contract declares no form bodies, the encoding in which parameters can be repeated")
		return
	}
	for _, x := range e.Of(repeatedPollMembers) {
		if x.Op != OpToken {
			continue
		}
		accepted := WarnIf(StillPending)
		if !e.Documented() && strings.Contains(x.Step, "another") {
			accepted = FailIf(StillPending) // ruling R7
		}
		each := j.Each
		switch {
		case strings.Contains(x.Step, "another") && strings.Contains(x.Step, "device_code"):
			each = likeUnknown(e, j).Each
		case strings.Contains(x.Step, "another"):
			each = j.Against(e.One(unknownClientPoll, "unknown client"), "DF-CLIENT-011").Each
		}
		each([]*Exchange{x}, ExpectRefusal, "400 "+spec.ErrInvalidRequest+" for a repeated parameter", FailIf(GivesTokens),
			accepted,
			PassIf(Class(4), ErrorIs(spec.ErrInvalidRequest)),
			PassIf(ErrorIs(spec.ErrInvalidClient), func(x *Exchange) bool { return strings.Contains(x.Step, "client_id") }),
			WarnIf(Class(4), HasError), e.FrameworkAnswer())
	}
}
