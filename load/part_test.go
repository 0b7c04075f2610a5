package load

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dfcheck/dfcheck/load/internal/wire"
	"github.com/dfcheck/dfcheck/load/profile"
)

// member is everything that is random about a device before the server answers, and a
// few draws of later.
type member struct {
	arrival            int64
	group              uint8
	encoding           int
	choice, second     choice
	delay, secondDelay time.Duration
	jitter, replay     float64
}

// crowdIn lists the members of a crowd by their numbers in the whole.
func crowdIn(p *profile.Profile, parts int) (all map[int32]member, digest uint64, problem string) {
	all = map[int32]member{}
	for index := range parts {
		pop := newPopulation(p, Part{index, parts})
		for i := range int32(pop.Of(p.Devices)) {
			d := pop.number(i)
			if _, twice := all[d]; twice || d < 0 || int(d) >= p.Devices {
				return nil, 0, fmt.Sprintf("device %d is in part %d and in another, or in none", d, index)
			}
			m := member{arrival: pop.arrival(i), group: pop.groupOf(i), jitter: pop.draw(i, 3, forJitter+5),
				replay: pop.draw(i, 2, forReplay)}
			k := &pop.groups[m.group]
			k.weights = []float64{3, 1, 2}
			m.encoding = pop.encoding(i, k)
			m.choice, m.delay = pop.decision(i, 0, k.Group)
			m.second, m.secondDelay = pop.decision(i, 1, k.Group)
			all[d] = m
		}
		digest += pop.digest()
	}
	return all, digest, ""
}

// No part has more devices than a process can have, and numbers of the largest crowd stay
// what they are.
func TestLargestCrowd(t *testing.T) {
	const least = (profile.MaxCrowd + profile.MaxDevices - 1) / profile.MaxDevices
	for _, tt := range []struct {
		devices, processes int
		want               string
	}{
		{profile.MaxDevices, 1, ""},
		{profile.MaxDevices + 1, 1, "16,000,001 devices are too many for one process, which has 16,000,000 at most: " +
			"divide them over 2 shards or more (`dfcheck load run`)"},
		{2 * profile.MaxDevices, 2, ""},
		{2*profile.MaxDevices + 1, 2, "32,000,001 devices are too many for 2 shards, which have 16,000,000 each at most: " +
			"divide them over 3 shards or more"},
		{profile.MaxCrowd, least, ""},
	} {
		got := ""
		if err := Divided(tt.devices, tt.processes); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%d in %d: %q, want %q", tt.devices, tt.processes, got, tt.want)
		}
	}
	all := 0
	for index := range least {
		part := Part{index, least}
		n := part.Of(profile.MaxCrowd)
		if last := part.number(int32(n - 1)); n > profile.MaxDevices || last < 0 || int(last)%least != index {
			t.Errorf("part %d has %d devices, the last of them %d", index, n, last)
		}
		all += n
	}
	p := (&profile.Profile{Devices: profile.MaxCrowd, Arrivals: profile.Arrivals{Kind: "stages", Stages: []profile.Stage{
		{Share: 1, Over: profile.Duration(time.Minute)}, {Share: 1, Over: profile.Duration(time.Minute)}}}}).WithDefaults()
	if last := p.Timetable().Arrival(profile.MaxCrowd-1, 0); all != profile.MaxCrowd || p.Check() != nil ||
		last < int64(119*time.Second) || last > int64(2*time.Minute) {
		t.Errorf("%d devices, of which the last comes after %s: %v", all, time.Duration(last), p.Check())
	}
}

// Whatever the number of shards, they are one crowd: the same devices, each once, with
// the same arrivals, groups and people, and digests that add up.
func TestShardsAreOneCrowd(t *testing.T) {
	minute := profile.Duration(time.Minute)
	delay := profile.Delay{Kind: "lognormal", Median: profile.Duration(20 * time.Second), P95: minute}
	groups := []profile.Group{{Name: "a", Weight: 3, People: profile.People{Approve: 0.6, Deny: 0.2, Delay: delay}},
		{Name: "b", Weight: 1, People: profile.People{Approve: 1, Delay: delay}}}
	for _, arrivals := range []profile.Arrivals{{Kind: "ramp", Over: minute}, {Kind: "poisson", Over: minute},
		{Kind: "burst"}, {Kind: "constant", Rate: 50},
		{Kind: "replay", Times: []profile.Duration{0, minute, 2 * minute}},
		{Kind: "stages", Stages: []profile.Stage{{Name: "one", Kind: "poisson", Share: 2, Over: minute},
			{Name: "two", Share: 1, Over: minute}, {Name: "three"}}}} {
		for _, devices := range []int{1, 7, 1000} {
			p := (&profile.Profile{Devices: devices, Seed: 42, Arrivals: arrivals, Groups: groups}).WithDefaults()
			whole, digest, _ := crowdIn(p, 1)
			for n := 1; n <= 8; n++ {
				parts, sum, problem := crowdIn(p, n)
				if problem != "" || len(parts) != devices {
					t.Fatalf("%s, %d shards: %s, %d devices", arrivals.Kind, n, problem, len(parts))
				}
				for d, m := range parts {
					if m != whole[d] {
						t.Fatalf("%s, %d shards: device %d is %+v, alone %+v", arrivals.Kind, n, d, m, whole[d])
					}
				}
				if sum != digest {
					t.Errorf("%s, %d shards: digests add up to %x, not %x", arrivals.Kind, n, sum, digest)
				}
				for i, w := range p.Timetable().Windows() {
					in := 0
					for index := range n {
						in += Part{index, n}.within(w)
					}
					if in != int(w.Count) {
						t.Errorf("stage %d has %d devices in %d shards, %d alone", i, in, n, w.Count)
					}
				}
			}
			p.Seed++
			if _, other, _ := crowdIn(p, 1); other == digest && devices > 1 && arrivals.Kind != "constant" {
				t.Errorf("%s: another seed, the same digest", arrivals.Kind)
			}
		}
	}
}

// A limit on the whole is divided without a rest, and no shard is left with nothing.
func TestLimitsAreDivided(t *testing.T) {
	for n := 1; n <= 8; n++ {
		for _, limit := range []int{8, 100, 1001, 200_000} {
			sum := 0
			for i := range n {
				sum += Part{i, n}.share(limit)
			}
			if sum != limit {
				t.Errorf("%d in %d parts is %d", limit, n, sum)
			}
		}
	}
	if got := (Part{5, 8}).share(3); got != 1 {
		t.Errorf("%d", got)
	}
}

// The rate is held to the second, also where it is less than one request in a tick.
func TestRateHolds(t *testing.T) {
	for _, rate := range []int{50, 250, 1000, 2500} {
		t.Run(fmt.Sprint(rate), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				all := make([]device, 4*rate)
				s := newSchedule(all, time.Now(), 3*time.Second, rate, 1, wire.NewTimerAlarm())
				defer s.alarm.Close()
				for i := range all {
					s.put(int32(i)) // all are due at once
				}
				sent := 0
				for {
					if _, stop := s.Pace(0, 0); stop {
						break
					}
					turn := s.take()
					s.done(turn.slot, s.now(), s.now())
					sent++
				}
				if want := 3 * rate; sent < want*98/100 || sent > want*102/100+2 {
					t.Errorf("%d requests in 3 s, want %d", sent, want)
				}
			})
		})
	}
}
