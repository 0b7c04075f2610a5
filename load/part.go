package load

import (
	"fmt"

	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/reports"
)

// Part is the part of a crowd that one process carries out: of Count parts that
// with the number Index, counted from 0.
type Part struct{ Index, Count int }

// number of a device in the whole crowd, by its index in this part.
func (p Part) number(i int32) int32 { return int32(p.Index) + i*int32(p.Count) }

// Of n numbers from 0, how many are in this part.
func (p Part) Of(n int) int { return max(n-p.Index+p.Count-1, 0) / p.Count }

// Divided returns an error when a crowd over so many processes gives one of them more
// devices than it can have.
func Divided(devices, processes int) error {
	if (Part{0, processes}).Of(devices) <= profile.MaxDevices {
		return nil
	}
	whom, how := "one process, which has %s at most", " (`dfcheck load run`)"
	if processes > 1 {
		whom, how = reports.Count(processes, "shard", "shards")+", which have %s each at most", ""
	}
	return fmt.Errorf("%s devices are too many for "+whom+": divide them over %d shards or more%s",
		reports.Grouped(uint64(devices)), reports.Grouped(profile.MaxDevices),
		(devices+profile.MaxDevices-1)/profile.MaxDevices, how)
}

// within a window of the timetable, how many devices are in this part.
func (p Part) within(w profile.Window) int { return p.Of(int(w.First+w.Count)) - p.Of(int(w.First)) }

// connections that the part may have at one time.
func (p Part) connections(of *profile.Profile) int {
	if of.Connections.Mode == profile.PerDevice {
		return max(p.Of(of.Devices), of.Connections.MaxInFlight)
	}
	return of.MaxConnections()
}

// share of a limit on the whole crowd. What cannot be divided goes to the first
// parts; no part is left with nothing.
func (p Part) share(limit int) int {
	n := limit / p.Count
	if p.Index < limit%p.Count {
		n++
	}
	return max(n, 1)
}

// part that the options choose: all, unless the run is a shard.
func (o Options) part() Part {
	if o.Shard == nil {
		return Part{Index: 0, Count: 1}
	}
	return o.Shard.Part
}
