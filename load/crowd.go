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

// crowd is the devices, and what happens to them. As vegeta's Targeter it turns
// a hit into the request of the device that is due; as a RoundTripper it tells
// the device what came of it.
type crowd struct {
	devices    []device
	codes      *arena
	population *population
	schedule   *schedule
	transport  *wire.Transport
	jobs       []job
	record     *record
	ledger     *ledger
	decisions  *decisions
	approver   approve.Approver
	target     Target
	secrets    *redact.Redactor
	giveUp     []int64 // when the flow of a device began; nil when nobody gives up
	locks      [256]sync.Mutex
	interval   time.Duration // that the preflight saw
	active     atomic.Int64  // flows under way
	doubted    atomic.Int64  // codes that were refused while they lived
	broken     error
	brokenOnce sync.Once
}

func (c *crowd) lock(i int32) *sync.Mutex { return &c.locks[i%int32(len(c.locks))] }

func (c *crowd) kind(d *device) *kind { return &c.population.kinds[d.group] }

// next is the Targeter: the request of the device whose turn it is.
func (c *crowd) next(t *vegeta.Target) error {
	if t == nil {
		return vegeta.ErrNilTarget
	}
	turn := c.schedule.take()
	i := turn.device
	j := &c.jobs[turn.place]
	d := &c.devices[i]
	lock := c.lock(i)
	lock.Lock()
	defer lock.Unlock()
	k := c.kind(d)
	enc := c.population.encoding(i, k)
	now := c.schedule.now()
	*j = job{Request: wire.Request{Owner: i, Desk: j.Desk, Sent: now}, url: j.url, device: i, intended: turn.intended, seq: turn.seq, planned: turn.planned,
		late: max(now-max(turn.intended, turn.slow), 0)}
	if d.state == absent || d.state == starting {
		d.state = starting
		j.Template, j.Value = k.start[enc], nil
	} else {
		j.Template, j.Value = k.poll[enc], c.codes.get(i, d.length)
	}
	t.Method, t.URL, t.Header, t.Body = http.MethodPost, j.url, nil, nil
	return nil
}

// RoundTrip carries out the request that the URL names and settles it. Every end of
// a request is in its job; the response is for vegeta's bookkeeping.
func (c *crowd) RoundTrip(r *http.Request) (*http.Response, error) {
	n, err := strconv.Atoi(r.URL.Fragment)
	if err != nil || n < 0 || n >= len(c.jobs) {
		return nil, errors.New("not a request of this crowd")
	}
	j := &c.jobs[n]
	c.transport.Do(r.Context(), &j.Request)
	j.response = http.Response{Status: j.Reply.Problem, StatusCode: j.Reply.Status, Body: http.NoBody, Request: r}
	c.settle(j)
	return &j.response, nil
}

// settle books an answer and lets the device decide what to do next.
func (c *crowd) settle(j *job) {
	d := &c.devices[j.device]
	lock := c.lock(j.device)
	lock.Lock()
	if j.Resent {
		d.flags |= unsure
	}
	j.Reply = d.expects(j.Reply, j.Sent)
	if d.flags&backingOff != 0 {
		c.record.putOff(d.missed(j.intended) - 1) // this is the one that was sent
	}
	c.inspect(d, j)
	e := event{outcome: j.Reply.Outcome, sent: j.Sent, received: j.Received, interval: j.Reply.Codes.Interval, lifetime: j.Reply.Codes.ExpiresIn, retryAfter: j.Reply.RetryAfter}
	switch {
	case j.Template.Start && e.outcome == wire.Codes:
		if !c.begin(d, j) {
			e.outcome = wire.Malformed
			j.Reply = &wire.Reply{Outcome: wire.Malformed, Problem: "a device code of more than 65,535 bytes"}
		}
	case !j.Template.Start && e.outcome != wire.Unsent:
		c.progress(d, j)
	}
	a := d.after(&c.kind(d).Behaviour, e)
	c.follow(d, j, a)
	d.sent, d.received = j.Sent, j.Received
	again := !d.state.over()
	group := d.group
	lock.Unlock()
	if j.Reply.Outcome.IsError() {
		c.record.erred(j, func() string { return c.secrets.Text(j.Reply.Explain()) },
			func(id string) reports.Exchange { return c.evidence(id, violation{title: j.Reply.Kind()}, j) })
	}
	c.record.answer(j, group, uint64(max(c.active.Load(), 0)))
	if again {
		c.schedule.put(j.device)
	} else {
		c.transport.Release(j.device)
	}
}

