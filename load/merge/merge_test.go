package merge

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/load"
	"github.com/dfcheck/dfcheck/load/digests"
	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/load/shard"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/refserver"
	"github.com/dfcheck/dfcheck/spec/refserver/pipes"
)

// crowd in which everything happens.
func crowd() *profile.Profile {
	delay := profile.Delay{Kind: "uniform", Median: profile.Duration(2 * time.Second)}
	group := func(name string) profile.Group {
		return profile.Group{Name: name, People: profile.People{Approve: 0.5, Deny: 0.2, Delay: delay},
			Encodings: map[string]float64{"form": 1, "json": 1},
			Behaviour: profile.Behaviour{Replay: 0.3, Jitter: profile.Duration(300 * time.Millisecond),
				RestartAfter: profile.Duration(time.Second)}}
	}
	return &profile.Profile{Devices: 40, Seed: 7, Duration: profile.Duration(16 * time.Second),
		Groups: []profile.Group{group("a"), group("b")},
		Arrivals: profile.Arrivals{Kind: "stages", Stages: []profile.Stage{
			{Name: "come", Kind: "poisson", Share: 2, Over: profile.Duration(8 * time.Second)},
			{Name: "stay", Share: 1, Over: profile.Duration(5 * time.Second)}}}}
}

// runShard runs one shard in a bubble, whose start instant is the same for all, on a
// server of its own, and leaves its files in a folder.
func runShard(t *testing.T, dir string, p *profile.Profile, part load.Part) {
	t.Helper()
	files, err := shard.NewFiles(dir, "try0", part)
	if err != nil {
		t.Fatal(err)
	}
	contract, err := spec.BuiltinContract("documented-v1")
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		w := pipes.New()
		s := &http.Server{Handler: refserver.New(refserver.Config{Interval: time.Second, Lifetime: 6 * time.Second,
			Decisions: true})}
		go s.Serve(w)
		defer s.Shutdown(context.Background())
		client := &http.Client{Transport: &http.Transport{DialContext: w.Dial}}
		defer client.CloseIdleConnections()
		host := "http://127.0.0.1"
		target := load.Target{Host: host, StartURL: host + contract.Start.Path, TokenURL: host + contract.Token.Path,
			Contract: contract, ClientID: "dfcheck", Scope: "openid", DeviceType: "tv", DeviceOS: "linux", Dial: w.Dial,
			Approver: &approve.Reference{Client: client, URL: host}}
		r := reports.New(reports.KindLoad, "v0")
		r.Target = reports.Target{Host: host, TokenEndpoint: target.TokenURL}
		key := digests.NewKey("key")
		when := shard.When{At: time.Now().Add(time.Second)}
		_, err := load.Run(t.Context(), target, p, load.Options{Shard: &load.Sharding{Part: part, Every: 10 * time.Second,
			Ready: func(ctx context.Context) (load.Start, error) {
				s, err := when.Wait(ctx)
				s.Key = key
				return s, err
			},
			Flush: func(l *reports.Load, seen []byte) {
				l.Shard.Attempt = files.Attempt
				r.Load = l
				r.Run.ExitCode = reports.ExitCode(r, reports.ExitOptions{})
				if err := files.Write(r, nil, key, seen); err != nil {
					t.Error(err)
				}
			}}})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// runAll runs all shards of a run.
func runAll(t *testing.T, p *profile.Profile, n int) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for i := range n {
		runShard(t, dir, p, load.Part{Index: i, Count: n})
	}
	return dir
}

// counts are what a report says that does not depend on the machine: every count, and
// the histogram of what is counted. Of the time line the seconds, with their counts.
func counts(l *reports.Load) map[string]any {
	part := func(b *reports.Breakdown) map[string]any {
		return map[string]any{"devices": b.Devices, "outcomes": b.Outcomes, "polls each": b.PollsPerFlow,
			"starts": b.Requests.Starts, "polls": b.Requests.Polls, "per second": b.Requests.PerSecond, "shares": b.FlowShares,
			"latencies": []uint64{b.Latency.Start.Count, b.Latency.Poll.Count, b.Latency.TimeToToken.Count}}
	}
	out := map[string]any{"whole": part(l.Whole()), "states": l.States, "offered": l.Offered,
		"lag": l.Lag.Count, "service": l.Service.Poll.Count, "violations": l.Violations}
	for _, b := range append(l.Groups, l.Stages...) {
		out[b.Name] = part(&b)
	}
	for _, s := range l.Timeline {
		out[fmt.Sprintf("second %d", s.Second)] = []uint64{s.Starts, s.Polls, s.Tokens, s.Pending, s.Denied, s.Expired,
			s.Errors}
	}
	return out
}

