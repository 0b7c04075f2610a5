package profile

import (
	"embed"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/dfcheck/dfcheck/load/threshold"
	"github.com/dfcheck/dfcheck/spec/strict"
)

// Profile describes a crowd: how many devices, how they arrive, what kinds
// there are, and what is expected of the server.
type Profile struct {
	Name        string      `yaml:"name"`
	Description string      `yaml:"description"`
	Devices     int         `yaml:"devices"`
	Duration    Duration    `yaml:"duration"` // of the whole run
	Seed        uint64      `yaml:"seed"`
	Arrivals    Arrivals    `yaml:"arrivals"`
	Groups      []Group     `yaml:"groups"`
	Connections Connections `yaml:"connections"`
	Timeout     Duration    `yaml:"timeout"` // of a request
	Thresholds  []string    `yaml:"thresholds"`
	// AbortOnBreach ends the run as soon as it cannot meet a threshold any more.
	AbortOnBreach bool `yaml:"abort_on_breach"`
}

// Group is a kind of device with the people who have it.
type Group struct {
	Name      string             `yaml:"name"`
	Weight    float64            `yaml:"weight"`
	Contract  string             `yaml:"contract"`  // a built-in one at its paths on the host; "" for the target's
	ClientID  string             `yaml:"client_id"` // "" for the target's
	Scope     string             `yaml:"scope"`
	Encodings map[string]float64 `yaml:"encodings"` // form, json, multipart: weights
	People    People             `yaml:"people"`
	Behaviour Behaviour          `yaml:"behaviour"`
}

// People decide, or do not. The shares add up to at most 1; who is left
// abandons the device.
type People struct {
	Approve float64 `yaml:"approve"`
	Deny    float64 `yaml:"deny"`
	Delay   Delay   `yaml:"delay"` // from the start of the flow to the decision
}

// Behaviour is how a device departs from RFC 8628, or does not.
type Behaviour struct {
	SlowDown     string   `yaml:"slow_down"`                 // obey or ignore
	EarlyBy      Duration `yaml:"early_by" was:"early"`      // polls that much early, until it obeys a slow_down
	Jitter       Duration `yaml:"jitter"`                    // waits up to that much longer
	Drift        float64  `yaml:"drift"`                     // its clock is slower by this share
	Replay       float64  `yaml:"replay"`                    // share of flows polled once more when over
	RestartAfter Duration `yaml:"restart_after" was:"again"` // begins a new flow that long after one is over; 0: never
	RestartUntil Duration `yaml:"restart_until"`             // of the run, and begins none later; 0: to the end
	GiveUp       Duration `yaml:"give_up"`                   // stops polling that long after its start
	OnError      string   `yaml:"on_error"`                  // retry, restart or leave
}

// Restarts reports whether a device whose flow is over at an instant of the run begins
// another.
func (b *Behaviour) Restarts(at time.Duration) bool {
	next := Duration(at) + b.RestartAfter
	return b.RestartAfter > 0 && (b.RestartUntil == 0 || next <= b.RestartUntil)
}

// What a device does with slow_down, by behaviour.slow_down.
const (
	Obey   = "obey" // it adds five seconds to its interval (RFC 8628 section 3.5)
	Ignore = "ignore"
)

// Connections says how devices reach the server.
type Connections struct {
	Mode        string `yaml:"mode"`                     // pooled, device (each keeps its own), fresh (one a request)
	MaxInFlight int    `yaml:"max_in_flight" was:"most"` // requests, and so connections that are not a device's own
	HTTP        string `yaml:"http"`                     // 1.1 or 2
	// ForwardedRange has the addresses that devices say they come from, as a proxy would
	// say it of them, in ForwardedField; "" where they say nothing.
	ForwardedRange string `yaml:"forwarded_for"`
	ForwardedField string `yaml:"forwarded_field"`
}

// MaxConnections is how many connections there may be at one time.
func (p *Profile) MaxConnections() int {
	if p.Connections.Mode == PerDevice {
		return max(p.Devices, p.Connections.MaxInFlight)
	}
	return p.Connections.MaxInFlight
}

// The modes of connections.
const (
	Pooled     = "pooled" // devices share them
	PerDevice  = "device" // each device keeps one to the end of its flow
	PerRequest = "fresh"  // each request has a new one
)

// Duration is a time.Duration written as in Go: 90s, 5m.
type Duration time.Duration

// UnmarshalText reads a duration.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	*d = Duration(v)
	return err
}

// MarshalText writes it as it is read.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

func (d Duration) String() string { return time.Duration(d).String() }

//go:embed builtin/*.yaml
var profiles embed.FS