// begin books the codes of a new flow, and what its person will do.
func (c *crowd) begin(d *device, j *job) bool {
	codes := j.Reply.Codes
	if len(codes.DeviceCode) > maxCode {
		return false
	}
	d.length, d.user, d.polls, d.flags, d.decided, d.waited = c.codes.set(j.device, codes.DeviceCode), wire.Hash(codes.UserCode), 0, d.flags&unsure, 0, 0
	d.flow++
	c.record.flowBegun(d.group, j.Received)
	c.active.Add(1)
	twice, userTwice := c.ledger.issue(j.device, j.Received, j.Sent+codes.ExpiresIn*int64(time.Second))
	if twice {
		c.violate(sameDeviceCode, j, "the device code of another live device")
	}
	if userTwice {
		c.violate(sameUserCode, j, "the user code of another live device")
	}
	if c.approver == nil {
		return true
	}
	if v, delay := c.population.decision(j.device, d.flow, c.kind(d).Group); v != abandons {
		c.decisions.plan(decision{at: j.Received + int64(delay), device: j.device, flow: d.flow, deny: v == denies, about: approve.Verification{
			UserCode: codes.UserCode, VerificationURI: codes.VerificationURI, VerificationURIComplete: codes.VerificationURIComplete,
			Host: c.target.Host, ClientID: c.target.ClientID}}, j.Received)
	}
	return true
}

// progress books what a poll tells of the time since the decision.
func (c *crowd) progress(d *device, j *job) {
	if d.polls < 1<<16-1 {
		d.polls++
	}
	if d.decided == 0 || j.Sent < d.decided || d.flags&redeemed != 0 {
		return
	}
	if d.waited == 0 {
		d.waited = uint32(min((j.Sent-d.decided)/1000+1, 1<<32-1))
	}
	if j.Reply.Outcome == wire.Token {
		c.record.redeemed(d.group, j.Received, time.Duration(j.Received-d.decided), time.Duration(d.waited)*time.Microsecond)
	}
}

// follow puts a device into its next state. A flow that is over may be polled
// once more, and its device may begin again, where the profile says so.
func (c *crowd) follow(d *device, j *job, a action) {
	b := &c.kind(d).Behaviour
	was := d.state
	d.state, d.due = a.state, a.due
	if d.state == polling && b.Jitter > 0 {
		d.due += int64(float64(b.Jitter) * c.population.draw(j.device, d.flow, forJitter+purpose(d.polls)))
	}
	if j.Template.Start && d.state == polling && c.giveUp != nil {
		c.giveUp[j.device] = j.Received
	}
	if d.state == polling && b.GiveUp > 0 && d.due > c.giveUp[j.device]+int64(b.GiveUp) {
		d.state = abandoned
	}
	if !d.state.over() {
		return
	}
	if was == polling || j.Template.Start && a.state == polling {
		c.record.flowOver(d.group, j.Received, d.state, d.polls)
		c.active.Add(-1)
		c.ledger.retire(j.device)
		if d.state == approved {
			d.user = j.Reply.Token // nobody needs its user code any more
		}
		if next := c.looksBack(d, j, b); next != absent {
			d.state, d.due = next, j.Received+int64(d.pause(b))
			return
		}
	} else if was == starting {
		c.record.noFlow(d.group, j.Received)
	}
	switch {
	case d.state == failed && b.OnError != profile.Leave:
		d.state, d.due, d.flags = starting, max(a.due, j.Received+int64(d.stretched(b, d.backoff))), backingOff
	case d.state != failed && b.Again > 0:
		d.state, d.due, d.flags = starting, j.Received+int64(b.Again), 0
	}
}

// looksBack is the state of a device whose flow is over, and which polls once
// more; absent when it does not.
func (c *crowd) looksBack(d *device, j *job, b *profile.Behaviour) state {
	switch {
	case j.doubtful && c.doubted.Add(1) <= maxDoubted:
		return doubting
	case d.state != failed && d.state != abandoned && c.population.draw(j.device, d.flow, forReplay) < b.Replay:
		return replaying
	}
	return absent
}

// maxDoubted is how many codes that were refused while they lived are polled once
// more: enough to know, too few to count as load.
const maxDoubted = 100