// The merged report of N shards says what that of one process says. That the schedules
// are the same for every N is a matter of package load.
func TestMergeIsTheWhole(t *testing.T) {
	p := crowd()
	whole, err := Folder(runAll(t, p, 1), 1)
	if err != nil {
		t.Fatal(err)
	}
	if l := whole.Load; l.Devices.Approved == 0 || l.Devices.Denied == 0 || l.Devices.Expired == 0 ||
		l.Outcomes.Refused == 0 {
		t.Fatalf("not everything happens: %+v", l.Devices)
	}
	for _, n := range []int{2, 3, 8} {
		r, err := Folder(runAll(t, p, n), n)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(counts(whole.Load), counts(r.Load)); d != "" {
			t.Errorf("%d shards are not the whole:\n%s", n, d)
		}
		l := r.Load
		if !l.Complete() || !l.Crowd.DigestRight || l.Crowd.Load != 1 || l.Crowd.Digest != whole.Load.Crowd.Digest ||
			l.Crowd.Digest != load.Digest(p.WithDefaults(), load.Part{Index: 0, Count: 1}) ||
			r.Run.ExitCode != whole.Run.ExitCode {
			t.Errorf("%d shards: %+v, exit code %d", n, l.Crowd, r.Run.ExitCode)
		}
		for i, th := range l.Thresholds {
			if th.Verdict != whole.Load.Thresholds[i].Verdict {
				t.Errorf("%d shards: %+v", n, th)
			}
		}
	}
}

// small are the files of a small run in so many shards, made once.
var small = map[int]map[string][]byte{}

