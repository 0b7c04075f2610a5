package reports

import (
	"fmt"
	"time"
)

// Load is the section of a load run. Latencies are measured from the scheduled
// send, so that time the load generator was late for is not lost.
type Load struct {
	// Profile is the profile as it was carried out, seed included.
	Profile map[string]any `json:"profile"`
	Shard   Shard          `json:"shard"`
	// Shards lists, after a merge, every shard of the run, the missing ones too.
	Shards []Shard `json:"shards,omitempty"`
	// Crowd compares, after a merge, what was planned with what the shards were.
	Crowd   *Crowd  `json:"crowd,omitempty"`
	Devices Devices `json:"devices"`
	// States tells what every device was doing when the run ended.
	States   States   `json:"states,omitempty"`
	Requests Requests `json:"requests"`
	Offered  Offered  `json:"offered,omitempty"`
	Outcomes Outcomes `json:"outcomes"`
	// ErrorRate is Outcomes.Errors over all requests, 0..1.
	ErrorRate float64   `json:"error_rate"`
	Latency   Latencies `json:"latency_ms"` // from the scheduled send
	Service   Services  `json:"service_ms"` // from the actual send
	// TokenWait is time_to_token in its two parts.
	TokenWait TokenWait `json:"time_to_token_ms"`
	// Lag is how late requests were sent.
	Lag Distribution `json:"lag_ms"`
	// PollsPerFlow counts polls, not milliseconds.
	PollsPerFlow Distribution `json:"polls_per_flow"`
	// PollWaste is the share of polls that were told to go on waiting, 0..1.
	PollWaste float64 `json:"poll_waste"`
	// FlowShares tell how flows ended.
	FlowShares FlowShares `json:"flow_shares"`
	// Expected is nil where the arithmetic of a plan says nothing of the run.
	Expected   *Expected   `json:"forecast,omitempty"`
	Groups     []Breakdown `json:"groups,omitempty"`
	Stages     []Breakdown `json:"stages,omitempty"`
	Violations []Violation `json:"violations"`
	// Errors are the requests that Outcomes.Errors counts, by kind.
	Errors []ErrorKind `json:"errors,omitempty"`
	// Exchanges are those that violations and errors cite.
	Exchanges []Exchange `json:"exchanges,omitempty"`
	Timeline  []Second   `json:"timeline"` // every second of the run, idle ones too
	// Trend is nil where devices leave no codes behind.
	Trend      *Trend      `json:"trend,omitempty"`
	Thresholds []Threshold `json:"thresholds"`
	Client     Client      `json:"client"`
	// Stopped is set when the target stopped answering for good.
	Stopped *Stopped `json:"stopped_answering,omitempty"`
	Notes   []string `json:"notes,omitempty"`
}

// Stopped is when the target stopped answering.
type Stopped struct {
	AtSeconds float64 `json:"at_seconds"` // of the run
	Failed    uint64  `json:"failed"`     // requests since then, all of them without an answer
	EndedRun  bool    `json:"ended_run"`  // the run did not go on to its planned end
}

func (s *Stopped) String() string {
	text := fmt.Sprintf("the target stopped answering %.1f s into the run: %s requests in a row had no answer",
		s.AtSeconds, grouped(s.Failed))
	if s.EndedRun {
		return text + ", and the run was ended"
	}
	return text
}

// Devices counts the crowd: how many devices there are, and what became of
// their flows. A device that starts again has many.
type Devices struct {
	Simulated uint64 `json:"simulated"`
	Started   uint64 `json:"started"` // flows: Pending and Over
	Pending   uint64 `json:"pending"` // in progress at the end
	Approved  uint64 `json:"approved"`
	Denied    uint64 `json:"denied"`
	Expired   uint64 `json:"expired"`
	Failed    uint64 `json:"failed"` // starts that were refused included
	Abandoned uint64 `json:"abandoned"`
}

// Over is the number of flows that have ended.
func (d Devices) Over() uint64 { return d.Approved + d.Denied + d.Expired + d.Failed + d.Abandoned }

