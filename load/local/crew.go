package local

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/dfcheck/dfcheck/load/merge"
	"github.com/dfcheck/dfcheck/reports"
)

// Crew is a run whose shards are processes of this machine.
type Crew struct {
	Program string   // dfcheck
	Args    []string // of each shard, after "load": the target and the crowd
	Shards  int
	Dir     string        // for their files; it exists
	Flush   time.Duration // how often they say how far they are
	// KeepGoing lets the others go on when a shard is lost, or a threshold out of reach.
	KeepGoing bool
	Progress  func(*reports.Load) // is told of the merged figures; may be nil
	Note      func(string)        // is told what happens to shards; may be nil
}

// margin is the time between the last shard being ready and the start.
const margin = 2 * time.Second

// Results is the folder with the files of the shards.
func (c *Crew) Results() string { return filepath.Join(c.Dir, "results") }

func (c *Crew) startFile() string { return filepath.Join(c.Dir, "start-at") }

// Run starts the shards, waits until all are ready, lets them start together, follows
// them to their end and merges their files. When ctx ends, all are stopped, and the
// report is of what they had done by then. Its errors are those of a run that did not
// start, and of the merge.
func (c *Crew) Run(ctx context.Context) (*reports.Report, error) {
	if err := os.MkdirAll(c.Results(), 0o755); err != nil {
		return nil, err
	}
	all := make([]*process, c.Shards)
	for i := range all {
		p, err := c.start(i)
		if err != nil {
			c.stop(all[:i])
			return nil, fmt.Errorf("cannot start shard %d: %w", i, err)
		}
		all[i] = p
	}
	if err := c.untilReady(ctx, all); err != nil {
		c.stop(all)
		return nil, err
	}
	if err := c.letStart(); err != nil {
		c.stop(all)
		return nil, err
	}
	defer os.Remove(c.startFile()) // it holds the key of the digests
	c.follow(ctx, all)
	if late := notStarted(all); late != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return merge.Folder(c.Results(), c.Shards)
}

// notStarted is a shard that was stopped before the start, nil when there is none.
func notStarted(all []*process) *process {
	for _, p := range all {
		if p.code() == reports.ExitStopped {
			return p
		}
	}
	return nil
}

// A NotReady error says why a shard could not begin.
type NotReady struct {
	Shard, Code int
	Said        string // its last words
}

func (e *NotReady) Error() string {
	return fmt.Sprintf("shard %d ended before the start with exit code %d", e.Shard, e.Code)
}

// untilReady waits for the files that shards make when they are ready.
func (c *Crew) untilReady(ctx context.Context, all []*process) error {
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for {
		ready := 0
		for i, p := range all {
			if p.over() {
				return &NotReady{i, p.code(), p.said()}
			}
			if _, err := os.Stat(p.ready); err == nil {
				ready++
			}
		}
		if ready == len(all) {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-look.C:
		}
	}
}

// letStart tells the shards when to start, and a key for their digests.
func (c *Crew) letStart() error {
	text := time.Now().Add(margin).UTC().Format(time.RFC3339Nano) + " " + rand.Text() + "\n"
	written := c.startFile() + ".new" // nobody reads half of it
	if err := os.WriteFile(written, []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(written, c.startFile())
}

// follow the shards to the end of all.
func (c *Crew) follow(ctx context.Context, all []*process) {
	asked := make(chan string, 2*len(all)) // why the run should end
	f := merge.Follow(c.Shards)
	var following sync.WaitGroup
	for i, p := range all {
		following.Go(func() {
			for line := range p.lines {
				so, lost := f.Line(line)
				if so != nil && c.Progress != nil {
					c.Progress(so)
				}
				if lost != "" {
					ask(asked, "the run cannot meet "+lost+" any more")
				}
			}
			<-p.done
			if code := p.code(); code != reports.ExitOK && ctx.Err() == nil {
				ask(asked, fmt.Sprintf("shard %d ended with exit code %d%s", i, code, p.lastWords()))
			}
		})
	}
	over := make(chan struct{})
	go func() { following.Wait(); close(over) }()
	for stopped := false; ; {
		select {
		case <-over:
			return
		case <-ctx.Done():
			c.stop(all)
			<-over
			return
		case why := <-asked:
			if stopped {
				continue
			}
			if c.note(why); !c.KeepGoing {
				stopped = true
				c.note("stopping all shards")
				go c.stop(all)
			}
		}
	}
}

// ask says why the run should end, unless enough was said.
func ask(asked chan<- string, why string) {
	select {
	case asked <- why:
	default:
	}
}

func (c *Crew) note(text string) {
	if c.Note != nil {
		c.Note(text)
	}
}

// stop asks all shards to end, and waits for them; who does not end is ended.
func (c *Crew) stop(all []*process) {
	for _, p := range all {
		_ = p.ask() // it may be over
	}
	patience := time.After(lastAnswers)
	for _, p := range all {
		select {
		case <-p.done:
		case <-patience:
			p.kill()
		}
	}
}

// lastAnswers is how long a shard that was told to end may wait for answers.
const lastAnswers = 45 * time.Second

// errGone is why a process cannot be asked any more.
var errGone = errors.New("the process has ended")
