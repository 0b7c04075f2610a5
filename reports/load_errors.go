package reports

import (
	"fmt"
	"strings"
)

// String is the errors of one kind in a line. The example is the server's: make
// it legible before a reader sees it.
func (e ErrorKind) String() string {
	when := fmt.Sprintf("from %.1f s to %.1f s", e.FirstSecond, e.LastSecond)
	if e.Count == 1 {
		when = fmt.Sprintf("at %.1f s", e.FirstSecond)
	}
	text := fmt.Sprintf("%s, %s", plural(e.Count, "error"), when)
	if e.Example != "" {
		text += "; the first: " + e.Example
	}
	if e.Exchange != "" {
		text += " [" + e.Exchange + "]"
	}
	return text
}

// String compares offered with carried load. It is empty for a run without
// requests.
func (o Offered) String() string {
	if o.Requests == 0 {
		return ""
	}
	text := fmt.Sprintf("offered %s (%s a second), carried %s (%s a second, %s %%)",
		plural(o.Requests, "request"), figure(o.PerSecond), grouped(o.Carried), figure(o.CarriedPerSecond),
		figure(100*o.Share))
	if o.PutOff > 0 {
		text += fmt.Sprintf("; %s not sent by devices that backed off or left after errors", grouped(o.PutOff))
	}
	if o.Unsent > 0 {
		text += fmt.Sprintf("; %s due but not sent", grouped(o.Unsent))
	}
	return text
}

// String lists what devices were doing at the end, those states alone that a
// device was in.
func (s States) String() string {
	var in []string
	for _, state := range []struct {
		n    uint64
		name string
	}{{s.Absent, "not arrived"}, {s.Starting, "starting"}, {s.Polling, "polling"},
		{s.Replaying, "polling once more after the end"}, {s.BackingOff, "backing off"},
		{s.Approved, "approved"}, {s.Denied, "denied"}, {s.Expired, "expired"}, {s.Failed, "failed"},
		{s.Abandoned, "abandoned"}} {
		if state.n > 0 {
			in = append(in, grouped(state.n)+" "+state.name)
		}
	}
	return strings.Join(in, ", ")
}
