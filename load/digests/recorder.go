package digests

import (
	"sync"
	"time"
)

// Recorder keeps the digests of a shard. Its methods may be called from many
// goroutines; a nil one keeps nothing. Times are nanoseconds of the run.
type Recorder struct {
	key     Key
	mu      sync.Mutex
	live    []record // by device; one without a kind stands for no flow
	pending []byte   // records that were not drained yet
	left    int      // records that may still be kept
}

// MaxRecords bounds what a shard keeps, and so the size of its file: 100 MB.
const MaxRecords = 4_000_000

// NewRecorder for a number of devices.
func NewRecorder(key Key, devices int) *Recorder {
	return &Recorder{key: key, live: make([]record, devices), left: MaxRecords}
}

// Begin records the codes of a flow, which end at an instant if nothing ends them
// before.
func (r *Recorder) Begin(device int32, deviceCode, userCode string, at, ends int64) {
	if r == nil {
		return
	}
	flow := record{kind: flowRecord, a: r.key.digest(ofDeviceCode, deviceCode), b: r.key.digest(ofUserCode, userCode),
		from: milliseconds(at), until: milliseconds(ends)}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.live[device] = flow
}

// Over records that the flow of a device has ended.
func (r *Recorder) Over(device int32, at int64) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	flow := r.live[device]
	if flow.kind == 0 {
		return
	}
	flow.until = min(flow.until, milliseconds(at))
	r.keep(flow)
	r.live[device] = record{}
}

// Token records an access token.
func (r *Recorder) Token(token string, at int64) {
	if r == nil {
		return
	}
	got := record{kind: tokenRecord, a: r.key.digest(ofToken, token), from: milliseconds(at)}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keep(got)
}

func (r *Recorder) keep(x record) {
	if r.left > 0 {
		r.left--
		r.pending = x.append(r.pending)
	}
}

// Full reports whether there was more than is kept.
func (r *Recorder) Full() bool {
	if r == nil {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.left == 0
}

// Drain returns the records since the last time, for the file of the shard; at the
// end those of flows in progress too.
func (r *Recorder) Drain(end bool) []byte {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.live {
		if end && r.live[i].kind != 0 {
			r.keep(r.live[i])
			r.live[i] = record{}
		}
	}
	out := r.pending
	r.pending = nil
	return out
}

// milliseconds of an instant of the run, up to 49 days.
func milliseconds(at int64) uint32 {
	return uint32(min(max(at, 0)/int64(time.Millisecond), 1<<32-1))
}
