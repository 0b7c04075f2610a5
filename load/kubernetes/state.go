package kubernetes

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// pod is what is read of one.
type pod struct {
	Metadata struct {
		Name, UID         string
		Annotations       map[string]string
		CreationTimestamp time.Time // to the second
		DeletionTimestamp *time.Time
	}
	Status struct {
		Phase, Reason, Message string
		Conditions             []condition
		ContainerStatuses      []struct {
			State struct {
				Waiting    *struct{ Reason, Message string }
				Terminated *struct {
					ExitCode int
					Reason   string
				}
			}
		}
	}
}

type condition struct{ Type, Status, Reason, Message string }

// job is what is read of one.
type job struct {
	Status struct{ Conditions []condition }
}

// indexAnnotation is where Kubernetes writes which shard a pod is.
const indexAnnotation = "batch.kubernetes.io/job-completion-index"

// index of the shard, -1 where it is not told.
func (p *pod) index() int {
	n, err := strconv.Atoi(p.Metadata.Annotations[indexAnnotation])
	if err != nil {
		return -1
	}
	return n
}

func (p *pod) over() bool { return p.Status.Phase == "Succeeded" || p.Status.Phase == "Failed" }

func (p *pod) ready() bool {
	return p.Metadata.DeletionTimestamp == nil && holds(p.Status.Conditions, "Ready")
}

// follows reports whether a pod took the place of another, seen earlier.
func (p *pod) follows(other *pod) bool {
	if p.over() != other.over() {
		return other.over()
	}
	return !p.Metadata.CreationTimestamp.Before(other.Metadata.CreationTimestamp)
}

// code with which a pod ended.
func (p *pod) code() int {
	for _, c := range p.Status.ContainerStatuses {
		if t := c.State.Terminated; t != nil {
			return t.ExitCode
		}
	}
	return 0
}

// lost says why a pod that is over did not do its work, "" when it did.
func (p *pod) lost() string {
	for _, c := range p.Status.ContainerStatuses {
		if t := c.State.Terminated; t != nil && t.ExitCode != 0 {
			return fmt.Sprintf("exit code %d (%s)", t.ExitCode, meaning(t.ExitCode, t.Reason))
		}
	}
	if p.Status.Phase == "Failed" {
		return strings.TrimSpace(p.Status.Reason + " " + p.Status.Message)
	}
	return ""
}

// meaning of an exit code, for who has not read the contract of a shard.
func meaning(code int, reason string) string {
	if reason != "" && reason != "Error" { // OOMKilled
		return reason
	}
	switch code {
	case 2:
		return "wrong flags or configuration"
	case 3:
		return "could not run, or reached a safety limit"
	case 10:
		return "stopped before the start"
	case 75:
		return "too late for the start"
	case 130:
		return "stopped"
	case 137:
		return "killed"
	}
	return "see its log"
}

// obstacle says what keeps a pod from being ready, "" where nothing is known.
func (p *pod) obstacle() string {
	for _, c := range p.Status.ContainerStatuses {
		if w := c.State.Waiting; w != nil && w.Reason != "ContainerCreating" && w.Reason != "PodInitializing" {
			return strings.TrimSpace(w.Reason + ": " + w.Message)
		}
	}
	for _, c := range p.Status.Conditions {
		if c.Type == "PodScheduled" && c.Status == "False" {
			return c.Reason + ": " + c.Message
		}
	}
	return ""
}

func holds(all []condition, kind string) bool {
	return slices.ContainsFunc(all, func(c condition) bool { return c.Type == kind && c.Status == "True" })
}

// State is how far a run is, as the cluster tells.
type State struct {
	Shards, Ready, Running int
	// Obstacles keep shards from being ready: "shards 3, 5: Unschedulable: 0/3 nodes". Lost
	// are shards that ended otherwise than planned, one by one; Why has them by reason.
	Obstacles, Lost, Why []string
	Over                 bool   // the Job has ended, or was suspended and nothing runs any more
	Failed               string // why the Job failed
	Code                 int    // of the first shard that was lost; 0 when none ended by itself
}

