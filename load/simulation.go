package load

import (
	"errors"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/load/digests"
	"github.com/dfcheck/dfcheck/load/internal/wire"
	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/reports/redact"
)

// simulation is the devices, and what happens to them. As vegeta's Targeter it turns
// a hit into the request of the device that is due; as a RoundTripper it tells
// the device what came of it.
type simulation struct {
	devices    []device
	codes      *arena
	population *population
	schedule   *schedule
	transport  *wire.Transport
	requests   []request
	record     *record
	duplicates *duplicates
	decisions  *decisions
	approver   approve.Approver
	target     Target
	origin     func(device int32) netip.Addr // that a device claims, by its number; nil when none does
	challenged bool                          // the server demands a code challenge, which nobody had said
	secrets    *redact.Redactor
	giveUp     []int64 // when the flow of a device began; nil when nobody gives up
	locks      [256]sync.Mutex
	interval   time.Duration // that the preflight saw
	lifetime   time.Duration // of its codes
	began      time.Time
	before     used                   // what this process had used by then
	digests    *digests.Recorder      // nil unless the run is a shard
	startAt    time.Time              // of all shards
	crowd, own uint64                 // digests of the whole crowd and of this part
	breach     atomic.Pointer[string] // a threshold that the whole cannot meet any more
	active     atomic.Int64           // flows in progress
	doubted    atomic.Int64           // codes that were refused while they lived
	broken     error
	brokenOnce sync.Once
}

func (sim *simulation) lock(i int32) *sync.Mutex { return &sim.locks[i%int32(len(sim.locks))] }

func (sim *simulation) group(d *device) *compiledGroup { return &sim.population.groups[d.group] }

// next is the Targeter: the request of the device whose turn it is.
func (sim *simulation) next(t *vegeta.Target) error {
	if t == nil {
		return vegeta.ErrNilTarget
	}
	turn := sim.schedule.take()
	i := turn.device
	req := &sim.requests[turn.slot]
	d := &sim.devices[i]
	lock := sim.lock(i)
	lock.Lock()
	defer lock.Unlock()
	k := sim.group(d)
	enc := sim.population.encoding(i, k)
	now := sim.schedule.now()
	*req = request{Request: wire.Request{Owner: i, Slot: req.Slot, Sent: now}, url: req.url, device: i,
		intended: turn.intended, seq: turn.seq, planned: turn.planned,
		late: max(now-max(turn.intended, turn.lastSlow), 0)}
	if d.state == absent || d.state == starting {
		d.state = starting
		req.Template, req.Value = k.start[enc], nil
	} else {
		req.Template, req.Value = k.poll[enc], sim.codes.get(i, d.length)
	}
	req.For = sim.claims(i)
	t.Method, t.URL, t.Header, t.Body = http.MethodPost, req.url, nil, nil
	return nil
}

// RoundTrip carries out the request that the URL names and settles it. Every end of
// a request is in it; the response is for vegeta's bookkeeping.
func (sim *simulation) RoundTrip(r *http.Request) (*http.Response, error) {
	n, err := strconv.Atoi(r.URL.Fragment)
	if err != nil || n < 0 || n >= len(sim.requests) {
		return nil, errors.New("not a request of this crowd")
	}
	req := &sim.requests[n]
	sim.transport.Do(r.Context(), &req.Request)
	req.response = http.Response{Status: req.Reply.Problem, StatusCode: req.Reply.Status, Body: http.NoBody, Request: r}
	sim.settle(req)
	return &req.response, nil
}

// settle records an answer and lets the device decide what to do next.
func (sim *simulation) settle(req *request) {
	d := &sim.devices[req.device]
	lock := sim.lock(req.device)
	lock.Lock()
	if req.Resent {
		d.flags |= unsure
	}
	req.Reply = d.expects(req.Reply, req.Sent)
	if d.flags&backingOff != 0 {
		sim.record.putOff(d.missed(req.intended) - 1) // this is the one that was sent
	}
	sim.inspect(d, req)
	e := event{outcome: req.Reply.Outcome, sent: req.Sent, received: req.Received, interval: req.Reply.Codes.Interval,
		lifetime: req.Reply.Codes.ExpiresIn, retryAfter: req.Reply.RetryAfter}
	switch {
	case req.Template.Start && e.outcome == wire.Codes:
		if !sim.begin(d, req) {
			e.outcome = wire.Malformed
			req.Reply = &wire.Reply{Outcome: wire.Malformed, Problem: "a device code of more than 65,535 bytes"}
		}
	case !req.Template.Start && e.outcome != wire.Unsent:
		sim.progress(d, req)
	}
	a := d.after(&sim.group(d).Behaviour, e)
	sim.follow(d, req, a)
	d.sent, d.received = req.Sent, req.Received
	again := !d.state.over()
	group := d.group
	lock.Unlock()
	if req.Reply.Outcome.IsError() {
		sim.record.erred(req, func() string { return sim.secrets.Text(req.Reply.Explain()) },
			func(id string) reports.Exchange { return sim.evidence(id, violation{title: req.Reply.Kind()}, req) })
	}
	sim.record.answer(req, group, uint64(max(sim.active.Load(), 0)))
	if again {
		sim.schedule.put(req.device)
	} else {
		sim.transport.Release(req.device)
	}
}

