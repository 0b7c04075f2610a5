package load

import (
	"embed"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/dfcheck/dfcheck/spec"
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
}

// Arrivals tells when devices come. The kinds: ramp spreads them evenly over a
// time, poisson at random over it, burst brings all at once.
type Arrivals struct {
	Kind string   `yaml:"kind"`
	Over Duration `yaml:"over"`
	At   Duration `yaml:"at"` // when the first may come
}

// Group is a kind of device with the people who have it.
type Group struct {
	Name      string             `yaml:"name"`
	Weight    float64            `yaml:"weight"`
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

// Delay is a random time: fixed (median), uniform (from 0 to twice the median)
// or lognormal by median and 95th percentile.
type Delay struct {
	Kind   string   `yaml:"kind"`
	Median Duration `yaml:"median"`
	P95    Duration `yaml:"p95"`
}

// Behaviour is how a device departs from RFC 8628, or does not.
type Behaviour struct {
	SlowDown string   `yaml:"slow_down"` // obey or ignore
	Early    Duration `yaml:"early"`     // polls that much before the interval is over
	Jitter   Duration `yaml:"jitter"`    // waits up to that much longer
	Drift    float64  `yaml:"drift"`     // its clock is slower by this share
	Replay   float64  `yaml:"replay"`    // share of flows polled once more when over
	Again    Duration `yaml:"again"`     // begins a new flow that long after one is over; 0: never
	GiveUp   Duration `yaml:"give_up"`   // stops polling that long after its start
}

const (
	obey   = "obey"
	ignore = "ignore"
)

// Connections says how devices reach the server.
type Connections struct {
	Mode string `yaml:"mode"` // pooled, or fresh: a new one for each request
	Most int    `yaml:"most"` // at one time
	HTTP string `yaml:"http"` // 1.1 or 2
}

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

//go:embed profiles/*.yaml
var profiles embed.FS

// ProfileNames lists the built-in profiles.
func ProfileNames() []string {
	entries, err := profiles.ReadDir("profiles")
	if err != nil {
		panic(err) // it is embedded
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	return names
}

// ProfileSource is the text of a built-in profile.
func ProfileSource(name string) ([]byte, error) {
	data, err := profiles.ReadFile(path.Join("profiles", name+".yaml"))
	if err != nil {
		return nil, fmt.Errorf("unknown profile %q; the nearest is %q", name, strict.Nearest(name, ProfileNames()))
	}
	return data, nil
}

// LoadProfile reads a profile: the name of a built-in one, or a file.
func LoadProfile(nameOrFile string) (*Profile, error) {
	var data []byte
	var err error
	if slices.Contains(ProfileNames(), nameOrFile) || !strings.ContainsAny(nameOrFile, "./\\") {
		data, err = ProfileSource(nameOrFile)
	} else {
		data, err = os.ReadFile(nameOrFile)
	}
	if err != nil {
		return nil, err
	}
	return ParseProfile(data, nameOrFile)
}

// ParseProfile reads a profile strictly. All that is wrong is reported at once.
func ParseProfile(data []byte, file string) (*Profile, error) {
	p := &Profile{}
	if err := strict.Decode(data, file, p); err != nil {
		return nil, err
	}
	if err := p.WithDefaults().Check(); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return p, nil
}

// DefaultThresholds are what is expected when a profile says nothing.
var DefaultThresholds = []string{"error_rate < 1%", "violations == 0"}

// WithDefaults returns a copy in which what was left open is filled in.
func (p *Profile) WithDefaults() *Profile {
	q := *p
	q.Groups = slices.Clone(p.Groups)
	set(&q.Name, "custom")
	set(&q.Devices, 100)
	set(&q.Duration, Duration(time.Minute))
	set(&q.Arrivals.Kind, "ramp")
	set(&q.Timeout, Duration(10*time.Second))
	set(&q.Connections.Mode, "pooled")
	set(&q.Connections.Most, 512)
	set(&q.Connections.HTTP, "1.1")
	if q.Thresholds == nil {
		q.Thresholds = DefaultThresholds
	}
	if len(q.Groups) == 0 {
		// Devices that are done begin anew, so that the crowd keeps its size.
		q.Groups = []Group{{Name: "devices", People: People{Approve: 0.7, Deny: 0.1, Delay: Delay{Median: Duration(15 * time.Second)}},
			Behaviour: Behaviour{Again: Duration(time.Second)}}}
	}
	for i := range q.Groups {
		g := &q.Groups[i]
		set(&g.Name, fmt.Sprintf("group %d", i+1))
		set(&g.Weight, 1)
		set(&g.Behaviour.SlowDown, obey)
		set(&g.People.Delay.Kind, "fixed")
	}
	return &q
}

func set[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

// Limits that no profile may exceed.
const (
	MaxDevices  = 5_000_000
	MaxDuration = 24 * time.Hour
	MaxRate     = 200_000 // requests per second
	MaxInFlight = 4096
)

// Check reports every problem of a profile with its defaults filled in.
func (p *Profile) Check() error {
	var errs []error
	bad := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	bad(p.Devices > 0 && p.Devices <= MaxDevices, "devices is %d; 1 to %d are possible", p.Devices, MaxDevices)
	bad(p.Duration > 0 && time.Duration(p.Duration) <= MaxDuration, "duration is %s; up to %s is possible", p.Duration, MaxDuration)
	bad(slices.Contains([]string{"ramp", "poisson", "burst"}, p.Arrivals.Kind), "arrivals of kind %q; there are ramp, poisson and burst", p.Arrivals.Kind)
	bad(p.Arrivals.Over >= 0 && p.Arrivals.At >= 0, "arrivals have a negative time")
	bad(p.Connections.Most > 0 && p.Connections.Most <= MaxInFlight, "connections.most is %d; 1 to %d are possible", p.Connections.Most, MaxInFlight)
	bad(slices.Contains([]string{"pooled", "fresh"}, p.Connections.Mode), "connections.mode is %q; it is pooled or fresh", p.Connections.Mode)
	bad(slices.Contains([]string{"1.1", "2"}, p.Connections.HTTP), "connections.http is %q; it is 1.1 or 2", p.Connections.HTTP)
	bad(p.Timeout > 0, "timeout is %s", p.Timeout)
	bad(len(p.Groups) <= 250, "%d groups; 250 are possible", len(p.Groups))
	for _, g := range p.Groups {
		errs = append(errs, g.check()...)
	}
	for _, t := range p.Thresholds {
		_, err := parseThreshold(t)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (g *Group) check() (errs []error) {
	bad := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf("group %q: "+format, append([]any{g.Name}, args...)...))
		}
	}
	bad(g.Weight > 0, "weight is %g", g.Weight)
	bad(g.People.Approve >= 0 && g.People.Deny >= 0 && g.People.Approve+g.People.Deny <= 1.000001, "approve and deny are shares that add up to at most 1")
	bad(slices.Contains([]string{"fixed", "uniform", "lognormal"}, g.People.Delay.Kind), "delay of kind %q; there are fixed, uniform and lognormal", g.People.Delay.Kind)
	bad(g.People.Delay.Kind != "lognormal" || g.People.Delay.P95 > g.People.Delay.Median && g.People.Delay.Median > 0, "a lognormal delay needs a median and a larger p95")
	b := g.Behaviour
	bad(b.SlowDown == obey || b.SlowDown == ignore, "slow_down is %q; it is obey or ignore", b.SlowDown)
	bad(b.Replay >= 0 && b.Replay <= 1, "replay is a share, not %g", b.Replay)
	bad(b.Early >= 0 && b.Jitter >= 0 && b.Again >= 0 && b.GiveUp >= 0, "a time of its behaviour is negative")
	bad(b.Drift > -0.5 && b.Drift < 0.5, "drift is a share, not %g", b.Drift)
	for e, w := range g.Encodings {
		_, err := spec.ParseEncoding(e)
		bad(err == nil && w >= 0, "encodings: %q with weight %g", e, w)
	}
	return errs
}
