package reports

import (
	"fmt"
	"strings"
	"time"
)

// shardsBlock is, after a merge, what the shards were, planned and carried out.
func (l *Load) shardsBlock() (b block) {
	if len(l.Shards) == 0 {
		return b
	}
	states, plan := l.shardFact()
	b.title = "shards"
	b.label("states", "%s", states)
	if plan != "" {
		b.label("plan", "%s", plan)
	}
	for _, s := range l.Shards {
		b.label(fmt.Sprintf("shard %d", s.Index), "%s", s)
	}
	return b
}

// shardFact says what became of the shards, and of the plan.
func (l *Load) shardFact() (states, plan string) {
	if len(l.Shards) == 0 {
		return "", ""
	}
	count := map[string]int{}
	for _, s := range l.Shards {
		count[s.State()]++
	}
	var list []string
	for _, state := range []string{"complete", "partial", "late", "missing", "duplicate"} {
		if n := count[state]; n > 0 {
			list = append(list, fmt.Sprintf("%d %s", n, state))
		}
	}
	if l.Crowd != nil {
		plan = l.Crowd.String()
	}
	return fmt.Sprintf("%d: %s", len(l.Shards), strings.Join(list, ", ")), plan
}

// String compares the plan with what was carried out.
func (c *Crowd) String() string {
	digest := "digest " + c.Digest + " is that of the planned crowd"
	if !c.DigestRight {
		digest = "digest " + c.Digest + " is not that of the planned crowd"
	}
	text := fmt.Sprintf("%s planned, %s arrived; %.1f %% of the load was carried out; %s", plural(c.Devices, "device"),
		grouped(c.Arrived), 100*c.Load, digest)
	if c.ClockSpreadMS > 0 {
		text += fmt.Sprintf("; clocks at most %.0f ms apart", c.ClockSpreadMS)
	}
	return text
}

// String is a shard in a line.
func (s Shard) String() string {
	var words []string
	add := func(when bool, format string, args ...any) {
		if when {
			words = append(words, fmt.Sprintf(format, args...))
		}
	}
	add(s.Missing, "missing")
	add(s.Late, "late")
	add(s.Duplicate, "duplicate")
	add(s.Complete, "complete")
	add(len(words) == 0, "partial")
	add(true, "index %d of %d", s.Index, max(s.Count, s.Index+1))
	add(s.Devices+s.Polls > 0, "%s, %s", plural(s.Devices, "device"), plural(s.Polls, "poll"))
	add(s.Seconds > 0, "%.1f s", s.Seconds)
	add(s.StartAt != nil, "from %s", when(s.StartAt))
	add(s.ClockErrorMS > 0, "clock %+.0f ms, right to %.0f ms", s.ClockOffsetMS, s.ClockErrorMS)
	add(s.CPUSeconds > 0, "%.1f s of processor time", s.CPUSeconds)
	add(s.MaxRSSBytes > 0, "%s bytes of memory", grouped(s.MaxRSSBytes))
	add(s.Attempt != "", "attempt %s", s.Attempt)
	add(s.Digest != "", "digest %s", s.Digest)
	add(s.CrowdDigest != "", "of the crowd's %s", s.CrowdDigest)
	add(s.Breach != "", "the run cannot meet %s any more", s.Breach)
	return strings.Join(words, ", ") + after(": ", s.Why)
}

// when is an instant to the millisecond.
func when(at *time.Time) string {
	if at == nil {
		return ""
	}
	return at.UTC().Format("2006-01-02 15:04:05.000 UTC")
}