// Shares tells how the flows that are over ended.
func (d Devices) Shares() FlowShares {
	n := float64(d.Over())
	if n == 0 {
		return FlowShares{}
	}
	return FlowShares{Approved: float64(d.Approved) / n, Denied: float64(d.Denied) / n, Expired: float64(d.Expired) / n,
		Failed: float64(d.Failed) / n, Abandoned: float64(d.Abandoned) / n}
}

// FlowShares are shares of the flows that are over, 0..1 each and 1 together.
type FlowShares struct {
	Approved  float64 `json:"approved"`
	Denied    float64 `json:"denied"`
	Expired   float64 `json:"expired"`
	Failed    float64 `json:"failed"`
	Abandoned float64 `json:"abandoned"`
}

// States counts the devices by what they were doing when the run ended. Each is
// in one state: together they are Devices.Simulated.
type States struct {
	Absent     uint64 `json:"absent"`   // they had not come
	Starting   uint64 `json:"starting"` // about to ask for codes
	Polling    uint64 `json:"polling"`
	Replaying  uint64 `json:"replaying"`   // their flow is over, and polled once more
	BackingOff uint64 `json:"backing_off"` // waiting after an error
	Approved   uint64 `json:"approved"`
	Denied     uint64 `json:"denied"`
	Expired    uint64 `json:"expired"`
	Failed     uint64 `json:"failed"`
	Abandoned  uint64 `json:"abandoned"`
}

// Sum is the number of devices.
func (s States) Sum() uint64 {
	return s.Absent + s.Starting + s.Polling + s.Replaying + s.BackingOff + s.Approved + s.Denied + s.Expired +
		s.Failed + s.Abandoned
}

// Offered compares the load that the crowd would have been to a server that
// answers everything with the load that was carried.
type Offered struct {
	Requests uint64 `json:"requests"` // those sent, PutOff and Unsent
	// PutOff are requests that devices did not send at their interval because
	// they backed off after an error, or had left.
	PutOff uint64 `json:"put_off"`
	Unsent uint64 `json:"unsent"` // due before the end, and not sent by then
	// Carried are the requests that were answered as a device flow needs: sent
	// and no error.
	Carried          uint64  `json:"carried"`
	Share            float64 `json:"share"` // Carried of Requests, 0..1
	PerSecond        float64 `json:"per_second"`
	CarriedPerSecond float64 `json:"carried_per_second"`
}

// Derive computes what follows from the counts; took is how long requests were
// sent.
func (o *Offered) Derive(took time.Duration) {
	if o.Requests > 0 {
		o.Share = float64(o.Carried) / float64(o.Requests)
	}
	if took > 0 {
		o.PerSecond, o.CarriedPerSecond = float64(o.Requests)/took.Seconds(), float64(o.Carried)/took.Seconds()
	}
}

// Requests counts what was sent.
type Requests struct {
	Starts         uint64  `json:"starts"`
	Polls          uint64  `json:"polls"`
	PerSecond      float64 `json:"per_second"` // both together, over the run
	PollsPerSecond float64 `json:"polls_per_second"`
	// FailedStarts and FailedPolls had an outcome that counts as an error; of
	// these, TimedOutStarts and TimedOutPolls got no answer in time. None of them
	// has a latency.
	FailedStarts   uint64 `json:"failed_starts"`
	FailedPolls    uint64 `json:"failed_polls"`
	TimedOutStarts uint64 `json:"timed_out_starts"`
	TimedOutPolls  uint64 `json:"timed_out_polls"`
	// NotSent requests are in none of the counts: this machine lacked what it
	// takes to send them.
	NotSent uint64 `json:"not_sent"`
	// SteadyPollsPerSecond is the mean over the whole intervals from the second
	// in which all devices polled to the end of the run; 0 when there was none.
	SteadyPollsPerSecond float64 `json:"steady_polls_per_second"`
	// BytesOut and BytesIn are header and body of requests and answers, without
	// what TLS and TCP add.
	BytesOut uint64 `json:"bytes_out"`
	BytesIn  uint64 `json:"bytes_in"`
}

