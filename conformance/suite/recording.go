package suite

import (
	"context"
	"sync"

	"github.com/dfcheck/dfcheck/conformance"
)

// A recording is a run in progress. Each check is judged as soon as what it reads
// is recorded, and its spec waits for the verdict: specs send nothing, and the order
// in which Ginkgo runs them costs no time.
type recording struct {
	run      *conformance.Run
	ctx      context.Context // of the run; its cause says why it ended early
	stop     context.CancelCauseFunc
	work     sync.WaitGroup
	verdicts map[string]*verdict // by check id
}

// A verdict can be read once it is known.
type verdict struct {
	conformance.Result
	known chan struct{}
	told  bool // by a spec
}

func newRecording(ctx context.Context, run *conformance.Run) *recording {
	r := &recording{run: run, verdicts: map[string]*verdict{}}
	r.ctx, r.stop = context.WithCancelCause(ctx)
	for _, c := range run.Plan().Checks {
		r.verdicts[c.ID] = &verdict{known: make(chan struct{})}
	}
	return r
}

// start records and judges. judged hears of each verdict; an error from it ends the
// recording.
func (r *recording) start(judged func(conformance.Result) error) {
	r.work.Go(func() { r.run.Record(r.ctx) })
	r.work.Go(func() {
		for _, c := range r.run.Ordered() {
			v := r.verdicts[c.ID]
			v.Result = r.run.Verdict(c)
			close(v.known)
			if err := judged(v.Result); err != nil {
				r.stop(err)
			}
		}
	})
}

// await waits for a verdict. The end of ctx ends the recording; the verdict is then
// that on what was recorded.
func (r *recording) await(ctx context.Context, id string) *verdict {
	v := r.verdicts[id]
	select {
	case <-v.known:
	case <-ctx.Done():
		r.stop(context.Cause(ctx))
		<-v.known
	}
	v.told = true
	return v
}

// ended is why the recording ended early, nil where it did not.
func (r *recording) ended() error {
	if r.ctx.Err() == nil {
		return nil
	}
	return context.Cause(r.ctx)
}

// results waits for all verdicts and returns them in catalogue order.
func (r *recording) results() []conformance.Result {
	r.work.Wait()
	var out []conformance.Result
	for _, c := range r.run.Plan().Checks {
		out = append(out, r.verdicts[c.ID].Result)
	}
	return out
}
