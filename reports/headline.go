package reports

import (
	"fmt"
	"strings"
)

// A Headline is a run in one sentence, and how good the news is.
type Headline struct {
	Verdict Verdict
	Text    string
}

// Headline says what came of the run in one sentence.
func (r *Report) Headline() Headline {
	var h Headline
	switch {
	case r.Conformance != nil:
		h = r.Conformance.headline()
	case r.Load != nil:
		h = r.Load.headline()
	case r.Capacity != nil:
		h = r.Capacity.headline()
	case r.Plan != nil:
		h = r.Plan.headline()
	case r.Limits != nil:
		h = r.Limits.headline()
	default:
		h = Headline{Error, "Nothing was tested."}
	}
	if r.Run.Interrupted {
		return Headline{Worse(h.Verdict, Inconclusive), "Interrupted. Up to then: " + h.Text}
	}
	if r.Run.Problem != nil {
		h.Verdict = Worse(h.Verdict, Inconclusive)
	}
	return h
}

// Judged is how many checks got a verdict on the server.
func (s Summary) Judged() int { return s.Pass + s.Fail + s.Warning + s.Waived }

func (c *Conformance) headline() Headline {
	s := Tally(c.Checks)
	judged := Count(s.Judged(), "check", "checks") + " that could be judged"
	open := ""
	if n := s.Skipped + s.Inconclusive; n > 0 {
		open = fmt.Sprintf(" %s not judged.", Count(n, "check was", "checks were"))
	}
	switch {
	case s.Error > 0:
		return Headline{Error, fmt.Sprintf("dfcheck itself failed in %s: this run proves nothing there.",
			Count(s.Error, "check", "checks"))}
	case s.Judged() == 0:
		return Headline{Inconclusive, "No check could be judged: this run proves nothing."}
	case s.Fail > 0:
		return Headline{Fail, fmt.Sprintf("The server fails %d of %s.%s", s.Fail, judged, open)}
	}
	v, but := Pass, ""
	if s.Warning+s.Waived > 0 {
		v = Warning
		var list []string
		if s.Warning > 0 {
			list = append(list, fmt.Sprintf("%d with a warning", s.Warning))
		}
		if s.Waived > 0 {
			list = append(list, fmt.Sprintf("%d of them waived", s.Waived))
		}
		but = ", " + strings.Join(list, ", ")
	}
	if len(c.StaleWaivers) > 0 {
		v, open = Warning, open+" "+Count(len(c.StaleWaivers), "waiver no longer applies.", "waivers no longer apply.")
	}
	return Headline{v, fmt.Sprintf("No failure in %s%s.%s", judged, but, open)}
}

func (l *Load) headline() Headline {
	load := fmt.Sprintf("%s, %s requests a second", plural(l.Devices.Simulated, "device"), figure(l.Requests.PerSecond))
	if l.IsPart() {
		return Headline{Inconclusive, fmt.Sprintf("Shard %d of %d: %s; the merge of all shards is judged.", l.Shard.Index,
			l.Shard.Count, load)}
	}
	missed, open := 0, 0
	for _, t := range l.Thresholds {
		switch t.Verdict {
		case Fail:
			missed++
		case Inconclusive:
			open++
		}
	}
	switch {
	case missed > 0:
		return Headline{Fail, fmt.Sprintf("%s: %d of %s missed.", load, missed, plural(len(l.Thresholds), "threshold"))}
	case l.failed():
		return Headline{Fail, load + ": " + plural(l.Violated(), "answer") + " broke the protocol."}
	case len(l.Shards) > 0 && !l.Complete():
		return Headline{Inconclusive, fmt.Sprintf("%s: %s.", load, l.Incomplete())}
	case open > 0:
		return Headline{Inconclusive, fmt.Sprintf("%s: %d of %s could not be judged.", load, open,
			plural(len(l.Thresholds), "threshold"))}
	case l.Client.Saturated:
		return Headline{Warning, load + ": the load generator was a bottleneck."}
	case len(l.Thresholds) == 0:
		return Headline{Pass, load + "; nothing was expected of them."}
	}
	return Headline{Pass, load + ": every threshold was met."}
}

func (c *Capacity) headline() Headline {
	h := Headline{Pass, "The server holds " + c.answer() + "."}
	switch {
	case c.failed() || c.Stopped:
		h.Verdict = Fail
	case c.Saturated:
		h.Verdict = Warning
	}
	return h
}

func (f *Forecast) headline() Headline {
	return Headline{Pass, fmt.Sprintf("%s that poll every %g s ask for %s requests a second.",
		plural(f.Devices, "device"), f.IntervalSeconds, figure(f.Rates.RequestsPerSecond))}
}
