package conformance

import (
	"testing"

	"github.com/dfcheck/dfcheck/spec"
)

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
