package load

import (
	"context"
	"fmt"
	"time"

	"github.com/dfcheck/dfcheck/load/digests"
	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/load/threshold"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

// Sharding makes a run one of several that carry out one crowd together. Its
// thresholds are not judged: they are about the whole.
type Sharding struct {
	Part
	// Ready is called when the target gave codes and the devices are there. It waits for
	// the instant at which all shards start. Its error ends the run, which has sent
	// nothing then.
	Ready func(ctx context.Context) (Start, error)
	// Flush is given the figures so far, each Every, and at last those of the whole run,
	// with what the shard's file of digests gets. The figures are its own.
	Flush func(l *reports.Load, digests []byte)
	Every time.Duration
	// KeepGoing lets the shard go on when the whole cannot meet a threshold any more.
	KeepGoing bool
}

// Start is what the shards of a run have in common.
type Start struct {
	At  time.Time
	Key digests.Key
}

// waitForStart returns the instant from which the run counts.
func (sim *simulation) waitForStart(ctx context.Context, s *Sharding) error {
	sim.crowd, sim.own = newPopulation(sim.population.profile, Part{0, 1}).digest(), sim.population.digest()
	start, err := s.Ready(ctx)
	if err != nil {
		return err
	}
	now := time.Now() // what is counted from it is not moved by steps of the clock
	sim.began = now.Add(start.At.Sub(now))
	sim.schedule.began = sim.began
	sim.digests, sim.startAt = digests.NewRecorder(start.Key, len(sim.devices)), start.At
	return nil
}

// flushEvery hands out the figures so far until done, and ends the run when a
// threshold is out of reach.
func (sim *simulation) flushEvery(s *Sharding, done <-chan struct{}) {
	sim.look(s.Every, done, func(l *reports.Load) (more bool) {
		if !s.KeepGoing {
			sim.endOutOfReach(l)
		}
		s.Flush(l, sim.digests.Drain(false))
		return true
	})
}

// OutOfReach names a threshold of the profile that the whole run misses even if
// nothing of its rest does, or nothing. The figures are those of one shard, or of all
// merged, so far.
func OutOfReach(l *reports.Load) string {
	done := done(l)
	list, _ := l.Profile["thresholds"].([]any)
	for _, text := range list {
		if t, err := threshold.Parse(fmt.Sprint(text)); err == nil && t.Lost(l, done) {
			return fmt.Sprint(text)
		}
	}
	return ""
}

// done is the share of the whole that figures stand for, too small rather than too
// large: the share of its time, in a crowd that may have sent only a part of what it
// sends once all of its devices are there.
func done(l *reports.Load) float64 {
	text, _ := l.Profile["duration"].(string)
	duration, err := time.ParseDuration(text)
	devices := profile.DevicesOf(l.Profile)
	if err != nil || duration <= 0 || devices == 0 {
		return 0
	}
	arrived := float64(l.States.Sum()-l.States.Absent) / float64(devices)
	return min(l.Shard.Seconds/duration.Seconds(), 1) * min(arrived, 1)
}

// noteCodes records what only a comparison with other shards shows.
func (sim *simulation) noteCodes(req *request) {
	c := req.Reply.Codes
	sim.digests.Begin(req.device, c.DeviceCode, c.UserCode, req.Received, req.Sent+c.ExpiresIn*int64(time.Second))
}

func (sim *simulation) noteToken(req *request) {
	if sim.digests == nil {
		return
	}
	if t, _ := spec.DecodeToken([]byte(req.Reply.Body)); t.AccessToken != "" {
		sim.digests.Token(t.AccessToken, req.Received)
	}
}

// shard describes the part of the crowd that was carried out.
func (sim *simulation) shard(complete bool, took time.Duration) reports.Shard {
	p := sim.population
	s := reports.Shard{Index: p.Index, Count: p.Count, Complete: complete}
	if sim.digests == nil {
		s.Digest = digestText(p.digest())
		if breach := sim.breach.Load(); breach != nil {
			s.Breach, s.Why = *breach, sim.breached(*breach, took)
		}
		return s
	}
	s.Digest, s.CrowdDigest = digestText(sim.own), digestText(sim.crowd)
	s.Devices, s.StartAt, s.Seconds = uint64(len(sim.devices)), &sim.startAt, took.Seconds()
	duration := time.Duration(p.profile.Duration)
	switch breach := sim.breach.Load(); {
	case complete:
	case breach != nil:
		s.Breach = *breach
		s.Why = sim.breached(*breach, took)
	default:
		s.Why = fmt.Sprintf("the figures end at %.1f s of %s", took.Seconds(), duration)
	}
	return s
}

// breached says when a run was stopped for a threshold.
func (sim *simulation) breached(threshold string, took time.Duration) string {
	return fmt.Sprintf("stopped at %.1f s of %s: the run cannot meet %s any more", took.Seconds(),
		sim.population.profile.Duration, threshold)
}

// Digest of the schedule of a part of a crowd, 16 hexadecimal digits. Those of all
// parts add up, modulo 2^64, to that of the whole. The profile has its defaults.
func Digest(p *profile.Profile, part Part) string { return digestText(newPopulation(p, part).digest()) }

// digestText is a digest as reports have it.
func digestText(sum uint64) string { return fmt.Sprintf("%016x", sum) }
