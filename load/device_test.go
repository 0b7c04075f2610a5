package load

import (
	"testing"
	"time"
	"unsafe"

	"github.com/dfcheck/dfcheck/load/internal/wire"
	"github.com/dfcheck/dfcheck/load/profile"
)

func TestDeviceIs64Bytes(t *testing.T) {
	if n := unsafe.Sizeof(device{}); n != 64 {
		t.Errorf("a device takes %d bytes", n)
	}
}

// TestAfter walks one device through what can happen to it (RFC 8628 sections
// 3.3 to 3.5).
func TestAfter(t *testing.T) {
	const s = int64(time.Second)
	obeys, ignores := &profile.Behaviour{SlowDown: profile.Obey}, &profile.Behaviour{SlowDown: profile.Ignore}
	for _, tt := range []struct {
		name  string
		d     device
		b     *profile.Behaviour
		e     event
		state state
		due   int64
	}{
		{"codes: the first poll comes an interval after them", device{state: starting}, obeys,
			event{outcome: wire.Codes, received: 2 * s, interval: 5, lifetime: 60}, polling, 7 * s},
		{"a refused start ends it", device{state: starting}, obeys, event{outcome: wire.OAuthError}, failed, 0},
		{"pending: again after the interval", device{state: polling, interval: 5, endsMS: 60_000}, obeys,
			event{outcome: wire.Pending, received: 10 * s}, polling, 15 * s},
		{"slow_down: 5 s more from now on", device{state: polling, interval: 5, endsMS: 60_000}, obeys,
			event{outcome: wire.SlowDown, received: 10 * s}, polling, 20 * s},
		{"slow_down ignored", device{state: polling, interval: 5, endsMS: 60_000}, ignores,
			event{outcome: wire.SlowDown, received: 10 * s}, polling, 15 * s},
		{"a timeout doubles the wait", device{state: polling, interval: 5, endsMS: 60_000}, obeys,
			event{outcome: wire.TimedOut, received: 10 * s}, polling, 20 * s},
		{"a second timeout doubles it again", device{state: polling, interval: 5, endsMS: 90_000, backoff: 1}, obeys,
			event{outcome: wire.TimedOut, received: 10 * s}, polling, 30 * s},
		{"token", device{state: polling, interval: 5}, obeys, event{outcome: wire.Token}, approved, 0},
		{"denial", device{state: polling, interval: 5}, obeys, event{outcome: wire.Denied}, denied, 0},
		{"expiry", device{state: polling, interval: 5}, obeys, event{outcome: wire.Expired}, expired, 0},
		{"any other error ends it", device{state: polling, interval: 5}, obeys,
			event{outcome: wire.OAuthError}, failed, 0},
		{"pending long after the end: the device gives up", device{state: polling, interval: 5, endsMS: 60_000}, obeys,
			event{outcome: wire.Pending, received: 64 * s}, expired, 0},
		{"a replay leaves the flow as it was", device{state: replaying, flags: redeemed}, obeys,
			event{outcome: wire.Refused}, approved, 0},
	} {
		d := tt.d
		got := d.after(tt.b, tt.e)
		if got.state != tt.state || tt.due != 0 && got.due != tt.due {
			t.Errorf("%s: state %d due %s, want state %d due %s", tt.name, got.state, time.Duration(got.due), tt.state,
				time.Duration(tt.due))
		}
	}
}

// TestWheel: devices come out in the order of their milliseconds, none early,
// also those that are due after the wheel has gone round.
func TestWheel(t *testing.T) {
	all := make([]device, 5)
	for i, due := range []int64{5e6, 1e6, 70_000e6, 5e6 + 1, 200_000e6} {
		all[i].due = due
	}
	w := newWheel(all)
	for i := range all {
		w.add(int32(i))
	}
	for _, step := range []struct {
		tick int64
		want []int32
	}{{0, nil}, {1, []int32{1}}, {5, []int32{0}}, {6, []int32{3}}, {69_999, nil}, {70_000, []int32{2}}, {199_999, nil},
		{200_000, []int32{4}}} {
		ready := list{none, none}
		n := w.take(step.tick, &ready)
		var got []int32
		for range n {
			got = append(got, ready.pop(all))
		}
		if len(got) != len(step.want) || len(got) > 0 && got[0] != step.want[0] {
			t.Errorf("at %d ms came %v, want %v", step.tick, got, step.want)
		}
	}
}
