package checks

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"unicode/utf16"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/spec"
)

// malformed makes bodies that are no JSON object out of a valid one. The names
// of the cases are what findings say.
func malformed(object []byte) []struct {
	name string
	body []byte
} {
	open := object[:len(object)-1]
	with := func(tail string) []byte { return append(slices.Clone(open), tail...) }
	return []struct {
		name string
		body []byte
	}{
		{truncated, open},
		{"trailing comma", with(",}")},
		{"single quotes", bytes.ReplaceAll(object, []byte{'"'}, []byte{'\''})},
		{bareNaN, with(`,"dfcheck_extra":NaN}`)},
		{"two objects", slices.Concat(object, object)},
		{"empty body", []byte{}},
		{"an array", []byte("[]")},
		{"a string", []byte(`"x"`)},
		{"a number", []byte("1")},
		{"null", []byte("null")},
		{"UTF-16", inUTF16(object)},
	}
}

// inUTF16 is a text in UTF-16, little-endian, with its byte order mark.
func inUTF16(text []byte) []byte {
	out := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(string(text))) {
		out = append(out, byte(u), byte(u>>8))
	}
	return out
}

// brokenValue puts a byte that is not UTF-8 into the value of a parameter.
func brokenValue(op *spec.Operation, p spec.Params, name string) []byte {
	v, _ := p.Get(name)
	_, body := op.Encode(spec.JSON, p.With(name, v+"~~"))
	return bytes.Replace(body, []byte("~~"), []byte{0xff}, 1)
}

const (
	truncated  = "truncated object"
	bareNaN    = "bare NaN"
	brokenUTF8 = "broken UTF-8"
)

// malformedJSON sends each to both endpoints, to the token endpoint about a
// live code.
var malformedJSON = &Scenario{
	Name: "malformed JSON", Lane: LaneInstant, Cost: FixedCost(25, 13),
	Starts: together(startsIn(spec.JSON, 12), pollsIn(spec.JSON, 1)),
	Words:  Words{"null": "with null as its body"},
	Run: func(ctx context.Context, s *ScenarioRun) {
		if op := s.Operation(OpStart); op.Accepts(spec.JSON) {
			params := s.Target().Signed(s.Target().BaseStart("malformed"))
			_, object := op.Encode(spec.JSON, params)
			for _, m := range malformed(object) {
				s.Start(ctx, In(spec.JSON), Body(string(spec.JSON), m.body), Step(m.name), Provoked())
			}
			s.Start(ctx, In(spec.JSON), Body(string(spec.JSON), brokenValue(op, params, "client_id")), Step(brokenUTF8),
				Provoked())
		}
		op := s.Operation(OpToken)
		if !op.Accepts(spec.JSON) {
			return
		}
		f := s.Start(ctx)
		if !f.OK() {
			return
		}
		params := s.Target().Signed(s.Target().BasePoll(f.Codes.DeviceCode))
		_, object := op.Encode(spec.JSON, params)
		for _, m := range malformed(object) {
			s.PollCode(ctx, "", In(spec.JSON), Body(string(spec.JSON), m.body), Step(m.name), Provoked())
		}
		s.PollCode(ctx, "", In(spec.JSON), Body(string(spec.JSON), brokenValue(op, params, "device_code")), Step(brokenUTF8),
			Provoked())
	},
}

func judgeMalformedJSON(e *Evidence, j *Judgement) {
	if !e.Contract.Start.Accepts(spec.JSON) && !e.Contract.Token.Accepts(spec.JSON) {
		j.Skip("the contract does not declare JSON")
		return
	}
	for _, x := range e.Of(malformedJSON) {
		if !x.Provoked {
			continue
		}
		accepted := FailIf(read)
		if x.Step == bareNaN || x.Step == brokenUTF8 && e.OpenRegistration {
			accepted = WarnIf(read)
		}
		rules := []Rule{accepted, InconclusiveIf(Infrastructure)}
		if x.Step == brokenUTF8 { // the byte was replaced, and nobody has that name
			rules = append(rules, WarnIf(ErrorIs(spec.ErrInvalidClient, spec.ErrInvalidGrant), Not(asTruncated(e))))
		}
		j.Each([]*Exchange{x}, ExpectRefusal, "400 for a body that is not JSON",
			append(rules, PassIf(unread), PassIf(unprocessable(e)), WarnIf(Class(4)))...)
	}
}

// asTruncated reports whether an answer is the one that half an object got at the
// same endpoint, so that it says nothing of what the body held.
func asTruncated(e *Evidence) Predicate {
	return func(x *Exchange) bool {
		return slices.ContainsFunc(e.Of(malformedJSON, truncated), func(y *Exchange) bool {
			return y.Op == x.Op && y.Class() == x.Class() && y.ErrorCode() == x.ErrorCode()
		})
	}
}

// wrongTypes sends JSON values of other types than the contract declares.
var wrongTypes = &Scenario{
	Name: "wrong JSON types", Lane: LaneInstant, Cost: FixedCost(57, 33),
	Starts: together(StartNegatives("DF-CTYPE-010"), pollsIn(spec.JSON, 1)),
	Run: func(ctx context.Context, s *ScenarioRun) {
		s.Negatives(ctx, OpStart, "DF-CTYPE-010", s.Target().BaseStart("wrong type"))
		if !s.Operation(OpToken).Accepts(spec.JSON) {
			return
		}
		if f := s.Start(ctx); f.OK() {
			s.Negatives(ctx, OpToken, "DF-CTYPE-010", s.Target().BasePoll(f.Codes.DeviceCode))
		}
	},
}