// begin records the codes of a new flow, and what its person will do.
func (sim *simulation) begin(d *device, req *request) bool {
	codes := req.Reply.Codes
	if len(codes.DeviceCode) > maxCode {
		return false
	}
	d.length, d.user = sim.codes.set(req.device, codes.DeviceCode), wire.Hash(codes.UserCode)
	d.polls, d.flags, d.decided, d.waited = 0, d.flags&unsure, 0, 0
	d.flow++
	sim.record.flowBegun(d.group, req.Received)
	sim.active.Add(1)
	sim.noteCodes(req)
	twice, userTwice := sim.duplicates.noteCodes(req.device, req.Received, req.Sent+codes.ExpiresIn*int64(time.Second))
	if twice {
		sim.violate(sameDeviceCode, req, "the device code of another live device")
	}
	if userTwice {
		sim.violate(sameUserCode, req, "the user code of another live device")
	}
	if sim.approver == nil {
		return true
	}
	if v, delay := sim.population.decision(req.device, d.flow, sim.group(d).Group); v != abandons {
		about := approve.Verification{UserCode: codes.UserCode, VerificationURI: codes.VerificationURI,
			VerificationURIComplete: codes.VerificationURIComplete,
			Host:                    sim.target.Host, ClientID: sim.target.ClientID}
		sim.decisions.plan(decision{at: req.Received + int64(delay), device: req.device, flow: d.flow,
			deny: v == denies, about: about}, req.Received)
	}
	return true
}

// progress records what a poll shows of the time since the decision.
func (sim *simulation) progress(d *device, req *request) {
	if d.polls < 1<<16-1 {
		d.polls++
	}
	if d.decided == 0 || req.Sent < d.decided || d.flags&redeemed != 0 {
		return
	}
	if d.waited == 0 {
		d.waited = uint32(min((req.Sent-d.decided)/1000+1, 1<<32-1))
	}
	if req.Reply.Outcome == wire.Token {
		sim.record.redeemed(d.group, req.Received, time.Duration(req.Received-d.decided),
			time.Duration(d.waited)*time.Microsecond)
	}
}

// follow puts a device into its next state. A flow that is over may be polled
// once more, and its device may begin again, where the profile says so.
func (sim *simulation) follow(d *device, req *request, a action) {
	b := &sim.group(d).Behaviour
	was := d.state
	d.state, d.due = a.state, a.due
	if d.state == polling && b.Jitter > 0 {
		d.due += int64(float64(b.Jitter) * sim.population.draw(req.device, d.flow, forJitter+purpose(d.polls)))
	}
	if req.Template.Start && d.state == polling && sim.giveUp != nil {
		sim.giveUp[req.device] = req.Received
	}
	if d.state == polling && b.GiveUp > 0 && d.due > sim.giveUp[req.device]+int64(b.GiveUp) {
		d.state = abandoned
	}
	if !d.state.over() {
		return
	}
	if was == polling || req.Template.Start && a.state == polling {
		sim.record.flowOver(d.group, req.Received, d.state, d.polls)
		if d.state == abandoned {
			sim.record.leftBehind(req.Received, d.ends())
		}
		sim.active.Add(-1)
		sim.duplicates.forget(req.device)
		sim.digests.Over(req.device, req.Received)
		if d.state == approved {
			d.user = req.Reply.Token // nobody needs its user code any more
		}
		if next := sim.looksBack(d, req, b); next != absent {
			d.state, d.due = next, req.Received+int64(d.pause(b))
			return
		}
	} else if was == starting {
		sim.record.noFlow(d.group, req.Received)
	}
	switch {
	case d.state == failed && b.OnError != profile.Leave:
		d.state, d.due, d.flags = starting, max(a.due, req.Received+int64(d.stretched(b, d.backoff))), backingOff
	case d.state != failed && b.Restarts(time.Duration(req.Received)):
		d.state, d.due, d.flags = starting, req.Received+int64(b.RestartAfter), 0
	}
}

// looksBack is the state of a device whose flow is over, and which polls once
// more; absent when it does not.
func (sim *simulation) looksBack(d *device, req *request, b *profile.Behaviour) state {
	switch {
	case req.doubtful && sim.doubted.Add(1) <= maxDoubted:
		return doubting
	case d.state != failed && d.state != abandoned && sim.population.draw(req.device, d.flow, forReplay) < b.Replay:
		return replaying
	}
	return absent
}

// maxDoubted is how many codes that were refused while they lived are polled once
// more: enough to know, too few to count as load.
const maxDoubted = 100
