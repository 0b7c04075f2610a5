package reports

// Capacity is the section of a capacity search: how many devices the target
// holds within its objectives.
type Capacity struct {
	Objectives []string `json:"objectives"` // threshold expressions
	Devices    uint64   `json:"devices"`    // the answer
	// Low and High bound the answer with the given confidence, 0..1.
	Low        uint64  `json:"low"`
	High       uint64  `json:"high"`
	Confidence float64 `json:"confidence"`
	// PollsPerSecond is the rate the answer stands for.
	PollsPerSecond float64 `json:"polls_per_second"`
	// FirstLimit is what gave first, a threshold expression; empty when nothing
	// gave up to MaxDevices.
	FirstLimit string `json:"first_limit,omitempty"`
	MaxDevices uint64 `json:"max_devices,omitempty"`
	// Saturated is set when the load generator was the limit: the target may
	// hold more.
	Saturated bool `json:"saturated"`
	// Stopped is set when the target stopped answering and did not come back: the
	// last measurement is the one that it did not survive.
	Stopped bool            `json:"stopped_answering,omitempty"`
	Points  []CapacityPoint `json:"points"` // in the order they were measured
	Notes   []string        `json:"notes,omitempty"`
}

// CapacityPoint is one measurement of the curve.
type CapacityPoint struct {
	Devices        uint64  `json:"devices"`
	PollsPerSecond float64 `json:"polls_per_second"`
	P50            float64 `json:"p50_ms"`
	P99            float64 `json:"p99_ms"`
	ErrorRate      float64 `json:"error_rate"`
	OK             bool    `json:"ok"`
	Limit          string  `json:"limit,omitempty"` // the objective that was missed, or LimitStopped
}

// LimitStopped is what limits a target that did not survive a measurement.
const LimitStopped = "the target stopped answering"

// Outcome is what came of a measurement: held, or what was missed.
func (p CapacityPoint) Outcome() string {
	switch {
	case p.OK:
		return "held"
	case p.Limit == LimitStopped:
		return p.Limit
	}
	return "missed " + p.Limit
}
