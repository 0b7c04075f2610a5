package reports

// Trend is what became of a server while devices left codes behind: codes that nobody
// polls or decides any more, and that live on in its store until they expire. A code is
// dead from the moment its device gave up until then.
type Trend struct {
	// Verdict is the worst of those on response times: Grows, NoGrowth or TooFew; Why
	// says what was too few.
	Verdict string `json:"verdict"`
	Why     string `json:"why,omitempty"`
	// LeftBehind counts the codes that devices left behind in the whole run, MostDead
	// those that were dead at one time, DeadAtEnd those that still were when it ended.
	LeftBehind uint64 `json:"left_behind"`
	MostDead   uint64 `json:"most_dead"`
	DeadAtEnd  uint64 `json:"dead_at_end"`
	// FromSecond is when all devices polled. Windows before that are no part of a slope.
	FromSecond    float64       `json:"from_second"`
	WindowSeconds float64       `json:"window_seconds"`
	Figures       []TrendFigure `json:"figures"`
	Windows       []TrendWindow `json:"windows"`
}

// What a trend says of a figure. A figure grows when its whole confidence interval does,
// by more than is worth the word.
const (
	Grows    = "grows"
	NoGrowth = "no growth shown"
	TooFew   = "too few dead codes to tell"
)

// Whether a figure that grew was what it had been, once the dead codes had expired.
const (
	Recovers      = "recovers"
	RecoversPart  = "recovers in part"
	RecoversNot   = "does not recover"
	RecoveryUnder = "not seen" // too little of the run was left
)

// TrendFigure is a figure over the number of dead codes.
type TrendFigure struct {
	Name    string `json:"name"` // start p99, poll p99, or one of the server's own metrics
	Unit    string `json:"unit,omitempty"`
	Windows uint64 `json:"windows"` // that the slope rests on
	// First is the figure at the fewest dead codes, Most at the most, After once they
	// had expired: medians of windows. After is 0 where the run ended before.
	First float64 `json:"first"`
	Most  float64 `json:"most"`
	After float64 `json:"after,omitempty"`
	// Slope is per 100,000 dead codes; Low and High bound it with a confidence of 99 %.
	// They are 0 where there were too few dead codes to tell.
	Slope    float64 `json:"slope"`
	Low      float64 `json:"slope_low"`
	High     float64 `json:"slope_high"`
	Verdict  string  `json:"verdict"`
	Recovery string  `json:"recovery,omitempty"` // of a figure that grows
}

// Growth is the figure of a trend by its name, nil where it has none.
func (t *Trend) Growth(name string) *TrendFigure {
	if t == nil {
		return nil
	}
	for i := range t.Figures {
		if t.Figures[i].Name == name {
			return &t.Figures[i]
		}
	}
	return nil
}

// The response times of a trend, from when a request was sent.
const (
	StartP99 = "start p99"
	PollP99  = "poll p99"
)

// TrendWindow is a stretch of the run, by the due times of its requests.
type TrendWindow struct {
	Second     float64 `json:"second"` // at which it begins
	LeftBehind uint64  `json:"left_behind"`
	Expired    uint64  `json:"expired"` // dead codes that expired in it
	Dead       float64 `json:"dead"`    // on average
	// Start and Poll are times from when a request was sent, in milliseconds, of
	// answers that are no errors.
	Start Distribution `json:"start_ms"`
	Poll  Distribution `json:"poll_ms"`
	// Server is the mean of each of the server's own metrics in it.
	Server map[string]float64 `json:"server,omitempty"`
}
