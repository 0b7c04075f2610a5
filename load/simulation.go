package load

import (
	"errors"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/dfcheck/dfcheck/conformance/approve"
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
	secrets    *redact.Redactor
	giveUp     []int64 // when the flow of a device began; nil when nobody gives up
	locks      [256]sync.Mutex
	interval   time.Duration // that the preflight saw
	active     atomic.Int64  // flows in progress
	doubted    atomic.Int64  // codes that were refused while they lived
	broken     error
	brokenOnce sync.Once
}

func (c *simulation) lock(i int32) *sync.Mutex { return &c.locks[i%int32(len(c.locks))] }

func (c *simulation) group(d *device) *compiledGroup { return &c.population.groups[d.group] }

// next is the Targeter: the request of the device whose turn it is.
func (c *simulation) next(t *vegeta.Target) error {
	if t == nil {
		return vegeta.ErrNilTarget
	}
	turn := c.schedule.take()
	i := turn.device
	req := &c.requests[turn.slot]
	d := &c.devices[i]
	lock := c.lock(i)
	lock.Lock()
	defer lock.Unlock()
	k := c.group(d)
	enc := c.population.encoding(i, k)
	now := c.schedule.now()
	*req = request{Request: wire.Request{Owner: i, Slot: req.Slot, Sent: now}, url: req.url, device: i, intended: turn.intended, seq: turn.seq, planned: turn.planned,
		late: max(now-max(turn.intended, turn.slow), 0)}
	if d.state == absent || d.state == starting {
		d.state = starting
		req.Template, req.Value = k.start[enc], nil
	} else {
		req.Template, req.Value = k.poll[enc], c.codes.get(i, d.length)
	}
	t.Method, t.URL, t.Header, t.Body = http.MethodPost, req.url, nil, nil
	return nil
}

// RoundTrip carries out the request that the URL names and settles it. Every end of
// a request is in its job; the response is for vegeta's bookkeeping.
func (c *simulation) RoundTrip(r *http.Request) (*http.Response, error) {
	n, err := strconv.Atoi(r.URL.Fragment)
	if err != nil || n < 0 || n >= len(c.requests) {
		return nil, errors.New("not a request of this crowd")
	}
	req := &c.requests[n]
	c.transport.Do(r.Context(), &req.Request)
	req.response = http.Response{Status: req.Reply.Problem, StatusCode: req.Reply.Status, Body: http.NoBody, Request: r}
	c.settle(req)
	return &req.response, nil
}

// settle records an answer and lets the device decide what to do next.
func (c *simulation) settle(req *request) {
	d := &c.devices[req.device]
	lock := c.lock(req.device)
	lock.Lock()
	if req.Resent {
		d.flags |= unsure
	}
	req.Reply = d.expects(req.Reply, req.Sent)
	if d.flags&backingOff != 0 {
		c.record.putOff(d.missed(req.intended) - 1) // this is the one that was sent
	}
	c.inspect(d, req)
	e := event{outcome: req.Reply.Outcome, sent: req.Sent, received: req.Received, interval: req.Reply.Codes.Interval, lifetime: req.Reply.Codes.ExpiresIn, retryAfter: req.Reply.RetryAfter}
	switch {
	case req.Template.Start && e.outcome == wire.Codes:
		if !c.begin(d, req) {
			e.outcome = wire.Malformed
			req.Reply = &wire.Reply{Outcome: wire.Malformed, Problem: "a device code of more than 65,535 bytes"}
		}
	case !req.Template.Start && e.outcome != wire.Unsent:
		c.progress(d, req)
	}
	a := d.after(&c.group(d).Behaviour, e)
	c.follow(d, req, a)
	d.sent, d.received = req.Sent, req.Received
	again := !d.state.over()
	group := d.group
	lock.Unlock()
	if req.Reply.Outcome.IsError() {
		c.record.erred(req, func() string { return c.secrets.Text(req.Reply.Explain()) },
			func(id string) reports.Exchange { return c.evidence(id, violation{title: req.Reply.Kind()}, req) })
	}
	c.record.answer(req, group, uint64(max(c.active.Load(), 0)))
	if again {
		c.schedule.put(req.device)
	} else {
		c.transport.Release(req.device)
	}
}