// Watch keeps the state of a run.
type Watch struct {
	shards  int
	mu      sync.Mutex
	pods    []*pod // one a UID, in the order of first sight
	job     job
	changed chan struct{} // closed by the next change
	err     error         // that ended the watch
}

// Watch begins to watch a job, until ctx ends.
func (c Cluster) Watch(ctx context.Context, j *Job) *Watch {
	w := &Watch{shards: j.Shards, changed: make(chan struct{})}
	go func() {
		w.ended(watch(ctx, c, w.seePod, "pods", "-l", "batch.kubernetes.io/job-name="+j.Name))
	}()
	go func() { w.ended(watch(ctx, c, w.seeJob, "job", j.Name)) }()
	return w
}

// seePod: a pod that ended stays as it was at last, when it is deleted as well.
func (w *Watch) seePod(event string, p pod) {
	w.change(func() {
		i := slices.IndexFunc(w.pods, func(other *pod) bool { return other.Metadata.UID == p.Metadata.UID })
		switch gone := event == "DELETED" && !p.over(); {
		case i < 0 && !gone:
			w.pods = append(w.pods, &p)
		case i >= 0 && gone:
			w.pods = slices.Delete(w.pods, i, i+1)
		case i >= 0:
			w.pods[i] = &p
		}
	})
}

func (w *Watch) seeJob(_ string, j job) { w.change(func() { w.job = j }) }

func (w *Watch) ended(err error) { w.change(func() { w.err = err }) }

func (w *Watch) change(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
	close(w.changed)
	w.changed = make(chan struct{})
}

// Until returns once done is true of the state. Its errors are those of ctx and of
// kubectl.
func (w *Watch) Until(ctx context.Context, done func(State) bool) error {
	for {
		w.mu.Lock()
		state, changed, err := w.state(), w.changed, w.err
		w.mu.Unlock()
		switch {
		case done(state):
			return nil
		case err != nil:
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// state puts together what was seen. The last attempt at each shard counts.
func (w *Watch) state() State {
	s := State{Shards: w.shards}
	var obstacles, lost reasons
	last := map[int]*pod{}
	for _, p := range w.pods {
		if other := last[p.index()]; other == nil || p.follows(other) {
			last[p.index()] = p
		}
	}
	for i := range w.shards {
		p := last[i]
		if p == nil {
			continue
		}
		switch {
		case p.over():
			if why := p.lost(); why != "" {
				s.Lost = append(s.Lost, fmt.Sprintf("shard %d: %s", i, why))
				lost.add(i, why)
			}
			s.Code = cmp.Or(s.Code, p.code())
		case p.ready():
			s.Ready++
			s.Running++
		default:
			s.Running++
			if what := p.obstacle(); what != "" {
				obstacles.add(i, what)
			}
		}
	}
	s.Obstacles, s.Why = obstacles.list(), lost.list()
	for _, c := range w.job.Status.Conditions {
		switch {
		case c.Status != "True":
		case c.Type == "Complete", c.Type == "Suspended" && s.Running == 0:
			s.Over = true
		case c.Type == "Failed":
			s.Over, s.Failed = true, strings.TrimSpace(c.Reason+": "+c.Message)
		}
	}
	return s
}

// reasons are why shards are as they are; many have the same.
type reasons struct {
	order  []string
	shards map[string][]string
}

func (r *reasons) add(shard int, why string) {
	if r.shards == nil {
		r.shards = map[string][]string{}
	}
	if r.shards[why] == nil {
		r.order = append(r.order, why)
	}
	r.shards[why] = append(r.shards[why], strconv.Itoa(shard))
}

func (r *reasons) list() (out []string) {
	for _, why := range r.order {
		noun := "shard "
		if len(r.shards[why]) > 1 {
			noun = "shards "
		}
		out = append(out, noun+strings.Join(r.shards[why], ", ")+": "+why)
	}
	return out
}
