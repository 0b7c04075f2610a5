package shard

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dfcheck/dfcheck/load"
	"github.com/dfcheck/dfcheck/load/digests"
	"github.com/dfcheck/dfcheck/reports"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]string{"0/4": "", "3/4": "", "0/1": "", "4/4": "the index must be 0 to 3",
		"-1/4": "index must be", "1/0": "the count must be 1", "2": "not I/N", "a/b": "whole numbers",
		"1/20000": "1 to 10000"} {
		if _, err := Parse(text); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	for _, tt := range []struct {
		index, count string
		ok           bool
		want         string
	}{{"", "", false, ""}, {"", "4", false, ""}, {"2", "4", true, ""},
		{"4", "4", false, "JOB_COMPLETION_INDEX=4 with SHARDS=4"},
		{"2", "", false, "each process of the job would carry out the whole crowd"}} {
		env := map[string]string{IndexVariable: tt.index, CountVariable: tt.count}
		p, ok, err := FromEnvironment(func(name string) string { return env[name] })
		if ok != tt.ok || (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: %v, %v, %v", tt, p, ok, err)
		}
		if ok && p != (load.Part{Index: 2, Count: 4}) {
			t.Errorf("%+v: %v", tt, p)
		}
	}
}

func TestParseWhen(t *testing.T) {
	at := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]When{"2026-11-27T12:00:00Z": {At: at}, "1795780800": {At: at},
		"2026-11-27T13:00:00.5+01:00": {At: at.Add(500 * time.Millisecond)}, "/barrier/at": {File: "/barrier/at"},
		"at.txt": {File: "at.txt"}} {
		if got, err := ParseWhen(text); err != nil || !got.At.Equal(want.At) || got.File != want.File {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"2026-11-27 12:00", "2026-13-27T12:00:00Z", "12"} {
		if got, err := ParseWhen(text); err == nil {
			t.Errorf("%s is taken for %+v", text, got)
		}
	}
}

// A start in the past is late, one in the future is waited for, a process that sleeps
// through it is late too.
func TestWaitForTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := time.Now().Add(time.Minute)
		if s, err := (When{At: at}).Wait(t.Context()); err != nil || !s.At.Equal(at) || !time.Now().Equal(at) {
			t.Errorf("%+v, %v, at %s", s, err, time.Now())
		}
		_, err := When{At: at.Add(-time.Millisecond)}.Wait(t.Context())
		if late, ok := errors.AsType[*Late](err); !ok || late.By != time.Millisecond {
			t.Errorf("%v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := (When{At: time.Now().Add(time.Minute)}).Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
	})
}

// A shard starts when the clock shows the instant, however it was set meanwhile: with the
// others, or not at all.
func TestWaitWhileTheClockIsSet(t *testing.T) {
	for set, want := range map[time.Duration]struct{ took, late time.Duration }{
		0:                {time.Minute, 0},
		-time.Hour:       {61 * time.Minute, 0},
		time.Hour:        {time.Minute, time.Hour},
		-2 * time.Second: {62 * time.Second, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			clock := func() time.Time {
				if time.Since(began) > 10*time.Second {
					return time.Now().Add(set)
				}
				return time.Now()
			}
			err := waitUntil(t.Context(), began.Add(time.Minute), clock)
			late, isLate := errors.AsType[*Late](err)
			if took := time.Since(began); took != want.took || isLate != (want.late > 0) || isLate && late.By != want.late {
				t.Errorf("set by %s: %v after %s", set, err, took)
			}
		})
	}
}

// The file of the start is waited for; what stands in it counts when it is whole.
func TestWaitForFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "at")
		w := When{File: path, Timeout: time.Minute, Seed: 7}
		put := func(text string) {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Error(err)
			}
		}
		at := time.Now().Add(40 * time.Second).UTC().Truncate(time.Second)
		go func() {
			time.Sleep(5 * time.Second)
			put("")
			time.Sleep(time.Second)
			put(at.Format(time.RFC3339)[:12])
			time.Sleep(time.Second)
			put(at.Format(time.RFC3339) + " secret\n")
		}()
		s, err := w.Wait(t.Context())
		if err != nil || !s.At.Equal(at) || !time.Now().Equal(at) || s.Key != digests.NewKey("secret") {
			t.Errorf("%+v, %v", s, err)
		}
		for text, want := range map[string]string{"soon": "holds no start instant",
			at.Format(time.RFC3339) + " a secret": "holds no"} {
			put(text)
			_, err := w.Wait(t.Context())
			if _, ok := errors.AsType[*NoStart](err); !ok || !strings.Contains(err.Error(), want) ||
				strings.Contains(err.Error(), "secret") {
				t.Errorf("%q: %v", text, err)
			}
		}
		os.Remove(path)
		began := time.Now()
		_, err = w.Wait(t.Context())
		if _, ok := errors.AsType[*NoStart](err); !ok || time.Since(began) != time.Minute {
			t.Errorf("%v after %s", err, time.Since(began))
		}
	})
}