// Total number of requests.
func (r Requests) Total() uint64 { return r.Starts + r.Polls }

// Outcomes counts answers by what they said. Each request has one outcome.
type Outcomes struct {
	DeviceCode           uint64 `json:"device_code"` // starts that gave one
	AuthorizationPending uint64 `json:"authorization_pending"`
	SlowDown             uint64 `json:"slow_down"`
	Token                uint64 `json:"token"`
	AccessDenied         uint64 `json:"access_denied"`
	ExpiredToken         uint64 `json:"expired_token"`
	OAuthError           uint64 `json:"oauth_error"`
	HTTP4xx              uint64 `json:"http_4xx"`
	HTTP5xx              uint64 `json:"http_5xx"`
	Malformed            uint64 `json:"malformed"`
	// Refused are polls of flows that were over, sent to see that they stay so.
	Refused    uint64 `json:"refused"`
	Timeout    uint64 `json:"timeout"`
	Connection uint64 `json:"connection"`
}

// Errors counts the outcomes that no healthy device flow has. The four polling
// states of RFC 8628 section 3.5 are healthy.
func (o Outcomes) Errors() uint64 {
	return o.OAuthError + o.HTTP4xx + o.HTTP5xx + o.Malformed + o.Timeout + o.Connection
}

// Wasted counts the polls that were told to go on waiting.
func (o Outcomes) Wasted() uint64 { return o.AuthorizationPending + o.SlowDown }

// Latencies are response times in milliseconds, of answers that are no errors.
type Latencies struct {
	Start       Distribution `json:"start"`
	Poll        Distribution `json:"poll"`
	TimeToToken Distribution `json:"time_to_token"` // from approval to the device holding its token
}

// Services are service times in milliseconds: the server's and the network's
// part of a response time.
type Services struct {
	Start Distribution `json:"start"`
	Poll  Distribution `json:"poll"`
}

// TokenWait splits the time to token.
type TokenWait struct {
	Waiting Distribution `json:"waiting"` // from approval to the next poll being sent
	Server  Distribution `json:"server"`  // that poll and any after it
}

// Breakdown is the figures of one group of devices or one stage of a profile.
type Breakdown struct {
	Name string `json:"name"`
	// FromSecond is when a stage began, in seconds of the run.
	FromSecond   float64      `json:"from_second,omitempty"`
	Devices      Devices      `json:"devices"`
	Requests     Requests     `json:"requests"`
	Outcomes     Outcomes     `json:"outcomes"`
	ErrorRate    float64      `json:"error_rate"`
	Latency      Latencies    `json:"latency_ms"`
	TokenWait    TokenWait    `json:"time_to_token_ms"`
	PollsPerFlow Distribution `json:"polls_per_flow"`
	PollWaste    float64      `json:"poll_waste"`
	FlowShares   FlowShares   `json:"flow_shares"`
}

// Whole is the section as a breakdown into one part.
func (l *Load) Whole() *Breakdown {
	return &Breakdown{Devices: l.Devices, Requests: l.Requests, Outcomes: l.Outcomes, ErrorRate: l.ErrorRate,
		Latency: l.Latency, TokenWait: l.TokenWait, PollsPerFlow: l.PollsPerFlow, PollWaste: l.PollWaste,
		FlowShares: l.FlowShares}
}

// SetWhole is the reverse of Whole.
func (l *Load) SetWhole(b Breakdown) {
	l.Devices, l.Requests, l.Outcomes, l.ErrorRate = b.Devices, b.Requests, b.Outcomes, b.ErrorRate
	l.Latency, l.TokenWait, l.PollsPerFlow = b.Latency, b.TokenWait, b.PollsPerFlow
	l.PollWaste, l.FlowShares = b.PollWaste, b.FlowShares
}

