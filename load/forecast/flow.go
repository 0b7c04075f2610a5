package forecast

import (
	"math"
	"time"

	"github.com/dfcheck/dfcheck/load/profile"
)

// flow is one way that a flow can go when nothing goes wrong.
type flow struct {
	share    float64 // of all flows
	polls    float64
	seconds  float64 // from its start to its last answer
	approved bool
	wait     float64 // seconds from the approval to the poll that gets the token
}

// steps are the quantiles of a delay that stand for all of them.
const steps = 2000

// pace is what a crowd's flows depend on beside its people.
type pace struct {
	interval, lifetime time.Duration
	latency            time.Duration // of the server
}

// cycle is the time from one poll of a device to its next, in seconds.
func cycle(g *profile.Group, at pace) float64 {
	b := &g.Behaviour
	return at.interval.Seconds()*(1+b.Drift) - time.Duration(b.EarlyBy).Seconds() +
		time.Duration(b.Jitter).Seconds()/2 + at.latency.Seconds()
}

// flows lists the ways that flows of a group go. People decide after a delay D,
// and the device learns of it with its poll number ceil(D/cycle); else it polls
// until it gives up, or is told that its code has expired: by the first poll
// after the end of its life.
func flows(g *profile.Group, at pace) []flow {
	cycle := cycle(g, at)
	last := math.Floor(at.lifetime.Seconds()/cycle) + 1
	ends := last
	if g.Behaviour.GiveUp > 0 {
		ends = min(ends, math.Floor(time.Duration(g.Behaviour.GiveUp).Seconds()/cycle))
	}
	end := at.latency.Seconds()
	out := []flow{{share: 1 - g.People.Approve - g.People.Deny, polls: ends, seconds: ends*cycle + end}}
	for i := range steps {
		delay := g.People.Delay.At((float64(i) + 0.5) / steps).Seconds()
		k := max(math.Ceil(delay/cycle), 1)
		if k >= last || k > ends {
			out = append(out, flow{share: (g.People.Approve + g.People.Deny) / steps, polls: ends,
				seconds: ends*cycle + end})
			continue
		}
		f := flow{polls: k, seconds: k*cycle + end}
		f.share = g.People.Deny / steps
		out = append(out, f)
		f.share, f.approved, f.wait = g.People.Approve/steps, true, k*cycle-delay
		out = append(out, f)
	}
	return out
}

// demand is what the devices of a group ask for, per second.
type demand struct {
	polls, flows, tokens float64
	over                 float64 // flows that end, of the polls the last ones
	wait                 float64 // seconds from approval to the next poll, times tokens
}

// demandOf n devices at the height of the load. Devices that start again are
// always polling, in one flow after the other. The others come once: those that
// poll at the end of the arrivals are those that came so late that they are
// not done.
func demandOf(g *profile.Group, n float64, over time.Duration, at pace) (d demand) {
	var polls, seconds, tokens, wait, alive float64
	span := max(over, time.Second).Seconds()
	for _, f := range flows(g, at) {
		polls += f.share * f.polls
		seconds += f.share * f.seconds
		alive += f.share * min(f.seconds, span)
		if f.approved {
			tokens += f.share
			wait += f.share * f.wait
		}
	}
	if again := time.Duration(g.Behaviour.RestartAfter).Seconds(); again > 0 {
		rate := n / (seconds + again)
		return demand{polls: rate * polls, flows: rate, tokens: rate * tokens, wait: rate * wait, over: rate}
	}
	rate := n / span
	d = demand{polls: rate * alive / cycle(g, at), flows: rate, tokens: rate * tokens, wait: rate * wait}
	d.over = min(rate, d.polls)
	return d
}
