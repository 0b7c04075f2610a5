package conformance

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/spec"
)

// TestRefusedAfterApproval: codes that are refused once they were approved were not ended by
// those that were issued since, and codes on which nobody decided were.
func TestRefusedAfterApproval(t *testing.T) {
	run := func(outcome Outcome) *Evidence {
		r := &Transcript{}
		at := time.Duration(0)
		add := func(op Operation, flow string, status int, body string) {
			at += time.Second
			x := &Exchange{ID: fmt.Sprint("x", len(r.Exchanges)), Op: op, Flow: flow, Sent: at, Received: at,
				Response: &Response{Status: status, Header: http.Header{}, Body: body, Length: int64(len(body))}}
			r.Exchanges = append(r.Exchanges, x)
		}
		begin := func(flow string) {
			add(OpStart, flow, 200, `{"device_code":"`+flow+`","expires_in":1800}`)
		}
		begin("kept")
		for range enoughKept {
			add(OpToken, "kept", 400, `{"error":"authorization_pending"}`)
		}
		for i := range enoughGone {
			begin(fmt.Sprint("gone", i))
		}
		begin("another")
		for i := range enoughGone {
			flow := fmt.Sprint("gone", i)
			r.Events = append(r.Events, Event{At: at, Flow: flow, Kind: EventDecision,
				Decision: &Decided{Decision: string(approve.Approve), Outcome: outcome}})
			add(OpToken, flow, 400, `{"error":"access_denied"}`)
		}
		return newEvidence(r, &spec.Contract{Family: spec.Standard}, nil)
	}
	for outcome, want := range map[Outcome]int{Accepted: 0, Broken: enoughGone} {
		if got := len(run(outcome).findEvictions().gone); got != want {
			t.Errorf("with decisions that were %s, %d refusals are explained by a store, want %d", outcome, got, want)
		}
	}
}

// TestSameDevice: where a document lets devices name themselves, a store that keeps one
// code a device is right, and all requests of a run may name the same one.
func TestSameDevice(t *testing.T) {
	start := func(name, value string) *Exchange {
		x := &Exchange{Op: OpStart, Response: &Response{Status: 200, Body: `{"device_code":"c"}`}}
		x.Request.Params = spec.Params{{Name: "client_id", Value: "tv"}, {Name: name, Value: value}}
		return x
	}
	for name, c := range map[string]struct {
		family spec.Family
		xs     []*Exchange
		want   string
	}{
		"the same device":       {spec.Document, []*Exchange{start("device_id", "a"), start("device_id", "a")}, "device_id"},
		"the same serialNumber": {spec.Document, []*Exchange{start("serialNumber", "a")}, "serialNumber"},
		"another each time":     {spec.Document, []*Exchange{start("device_id", "a"), start("device_id", "b")}, ""},
		"no device":             {spec.Document, []*Exchange{start("tenant_id", "a"), start("tenant_id", "a")}, ""},
		"no document":           {spec.Standard, []*Exchange{start("device_id", "a"), start("device_id", "a")}, ""},
	} {
		e := newEvidence(&Transcript{Exchanges: c.xs}, &spec.Contract{Family: c.family}, nil)
		if got := e.sameDevice(); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
