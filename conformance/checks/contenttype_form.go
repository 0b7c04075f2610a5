package checks

import (
	"context"
	"net/url"
	"strings"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/spec"
)

// pollForm is a way to write the form of a poll.
type pollForm struct {
	step    string
	quality spelling
	write   func(grant, code, rest string) string
}

// A spelling is how well a form is written.
type spelling int

const (
	ordinary spelling = iota // as clients do
	unusual                  // as none does, though it is right
	broken
)

const usualSpelling = "the usual spelling"

// pollForms are all the same poll, but for the broken escapes at the end, which
// stand in a parameter nobody knows. Code and rest come escaped.
var pollForms = []pollForm{
	{usualSpelling, ordinary, func(grant, code, rest string) string {
		return "grant_type=" + url.QueryEscape(grant) + "&device_code=" + code + "&" + rest
	}},
	{"raw colons", ordinary, func(grant, code, rest string) string {
		return "grant_type=" + grant + "&device_code=" + code + "&" + rest
	}},
	{"escapes in lower case", ordinary, func(grant, code, rest string) string {
		return "grant_type=" + strings.ReplaceAll(grant, ":", "%3a") + "&device_code=" + code + "&" + rest
	}},
	{"another order", ordinary, func(grant, code, rest string) string {
		return rest + "&device_code=" + code + "&grant_type=" + url.QueryEscape(grant)
	}},
	{"an escaped parameter name", unusual, func(grant, code, rest string) string {
		return "grant_type=" + url.QueryEscape(grant) + "&device%5Fcode=" + code + "&" + rest
	}},
	{`a trailing "&"`, unusual, func(grant, code, rest string) string {
		return "grant_type=" + url.QueryEscape(grant) + "&device_code=" + code + "&" + rest + "&"
	}},
	{"a broken escape, %zz", broken, func(grant, code, rest string) string {
		return "grant_type=" + url.QueryEscape(grant) + "&device_code=" + code + "&" + rest + "&dfcheck=%zz"
	}},
	{"a broken escape, %", broken, func(grant, code, rest string) string {
		return "grant_type=" + url.QueryEscape(grant) + "&device_code=" + code + "&" + rest + "&dfcheck=%"
	}},
}

// formSpellings polls a separate code in each spelling, at once: a first poll
// is pending or told to slow down. Then it starts with a space in a value,
// escaped in both ways.
var formSpellings = &Scenario{
	Name: "spellings of a form", Lane: LaneInstant, Cost: FixedCost(2*len(pollForms)+2, len(pollForms)+2),
	Starts: together(pollsIn(spec.Form, len(pollForms)), startsIn(spec.Form, 2)),
	Run: func(ctx context.Context, s *ScenarioRun) {
		if s.Operation(OpToken).Accepts(spec.Form) {
			s.Times(len(pollForms), func(i int) {
				sp := pollForms[i]
				f := s.Start(ctx)
				base := s.Target().BasePoll(f.Codes.DeviceCode)
				grant, _ := base.Get("grant_type")
				_, rest := spec.Form.Encode(s.Target().Signed(base.Without("grant_type", "device_code")))
				body := sp.write(grant, url.QueryEscape(f.Codes.DeviceCode), string(rest))
				opts := []Option{In(spec.Form), Body(string(spec.Form), []byte(body)), Step(sp.step)}
				if sp.quality != ordinary {
					opts = append(opts, Provoked())
				}
				f.Poll(ctx, opts...)
			})
		}
		name, value, ok := spaced(s)
		if !ok || !s.Operation(OpStart).Accepts(spec.Form) {
			return
		}
		_, body := spec.Form.Encode(s.Target().Signed(s.Target().BaseStart("spaces").With(name, value)))
		s.Start(ctx, Body(string(spec.Form), body), In(spec.Form), Step("space as +"))
		percent := []byte(strings.ReplaceAll(string(body), "+", "%20"))
		s.Start(ctx, Body(string(spec.Form), percent), In(spec.Form), Step("space as %20"))
	},
}

// spaced is a parameter that may hold a space: the scope where two are
// configured, else the documented contract's description of the system.
func spaced(s *ScenarioRun) (name, value string, ok bool) {
	if strings.Contains(s.Target().Scope, " ") {
		return "scope", s.Target().Scope, true
	}
	return "device_os", "dfcheck a b", s.Operation(OpStart).Has("device_os")
}

func judgeFormSpellings(e *Evidence, j *Judgement) {
	if !e.Contract.Token.Accepts(spec.Form) {
		j.Skip("the contract does not declare form bodies")
		return
	}
	usual := e.One(formSpellings, usualSpelling)
	for _, x := range e.Of(formSpellings, usualSpelling) {
		if x.Op == OpToken {
			usual = x
		}
	}
	if usual == nil {
		return
	}
	if usual.Op != OpToken || !usual.StillPending() {
		j.Inconclusive("an ordinary form got "+Describe(usual), usual)
		return
	}
	j.Pass(usual)
	for _, sp := range pollForms[1:] {
		refused := FailIf(AnyAnswer)
		switch sp.quality {
		case broken:
			refused = PassIf(Class(4))
		case unusual:
			refused = WarnIf(Class(4))
		}
		j.Each(e.Of(formSpellings, sp.step), ExpectPending, "the same answer as for the ordinary spelling of the form",
			PassIf(StillPending), InconclusiveIf(Infrastructure), refused)
	}
	plus, percent := e.One(formSpellings, "space as +"), e.One(formSpellings, "space as %20")
	switch {
	case plus == nil || percent == nil:
	case plus.Infrastructure() || percent.Infrastructure():
		j.Inconclusive("the device authorization requests were rate-limited", plus, percent)
	case plus.HasCodes() != percent.HasCodes():
		j.Fail("+ and %20 to be read as the same character", "+: "+Describe(plus)+"; %20: "+Describe(percent), plus, percent)
	default:
		j.Pass(plus, percent)
	}
}
