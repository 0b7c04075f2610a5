package reports

import (
	"fmt"
	"strings"
	"time"
)

// Shard is this process's part of the crowd.
type Shard struct {
	Index    int  `json:"index"`
	Count    int  `json:"count"`
	Complete bool `json:"complete"` // it ran to its planned end
	// Digest of the planned schedule, 16 hexadecimal digits. The sum of all
	// shards' digests modulo 2^64 is the digest of the whole crowd.
	Digest string `json:"digest"`
	// Missing is set by a merge for a shard nothing was heard of.
	Missing bool   `json:"missing,omitempty"`
	Why     string `json:"why,omitempty"` // it is not complete
	// Devices and Polls are what the shard simulated and sent.
	Devices uint64 `json:"devices,omitempty"`
	Polls   uint64 `json:"polls,omitempty"`
	// CrowdDigest is the digest of the whole crowd. A run that is a shard has it, and
	// no verdicts: a merge judges the whole.
	CrowdDigest string `json:"crowd_digest,omitempty"`
	// Attempt tells processes apart that had the same index: the pod's UID.
	Attempt string     `json:"attempt,omitempty"`
	StartAt *time.Time `json:"start_at,omitempty"` // the same for all shards
	Seconds float64    `json:"seconds,omitempty"`  // that it sent for, from StartAt
	// Late is set when the start instant had passed: nothing was sent.
	Late bool `json:"late,omitempty"`
	// Duplicate is set by a merge when two processes sent what this shard was to send.
	Duplicate bool `json:"duplicate,omitempty"`
	// Breach is a threshold that the whole could not meet any more, so that the shard
	// ended.
	Breach string `json:"breach,omitempty"`
	// ClockOffsetMS is how far the shard's clock was ahead of the target's, right to
	// ClockErrorMS; 0 and 0 when the target tells no time.
	ClockOffsetMS float64 `json:"clock_offset_ms,omitempty"`
	ClockErrorMS  float64 `json:"clock_error_ms,omitempty"`
	CPUSeconds    float64 `json:"cpu_seconds,omitempty"`
	MaxRSSBytes   uint64  `json:"max_rss_bytes,omitempty"`
}

// Crowd compares the crowd of a sharded run with its plan.
type Crowd struct {
	Devices uint64 `json:"devices"` // planned
	Arrived uint64 `json:"arrived"` // of these, in shards that are there
	// Load is the share of the plan that was carried out, by devices and time, 0..1.
	Load        float64 `json:"load"`
	Digest      string  `json:"digest"`       // sum of those of the shards that are there
	DigestRight bool    `json:"digest_right"` // it is the one of the whole crowd
	// ClockSpreadMS is how far the clocks of two shards were apart, at most.
	ClockSpreadMS float64 `json:"clock_spread_ms"`
}

// Complete reports whether all shards ran to their planned end, and were the crowd
// that was planned.
func (l *Load) Complete() bool {
	if len(l.Shards) == 0 {
		return l.Shard.Complete
	}
	return l.Incomplete() == ""
}

// Incomplete says why a merge is not of the whole run, or nothing.
func (l *Load) Incomplete() string {
	var open []string
	for _, s := range l.Shards {
		if !s.Complete {
			open = append(open, fmt.Sprintf("%d (%s)", s.Index, s.State()))
		}
	}
	switch {
	case len(open) == 1:
		return "shard " + open[0] + " is not complete"
	case len(open) > 1:
		return "shards " + strings.Join(open, ", ") + " are not complete"
	case l.Crowd != nil && !l.Crowd.DigestRight:
		return "the shards are not the crowd that was planned: their digests do not add up"
	}
	return ""
}

// IsPart reports whether the run was one shard of a run that is judged as a whole.
func (l *Load) IsPart() bool { return l.Shard.CrowdDigest != "" && len(l.Shards) == 0 }

// State is what became of a shard, in a word.
func (s Shard) State() string {
	switch {
	case s.Missing:
		return "missing"
	case s.Late:
		return "late"
	case s.Duplicate:
		return "duplicate"
	case s.Complete:
		return "complete"
	}
	return "partial"
}
