package digests

import (
	"bytes"
	"testing"
	"time"
)

// FuzzRead: the file of another shard is read as far as it goes, or its error is told.
func FuzzRead(f *testing.F) {
	whole := write(1, NewKey("x"), func(r *Recorder) {
		r.Begin(0, "device-1", "AAAA", 0, 60*second)
		r.Token("token-1", 3*second)
	})
	f.Add(whole)
	f.Add(whole[:len(whole)-3])
	f.Add(append(bytes.Clone(whole), 'x'))
	f.Add([]byte(`{"schema":"dfcheck/digests/v1","shard":-1,"shards":0,"key":""}` + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := &Set{}
		_, err := s.Read(bytes.NewReader(data))
		if n := len(s.DeviceCodes) + len(s.Tokens); n*recordSize > len(data) || len(s.UserCodes) != len(s.DeviceCodes) {
			t.Errorf("%d records in %d bytes: %v", n, len(data), err)
		}
		for _, all := range [][]Seen{s.DeviceCodes, s.UserCodes, s.Tokens} {
			if twice := Find(all, time.Second); twice.Count > 0 { // all are of one shard
				t.Errorf("%d were got by two shards", twice.Count)
			}
		}
	})
}
