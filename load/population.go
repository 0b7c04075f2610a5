package load

import (
	"maps"
	"slices"
	"time"

	"github.com/dfcheck/dfcheck/load/internal/wire"
	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/spec"
)

// Everything random about a device comes from the seed and its number in the whole
// crowd, so that any number of shards make the same crowd. The methods take its
// index in this process.
type population struct {
	Part
	profile   *profile.Profile
	timetable *profile.Timetable
	groups    []compiledGroup
	weight    float64 // of all groups together
}

// compiledGroup is a group ready for use.
type compiledGroup struct {
	*profile.Group
	encodings []spec.Encoding // those it uses
	weights   []float64
	start     []*wire.Template // by encoding
	poll      []*wire.Template
}

// purpose keeps the draws of one device apart.
type purpose uint64

const (
	forArrival purpose = iota + 1
	forGroup
	forEncoding
	forDecision
	forDelay
	forReplay
	forJitter // and the poll's number is added
)

// draw is a number in [0,1) for a device, one of its flows and a purpose.
func (p *population) draw(i int32, flow uint16, why purpose) float64 {
	x := p.profile.Seed ^ uint64(p.number(i))*0x9e3779b97f4a7c15
	x = mix(x + uint64(flow)<<40)
	x = mix(x + uint64(why)*0xd1342543de82ef95)
	return float64(x>>11) / (1 << 53)
}

// mix is the finalizer of SplitMix64.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// pick chooses by weights.
func pick(draw float64, weights []float64) int {
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	draw *= sum
	for i, w := range weights {
		if draw -= w; draw < 0 {
			return i
		}
	}
	return len(weights) - 1
}

func newPopulation(p *profile.Profile, part Part) *population {
	pop := &population{Part: part, profile: p, timetable: p.Timetable()}
	for i := range p.Groups {
		g := &p.Groups[i]
		pop.groups = append(pop.groups, compiledGroup{Group: g})
		pop.weight += g.Weight
	}
	return pop
}

// mixOf lists the encodings of a group that an operation takes; without any
// wish, its first.
func (k *compiledGroup) mixOf(op *spec.Operation) ([]spec.Encoding, []float64) {
	var encs []spec.Encoding
	var weights []float64
	for _, name := range slices.Sorted(maps.Keys(k.Encodings)) {
		if e, err := spec.ParseEncoding(name); err == nil && k.Encodings[name] > 0 {
			encs, weights = append(encs, e), append(weights, k.Encodings[name])
		}
	}
	if len(encs) == 0 {
		return op.Encodings[:1], []float64{1}
	}
	return encs, weights
}

func (p *population) groupOf(i int32) uint8 {
	at := p.draw(i, 0, forGroup) * p.weight
	for g := range p.groups {
		if at -= p.groups[g].Weight; at < 0 {
			return uint8(g)
		}
	}
	return uint8(len(p.groups) - 1)
}

func (p *population) encoding(i int32, k *compiledGroup) int {
	return pick(p.draw(i, 0, forEncoding), k.weights)
}

// choice of the people of a device.
type choice uint8

const (
	abandons choice = iota
	approves
	denies
)

func (p *population) decision(i int32, flow uint16, g *profile.Group) (choice, time.Duration) {
	x := p.draw(i, flow, forDecision)
	v := abandons
	if x < g.People.Approve {
		v = approves
	} else if x < g.People.Approve+g.People.Deny {
		v = denies
	}
	return v, g.People.Delay.At(p.draw(i, flow, forDelay))
}

// arrival is when a device comes, in nanoseconds from the start of the run.
func (p *population) arrival(i int32) int64 {
	return p.timetable.Arrival(p.number(i), p.draw(i, 0, forArrival))
}

// digest of the part of the schedule that a shard carries out: the sum over
// its devices, so that the sums of all shards add up to the crowd's.
func (p *population) digest() uint64 {
	var sum uint64
	for i := range int32(p.Of(p.profile.Devices)) {
		g := p.groupOf(i)
		v, delay := p.decision(i, 0, p.groups[g].Group)
		x := mix(uint64(p.number(i)) ^ uint64(p.arrival(i))<<8)
		x = mix(x ^ uint64(g)<<8 ^ uint64(v))
		sum += mix(x ^ uint64(delay))
	}
	return sum
}
