package kubernetes

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dfcheck/dfcheck/load/merge"
	"github.com/dfcheck/dfcheck/reports"
)

// Crew is a run whose shards are pods.
type Crew struct {
	Cluster  Cluster
	Job      *Job
	Dir      string // for the files of the shards; it exists
	Keep     bool   // leave the objects in the cluster
	Progress func(*reports.Load)
	Note     func(string) // is told what happens
}

// margin is the time between the last shard being ready and the start. The shards
// hear of the start within a second, when their nodes are told to look.
const margin = 10 * time.Second

// A NotReady error says why the shards did not begin.
type NotReady struct {
	Problem string
	Code    int    // the exit code of a shard that ended; 0 when none did
	Said    string // its last words
}

func (e *NotReady) Error() string { return e.Problem }

// Run creates the objects, waits until all shards are ready, lets them start
// together, follows them to their end, fetches and merges their files, and deletes
// the objects. When ctx ends, the Job is suspended, and the report is of what the
// shards had done by then. Its errors are those of kubectl, NotReady, and those of the
// merge; files that could not be fetched stay in the cluster.
func (c *Crew) Run(ctx context.Context) (r *reports.Report, err error) {
	ahead, err := c.Cluster.Create(ctx, c.Job)
	if err != nil {
		if ctx.Err() != nil {
			c.delete()
		}
		return nil, err
	}
	begun := false
	defer func() {
		if c.Keep || begun && r == nil {
			c.Note(c.left())
			return
		}
		c.delete()
	}()
	watching, enough := context.WithCancel(context.WithoutCancel(ctx))
	defer enough()
	w := c.Cluster.Watch(watching, c.Job)
	if err := c.untilReady(ctx, w); err != nil {
		return nil, err
	}
	if ahead != 0 {
		c.Note(fmt.Sprintf("the clock of the cluster is %s ahead of this machine's; the start is told in the cluster's time",
			ahead.Round(time.Second)))
	}
	at := time.Now().Add(margin)
	if err := c.Cluster.Start(ctx, c.Job, at.Add(ahead), rand.Text()); err != nil {
		return nil, err
	}
	begun = true
	c.Note(fmt.Sprintf("all %d shards are ready; they start in %s", c.Job.Shards, margin))
	c.follow(ctx, w, at)
	return c.fetched(context.WithoutCancel(ctx))
}

// untilReady waits for all shards, and says what keeps them.
func (c *Crew) untilReady(ctx context.Context, w *Watch) error {
	waiting, cancel := context.WithTimeout(ctx, c.Job.StartTimeout)
	defer cancel()
	last, told := State{Ready: -1}, map[string]bool{}
	err := w.Until(waiting, func(s State) bool {
		news := s.Ready != last.Ready
		for _, o := range s.Obstacles {
			_, what, _ := strings.Cut(o, ": ") // which shards have it changes often
			news, told[what] = news || !told[what], true
		}
		if last = s; news {
			ready := fmt.Sprintf("%d of %d shards are ready", s.Ready, s.Shards)
			c.Note(strings.Join(append([]string{ready}, s.Obstacles...), "; "))
		}
		return s.Ready == s.Shards || s.Over
	})
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, context.DeadlineExceeded):
		problem := fmt.Sprintf("%d of %d shards were ready after %s", last.Ready, last.Shards, c.Job.StartTimeout)
		return &NotReady{Problem: strings.Join(append([]string{problem}, last.Obstacles...), "; ")}
	case err != nil:
		return err
	case last.Over:
		// The Job may be known to have failed before the pods are known to have ended: the
		// first is waited for, the others have a moment to follow.
		for _, t := range []struct {
			shards   int
			patience time.Duration
		}{{1, 10 * time.Second}, {last.Shards, 2 * time.Second}} {
			told, cancel := context.WithTimeout(ctx, t.patience)
			_ = w.Until(told, func(s State) bool { last = s; return len(s.Lost) >= t.shards })
			cancel()
		}
		why := last.Why
		if len(why) == 0 {
			why = []string{last.Failed}
		}
		problem := "the shards did not get ready: " + strings.Join(why, "; ")
		return &NotReady{problem, last.Code, c.Cluster.lastWords(ctx, c.Job)}
	}
	return nil
}

// follow the shards from their start to the end of all. What makes a run pointless
// stops them.
func (c *Crew) follow(ctx context.Context, w *Watch, at time.Time) {
	end := time.Until(at) + c.Job.Duration + c.Job.grace() + spare // a node that is out of reach must not keep us
	over, cancel := context.WithTimeout(context.WithoutCancel(ctx), end)
	defer cancel()
	var stopping sync.Once
	stop := func(why string) {
		stopping.Do(func() {
			c.Note(why + "; stopping all shards")
			if err := c.Cluster.Suspend(over, c.Job); err != nil {
				c.Note("cannot stop the shards: " + err.Error())
			}
		})
	}
	defer context.AfterFunc(ctx, func() { stop("interrupted") })()
	go c.listen(over, stop)
	var told []string
	err := w.Until(over, func(s State) bool {
		for _, lost := range s.Lost {
			if !slices.Contains(told, lost) {
				told = append(told, lost)
				c.Note(lost)
			}
		}
		return s.Over
	})
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		c.Note("the shards have not ended in time; what they wrote is fetched")
	case err != nil:
		c.Note("the cluster does not tell any more how far the shards are: " + err.Error())
	}
}

// listen merges what the shards say, for who watches, and for a threshold that the
// whole cannot meet any more. A connection that breaks off is made again.
func (c *Crew) listen(ctx context.Context, stop func(why string)) {
	f := merge.Follow(c.Job.Shards)
	for ctx.Err() == nil {
		err := c.Cluster.Follow(ctx, c.Job, func(line string) {
			so, lost := f.Line(line)
			if so != nil {
				c.Progress(so)
			}
			if lost != "" && !c.Job.KeepGoing {
				stop("the run cannot meet " + lost + " any more")
			}
		})
		if err == nil || ctx.Err() != nil {
			return
		}
		c.Note("the shards cannot be followed: " + err.Error() + "; trying again")
		select {
		case <-ctx.Done():
		case <-time.After(5 * time.Second):
		}
	}
}

// fetched is the merged report of the files of the shards.
func (c *Crew) fetched(ctx context.Context) (*reports.Report, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	if err := c.Cluster.Fetch(ctx, c.Job, c.Dir); err != nil {
		return nil, err
	}
	return merge.Folder(c.Dir, c.Job.Shards)
}

// left says where a run is that is not deleted.
func (c *Crew) left() string {
	return fmt.Sprintf("the Job %s and its claim %s stay in the cluster; the files of the shards are in %s of the claim",
		c.Job.Name, c.Job.ClaimName(), strings.TrimPrefix(c.Job.Results(), resultsFolder+"/"))
}

// delete the objects, also when the run was interrupted.
func (c *Crew) delete() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := c.Cluster.Delete(ctx, c.Job); err != nil {
		c.Note("not everything was deleted: " + err.Error())
	}
}
