package digests

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"
)

// write is the file of a shard after what it recorded.
func write(shard int, key Key, record func(r *Recorder)) []byte {
	r := NewRecorder(key, 10)
	record(r)
	return append(Head(shard, 2, key), r.Drain(true)...)
}

const second = int64(time.Second)

// What two shards had at one time is found, and nothing else.
func TestFind(t *testing.T) {
	key := NewKey("x")
	a := func(r *Recorder) {
		r.Begin(0, "device-1", "AAAA", 0, 60*second)
		r.Begin(1, "device-2", "BBBB", 0, 60*second)
		r.Over(1, 10*second)
		r.Begin(2, "device-3", "CCCC", 5*second, 60*second)
		r.Token("token-1", 3*second)
		r.Token("token-2", 4*second)
	}
	for name, tt := range map[string]struct {
		b                    func(r *Recorder)
		codes, users, tokens uint64
	}{
		"others": {func(r *Recorder) {
			r.Begin(0, "device-4", "DDDD", 0, 60*second)
			r.Token("token-3", 0)
		}, 0, 0, 0},
		"the same user code": {func(r *Recorder) { r.Begin(7, "device-5", "AAAA", 20*second, 60*second) }, 0, 1, 0},
		"a code whose flow was over": {func(r *Recorder) { r.Begin(7, "device-2", "BBBB", 11*second, 60*second) },
			0, 0, 0},
		"one that was over, by our clock, just then": {func(r *Recorder) {
			r.Begin(7, "device-6", "BBBB", 9500*second/1000, 60*second)
		}, 0, 0, 0},
		"all of it": {func(r *Recorder) {
			r.Begin(7, "device-3", "CCCC", 5*second, 60*second)
			r.Token("token-2", 40*second)
			r.Token("token-1", 50*second)
		}, 1, 1, 2},
		"the same text as another kind": {func(r *Recorder) { r.Token("AAAA", 0) }, 0, 0, 0},
	} {
		s := &Set{}
		for i, text := range [][]byte{write(0, key, a), write(1, key, tt.b)} {
			if h, err := s.Read(bytes.NewReader(text)); err != nil || h.Shard != i || h.Key != key.ID() {
				t.Fatal(h, err)
			}
		}
		codes, users, tokens := Find(s.DeviceCodes, time.Second), Find(s.UserCodes, time.Second), Find(s.Tokens, time.Second)
		if codes.Count != tt.codes || users.Count != tt.users || tokens.Count != tt.tokens {
			t.Errorf("%s: %+v %+v %+v", name, codes, users, tokens)
		}
		if tokens.Count > 0 && (tokens.At != 40*time.Second || tokens.Shards != [2]int{0, 1}) {
			t.Errorf("%s: %+v", name, tokens)
		}
	}
}

// One shard by itself has no pairs: it saw those while it ran.
func TestFindInOneShard(t *testing.T) {
	s := &Set{}
	_, err := s.Read(bytes.NewReader(write(0, NewKey("x"), func(r *Recorder) {
		r.Begin(0, "d", "u", 0, 60*second)
		r.Begin(1, "d", "u", 0, 60*second)
	})))
	if found := Find(s.UserCodes, time.Second); err != nil || found.Count != 0 || len(s.UserCodes) != 2 {
		t.Error(err, found, s)
	}
}

// No text that was recorded is in the file, and another key makes other digests.
func TestNoSecretsInFiles(t *testing.T) {
	record := func(r *Recorder) {
		r.Begin(0, "device-code", "WDJB-MJHT", 0, second)
		r.Token("access-token", 0)
	}
	one, other := write(0, NewKey("x"), record), write(0, NewKey("y"), record)
	for _, secret := range []string{"device-code", "WDJB", "access-token"} {
		if bytes.Contains(one, []byte(secret)) {
			t.Errorf("%s is in the file", secret)
		}
	}
	head := bytes.IndexByte(one, '\n') + 1
	if len(one) != len(other) || slices.Equal(one[head:head+17], other[head:head+17]) {
		t.Error("digests do not depend on the key")
	}
}

// Files of other forms are errors; the end of a file that was cut off is left out.
func TestFilesThatAreWrong(t *testing.T) {
	whole := write(0, NewKey("x"), func(r *Recorder) { r.Token("a", 0); r.Token("b", 0) })
	s := &Set{}
	if _, err := s.Read(bytes.NewReader(whole[:len(whole)-3])); err != nil || len(s.Tokens) != 1 {
		t.Error(err, s)
	}
	for want, text := range map[string]string{
		"first line is no header": `{"schema":"dfcheck/report/v1"}` + "\n",
		"no header":               "",
		"header of":               strings.Repeat("x", 1<<17),
		"unknown kind":            string(Head(0, 2, NewKey("x"))) + strings.Repeat("z", recordSize),
	} {
		if _, err := (&Set{}).Read(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %s", text, err, want)
		}
	}
}

// What is drained comes once, flows in progress at the end alone.
func TestDrain(t *testing.T) {
	r := NewRecorder(NewKey("x"), 2)
	r.Begin(0, "d", "u", 0, second)
	r.Token("t", 0)
	for i, want := range []int{recordSize, 0, recordSize, 0} {
		if got := len(r.Drain(i >= 2)); got != want {
			t.Errorf("drain %d: %d bytes, want %d", i, got, want)
		}
	}
	var none *Recorder
	none.Begin(0, "", "", 0, 0)
	none.Token("", 0)
	none.Over(0, 0)
	if none.Drain(true) != nil {
		t.Error("a recorder that is none records")
	}
}
