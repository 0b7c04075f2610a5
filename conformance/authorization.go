package conformance

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/dfcheck/dfcheck/spec"
)

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
		ID:    gateStartStandard,
		Reads: []*Scenario{minimalStart},
		Judge: func(e *Evidence, j *Judgement) {
			judgeMinimalStart(e, j, "device_code", "user_code", "verification_uri", "expires_in")
		},
	},
	{
		ID:    "DF-AUTHZ-010",
		Gate:  GateStart,
		Reads: []*Scenario{twinStarts},
		Judge: judgeTwinStarts,
	},
}

// minimalStart sends nothing but what is required: the client, and the device's
// metadata where the contract wants them.
var minimalStart = &Scenario{
	Name: "minimal start", Lane: LaneFirst, Cost: fixed(1, 1),
	Run: func(ctx context.Context, s *Scene) { s.Start(ctx, Without("scope"), Step("minimal")) },
}

func judgeMinimalStart(e *Evidence, j *Judgement, members ...string) {
	lacks := func(x *Exchange) bool {
		for _, m := range members {
			if _, ok := x.Member(m); !ok {
				return true
			}
		}
		return false
	}
	expected := "200 with " + strings.Join(members, ", ")
	j.Each(e.Of(minimalStart), DueSuccess, expected,
		openIf(infrastructure),
		warnIf(errorIs(spec.ErrInvalidScope), func(*Exchange) bool { return !e.Documented() }),
		failIf(lacks),
		passIf(statusIs(http.StatusOK)),
		warnIf(statusIs(http.StatusCreated)))
}

// twinStarts starts twice with byte-identical parameters, as two devices of one
// model do, and polls both codes when their interval has passed.
var twinStarts = &Scenario{
	Name: "twin starts", Lane: LaneIsolation, Cost: waits(4, 2, 1),
	Run: func(ctx context.Context, s *Scene) {
		same := Sending(s.target.baseStart("twin"))
		a := s.Start(ctx, same, Step("first"))
		b := s.Start(ctx, same, Step("second"))
		a.PollDue(ctx, Step("first"))
		b.PollDue(ctx, Step("second"))
	},
}

func judgeTwinStarts(e *Evidence, j *Judgement) {
	flows := e.FlowsOf(twinStarts)
	if len(flows) < 2 {
		return
	}
	a, b := e.Begun(flows[0]), e.Begun(flows[1])
	for _, m := range []string{"device_code", "user_code"} {
		if code := a.text(m); code != "" && code == b.text(m) {
			j.Fail("a "+m+" of its own for every start", fmt.Sprintf("both starts got %s", code), a, b)
		}
	}
	for _, f := range flows {
		j.Each(e.Polls(f), DuePending, "both grants still pending", passIf(stillPending))
	}
}
