package reports

// Limits is the section of a search for limiters: how many requests of a kind the target
// takes, from whom, and for how many polite devices that leaves room.
type Limits struct {
	Limiters []Limiter `json:"limiters"` // one for each kind of requests that was tried
	// PoliteDevices is how many devices behind one public address can poll at the
	// interval and start another flow when their code has expired.
	PoliteDevices uint64 `json:"polite_devices"`
	// AtLeast is set when no limiter was met that would set the number: it is what was
	// tried.
	AtLeast   bool   `json:"at_least"`
	LimitedBy string `json:"limited_by,omitempty"` // the requests that set it
	// AtOnce is how many of them can send their requests at the same moment; 0 when no
	// limiter was met.
	AtOnce          uint64   `json:"at_once,omitempty"`
	IntervalSeconds float64  `json:"interval_seconds"` // of polling, as announced
	LifetimeSeconds float64  `json:"lifetime_seconds"` // of a code, as announced
	Requests        uint64   `json:"requests"`         // that the search sent
	Starts          uint64   `json:"starts"`           // device authorization requests among them
	Notes           []string `json:"notes,omitempty"`
}

// Limiter is what limits one kind of requests, or that nothing does.
type Limiter struct {
	Requests       string  `json:"requests"`         // one of the Limited constants
	Tried          uint64  `json:"tried"`            // requests that were served in a row at first
	TriedPerSecond float64 `json:"tried_per_second"` // and how fast
	Found          bool    `json:"found"`
	// Key is what those have in common whom the limiter counts together: address, client,
	// device code, account, session. It is empty where it counts everybody's.
	Key         []string `json:"key,omitempty"`
	NotCompared []string `json:"not_compared,omitempty"` // keys of which it is not known
	Covers      []string `json:"covers,omitempty"`       // other kinds of requests that it refuses as well
	PerSecond   float64  `json:"per_second,omitempty"`   // requests in the long run
	Burst       uint64   `json:"burst,omitempty"`        // requests at once, after a rest
	Recovery    string   `json:"recovery,omitempty"`     // one of the Recovers constants
	// WindowSeconds is how long the window is, or nothing must come.
	WindowSeconds float64 `json:"window_seconds,omitempty"`
	// FullAfterSeconds is after what rest all of the burst is served again.
	FullAfterSeconds float64 `json:"full_after_seconds,omitempty"`
	Status           int     `json:"status,omitempty"` // of the first refusal
	// What Retry-After asked for, at least and at most; 0 where it is absent.
	RetryAfterSeconds    float64  `json:"retry_after_seconds,omitempty"`
	MaxRetryAfterSeconds float64  `json:"max_retry_after_seconds,omitempty"`
	Notes                []string `json:"notes,omitempty"`
}

// The kinds of requests that may be limited.
const (
	LimitedPolls   = "polls"
	LimitedUnknown = "polls with unknown device codes"
	LimitedStarts  = "device authorization requests"
	LimitedEntries = "user codes typed"
	LimitedStaying = "user codes typed in one session"
	LimitedSeveral = "polls of several devices" // where those of one device are limited by its code
)

// How a limiter recovers.
const (
	RecoversEvenly    = "one request after the other (token bucket)"
	RecoversInWindows = "all at once (fixed window)"
	RecoversSliding   = "each request when it is as old as the window (sliding window)"
	RecoversInSilence = "all at once, when nothing has come for a while (lockout)"
	RecoversNever     = "not within the time that was waited"
)
