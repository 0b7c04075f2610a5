package reports

// Forecast is the section of a plan: what a crowd will ask of a server, on
// paper. Rates are per second, at the height of the load.
type Forecast struct {
	Devices         uint64  `json:"devices"`
	IntervalSeconds float64 `json:"interval_seconds"`
	LifetimeSeconds float64 `json:"lifetime_seconds"`
	// Shard is the load generator that the number of shards counts in.
	Shard ForecastShard `json:"shard"`
	Rates ForecastRates `json:"rates"`
	// Others are the same crowd at other intervals.
	Others []ForecastRates `json:"others"`
	// Manifest is the command that prints the shards for Kubernetes.
	Manifest string   `json:"manifest,omitempty"`
	Notes    []string `json:"notes,omitempty"`
}

// ForecastShard is what one machine can send, and what that was measured with.
type ForecastShard struct {
	RequestsPerSecond float64 `json:"requests_per_second"` // with room to spare
	CPUMicroseconds   float64 `json:"cpu_microseconds"`    // for a request; 0 when the speed was given
	Processors        uint64  `json:"processors,omitempty"`
	// Devices, SentPerSecond and MemoryBytes are what each shard of the plan carries and
	// needs.
	Devices       uint64  `json:"devices,omitempty"`
	SentPerSecond float64 `json:"sent_per_second,omitempty"` // requests
	MemoryBytes   uint64  `json:"memory_bytes,omitempty"`
}

// ForecastRates are what a crowd asks for at an interval.
type ForecastRates struct {
	IntervalSeconds   float64 `json:"interval_seconds"`
	PollsPerSecond    float64 `json:"polls_per_second"`
	StartsPerSecond   float64 `json:"starts_per_second"`
	TokensPerSecond   float64 `json:"tokens_per_second"`
	RequestsPerSecond float64 `json:"requests_per_second"`
	PollsPerFlow      float64 `json:"polls_per_flow"`
	PollWaste         float64 `json:"poll_waste"` // 0..1
	// TokenWaitSeconds is how long an approved device waits for its next poll,
	// on average.
	TokenWaitSeconds float64 `json:"token_wait_seconds"`
	// InFlight requests are in flight at one time, which is how many connections
	// a pool needs. A device that keeps its own holds one of KeptConnections; one
	// that closes it makes one of NewConnectionsPerSecond for each request.
	InFlight                float64 `json:"in_flight"`
	KeptConnections         float64 `json:"kept_connections"`
	NewConnectionsPerSecond float64 `json:"new_connections_per_second"`
	// BytesIn is towards the server, BytesOut from it: header and body, without
	// what TLS and TCP add.
	BytesInPerSecond  float64 `json:"bytes_in_per_second"`
	BytesOutPerSecond float64 `json:"bytes_out_per_second"`
	Shards            uint64  `json:"shards"`
}
