package profile

import "time"

// Timetable says when the devices of a profile come, and to which stage of the
// run an instant belongs.
type Timetable struct {
	arrivals *Arrivals
	devices  int
	windows  []Window
}

// Window is the part of a run that a stage is: its devices and its beginning.
type Window struct {
	First, Count int32
	From, Over   int64 // nanoseconds from the start of the run; the length in nanoseconds
}

// Timetable of a profile that Check accepted.
func (p *Profile) Timetable() *Timetable {
	return &Timetable{arrivals: &p.Arrivals, devices: p.Devices, windows: p.Arrivals.windows(p.Devices)}
}

// windows are those of the stages, for a number of devices.
func (a *Arrivals) windows(devices int) []Window {
	total := 0.0
	for _, s := range a.Stages {
		total += s.Share
	}
	var out []Window
	at, sum, first := int64(a.At), 0.0, int32(0)
	for _, s := range a.Stages {
		sum += s.Share
		end := int32(float64(devices)*sum/total + 0.5)
		out = append(out, Window{first, end - first, at, int64(s.Over)})
		at, first = at+int64(s.Over), end
	}
	return out
}

// Windows are those of the stages; there are none where the profile has no stages.
func (t *Timetable) Windows() []Window { return t.windows }

// Arrival is when a device comes, in nanoseconds from the start of the run. draw is
// a random number in [0,1) of that device, for arrivals at random.
func (t *Timetable) Arrival(d int32, draw float64) int64 {
	a := t.arrivals
	switch a.Kind {
	case "constant":
		return int64(a.At) + int64(float64(d)/a.Rate*float64(time.Second))
	case "replay": // with more devices than times some come together, with fewer some times are left out
		return int64(a.At) + int64(a.Times[int(d)*len(a.Times)/t.devices])
	case "stages":
		for i, w := range t.windows {
			if d < w.First+w.Count {
				return w.From + spread(a.Stages[i].Kind, w.Over, d-w.First, w.Count, draw)
			}
		}
	}
	return int64(a.At) + spread(a.Kind, int64(a.Over), d, int32(t.devices), draw)
}

// spread is when the i-th of n devices comes within a time.
func spread(kind string, over int64, i, n int32, draw float64) int64 {
	switch kind {
	case "ramp":
		return int64(float64(over) * float64(i) / float64(n))
	case "poisson": // given how many come, their times are independent and even
		return int64(float64(over) * draw)
	}
	return 0
}

// LastArrival is when all devices are there, in nanoseconds from the start of the
// run.
func (t *Timetable) LastArrival() int64 {
	last := t.Arrival(int32(t.devices-1), 1)
	for _, w := range t.windows {
		if w.Count > 0 {
			last = w.From + w.Over
		}
	}
	return last
}

// Stage is the index of the stage that an instant belongs to, in nanoseconds from
// the start of the run.
func (t *Timetable) Stage(at int64) int {
	for i := len(t.windows) - 1; i > 0; i-- {
		if at >= t.windows[i].From {
			return i
		}
	}
	return 0
}
