package load

import (
	"fmt"

	"github.com/dfcheck/dfcheck/load/internal/wire"
	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/reports"
)

// claims is whom a device says its request is made for, as a proxy before it would.
func (sim *simulation) claims(i int32) wire.Forwarded {
	if sim.origin == nil {
		return wire.Forwarded{}
	}
	p := sim.population
	return wire.Forwarded{Field: p.profile.Connections.ForwardedField, For: sim.origin(p.number(i))}
}

// claimsOnce holds that a header field in which devices say where they come from is not
// set for all of them as well.
func (t Target) claimsOnce(c *profile.Connections) error {
	if c.ForwardedRange == "" || t.Headers.Get(c.ForwardedField) == "" {
		return nil
	}
	return &NotReady{Problem: "the header field " + c.ForwardedField + " is set for all requests, and each device would " +
		"set it by connections.forwarded_for", Hint: "leave it out of headers: and --header"}
}

// claimsNote is what to make of a crowd that says where it comes from.
func claimsNote(c *profile.Connections, devices int) string {
	if c.ForwardedRange == "" {
		return ""
	}
	return fmt.Sprintf("%s said in %s to come from an address of %s each, which counts only with a server that trusts "+
		"this machine as its proxy", reports.Count(devices, "device", "devices"), c.ForwardedField, c.ForwardedRange)
}