// Names lists the built-in profiles.
func Names() []string {
	entries, err := profiles.ReadDir("builtin")
	if err != nil {
		panic(err) // it is embedded
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	return names
}

// Source is the text of a built-in profile. Its error names the nearest one.
func Source(name string) ([]byte, error) {
	data, err := profiles.ReadFile(path.Join("builtin", name+".yaml"))
	if err != nil {
		return nil, fmt.Errorf("unknown profile %q; the nearest is %q", name, strict.Nearest(name, Names()))
	}
	return data, nil
}

// Load reads a profile: the name of a built-in one, or a file. Its errors are those of
// Source, of reading the file, and of Parse.
func Load(nameOrFile string) (*Profile, error) {
	var data []byte
	var err error
	if slices.Contains(Names(), nameOrFile) || !strings.ContainsAny(nameOrFile, "./\\") {
		data, err = Source(nameOrFile)
	} else {
		data, err = os.ReadFile(nameOrFile)
	}
	if err != nil {
		return nil, err
	}
	return Parse(data, nameOrFile)
}

// Parse reads a profile strictly; file is what errors call it, and the files that it
// names are looked for beside it. All that is wrong is reported at once.
func Parse(data []byte, file string) (*Profile, error) {
	p := &Profile{}
	if err := strict.Decode(data, file, p); err != nil {
		return nil, err
	}
	if err := p.readFiles(filepath.Dir(file)); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if err := p.WithDefaults().Check(); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return p, nil
}

// DefaultThresholds are what is expected of every run, unless a profile says
// something else of the same figure.
var DefaultThresholds = []string{"error_rate < 1%", "violations == 0"}

// WithDefaults returns a copy in which what was left open is filled in.
func (p *Profile) WithDefaults() *Profile {
	q := *p
	q.Groups = slices.Clone(p.Groups)
	set(&q.Name, "custom")
	q.Arrivals.withDefaults()
	if q.Arrivals.Kind == "replay" {
		set(&q.Devices, len(q.Arrivals.Times))
	}
	set(&q.Devices, 100)
	set(&q.Duration, Duration(time.Minute))
	set(&q.Timeout, Duration(10*time.Second))
	set(&q.Connections.Mode, Pooled)
	set(&q.Connections.MaxInFlight, 512)
	set(&q.Connections.HTTP, "1.1")
	if q.Connections.ForwardedRange != "" {
		set(&q.Connections.ForwardedField, XForwardedFor)
	}
	q.Thresholds = threshold.Override(DefaultThresholds, p.Thresholds)
	if len(q.Groups) == 0 {
		q.Groups = []Group{defaultGroup()}
	}
	for i := range q.Groups {
		g := &q.Groups[i]
		set(&g.Name, fmt.Sprintf("group %d", i+1))
		set(&g.Weight, 1)
		set(&g.Behaviour.SlowDown, Obey)
		set(&g.Behaviour.OnError, Restart)
		set(&g.People.Delay.Kind, "fixed")
	}
	return &q
}

// Expect adds thresholds. Each replaces the profile's on the same figure.
func (p *Profile) Expect(thresholds ...string) {
	p.Thresholds = threshold.Override(p.Thresholds, thresholds)
}

// defaultGroup is the crowd of a plain run. Devices that are done start again at
// once, so that N of them make N polls per interval from the end of the ramp to
// the end of the run. What people do is spread evenly over the time, and a flow in
// twenty is polled once more, to see that it stays over.
func defaultGroup() Group {
	delay := Delay{Kind: "uniform", Median: Duration(15 * time.Second)}
	return Group{Name: "devices", People: People{Approve: 0.7, Deny: 0.1, Delay: delay},
		Behaviour: Behaviour{RestartAfter: Duration(time.Millisecond), Replay: 0.05}}
}

// set fills in a value that was left open.
func set[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

// Map is the profile as a report has it. Long lists of times are cut to 20. Keys that
// were renamed stand under their old names too, for programs that read reports.
func (p *Profile) Map() map[string]any {
	q := *p
	q.Groups = slices.Clone(p.Groups)
	shorten := func(times *[]Duration) {
		if len(*times) > 20 {
			*times = (*times)[:20:20]
		}
	}
	shorten(&q.Arrivals.Times)
	for i := range q.Groups {
		shorten(&q.Groups[i].People.Delay.Times)
	}
	text, err := yaml.Marshal(&q)
	if err != nil {
		panic(err) // every member can be written
	}
	var m map[string]any
	if err := yaml.Unmarshal(text, &m); err != nil {
		panic(err) // it was just written
	}
	connections := m["connections"].(map[string]any)
	connections["most"] = connections["max_in_flight"]
	for _, g := range m["groups"].([]any) {
		b := g.(map[string]any)["behaviour"].(map[string]any)
		b["again"], b["early"] = b["restart_after"], b["early_by"]
	}
	return m
}

// DevicesOf is the number of devices in the Map of a profile, 0 where there is none.
func DevicesOf(m map[string]any) int {
	switch n := m["devices"].(type) {
	case int:
		return n
	case float64: // read from JSON
		return int(n)
	}
	return 0
}

// What a device does after an error, by behaviour.on_error. Whatever that says,
// a request without an answer is repeated (RFC 8628 section 3.5: on a connection
// timeout a client backs off), and a flow that an OAuth error has ended is not
// polled any more.
const (
	// Retry asks the same again.
	Retry = "retry"
	// Restart ends the flow with the first error answer and starts another.
	Restart = "restart"
	// Leave ends the flow with the first error answer and does nothing more.
	Leave = "leave"
)
