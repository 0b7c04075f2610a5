package merge

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/dfcheck/dfcheck/load"
	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/reports"
)

// run is a sharded run: for each index what is known of the shard, and the report
// that stands for it.
type run struct {
	shards []reports.Shard
	parts  []part // one without a report for a shard of which there is none
}

// arrange gives each shard its report, and holds that all are of one run.
func arrange(parts []part, count int) (*run, error) {
	run := &run{shards: make([]reports.Shard, count), parts: make([]part, count)}
	byIndex := make([][]part, count)
	for _, p := range parts {
		if err := fits(parts[0], p, count); err != nil {
			return nil, err
		}
		i := p.Load.Shard.Index
		byIndex[i] = append(byIndex[i], p)
	}
	planned := profile.DevicesOf(parts[0].Load.Profile)
	for i, attempts := range byIndex {
		run.shards[i], run.parts[i] = choose(attempts)
		s := &run.shards[i]
		if s.Index, s.Count = i, count; s.Missing {
			s.Devices = uint64((load.Part{Index: i, Count: count}).Of(planned))
		}
	}
	return run, nil
}

// fits holds that a report is of the run that another one is of.
func fits(first, p part, count int) error {
	s, f := p.Load.Shard, first.Load.Shard
	differ := func(what string) error {
		return fmt.Errorf("%s and %s are of different runs: %s differ", first.name, p.name, what)
	}
	switch {
	case s.Count != count:
		return fmt.Errorf("%s is of a run of %d shards, and --shards is %d", p.name, s.Count, count)
	case s.Index < 0 || s.Index >= count:
		return fmt.Errorf("%s says it is shard %d of %d; the index must be 0 to %d", p.name, s.Index, s.Count, count-1)
	case !s.StartAt.Equal(*f.StartAt):
		return differ("their start instants")
	case s.CrowdDigest != f.CrowdDigest:
		return differ("the digests of their crowds (devices, seed, arrivals or people)")
	case !sameJSON(p.Load.Profile, first.Load.Profile):
		return differ("their profiles")
	case p.Target.DeviceAuthorizationEndpoint != first.Target.DeviceAuthorizationEndpoint ||
		p.Target.TokenEndpoint != first.Target.TokenEndpoint:
		return differ("their targets")
	case p.Tool.Version != first.Tool.Version:
		return differ("the versions of dfcheck")
	}
	return nil
}

// sameJSON compares values that may have been read from JSON with others that were
// not.
func sameJSON(a, b any) bool {
	x, err := json.Marshal(a)
	y, berr := json.Marshal(b)
	return err == nil && berr == nil && string(x) == string(y)
}

// choose is the attempt that stands for a shard, and what is known of the shard.
func choose(attempts []part) (reports.Shard, part) {
	if len(attempts) == 0 {
		return reports.Shard{Missing: true, Why: "nothing was heard of it"}, part{}
	}
	slices.SortFunc(attempts, func(a, b part) int {
		s, o := a.Load.Shard, b.Load.Shard
		return cmp.Or(rank(o)-rank(s), cmp.Compare(o.Seconds, s.Seconds), cmp.Compare(a.name, b.name))
	})
	best := attempts[0]
	s := best.Load.Shard
	if len(attempts) > 1 && !attempts[1].Load.Shard.Late {
		s.Complete, s.Duplicate = false, true
		s.Why = fmt.Sprintf("%d processes sent the load of this shard (%s, %s)", sent(attempts), best.name, attempts[1].name)
	}
	return s, best
}

// rank of an attempt: the best stands for the shard.
func rank(s reports.Shard) int {
	switch {
	case s.Complete:
		return 2
	case !s.Late:
		return 1
	}
	return 0
}

// sent counts the attempts that sent load.
func sent(attempts []part) (n int) {
	for _, p := range attempts {
		if !p.Load.Shard.Late {
			n++
		}
	}
	return n
}

// there are the sections of the shards that sent something, in their order.
func (run *run) there() (list []*reports.Load) {
	for i, p := range run.parts {
		if p.Report != nil && !run.shards[i].Late {
			list = append(list, p.Load)
		}
	}
	return list
}
