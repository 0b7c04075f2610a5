package checks

import (
	"context"
	"net/http"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/spec"
)

// typeSpellings are other spellings of declared media types. The quoted one is seldom
// seen.
var typeSpellings = []struct {
	encoding spec.Encoding
	text     string
	quoted   bool
}{
	{spec.Form, "application/x-www-form-urlencoded; charset=UTF-8", false},
	{spec.Form, "Application/X-WWW-Form-Urlencoded", false},
	{spec.Form, `application/x-www-form-urlencoded;charset="utf-8"`, true},
	{spec.JSON, "application/json; charset=utf-8", false},
	{spec.JSON, "APPLICATION/JSON", false},
}

// labelledStarts are ordinary starts under these spellings.
var labelledStarts = &Scenario{
	Name: "spellings of media types", Lane: LaneInstant, Cost: FixedCost(5, 5),
	Starts: together(startsIn(spec.Form, 3), startsIn(spec.JSON, 2)),
	Run: func(ctx context.Context, s *ScenarioRun) {
		for _, l := range typeSpellings {
			if s.Operation(OpStart).Accepts(l.encoding) {
				s.Start(ctx, In(l.encoding), Labelled(l.text), Step(l.text), Provoked())
			}
		}
	},
}

func judgeLabelledStarts(e *Evidence, j *Judgement) {
	for _, l := range typeSpellings {
		if !works(e, OpStart, l.encoding) {
			continue // undeclared, or DF-CTYPE-001 and 002
		}
		refused := FailIf(AnyAnswer)
		if l.quoted {
			refused = WarnIf(Class(4))
		}
		j.Each(e.Of(labelledStarts, l.text), ExpectSuccess, "200, as for the media type without parameters",
			PassIf(Class(2), GivesCodes), InconclusiveIf(Infrastructure), refused)
	}
	if j.Seen() == 0 {
		j.Inconclusive("no device authorization succeeded with a plain media type")
	}
}

// undeclaredTypes label bodies with media types that the contract lacks. The
// polls are of a live code, so that a body which was read shows as pending.
var undeclaredTypes = &Scenario{
	Name: "undeclared media types", Lane: LaneInstant, Cost: FixedCost(11, 6),
	Starts: together(StartNegatives("DF-CTYPE-007"), exactly(1)),
	Run: func(ctx context.Context, s *ScenarioRun) {
		s.Negatives(ctx, OpStart, "DF-CTYPE-007", s.Target().BaseStart("undeclared type"))
		if f := s.Start(ctx); f.OK() {
			s.Negatives(ctx, OpToken, "DF-CTYPE-007", s.Target().BasePoll(f.Codes.DeviceCode))
		}
	},
}

func judgeUndeclaredTypes(e *Evidence, j *Judgement) {
	for _, x := range e.Of(undeclaredTypes) {
		if !x.Provoked {
			continue
		}
		accepted := WarnIf(read)
		if n, ok := x.Negative(); ok && (n.ContentType == spec.XML || n.ContentType == spec.Binary) {
			accepted = FailIf(read)
		}
		j.Each([]*Exchange{x}, ExpectRefusal, "415 or 400", accepted, PassIf(unread), PassIf(unprocessable(e)),
			InconclusiveIf(Infrastructure), WarnIf(StatusIs(401, 403, 404, 406)))
	}
}

// read reports whether a request was understood: a start gave codes, or a poll
// found its grant.
func read(x *Exchange) bool { return x.GivesCredentials() || x.StillPending() }

// unread reports whether an answer refuses a body that was not read: for what it
// is, or for the client that nobody found in it (ruling R24).
func unread(x *Exchange) bool {
	return StatusIs(http.StatusBadRequest, http.StatusUnsupportedMediaType)(x) ||
		StatusIs(http.StatusUnauthorized)(x) && ErrorIs(spec.ErrInvalidClient)(x)
}

// wrongLabels are starts whose body is of one kind and labelled as another.
var wrongLabels = &Scenario{
	Name: "bodies under a wrong label", Lane: LaneInstant, Cost: FixedCost(4, 4),
	Run: func(ctx context.Context, s *ScenarioRun) {
		params := s.Target().Signed(s.Target().BaseStart("wrong label"))
		_, asForm := s.Operation(OpStart).Encode(spec.Form, params)
		_, asJSON := s.Operation(OpStart).Encode(spec.JSON, params)
		for _, c := range []struct {
			step, label string
			body        []byte
		}{
			{"JSON labelled as a form", string(spec.Form), asJSON},
			{"a form labelled as JSON", string(spec.JSON), asForm},
			{"JSON labelled as multipart", string(spec.Multipart) + "; boundary=dfcheck", asJSON},
			{"a form without Content-Type", "", asForm},
		} {
			s.Start(ctx, Body(c.label, c.body), Step(c.step), Provoked())
		}
	},
}

func judgeWrongLabels(e *Evidence, j *Judgement) {
	// It is complete without what could not be read.
	complete := func(x *Exchange) bool { return namedByHeader(e) && x.HasCodes() }
	j.Each(e.Of(wrongLabels), ExpectRefusal, "400 or 415", PassIf(complete), WarnIf(GivesCodes),
		PassIf(unread), PassIf(unprocessable(e)), InconclusiveIf(Infrastructure), WarnIf(Class(4)))
}

// accepts are values of the Accept header field; "" leaves it out. The first
// three must give JSON.
var accepts = []string{"", "*/*", "application/json", "text/html", "application/xml",
	"application/json;q=0.1, text/html", "garbage"}

// accepting is the step of a request with this value.
func accepting(value string) string { return "Accept: " + value }

// acceptedTypes starts and polls an unknown code under each of them.
var acceptedTypes = &Scenario{
	Name: "values of Accept", Lane: LaneInstant, Cost: FixedCost(2*7, 7),
	Words: Words{"Accept: ": "without an Accept header field"},
	Run: func(ctx context.Context, s *ScenarioRun) {
		code := RandomCode(40)
		for _, a := range accepts {
			accept := Field("Accept")
			if a != "" {
				accept = Field("Accept", a)
			}
			s.Start(ctx, accept, Step(accepting(a)), Provoked())
			s.PollCode(ctx, code, accept, Step(accepting(a)), Provoked())
		}
	},
}

func judgeAcceptedTypes(e *Evidence, j *Judgement) {
	isJSON := func(x *Exchange) bool { return x.MediaType() == string(spec.JSON) }
	usual := map[Operation]bool{}
	for _, x := range e.Of(acceptedTypes, accepting(string(spec.JSON))) {
		usual[x.Op] = isJSON(x)
	}
	for i, a := range accepts {
		for _, x := range e.Of(acceptedTypes, accepting(a)) {
			if !usual[x.Op] {
				continue // JSON is missing whatever is asked for: DF-AUTHZ-004 and DF-ERR-002
			}
			rules := []Rule{InconclusiveIf(Infrastructure), FailIf(Class(5)), PassIf(isJSON)}
			if i < 3 {
				rules = append(rules, FailIf(AnyAnswer))
			} else {
				rules = append(rules, PassIf(StatusIs(406)), WarnIf(AnyAnswer))
			}
			j.Each([]*Exchange{x}, ExpectRefusal, "an answer in application/json whatever Accept says", rules...)
		}
	}
	if j.Seen() == 0 {
		j.Inconclusive("answers are not JSON whatever Accept says")
	}
}
