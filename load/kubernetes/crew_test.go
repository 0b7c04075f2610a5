package kubernetes

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/dfcheck/dfcheck/load/shard"
	"github.com/dfcheck/dfcheck/reports"
)

// crew is a run of two shards in a cluster that does what its files say.
type crew struct {
	Crew
	folder string
	mu     sync.Mutex
	notes  []string
	live   *reports.Load // the merged figures that were told last
}

const (
	complete  = `{"type":"MODIFIED","object":{"status":{"conditions":[{"type":"Complete","status":"True"}]}}}`
	suspended = `{"type":"MODIFIED","object":{"status":{"conditions":[{"type":"Suspended","status":"True"}]}}}`
	failedJob = `{"type":"MODIFIED","object":{"status":{"conditions":[
		{"type":"Failed","status":"True","reason":"PodFailurePolicy","message":"exit code 3"}]}}}`
)

func newCrew(t *testing.T) *crew {
	cluster, folder := fake(t)
	j := example()
	j.Shards = 2
	c := &crew{folder: folder}
	c.Crew = Crew{Cluster: cluster, Job: j, Dir: t.TempDir(),
		Progress: func(l *reports.Load) { c.mu.Lock(); c.live = l; c.mu.Unlock() },
		Note:     func(text string) { c.mu.Lock(); c.notes = append(c.notes, text); c.mu.Unlock() }}
	write(t, folder+"/job", `{"type":"ADDED","object":{"status":{}}}`)
	write(t, folder+"/pods", event("ADDED", 0, "a", ready)+event("ADDED", 1, "b", ready))
	// Told the start, the shards carry out their part; told to end, they end.
	write(t, folder+"/pods-after-annotate", event("MODIFIED", 0, "a", done)+event("MODIFIED", 1, "b", done))
	write(t, folder+"/job-after-annotate", complete)
	ended := failed(130, "Error")
	write(t, folder+"/pods-after-patch", event("MODIFIED", 0, "a", ended)+event("MODIFIED", 1, "b", ended))
	write(t, folder+"/job-after-patch", suspended)
	if err := os.CopyFS(folder+"/results", os.DirFS("testdata/results")); err != nil {
		t.Fatal(err)
	}
	return c
}

// goesOn lets the shards run until they are told to end.
func (c *crew) goesOn(t *testing.T) {
	for _, name := range []string{"pods", "job"} {
		if err := os.Remove(c.folder + "/" + name + "-after-annotate"); err != nil {
			t.Fatal(err)
		}
	}
}

func (c *crew) called(t *testing.T, verb string) bool {
	return strings.Contains(read(t, c.folder+"/calls"), "--context x "+verb+" ")
}

func (c *crew) said(text string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Contains(strings.Join(c.notes, "\n"), text)
}

// lines are those that the shards print, held to a threshold.
func lines(t *testing.T, threshold string) string {
	t.Helper()
	files, err := filepath.Glob("testdata/results/*.json")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for _, file := range files {
		r, err := reports.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		r.Load.Profile["thresholds"] = []any{threshold}
		out.WriteString("[pod/peak/dfcheck] ")
		if err := shard.WriteLine(&out, r, nil); err != nil {
			t.Fatal(err)
		}
	}
	return out.String()
}

func TestCrew(t *testing.T) {
	c := newCrew(t)
	r, err := c.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !r.Load.Complete() || r.Load.Devices.Started != 4 || r.Run.ExitCode != 0 {
		t.Errorf("%s, %d devices started, exit code %d", r.Load.Incomplete(), r.Load.Devices.Started, r.Run.ExitCode)
	}
	if !c.called(t, "delete") || c.called(t, "patch") {
		t.Error(read(t, c.folder+"/calls"))
	}
}

// TestCrewStopsAtBreach: a threshold that only the whole shows to be out of reach ends
// all shards, unless they are to go on.
func TestCrewStopsAtBreach(t *testing.T) {
	c := newCrew(t)
	c.goesOn(t)
	write(t, c.folder+"/logs", lines(t, "start.max < 0.001ms"))
	if _, err := c.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !c.called(t, "patch") || !c.said("the run cannot meet start.max < 0.001ms any more; stopping all shards") {
		t.Errorf("%q", c.notes)
	}
	if c.live == nil || c.live.Devices.Started != 4 {
		t.Errorf("the merged figures were %+v", c.live)
	}
	for _, test := range []struct {
		threshold string
		keepGoing bool
	}{{"start.max < 0.001ms", true}, {"start.max < 1h", false}} {
		c := newCrew(t)
		c.Job.KeepGoing = test.keepGoing
		write(t, c.folder+"/logs", lines(t, test.threshold))
		if _, err := c.Run(t.Context()); err != nil || c.called(t, "patch") {
			t.Errorf("%+v: stopped, %v", test, err)
		}
	}
}

// TestCrewInterrupted: Ctrl-C suspends the Job, and what the shards wrote is reported.
func TestCrewInterrupted(t *testing.T) {
	c := newCrew(t)
	c.goesOn(t)
	ctx, stop := context.WithCancel(t.Context())
	note := c.Note
	c.Note = func(text string) {
		note(text)
		if strings.Contains(text, "they start in") {
			stop()
		}
	}
	r, err := c.Run(ctx)
	if err != nil || r == nil {
		t.Fatal(err)
	}
	if !c.called(t, "patch") || !c.called(t, "delete") || !c.said("interrupted; stopping all shards") {
		t.Errorf("%q", c.notes)
	}
}

// TestCrewNotReady: why shards did not begin is in the error, and nothing is left.
func TestCrewNotReady(t *testing.T) {
	c := newCrew(t)
	write(t, c.folder+"/pods", event("ADDED", 0, "a", failed(3, "Error"))+event("ADDED", 1, "b", failed(3, "Error")))
	write(t, c.folder+"/job", failedJob)
	write(t, c.folder+"/logs", "shard 0 of 2\ndfcheck: error: connection refused\ndfcheck: hint: x\n")
	_, err := c.Run(t.Context())
	n, ok := errors.AsType[*NotReady](err)
	if !ok {
		t.Fatal(err)
	}
	want := "the shards did not get ready: shards 0, 1: exit code 3 (could not run, or reached a safety limit)"
	if n.Problem != want || n.Code != 3 || n.Said != "connection refused" {
		t.Errorf("%+v", n)
	}
	if !c.called(t, "delete") || c.called(t, "annotate") {
		t.Error(read(t, c.folder+"/calls"))
	}
	c = newCrew(t)
	c.Job.StartTimeout = 1
	write(t, c.folder+"/pods", event("ADDED", 0, "a", ready)+event("ADDED", 1, "b", pending))
	if _, err := c.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "shards were ready after 1ns") {
		t.Error(err)
	}
}

// TestCrewKeepsFiles: files that cannot be fetched are not deleted.
func TestCrewKeepsFiles(t *testing.T) {
	c := newCrew(t)
	write(t, c.folder+"/refuse-exec", "error: container not found\n")
	if _, err := c.Run(t.Context()); err == nil || err.Error() != "kubectl exec: container not found" {
		t.Error(err)
	}
	if c.called(t, "delete") || !c.said("peak-results stay in the cluster; the files of the shards are in peak/") {
		t.Errorf("%q", c.notes)
	}
	c = newCrew(t)
	c.Keep = true
	if _, err := c.Run(t.Context()); err != nil || c.called(t, "delete") {
		t.Errorf("deleted although it is to be kept, %v", err)
	}
}
