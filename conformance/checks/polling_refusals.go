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
	Words: Words{
		"of the usual shape": "with an unknown code of the usual shape",
		"of another shape":   "with an unknown code of another shape",
	},
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

// An alteration of a device code is polled in its place.
type alteration struct {
	step  string
	write func(code string) string
	// harmless is one that a server may undo: it makes no other code.
	harmless bool
}

var alterations = []alteration{
	{step: "without its last character", write: func(code string) string { return code[:len(code)-1] }},
	{step: "with one character more", write: func(code string) string { return code + "x" }},
	{step: "with a space before it", write: func(code string) string { return " " + code }, harmless: true},
	{step: "with a line break after it", write: func(code string) string { return code + "\n" }, harmless: true},
}

// In a code of one case, hexadecimal or a UUID, folding is harmless.
var (
	swappedOne = alteration{step: "with upper and lower case swapped, in a code of one case", write: SwapCase,
		harmless: true}
	swappedBoth = alteration{step: "with upper and lower case swapped, in a code of both cases", write: SwapCase}
)

// swapped is the alteration of the case of a code's letters.
func swapped(code string) alteration {
	if strings.ToLower(code) == code || strings.ToUpper(code) == code {
		return swappedOne
	}
	return swappedBoth
}

// oneAnothers has the character of another code at the first place where the two differ
// (ruling R157). Codes that are nearly the same are left alone.
func oneAnothers(other string) alteration {
	return alteration{step: "with its first random character exchanged", write: func(code string) string {
		first, differing := 0, 0
		for i := min(len(code), len(other)) - 1; i >= 0; i-- {
			if !strings.EqualFold(code[i:i+1], other[i:i+1]) {
				first, differing = i, differing+1
			}
		}
		if differing < leastRandom {
			return code
		}
		return code[:first] + other[first:first+1] + code[first+1:]
	}}
}

// leastRandom is in how many places two codes have to differ.
const leastRandom = 8

// alteredCodes polls a live code in spellings that are not its own.
var alteredCodes = &Scenario{
	Name: "altered codes", Lane: LaneInstant, Cost: FixedCost(9, 3),
	Run: func(ctx context.Context, s *ScenarioRun) {
		before := ""
		for i := range 3 { // not every code has letters of both cases
			code := s.Start(ctx).Codes.DeviceCode
			if code == "" {
				return
			}
			tried := []alteration{swapped(code)}
			switch i {
			case 0:
				tried = append(tried, alterations...)
			case 1:
				tried = append(tried, oneAnothers(before))
			}
			before = code
			for _, a := range tried {
				if altered := a.write(code); altered != code {
					s.PollCode(ctx, altered, Step(a.step), Provoked())
				}
			}
		}
	},
}

func judgeAlteredCodes(e *Evidence, j *Judgement) {
	harmless := map[string]bool{}
	for _, a := range append([]alteration{swappedOne, swappedBoth}, alterations...) {
		harmless[a.step] = a.harmless
	}
	for _, x := range e.Of(alteredCodes) {
		if x.Op != OpToken {
			continue
		}
		accepted := FailIf(StillPending)
		if harmless[x.Step] {
			accepted = WarnIf(StillPending)
		}
		likeUnknown(e, j).Each([]*Exchange{x}, ExpectRefusal,
			spec.ErrInvalidGrant+" for a code that is not exactly the one issued", FailIf(GivesTokens), accepted,
			PassIf(Class(4), ErrorIs(spec.ErrInvalidGrant, spec.ErrInvalidRequest)),
			WarnIf(ErrorIs(spec.ErrAccessDenied, spec.ErrExpiredToken)))
	}
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
		pending := tolerated(e, OpToken, "device_code", StillPending)
		if n, ok := x.Negative(); ok && n.Param == "client_id" {
			continue // DF-CLIENT-004
		} else if ok {
			pending = tolerated(e, OpToken, n.Param, StillPending)
		}
		j.Each([]*Exchange{x}, ExpectRefusal, "400 "+spec.ErrInvalidRequest,
			FailIf(GivesTokens), pending, FailIf(ErrorIs(spec.ErrAccessDenied)),
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
		if x.Op != OpToken || isOutsideEnum(x) {
			continue // DF-POLL-015
		}
		j.Each([]*Exchange{x}, ExpectRefusal, "400 "+spec.ErrInvalidRequest, FailIf(GivesTokens),
			tolerated(e, OpToken, "grant_type", StillPending),
			PassIf(Class(4), ErrorIs(spec.ErrInvalidRequest)), WarnIf(ErrorIs(spec.ErrUnsupportedGrantType)),
			e.FrameworkAnswer())
	}
}

// aliasGrant is an alias of clients older than the standard.
const aliasGrant = "device_code"

// otherGrantTypes look like the device grant and are not.
var otherGrantTypes = []string{
	"urn:dfcheck:none", "urn:dfcheck:device_code", aliasGrant, "urn:ietf:params:oauth:grant-type:device-code",
	strings.ToUpper(spec.GrantDeviceCode), spec.GrantDeviceCode + "/",
}

// foreignGrantTypes polls a live code under grant types that are not the device
// grant.
var foreignGrantTypes = &Scenario{
	Name: "foreign grant types", Lane: LaneInstant, Cost: FixedCost(2*len(otherGrantTypes), len(otherGrantTypes)),
	Run: func(ctx context.Context, s *ScenarioRun) {
		declared, _ := s.Operation(OpToken).Param("grant_type")
		own, _ := s.Target().BasePoll("").Get("grant_type")
		for _, grant := range otherGrantTypes {
			if grant == own || slices.Contains(declared.Enum, grant) {
				continue
			}
			s.Start(ctx).Poll(ctx, With("grant_type", grant), Step(grant), Provoked())
		}
	},
}