// begin records the codes of a new flow, and what its person will do.
func (c *simulation) begin(d *device, req *request) bool {
	codes := req.Reply.Codes
	if len(codes.DeviceCode) > maxCode {
		return false
	}
	d.length, d.user, d.polls, d.flags, d.decided, d.waited = c.codes.set(req.device, codes.DeviceCode), wire.Hash(codes.UserCode), 0, d.flags&unsure, 0, 0
	d.flow++
	c.record.flowBegun(d.group, req.Received)
	c.active.Add(1)
	twice, userTwice := c.duplicates.noteCodes(req.device, req.Received, req.Sent+codes.ExpiresIn*int64(time.Second))
	if twice {
		c.violate(sameDeviceCode, req, "the device code of another live device")
	}
	if userTwice {
		c.violate(sameUserCode, req, "the user code of another live device")
	}
	if c.approver == nil {
		return true
	}
	if v, delay := c.population.decision(req.device, d.flow, c.group(d).Group); v != abandons {
		c.decisions.plan(decision{at: req.Received + int64(delay), device: req.device, flow: d.flow, deny: v == denies, about: approve.Verification{
			UserCode: codes.UserCode, VerificationURI: codes.VerificationURI, VerificationURIComplete: codes.VerificationURIComplete,
			Host: c.target.Host, ClientID: c.target.ClientID}}, req.Received)
	}
	return true
}

// progress records what a poll shows of the time since the decision.
func (c *simulation) progress(d *device, req *request) {
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
		c.record.redeemed(d.group, req.Received, time.Duration(req.Received-d.decided), time.Duration(d.waited)*time.Microsecond)
	}
}

// follow puts a device into its next state. A flow that is over may be polled
// once more, and its device may begin again, where the profile says so.
func (c *simulation) follow(d *device, req *request, a action) {
	b := &c.group(d).Behaviour
	was := d.state
	d.state, d.due = a.state, a.due
	if d.state == polling && b.Jitter > 0 {
		d.due += int64(float64(b.Jitter) * c.population.draw(req.device, d.flow, forJitter+purpose(d.polls)))
	}
	if req.Template.Start && d.state == polling && c.giveUp != nil {
		c.giveUp[req.device] = req.Received
	}
	if d.state == polling && b.GiveUp > 0 && d.due > c.giveUp[req.device]+int64(b.GiveUp) {
		d.state = abandoned
	}
	if !d.state.over() {
		return
	}
	if was == polling || req.Template.Start && a.state == polling {
		c.record.flowOver(d.group, req.Received, d.state, d.polls)
		c.active.Add(-1)
		c.duplicates.forget(req.device)
		if d.state == approved {
			d.user = req.Reply.Token // nobody needs its user code any more
		}
		if next := c.looksBack(d, req, b); next != absent {
			d.state, d.due = next, req.Received+int64(d.pause(b))
			return
		}
	} else if was == starting {
		c.record.noFlow(d.group, req.Received)
	}
	switch {
	case d.state == failed && b.OnError != profile.Leave:
		d.state, d.due, d.flags = starting, max(a.due, req.Received+int64(d.stretched(b, d.backoff))), backingOff
	case d.state != failed && b.RestartAfter > 0:
		d.state, d.due, d.flags = starting, req.Received+int64(b.RestartAfter), 0
	}
}

// looksBack is the state of a device whose flow is over, and which polls once
// more; absent when it does not.
func (c *simulation) looksBack(d *device, req *request, b *profile.Behaviour) state {
	switch {
	case req.doubtful && c.doubted.Add(1) <= maxDoubted:
		return doubting
	case d.state != failed && d.state != abandoned && c.population.draw(req.device, d.flow, forReplay) < b.Replay:
		return replaying
	}
	return absent
}

// maxDoubted is how many codes that were refused while they lived are polled once
// more: enough to know, too few to count as load.
const maxDoubted = 100
