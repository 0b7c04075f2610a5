package load

import (
	"slices"
	"time"

	"github.com/dfcheck/dfcheck/load/internal/wire"
	"github.com/dfcheck/dfcheck/reports"
)

// figures are those of a part of the crowd: a group of its devices, or a stage
// of the run. Histograms come into being with their first value.
type figures struct {
	outcomes          tally
	starts, polls     uint64
	failed, timedOut  [2]uint64             // starts, polls
	bytesOut, bytesIn tally                 // header and body, by outcome
	begun             uint64                // flows that got codes
	over              [abandoned + 1]uint64 // flows that ended, by their last state
	codeless          uint64                // flows that were refused at their start
	start, poll       *reports.Histogram
	token             *reports.Histogram
	waiting, server   *reports.Histogram // the two parts of the time to token
	pollsEach         *reports.Histogram
}

// in returns a histogram of milliseconds, made when it is needed.
func in(h **reports.Histogram, u reports.Unit) *reports.Histogram {
	if *h == nil {
		*h = reports.NewHistogram(u)
	}
	return *h
}

// answer counts the end of a request.
func (f *figures) answer(req *request, response time.Duration) {
	o, kind := req.Reply.Outcome, req.operation()
	f.outcomes[o]++
	if o == wire.Unsent {
		return
	}
	f.bytesOut[o] += uint64(req.BytesOut)
	f.bytesIn[o] += uint64(len(req.Reply.Header) + len(req.Reply.Body))
	count, times := &f.starts, &f.start
	if kind == 1 {
		count, times = &f.polls, &f.poll
	}
	*count++
	if o == wire.TimedOut {
		f.timedOut[kind]++
	}
	if o.IsError() { // an error is no answer that a device could use, however fast
		f.failed[kind]++
		return
	}
	in(times, reports.Milliseconds).Record(response)
}

func (f *figures) redeemed(total, waiting time.Duration) {
	in(&f.token, reports.Milliseconds).Record(total)
	in(&f.waiting, reports.Milliseconds).Record(waiting)
	in(&f.server, reports.Milliseconds).Record(total - waiting)
}

func (f *figures) flowOver(s state, polls uint16) {
	f.over[s]++
	in(&f.pollsEach, reports.Counts).RecordCount(int64(polls))
}

// histograms lists those that two parts of a crowd merge.
func (f *figures) histograms() []**reports.Histogram {
	return []**reports.Histogram{&f.start, &f.poll, &f.token, &f.waiting, &f.server, &f.pollsEach}
}

// clones are figures of their own.
func clones(list []figures) []figures {
	out := slices.Clone(list)
	for i := range out {
		for _, h := range out[i].histograms() {
			if *h != nil {
				*h = (*h).Clone()
			}
		}
	}
	return out
}

// add merges another part's figures.
func (f *figures) add(o *figures) error {
	for i, n := range o.outcomes {
		f.outcomes[i] += n
		f.bytesOut[i] += o.bytesOut[i]
		f.bytesIn[i] += o.bytesIn[i]
	}
	for i, n := range o.over {
		f.over[i] += n
	}
	for i := range f.failed {
		f.failed[i] += o.failed[i]
		f.timedOut[i] += o.timedOut[i]
	}
	f.starts, f.polls, f.begun, f.codeless = f.starts+o.starts, f.polls+o.polls, f.begun+o.begun, f.codeless+o.codeless
	mine := f.histograms()
	for i, h := range o.histograms() {
		if *h == nil {
			continue
		}
		unit := reports.Milliseconds
		if h == &o.pollsEach {
			unit = reports.Counts
		}
		if err := in(mine[i], unit).Merge(*h); err != nil {
			return err
		}
	}
	return nil
}

// ended is the number of flows with codes that are over.
func (f *figures) ended() uint64 {
	var n uint64
	for _, k := range f.over {
		n += k
	}
	return n
}

// breakdown gives the figures their names. simulated devices belong to the part;
// pending flows are those that were in progress before it began; took is how long
// requests were sent.
func (f *figures) breakdown(name string, simulated, before uint64, took time.Duration) reports.Breakdown {
	b := reports.Breakdown{Name: name, Outcomes: f.outcomes.report(),
		Requests: reports.Requests{Starts: f.starts, Polls: f.polls, NotSent: f.outcomes[wire.Unsent],
			BytesOut: f.bytesOut.sum(), BytesIn: f.bytesIn.sum(), FailedStarts: f.failed[0], FailedPolls: f.failed[1],
			TimedOutStarts: f.timedOut[0], TimedOutPolls: f.timedOut[1]},
		Devices: reports.Devices{Simulated: simulated, Started: f.begun + f.codeless,
			Pending: before + f.begun - f.ended(), Approved: f.over[approved], Denied: f.over[denied],
			Expired: f.over[expired], Failed: f.over[failed] + f.codeless, Abandoned: f.over[abandoned]}}
	b.Derive(took)
	b.Latency = reports.Latencies{Start: distribution(f.start), Poll: distribution(f.poll),
		TimeToToken: distribution(f.token)}
	b.TokenWait = reports.TokenWait{Waiting: distribution(f.waiting), Server: distribution(f.server)}
	b.PollsPerFlow = distribution(f.pollsEach)
	return b
}

func distribution(h *reports.Histogram) reports.Distribution {
	if h == nil {
		return reports.Distribution{}
	}
	return h.Distribution()
}