func judgeForeignGrantTypes(e *Evidence, j *Judgement) {
	for _, x := range append(e.Of(foreignGrantTypes, otherGrantTypes...), outsideEnum(e)...) {
		accepted := FailIf(StillPending)
		if x.Step == aliasGrant {
			accepted = WarnIf(StillPending)
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
	return slices.DeleteFunc(e.Of(missingGrantType), func(x *Exchange) bool { return !isOutsideEnum(x) })
}

func isOutsideEnum(x *Exchange) bool {
	n, ok := x.Negative()
	return ok && n.Kind == spec.OutsideEnum
}

// longest is the length up to which the documented API takes codes and clients.
const longest = 255

const atTheLimit = "device_code at the limit"

// overlongPolls sends a code of the greatest length and values beyond it.
var overlongPolls = &Scenario{
	Name: "over-long polls", Lane: LaneInstant,
	Cost: func(t Timing) Cost { return Cost{Requests: 2*t.Encodings + 2, Starts: 1, Wait: 0} },
	Run: func(ctx context.Context, s *ScenarioRun) {
		limit := longest
		if p, ok := s.Operation(OpToken).Param("device_code"); ok && p.MaxLength > 0 {
			limit = p.MaxLength
		}
		s.PollCode(ctx, RandomCode(limit), Step(atTheLimit), Provoked())
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
		case x.Step == atTheLimit:
			plain.Each([]*Exchange{x}, ExpectRefusal, "the answer that an unknown code of ordinary length gets",
				FailIf(GivesTokens),
				PassIf(Class(4), ErrorIs(spec.ErrInvalidGrant)), WarnIf(Class(4)))
		default:
			n, _ := x.Negative()
			plain.Each([]*Exchange{x}, ExpectRefusal, "4xx for a value longer than the contract allows",
				FailIf(GivesTokens), tolerated(e, OpToken, n.Param, StillPending),
				WarnIf(ErrorIs(spec.ErrInvalidGrant)), PassIf(Class(4)))
		}
	}
	if j.Seen() == 1 {
		j.Skip("the contract sets no maximum length")
	}
}

// A repetition is a parameter sent twice.
type repetition struct {
	step, name string
	values     func(own string) (first, second string)
	conflict   bool // the second value is another
}

var repetitions = []repetition{
	{step: "grant_type twice", name: "grant_type", values: same},
	{step: "device_code twice", name: "device_code", values: same},
	{step: "device_code, then another", name: "device_code", conflict: true,
		values: func(own string) (string, string) { return own, LookAlike(own) }},
	{step: "another device_code, then this", name: "device_code", conflict: true,
		values: func(own string) (string, string) { return LookAlike(own), own }},
	{step: "client_id, then another", name: "client_id", conflict: true,
		values: func(own string) (string, string) { return own, UnknownClient() }},
	{step: "another client_id, then this", name: "client_id", conflict: true,
		values: func(own string) (string, string) { return UnknownClient(), own }},
}

func same(own string) (first, second string) { return own, own }

// repeatedPollMembers sends a parameter twice, each pair with a separate code.
var repeatedPollMembers = &Scenario{
	Name: "poll with repeated parameters", Lane: LaneInterval, Cost: WaitingCost(12, 6, 1),
	Starts: pollsIn(spec.Form, len(repetitions)),
	Run: func(ctx context.Context, s *ScenarioRun) {
		if !s.Operation(OpToken).Accepts(spec.Form) {
			return
		}
		s.Times(len(repetitions), func(i int) {
			f, r := s.Start(ctx), repetitions[i]
			if !f.OK() || !f.WaitInterval(ctx, Slack) {
				return
			}
			own, sent := s.Target().BasePoll(f.Codes.DeviceCode).Get(r.name)
			if !sent {
				return
			}
			first, second := r.values(own)
			f.Poll(ctx, In(spec.Form), Step(r.step), Provoked(), Without(r.name),
				Also(spec.Param{Name: r.name, Value: first}, spec.Param{Name: r.name, Value: second}))
		})
	},
}

func judgeRepeatedPollMembers(e *Evidence, j *Judgement) {
	if !e.Contract.Token.Accepts(spec.Form) {
		j.Skip("the contract declares no form bodies, the encoding in which parameters can be repeated")
		return
	}
	repeated := map[string]repetition{}
	for _, r := range repetitions {
		repeated[r.step] = r
	}
	for _, x := range e.Of(repeatedPollMembers) {
		if x.Op != OpToken {
			continue
		}
		r := repeated[x.Step]
		each, accepted := j.Each, WarnIf(StillPending)
		if r.conflict && !e.Documented() {
			accepted = FailIf(StillPending) // ruling R7
		}
		switch {
		case r.conflict && r.name == "device_code":
			each = likeUnknown(e, j).Each
		case r.conflict:
			each = j.Against(e.One(unknownClientPoll, "unknown client"), "DF-CLIENT-011").Each
		}
		each([]*Exchange{x}, ExpectRefusal, "400 "+spec.ErrInvalidRequest+" for a repeated parameter",
			FailIf(GivesTokens), accepted,
			PassIf(Class(4), ErrorIs(spec.ErrInvalidRequest)),
			PassIf(ErrorIs(spec.ErrInvalidClient), func(*Exchange) bool { return r.name == "client_id" }),
			WarnIf(Class(4), HasError), e.FrameworkAnswer())
	}
}
