package profile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// write puts files into a folder of their own.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Arrivals and delays of files beside the profile; points in time count from the
// first.
func TestReplayFiles(t *testing.T) {
	dir := write(t, map[string]string{
		"p.yaml": "arrivals: {kind: replay, file: arrivals.csv}\n" +
			"groups:\n  - people: {approve: 1, delay: {kind: replay, file: delays.csv}}\n",
		"arrivals.csv": "at,devices\n2026-01-02T15:04:07Z,2\n2026-01-02T15:04:05Z,1\n" +
			"# a remark\n2026-01-02T15:04:15.5Z,1\n",
		"delays.csv": "delay\n30\n1.5\n",
	})
	p, err := Load(filepath.Join(dir, "p.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	p = p.WithDefaults()
	if p.Devices != 4 {
		t.Errorf("%d devices, want those of the file", p.Devices)
	}
	pop := p.Timetable()
	for d, want := range []time.Duration{0, 2 * time.Second, 2 * time.Second, 10500 * time.Millisecond} {
		if got := time.Duration(pop.Arrival(int32(d), 0)); got != want {
			t.Errorf("device %d comes at %s, want %s", d, got, want)
		}
	}
	delay := p.Groups[0].People.Delay
	if a, b := delay.At(0.2), delay.At(0.9); a != 1500*time.Millisecond || b != 30*time.Second {
		t.Errorf("delays %s and %s", a, b)
	}
}

// A replay in another size keeps its shape.
func TestReplayScales(t *testing.T) {
	times := []Duration{0, Duration(time.Second), Duration(time.Minute)}
	p := (&Profile{Devices: 6, Arrivals: Arrivals{Kind: "replay", Times: times}}).WithDefaults()
	pop := p.Timetable()
	for d, want := range []time.Duration{0, 0, time.Second, time.Second, time.Minute, time.Minute} {
		if got := time.Duration(pop.Arrival(int32(d), 0)); got != want {
			t.Errorf("device %d comes at %s, want %s", d, got, want)
		}
	}
}

// What is wrong with a replay file is said with its line.
func TestReplayFilesAreStrict(t *testing.T) {
	for text, want := range map[string]string{
		"":                              "the file is empty",
		"at\n":                          "the file has no times",
		"when\n1\n":                     `the header is "when"; it must be "at" or "at,devices"`,
		"at\n1\nsoon\n":                 `line 3: "soon" is neither seconds nor a time`,
		"at\n-1\n":                      `line 2: "-1" is not between 0 and 86400 seconds`,
		"at\nNaN\n":                     `line 2: "NaN" is not between`,
		"at,devices\n1,0\n":             `line 2: "0" is not a number of at least 1`,
		"at,devices\n1\n":               "wrong number of fields",
		"at,devices\n1,17000000\n":      "more than 16000000 devices",
		"at\n1\n2026-01-02T15:04:05Z\n": "but the rows before have seconds",
		"at\n2026-01-02T15:04:05Z\n1\n": "but the rows before have points in time",
		"at\n1\nx\n3\ny\n":              `line 5: "y"`,
		"at\n\"1\n":                     "parse error",
	} {
		_, err := readTimes(strings.NewReader(text), "at", "devices")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// A profile that cannot be meant is refused, with all that is wrong.
func TestProfilesAreStrict(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"divices: 5", `"devices"`},
		{"arrivals: {kind: constant}", "a constant rate needs rate"},
		{"arrivals: {kind: ramp, rate: 5}", "rate belongs to the kind constant"},
		{"arrivals: {kind: burst, over: 5s}", "over belongs to the kinds ramp and poisson"},
		{"arrivals: {kind: stages}", "the kind stages and a list of stages go together"},
		{"arrivals: {kind: stages, stages: [{over: 1s}]}", "no stage has a share"},
		{"arrivals: {kind: stages, stages: [{name: a, share: 1}, {name: a}]}", `two stages are called "a"`},
		{"arrivals: {kind: replay}", "replay needs a file, or times"},
		{"arrivals: {kind: replay, file: nowhere.csv}", "nowhere.csv"},
		{"arrivals: {kind: ramp, file: a.csv}", "a.csv"},
		{"groups: [{people: {delay: {kind: fixed, p95: 3s}}}]", "p95 belongs to the kind lognormal"},
		{"groups: [{people: {delay: {kind: replay}}}]", "replay needs a file, or times"},
		{"groups: [{name: a}, {name: a}]", `two groups are called "a"`},
		{"groups: [{name: a, behaviour: {early_by: -1s, give_up: -2m}}]",
			"group \"a\": early_by is -1s; it must not be negative\n" +
				"group \"a\": give_up is -2m0s; it must not be negative"},
		{"groups: [{behaviour: {restart_after: 2s, again: 1s}}]",
			`"again" in "groups[0].behaviour" is the old name of "restart_after"`},
		{"groups: [{contract: documented-v3}]", "documented-v3"},
		{"thresholds: ['poll.p99{group:television} < 1s']\ngroups: [{name: televison}]",
			`there is no group "television"; the nearest is "televison"`},
		{"thresholds: ['poll.p99{stage:peak} < 1s']", "the profile has no stages"},
		{"devices: 2000000000\nduration: 25h\nconnections: {max_in_flight: 5000}",
			"devices is 2000000000; it must be 1 to 1000000000\n" +
				"duration is 25h0m0s; it must be above 0 and at most 24h0m0s\n" +
				"connections.max_in_flight is 5000; it must be 1 to 4096"},
	} {
		_, err := Parse([]byte(tt.text), "p.yaml")
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v, want %s", tt.text, err, tt.want)
		}
	}
}

// Stages follow each other; each brings its share of the devices within its time.
func TestStages(t *testing.T) {
	p, err := Parse([]byte(`
devices: 10
arrivals:
  kind: stages
  at: 1s
  stages: [{name: calm, share: 1, over: 10s}, {name: pause, over: 5s}, {name: storm, kind: burst, share: 4, over: 5s}]
`), "p.yaml")
	if err != nil {
		t.Fatal(err)
	}
	pop := p.WithDefaults().Timetable()
	for d, want := range []time.Duration{1, 6, 16, 16} {
		if got := time.Duration(pop.Arrival(int32(d), 0)); got != want*time.Second {
			t.Errorf("device %d comes at %s, want %d s", d, got, want)
		}
	}
	const s = time.Second
	for at, want := range map[time.Duration]int{0: 0, 10 * s: 0, 11 * s: 1, 16 * s: 2, time.Hour: 2} {
		if got := pop.Stage(int64(at)); got != want {
			t.Errorf("%s belongs to stage %d, want %d", at, got, want)
		}
	}
}

func TestBuiltinProfiles(t *testing.T) {
	if n := len(Names()); n < 5 {
		t.Errorf("%d profiles; are they still embedded?", n)
	}
	for _, name := range Names() {
		p, err := Load(name)
		if err != nil || p.Name != name || p.Description == "" {
			t.Errorf("%s: %v, %+v", name, err, p)
		}
	}
}

// A device begins flows until its time, not later; without an end it goes on.
func TestRestarts(t *testing.T) {
	const s = time.Second
	for _, tt := range []struct {
		after, until, at time.Duration
		want             bool
	}{{0, 0, s, false}, {s, 0, time.Hour, true}, {s, 10 * s, 9 * s, true}, {s, 10 * s, 9*s + 1, false}} {
		b := Behaviour{RestartAfter: Duration(tt.after), RestartUntil: Duration(tt.until)}
		if got := b.Restarts(tt.at); got != tt.want {
			t.Errorf("%+v: %v", tt, got)
		}
	}
	_, err := Parse([]byte("groups: [{behaviour: {restart_until: 4m}}]"), "p.yaml")
	if err == nil || !strings.Contains(err.Error(), "restart_until is 4m0s, and without restart_after nothing restarts") {
		t.Errorf("restart_until by itself: %v", err)
	}
}

// What was expected stays expected, unless something else is of the same figure.
func TestThresholdsAreInherited(t *testing.T) {
	for _, tt := range []struct {
		name           string
		profile, named []string
		want           []string
	}{
		{name: "nothing named", want: []string{"error_rate < 1%", "violations == 0"}},
		{name: "a latency is not an error rate", named: []string{"poll.p99 < 250ms"},
			want: []string{"poll.p99 < 250ms", "error_rate < 1%", "violations == 0"}},
		{name: "the same measure replaces", named: []string{"error_rate<5%", "violations < 3"},
			want: []string{"error_rate<5%", "violations < 3"}},
		{name: "of one group it says nothing of the others", named: []string{"error_rate{group:a} < 5%"},
			want: []string{"error_rate{group:a} < 5%", "error_rate < 1%", "violations == 0"}},
		{name: "a profile's own stay too", profile: []string{"error_rate < 0.1%", "poll.p99 < 1s"},
			named: []string{"poll.p99 < 2s", "poll.p50 < 9ms"},
			want:  []string{"poll.p99 < 2s", "poll.p50 < 9ms", "error_rate < 0.1%", "violations == 0"}},
		{name: "an empty list expects what every run is held to", profile: []string{},
			want: []string{"error_rate < 1%", "violations == 0"}},
	} {
		p := &Profile{Thresholds: tt.profile}
		p.Expect(tt.named...)
		got := p.WithDefaults().WithDefaults().Thresholds
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
	}
}

// Profiles that were written for earlier versions mean the same, and reports have
// their keys under the old names too.
func TestOldNames(t *testing.T) {
	old, err := Parse([]byte("groups: [{behaviour: {again: 2s, early: 1s}}]\nconnections: {most: 7}"), "old.yaml")
	if err != nil {
		t.Fatal(err)
	}
	now, err := Parse([]byte("groups: [{behaviour: {restart_after: 2s, early_by: 1s}}]\n"+
		"connections: {max_in_flight: 7}"), "new.yaml")
	if d := cmp.Diff(now, old); err != nil || d != "" || now.Connections.MaxInFlight != 7 {
		t.Errorf("%v %s", err, d)
	}
	m := now.Map()
	b := m["groups"].([]any)[0].(map[string]any)["behaviour"].(map[string]any)
	c := m["connections"].(map[string]any)
	if b["again"] != "2s" || b["restart_after"] != "2s" || b["early"] != "1s" || b["early_by"] != "1s" ||
		c["most"] != 7 || c["max_in_flight"] != 7 {
		t.Errorf("%v %v", b, c)
	}
}