// Without a key in a file, all shards derive the same one.
func TestPublicKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := time.Now().Add(time.Second)
		path := filepath.Join(t.TempDir(), "at")
		os.WriteFile(path, []byte(at.UTC().Format(time.RFC3339Nano)), 0o600)
		a, err := When{At: at, Seed: 1}.Wait(t.Context())
		b, berr := When{File: path, Seed: 1, Timeout: time.Minute}.parse(at.Format(time.RFC3339Nano))
		c, cerr := When{File: path, Seed: 2}.parse(at.Format(time.RFC3339Nano))
		if errors.Join(err, berr, cerr) != nil || a.Key != b.Key || a.Key == c.Key {
			t.Error(err, berr, cerr, a.Key == b.Key, a.Key == c.Key)
		}
	})
}

// The clock of a target that tells whole seconds is found to some milliseconds, also
// when its answers take a while.
func TestClock(t *testing.T) {
	for _, ahead := range []time.Duration{0, 130 * time.Millisecond, -40 * time.Millisecond, 3700 * time.Millisecond,
		-time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			asked := 0
			ask := func(context.Context) (time.Time, error) {
				asked++
				time.Sleep(2 * time.Millisecond)
				told := time.Now().Add(-ahead).Truncate(time.Second)
				time.Sleep(3 * time.Millisecond)
				return told, nil
			}
			var c Clock
			c.Measure(t.Context(), ask)
			by, exact := c.Ahead()
			if off := (by - ahead).Abs(); off > exact || exact > 15*time.Millisecond || asked > 12 {
				t.Errorf("ahead by %s: %s, right to %s, after %d requests", ahead, by, exact, asked)
			}
		})
	}
}

// Machines with clocks of their own behind one address tell nothing.
func TestClocksThatDisagree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		var c Clock
		c.Measure(t.Context(), func(context.Context) (time.Time, error) {
			asked++
			return time.Now().Add(time.Duration(asked%2) * 5 * time.Second).Truncate(time.Second), nil
		})
		if by, exact := c.Ahead(); by != 0 || exact != 0 {
			t.Errorf("%s, right to %s", by, exact)
		}
	})
}

// Files are named by shard and attempt, written whole, and digests that a full disk
// kept out are written with the next.
func TestFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "results")
	p := load.Part{Index: 1, Count: 4}
	f, err := NewFiles(dir, "0b5c-uid", p)
	if err != nil {
		t.Fatal(err)
	}
	if got := filepath.Base(f.Report()); got != "shard-1-of-4-0b5c-uid.json" || DigestsBeside(f.Report()) != f.Digests() {
		t.Errorf("%s, %s", got, f.Digests())
	}
	r := reports.New(reports.KindLoad, "v0")
	r.Load = &reports.Load{}
	if err := os.Mkdir(f.Digests(), 0o755); err != nil { // in the way
		t.Fatal(err)
	}
	if err := f.Write(r, nil, digests.NewKey("x"), []byte("one ")); err == nil {
		t.Error("digests were lost without an error")
	}
	if _, err := reports.ReadFile(f.Report()); err != nil {
		t.Errorf("the report is not there: %v", err)
	}
	os.Remove(f.Digests())
	if err := f.Write(r, nil, digests.NewKey("x"), []byte("two")); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(f.Digests())
	if want := string(digests.Head(1, 4, digests.NewKey("x"))) + "one two"; err != nil || string(text) != want {
		t.Errorf("%q, want %q", text, want)
	}
	a, _ := NewFiles(dir, "", p)
	if b, _ := NewFiles(dir, "", p); a.Report() == b.Report() {
		t.Error("two attempts have one file")
	}
	if _, err := NewFiles(dir, "../x", p); err == nil {
		t.Error("a uid leads out of the folder")
	}
}

// A line of progress comes back as it went, from a log that has other lines, and the
// name of a pod before it.
func TestLine(t *testing.T) {
	r := reports.New(reports.KindLoad, "v0")
	r.Load = &reports.Load{Requests: reports.Requests{Polls: 7}, Timeline: []reports.Second{{Polls: 7}},
		Exchanges:  []reports.Exchange{{ID: "x1"}},
		Violations: []reports.Violation{{Kind: "token_twice", Count: 2, Exchanges: []string{"x1"}}}}
	var b bytes.Buffer
	if err := WriteLine(&b, r, nil); err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(b.Bytes(), []byte("\n")); n != 1 {
		t.Errorf("%d lines", n)
	}
	got, ok := ParseLine("[pod/dfcheck-0-x/dfcheck] " + b.String())
	if !ok || got.Load.Requests.Polls != 7 || got.Load.Violated() != 2 ||
		len(got.Load.Timeline)+len(got.Load.Exchanges) != 0 {
		t.Errorf("%v, %+v", ok, got)
	}
	if len(r.Load.Violations[0].Exchanges) != 1 || len(r.Load.Timeline) != 1 {
		t.Error("the report itself was changed")
	}
	for _, line := range []string{"", "shard 0 is ready", "DFSHARD {", "DFSHARD {}"} {
		if _, ok := ParseLine(line); ok {
			t.Errorf("%q is a line of progress", line)
		}
	}
}
