package reports

import (
	"fmt"
	"strings"
)

// blocks are the section of a search for limiters in words and tables.
func (s *Limits) blocks() []block {
	var b block
	b.label("polite devices per public address", "%s", s.answer())
	if s.AtOnce > 0 {
		b.add("%s of them can send a request at the same moment", grouped(s.AtOnce))
	}
	b.add("a polite device polls every %s s and starts another flow every %s s", figure(s.IntervalSeconds),
		figure(s.LifetimeSeconds))
	b.add("%s were sent, %s among them", plural(s.Requests, "request"), plural(s.Starts, "device authorization request"))
	b.notes(s.Notes)
	out := []block{b}
	for _, l := range s.Limiters {
		out = append(out, l.block())
	}
	return out
}

// answer is how many devices it is, and what sets the number.
func (s *Limits) answer() string {
	if s.LimitedBy == "" {
		return "not known"
	}
	if s.AtLeast {
		return fmt.Sprintf("at least %s, as no limiter was met (%s)", grouped(s.PoliteDevices), s.LimitedBy)
	}
	return fmt.Sprintf("%s, limited by %s", grouped(s.PoliteDevices), s.LimitedBy)
}

func (s *Limits) headline() Headline {
	v := Pass
	if s.LimitedBy == "" {
		v = Inconclusive
	}
	return Headline{v, "Polite devices per public address: " + s.answer() + "."}
}

// Sentence is what limits the requests, in one sentence.
func (l Limiter) Sentence() string {
	if !l.Found {
		return fmt.Sprintf("no limiter found with %s in a row, up to %s per second", grouped(l.Tried),
			figure(l.TriedPerSecond))
	}
	text := grouped(l.Burst) + " at once"
	switch {
	case l.WindowSeconds > 0:
		text = fmt.Sprintf("%s in %s s", grouped(l.Burst), figure(l.WindowSeconds))
	case l.PerSecond > 0:
		text = fmt.Sprintf("%s per second, %s", figure(l.PerSecond), text)
	}
	return text + ", " + l.by()
}

// by is whom the limiter counts together.
func (l Limiter) by() string {
	if len(l.Key) == 0 && len(l.NotCompared) > 0 {
		return "by " + strings.Join(l.NotCompared, " or ") + " (not compared)"
	}
	if len(l.Key) == 0 {
		return "of all senders together"
	}
	return "by " + strings.Join(l.Key, " and ")
}

func (l Limiter) block() block {
	b := block{title: l.Requests}
	b.add("%s", l.Sentence())
	if l.Found {
		b.label("recovers", "%s", l.Recovery)
		b.label("in the long run", "%s per second", figure(l.PerSecond))
		if l.FullAfterSeconds > 0 {
			b.label("all of it is back", "after %s s of rest", figure(l.FullAfterSeconds))
		}
		b.label("refuses with", "%s", l.refusal())
		if len(l.Covers) > 0 {
			b.label("counts as well", "%s", strings.Join(l.Covers, ", "))
		}
		if len(l.Key) > 0 && len(l.NotCompared) > 0 {
			b.label("not compared", "%s", strings.Join(l.NotCompared, ", "))
		}
		b.label("first refusal", "after %s, %s per second", grouped(l.Tried), figure(l.TriedPerSecond))
	}
	b.notes(l.Notes)
	return b
}

// refusal is how the limiter refuses.
func (l Limiter) refusal() string {
	switch {
	case l.Status == 0:
		return "another answer than an unknown code gets"
	case l.MaxRetryAfterSeconds == 0:
		return fmt.Sprintf("%d, without Retry-After", l.Status)
	case l.RetryAfterSeconds == l.MaxRetryAfterSeconds:
		return fmt.Sprintf("%d, Retry-After: %s", l.Status, figure(l.MaxRetryAfterSeconds))
	}
	return fmt.Sprintf("%d, Retry-After: %s to %s", l.Status, figure(l.RetryAfterSeconds), figure(l.MaxRetryAfterSeconds))
}