// Derive computes what follows from the counts; took is how long requests were
// sent.
func (b *Breakdown) Derive(took time.Duration) {
	b.FlowShares = b.Devices.Shares()
	if n := b.Requests.Total(); n > 0 {
		b.ErrorRate = float64(b.Outcomes.Errors()) / float64(n)
	}
	if n := b.Requests.Polls; n > 0 {
		b.PollWaste = float64(b.Outcomes.Wasted()) / float64(n)
	}
	if took > 0 {
		b.Requests.PerSecond = float64(b.Requests.Total()) / took.Seconds()
		b.Requests.PollsPerSecond = float64(b.Requests.Polls) / took.Seconds()
	}
}

// Violation is a broken promise of the protocol seen under load.
type Violation struct {
	Kind  string `json:"kind"`            // what was seen, a word: token_twice
	Check string `json:"check,omitempty"` // the catalogue's requirement
	Title string `json:"title"`           // what was seen, a phrase
	Count uint64 `json:"count"`
	// Information is set for what is worth knowing but breaks no rule.
	Information bool     `json:"information,omitempty"`
	Example     string   `json:"example,omitempty"`
	Exchanges   []string `json:"exchanges,omitempty"` // ids
}

// ErrorKind is the errors of one kind: refused, reset, closed, timeout, tls, dns,
// network, malformed, http_ and the status, or oauth_ and the error code.
type ErrorKind struct {
	Kind        string  `json:"kind"`
	Count       uint64  `json:"count"`
	FirstSecond float64 `json:"first_second"` // when the first was due, in seconds of the run
	LastSecond  float64 `json:"last_second"`
	Example     string  `json:"example,omitempty"`  // what the first was
	Exchange    string  `json:"exchange,omitempty"` // its id
}

// Second is one second of the run. Latencies are response times of what was
// scheduled in that second and answered without an error.
type Second struct {
	Second int    `json:"second"`
	Starts uint64 `json:"starts"`
	Polls  uint64 `json:"polls"`
	Tokens uint64 `json:"tokens"`
	Errors uint64 `json:"errors"`
	// Timeouts are those of the errors that had no answer in time; NotSent is
	// what this machine could not send.
	Timeouts uint64 `json:"timeouts"`
	NotSent  uint64 `json:"not_sent"`
	// Pending, SlowDowns, Denied and Expired are the polls of which that was the
	// answer.
	Pending   uint64 `json:"pending,omitempty"`
	SlowDowns uint64 `json:"slow_downs,omitempty"`
	Denied    uint64 `json:"denied,omitempty"`
	Expired   uint64 `json:"expired,omitempty"`
	// ErrorsByKind is Errors by the kinds of ErrorKind.
	ErrorsByKind map[string]uint64 `json:"errors_by_kind,omitempty"`
	Active       uint64            `json:"active"` // flows in progress at its end
	P50          float64           `json:"p50_ms"`
	P99          float64           `json:"p99_ms"`
	Max          float64           `json:"max_ms"`
	LagP99       float64           `json:"lag_p99_ms"`
	// HDR of the response times, as in Distribution; a merge needs it.
	HDR string `json:"hdr,omitempty"`
	// Server is what the server's own metrics said in that second, where they were
	// looked at: memory in bytes, processors in use, and how many of other things.
	Server map[string]float64 `json:"server,omitempty"`
}

// Threshold is one expectation of the run.
type Threshold struct {
	Expression string `json:"expression"` // poll.p99 < 250ms
	// Measure is the figure, poll.p99, where it is one of the whole run, and Limit
	// what it is held to, in the unit of the value.
	Measure string  `json:"measure,omitempty"`
	Limit   float64 `json:"limit,omitempty"`
	Value   float64 `json:"value"` // milliseconds where it is a time
	// Unit of the value: ms, share (0..1) or, for plain numbers, empty.
	Unit string `json:"unit,omitempty"`
	OK   bool   `json:"ok"`
	// Verdict is pass, fail, or inconclusive when nothing was measured or the
	// load generator itself may be why it was missed.
	Verdict Verdict `json:"verdict"`
	Reason  string  `json:"reason,omitempty"`
}

// Violated counts the violations that break a rule.
func (l *Load) Violated() uint64 {
	var n uint64
	for _, v := range l.Violations {
		if !v.Information {
			n += v.Count
		}
	}
	return n
}