// runChanged is a folder with the files of a small run, of which some reports are
// changed.
func runChanged(t *testing.T, n int, changes map[int]func(*reports.Report)) string {
	t.Helper()
	if small[n] == nil {
		p := crowd()
		p.Devices, p.Duration = 12, profile.Duration(11*time.Second)
		small[n] = contents(t, runAll(t, p, n))
	}
	dir := t.TempDir()
	restore(t, dir, small[n])
	for i, change := range changes {
		if change == nil {
			continue
		}
		path := glob(t, dir, fmt.Sprintf("shard-%d-*.json", i))
		r, err := reports.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		change(r)
		if err := (reports.Destination{Format: "json", Path: path}).Write(nil, r, nil); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func contents(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		text, rerr := os.ReadFile(filepath.Join(dir, e.Name()))
		out[e.Name()], err = text, errors.Join(err, rerr)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// restore makes a folder hold files, and no others.
func restore(t *testing.T, dir string, files map[string][]byte) {
	t.Helper()
	for name := range contents(t, dir) {
		os.Remove(filepath.Join(dir, name))
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func glob(t *testing.T, dir, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(found) != 1 {
		t.Fatalf("%s: %q, %v", pattern, found, err)
	}
	return found[0]
}

// A shard that is not complete leaves no pass, and takes no fail away.
func TestShardsThatAreNotComplete(t *testing.T) {
	partial := func(r *reports.Report) {
		r.Load.Shard.Complete, r.Load.Shard.Why = false, "the figures end at 7 s of 11s"
	}
	for name, tt := range map[string]struct {
		change func(*reports.Report)
		files  func(t *testing.T, dir string)
		state  string
		code   int
	}{
		"all there": {nil, nil, "complete", 0},
		"missing": {nil, func(t *testing.T, dir string) {
			os.Remove(glob(t, dir, "shard-1-*.json"))
			os.Remove(glob(t, dir, "shard-1-*.digests"))
		}, "missing", 4},
		"partial": {partial, nil, "partial", 4},
		"partial, and a fault was seen": {func(r *reports.Report) {
			partial(r)
			r.Load.Violations = []reports.Violation{{Kind: "token_twice", Count: 1}}
		}, nil, "partial", 1},
		"late": {func(r *reports.Report) {
			s := r.Load.Shard
			s.Late, s.Complete, s.Seconds = true, false, 0
			r.Load = &reports.Load{Profile: r.Load.Profile, Shard: s}
		}, nil, "late", 4},
		"a second process sent its load": {nil, func(t *testing.T, dir string) {
			path := glob(t, dir, "shard-1-*.json")
			text, _ := os.ReadFile(path)
			os.WriteFile(filepath.Join(dir, "shard-1-of-3-other.json"), text, 0o644)
		}, "duplicate", 4},
		"its place was taken too late": {nil, func(t *testing.T, dir string) {
			r, err := reports.ReadFile(glob(t, dir, "shard-1-*.json"))
			if err != nil {
				t.Fatal(err)
			}
			r.Load.Shard.Late, r.Load.Shard.Complete, r.Load.Shard.Seconds = true, false, 0
			d := reports.Destination{Format: "json", Path: filepath.Join(dir, "shard-1-of-3-late.json")}
			if err := d.Write(nil, r, nil); err != nil {
				t.Fatal(err)
			}
		}, "complete", 0},
		"its digests are lost": {nil, func(t *testing.T, dir string) { os.Remove(glob(t, dir, "shard-1-*.digests")) },
			"partial", 4},
		"another crowd": {func(r *reports.Report) { r.Load.Shard.Digest = "0000000000000001" }, nil, "complete", 4},
	} {
		t.Run(name, func(t *testing.T) {
			dir := runChanged(t, 3, map[int]func(*reports.Report){1: tt.change})
			if tt.files != nil {
				tt.files(t, dir)
			}
			r, err := Folder(dir, 3)
			if err != nil {
				t.Fatal(err)
			}
			if got := r.Load.Shards[1].State(); got != tt.state || r.Run.ExitCode != tt.code {
				t.Errorf("%s, exit code %d, want %s, %d; %s", got, r.Run.ExitCode, tt.state, tt.code, r.Load.Incomplete())
			}
			whole := tt.code == 0
			for _, th := range r.Load.Thresholds {
				if th.Verdict == reports.Pass && !whole {
					t.Errorf("a pass without all shards: %+v", th)
				}
			}
			if c := r.Load.Crowd; (c.Load == 1) != (tt.state != "missing" && tt.state != "late") {
				t.Errorf("%g of the load", c.Load)
			}
			for format := range reports.Formats { // none breaks
				d := reports.Destination{Format: format, Path: filepath.Join(t.TempDir(), "out")}
				if err := d.Write(nil, r, nil); err != nil {
					t.Errorf("%s: %v", format, err)
				}
			}
			if v := r.Headline().Verdict; whole != (v == reports.Pass) {
				t.Errorf("the headline is %+v", r.Headline())
			}
		})
	}
}

// Files that are damaged, or of another run, are named in an error.
func TestFilesThatDoNotBelong(t *testing.T) {
	dir := runChanged(t, 2, nil)
	first := glob(t, dir, "shard-0-*.json")
	good, err := os.ReadFile(first)
	if err != nil {
		t.Fatal(err)
	}
	change := func(f func(l *reports.Load)) func() error {
		return func() error {
			r, err := reports.ReadFile(first)
			if err != nil {
				return err
			}
			f(r.Load)
			return reports.Destination{Format: "json", Path: first}.Write(nil, r, nil)
		}
	}
	write := func(name, text string) func() error {
		return func() error { return os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644) }
	}
	for want, spoil := range map[string]func() error{
		"shard-0-of-2-try0.json: not a report": write("shard-0-of-2-try0.json", string(good[:len(good)/2])),
		"not a report of this version":         write("other.json", `{"schema":"x"}`),
		"notes.json is not the report of a shard, but of another run (conformance)": write("notes.json",
			`{"schema":"dfcheck/report/v1","run":{"kind":"conformance"}}`),
		"is of a run of 3 shards, and --shards is 2": change(func(l *reports.Load) { l.Shard.Count = 3 }),
		"the index must be 0 to 1":                   change(func(l *reports.Load) { l.Shard.Index = 2 }),
		"their start instants differ": change(func(l *reports.Load) {
			*l.Shard.StartAt = l.Shard.StartAt.Add(time.Second)
		}),
		"the digests of their crowds":     change(func(l *reports.Load) { l.Shard.CrowdDigest = "1" }),
		"their profiles differ":           change(func(l *reports.Load) { l.Profile["timeout"] = "3s" }),
		"unreadable histogram":            change(func(l *reports.Load) { l.Lag.HDR = "AAAA" }),
		"its count says":                  change(func(l *reports.Load) { l.Latency.Poll.Count++ }),
		"different groups or stages":      change(func(l *reports.Load) { l.Groups = l.Groups[:1] }),
		"no header of dfcheck/digests/v1": write("shard-0-of-2-try0.digests", "?\n"),
		"different keys": write("shard-0-of-2-try0.digests",
			string(digests.Head(0, 2, digests.NewKey("other")))),
		"is of shard 1 of 2": write("shard-0-of-2-try0.digests", string(digests.Head(1, 2, digests.NewKey("key")))),
	} {
		kept := contents(t, dir)
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		if _, err := Folder(dir, 2); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
		restore(t, dir, kept)
	}
	r, err := Folder(dir, 2) // and it is as it was
	if err != nil || r.Run.ExitCode != 0 {
		t.Fatal(err, r)
	}
	// A merged report in the folder is passed over; a folder without shards is an error.
	merged := reports.Destination{Format: "json", Path: filepath.Join(dir, "merged.json")}
	if err := merged.Write(nil, r, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := Folder(dir, 2); err != nil {
		t.Error(err)
	}
	if _, err := Folder(t.TempDir(), 2); err == nil || !strings.Contains(err.Error(), "holds no report of a shard") {
		t.Error(err)
	}
	if _, err := Folder(filepath.Join(dir, "nowhere"), 2); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// Each shard's server counts its codes from the same beginning where it makes them by
// counting, so that shards get the same: only the union shows it.
func TestCodesOfTwoShards(t *testing.T) {
	dir := runChanged(t, 2, nil)
	for i := range 2 {
		rec := digests.NewRecorder(digests.NewKey("key"), 1)
		rec.Begin(0, "the same device code", fmt.Sprint("user code ", i), 0, int64(time.Minute))
		rec.Token("the same token", int64(i))
		text := append(digests.Head(i, 2, digests.NewKey("key")), rec.Drain(true)...)
		if err := os.WriteFile(glob(t, dir, fmt.Sprintf("shard-%d-*.digests", i)), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r, err := Folder(dir, 2)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, v := range r.Load.Violations {
		kinds = append(kinds, v.Kind)
		if v.Count != 1 || !strings.Contains(v.Example, "shards 0 and 1") {
			t.Errorf("%+v", v)
		}
	}
	if d := cmp.Diff([]string{"device_code_twice", "token_shared"}, kinds); d != "" ||
		r.Run.ExitCode != reports.ExitFailed {
		t.Errorf("exit code %d, %s", r.Run.ExitCode, d)
	}
}

// Clocks that are apart are said to be, beyond what is not known of them.
func TestClockSpread(t *testing.T) {
	clock := func(ms, exact float64) reports.Shard { return reports.Shard{ClockOffsetMS: ms, ClockErrorMS: exact} }
	for _, tt := range []struct {
		shards []reports.Shard
		ms     float64
		sure   bool
	}{
		{[]reports.Shard{clock(3, 8), clock(-150, 8), clock(0, 8)}, 153, true},
		{[]reports.Shard{clock(100, 80), clock(-40, 90)}, 140, false},
		{[]reports.Shard{clock(0, 0), clock(500, 5)}, 0, false}, // one is not known
	} {
		if ms, sure := clockSpread(tt.shards); ms != tt.ms || sure != tt.sure {
			t.Errorf("%+v: %g, %v", tt, ms, sure)
		}
	}
	offset := func(ms float64) func(*reports.Report) {
		return func(r *reports.Report) { r.Load.Shard.ClockOffsetMS, r.Load.Shard.ClockErrorMS = ms, 9 }
	}
	r, err := Folder(runChanged(t, 2, map[int]func(*reports.Report){0: offset(0), 1: offset(140)}), 2)
	if err != nil || !strings.Contains(strings.Join(r.Load.Notes, "\n"), "140 ms apart") {
		t.Error(err, r.Load.Notes)
	}
	r, err = Folder(runChanged(t, 2, map[int]func(*reports.Report){0: offset(0), 1: offset(60)}), 2)
	if err != nil || strings.Contains(strings.Join(r.Load.Notes, "\n"), "apart") {
		t.Error(err, r.Load.Notes)
	}
}

// While shards run their lines are merged, and a threshold out of reach is named.
func TestFollow(t *testing.T) {
	dir := runChanged(t, 2, map[int]func(*reports.Report){1: func(r *reports.Report) {
		r.Load.Violations = []reports.Violation{{Kind: "token_twice", Count: 1}}
	}})
	f := Follow(2)
	for i, want := range []string{"", "violations == 0"} {
		r, err := reports.ReadFile(glob(t, dir, fmt.Sprintf("shard-%d-*.json", i)))
		if err != nil {
			t.Fatal(err)
		}
		var line strings.Builder
		if err := shard.WriteLine(&line, r, nil); err != nil {
			t.Fatal(err)
		}
		so, lost := f.Line("shard: " + line.String())
		if so == nil || lost != want || so.Devices.Simulated != uint64(6*(i+1)) {
			t.Errorf("line %d: %q, %+v", i, lost, so)
		}
	}
	if so, _ := f.Line("shard 0 is ready"); so != nil {
		t.Error("any line is one of progress")
	}
}
