package reports

// Client is what the load generator itself took.
type Client struct {
	CPUSeconds  float64 `json:"cpu_seconds"`
	MaxRSSBytes uint64  `json:"max_rss_bytes"`
	Saturated   bool    `json:"saturated"`
	// Why says what was too little: processor, file descriptors, ports, lag.
	Why string `json:"why,omitempty"`
	// Shortages are what this machine ran out of.
	Shortages []Shortage `json:"shortages,omitempty"`
	// Machine is what the load came from; reports from before it was kept have none.
	Machine *Machine `json:"machine,omitempty"`
}

// Machine is what a load generator ran on. Runs on two machines are not compared.
type Machine struct {
	System     string `json:"system"`              // linux/amd64
	Processors int    `json:"processors"`          // that the process may use at once
	Processor  string `json:"processor,omitempty"` // its model, where the system tells it
}

func (m *Machine) String() string {
	return m.System + ", " + plural(m.Processors, "processor") + after(", ", m.Processor)
}

// Shortage is something that this machine ran out of, so that requests could not
// be sent.
type Shortage struct {
	Of      string `json:"of"` // local ports, open files
	NotSent uint64 `json:"not_sent"`
}