func judgeWrongTypes(e *Evidence, j *Judgement) {
	cases := map[Operation]map[string]spec.Negative{OpStart: {}, OpToken: {}}
	for _, n := range e.Contract.Start.Negatives() {
		cases[OpStart][n.String()] = n
	}
	for _, n := range e.Contract.Token.Negatives() {
		cases[OpToken][n.String()] = n
	}
	for _, x := range e.Of(wrongTypes) {
		n, ok := cases[x.Op][x.Step]
		if !ok || n.Check != "DF-CTYPE-010" {
			continue
		}
		j.Each([]*Exchange{x}, ExpectRefusal, "4xx for a value of the wrong JSON type", acceptedType(e, x.Op, n),
			InconclusiveIf(Infrastructure), PassIf(unprocessable(e)), WarnIf(StatusIs(422)), PassIf(Class(4)))
	}
	if j.Seen() == 0 {
		j.Skip("the contract declares no JSON members")
	}
}

// acceptedType is the verdict on a value that was taken though its type is
// wrong (ruling R15).
func acceptedType(e *Evidence, op Operation, n spec.Negative) Rule {
	switch {
	case !n.Required && n.Value == "null":
		return PassIf(read) // as if it were left out
	case !n.Required, n.Value == "123", n.Value == "1.5":
		return WarnIf(read)
	}
	return tolerated(e, op, n.Param, read)
}

// repeatedNames gives client_id twice in one JSON object: its own, and one that
// nobody registered.
var repeatedNames = &Scenario{
	Name: "repeated JSON names", Lane: LaneInstant, Needs: []Capability{NeedSecondClient}, Cost: FixedCost(6, 4),
	Starts: together(startsIn(spec.JSON, 2), pollsIn(spec.JSON, 2)),
	Run: func(ctx context.Context, s *ScenarioRun) {
		own, other := s.Target().Client.ID, UnknownClient()
		for _, o := range []struct {
			step string
			ids  [2]string
		}{{"own first", [2]string{own, other}}, {ownLast, [2]string{other, own}}} {
			twice := func(p spec.Params) spec.Params {
				return append(spec.Params{{Name: "client_id", Value: o.ids[0]}, {Name: "client_id", Value: o.ids[1]}},
					p.Without("client_id")...)
			}
			if op := s.Operation(OpStart); op.Accepts(spec.JSON) {
				contentType, body := op.Encode(spec.JSON, twice(s.Target().Signed(s.Target().BaseStart("twice"))))
				s.Start(ctx, In(spec.JSON), Body(contentType, body), Step(o.step), Provoked())
			}
			if op := s.Operation(OpToken); op.Accepts(spec.JSON) {
				f := s.Start(ctx)
				contentType, body := op.Encode(spec.JSON, twice(s.Target().Signed(s.Target().BasePoll(f.Codes.DeviceCode))))
				f.Poll(ctx, In(spec.JSON), Body(contentType, body), Step(o.step), Provoked())
			}
		}
	},
}

// ownLast is the step in which the client's own name stands last.
const ownLast = "own last"

func judgeRepeatedNames(e *Evidence, j *Judgement) {
	if !e.Contract.Start.Accepts(spec.JSON) && !e.Contract.Token.Accepts(spec.JSON) {
		j.Skip("the contract does not declare JSON")
		return
	}
	counted := map[string]string{}
	for _, op := range []Operation{OpStart, OpToken} {
		var xs [2]*Exchange
		for _, x := range e.Of(repeatedNames) {
			if x.Op != op || !x.Provoked {
				continue
			}
			if x.Class() == 5 && !x.Infrastructure() {
				j.Fail("a repeated client_id to be refused, or one of the two values to be used", Describe(x), x)
			}
			xs[btoi(x.Step == ownLast)] = x
		}
		if slices.ContainsFunc(xs[:], func(x *Exchange) bool {
			// whatever its body says (ruling R29)
			return x == nil || x.Infrastructure() || x.Status() == http.StatusTooManyRequests
		}) {
			continue
		}
		if x := e.One(unknownClientStart, "unknown client"); op == OpStart && x != nil && x.HasCodes() {
			j.Inconclusive("the server accepts unknown clients, so it does not show which of the two values it used", xs[:]...)
			continue
		}
		counted[string(op)] = whichCounts(xs)
		switch counted[string(op)] {
		case "first", "either":
			j.Warn("a repeated client_id to be refused, or the last value to be used", "the "+counted[string(op)]+" value used",
				xs[:]...)
		default:
			j.Pass(xs[:]...)
		}
	}
	if len(counted) == 2 && differ(counted) {
		j.Warn("both endpoints to treat a repeated client_id the same way", listed(counted), e.Of(repeatedNames)...)
	}
}

// whichCounts tells which of two values was used: the own client's comes first
// in the first exchange.
func whichCounts(xs [2]*Exchange) string {
	switch {
	case read(xs[0]) && read(xs[1]):
		return "either"
	case read(xs[0]):
		return "first"
	case read(xs[1]):
		return "last"
	}
	return "refused"
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
