package profile

import (
	"fmt"
	"slices"
)

// Arrivals says when devices come. The kinds: ramp spreads them evenly over a
// time, constant sends them at a rate, poisson at random over a time, burst all
// at once, stages one after the other, and replay as a file says.
type Arrivals struct {
	Kind   string     `yaml:"kind"`
	Over   Duration   `yaml:"over,omitempty"`
	At     Duration   `yaml:"at,omitempty"`   // when the first may come
	Rate   float64    `yaml:"rate,omitempty"` // of constant: devices per second
	Stages []Stage    `yaml:"stages,omitempty"`
	File   string     `yaml:"file,omitempty"`  // of replay: CSV
	Times  []Duration `yaml:"times,omitempty"` // of replay, when there is no file; sorted when read
}

// Stage is a part of the run in which a share of the devices comes. The report
// has its figures.
type Stage struct {
	Name  string   `yaml:"name"`
	Kind  string   `yaml:"kind,omitempty"` // ramp, poisson or burst
	Share float64  `yaml:"share"`          // of the devices, in proportion to the other stages'
	Over  Duration `yaml:"over"`           // its length; the last stage lasts to the end of the run
}

func (a *Arrivals) withDefaults() {
	set(&a.Kind, "ramp")
	a.Stages = slices.Clone(a.Stages)
	for i := range a.Stages {
		set(&a.Stages[i].Name, fmt.Sprintf("stage %d", i+1))
		set(&a.Stages[i].Kind, "ramp")
	}
}

// The kinds of arrivals, of all devices and of those of a stage.
var (
	arrivalKinds = []string{"ramp", "constant", "poisson", "burst", "stages", "replay"}
	stageKinds   = []string{"ramp", "poisson", "burst"}
)

// maxStages bounds the memory of their figures.
const maxStages = 50

func (a *Arrivals) check() (errs []error) {
	bad := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf("arrivals: "+format, args...))
		}
	}
	bad(slices.Contains(arrivalKinds, a.Kind),
		"kind is %q; it must be ramp, constant, poisson, burst, stages or replay", a.Kind)
	bad(a.Over >= 0 && a.At >= 0, "over and at must not be negative")
	bad(a.Kind != "constant" || a.Rate > 0, "a constant rate needs rate, in devices per second")
	bad(a.Kind == "constant" || a.Rate == 0, "rate belongs to the kind constant")
	bad(a.Kind == "ramp" || a.Kind == "poisson" || a.Over == 0, "over belongs to the kinds ramp and poisson")
	bad((a.Kind == "stages") == (len(a.Stages) > 0), "the kind stages and a list of stages go together")
	bad(a.Kind == "replay" || a.File == "" && len(a.Times) == 0, "file and times belong to the kind replay")
	bad(a.Kind != "replay" || len(a.Times) > 0, "replay needs a file, or times")
	bad(len(a.Times) == 0 || slices.Min(a.Times) >= 0, "times must not be negative")
	bad(len(a.Stages) <= maxStages, "%d stages; the maximum is %d", len(a.Stages), maxStages)
	shares, names := 0.0, map[string]bool{}
	for _, s := range a.Stages {
		bad(slices.Contains(stageKinds, s.Kind),
			"stage %q is of kind %q; it must be ramp, poisson or burst", s.Name, s.Kind)
		bad(s.Share >= 0 && s.Over >= 0, "stage %q has a negative share or length", s.Name)
		bad(!names[s.Name], "two stages are called %q", s.Name)
		names[s.Name] = true
		shares += s.Share
	}
	bad(len(a.Stages) == 0 || shares > 0, "no stage has a share of the devices")
	return errs
}
