package load

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/dfcheck/dfcheck/load/profile"
)

// TestDuplicates holds the ledger against plain maps while devices come and go with
// few different codes, some of them long.
func TestDuplicates(t *testing.T) {
	const n = 64
	all := make([]device, n)
	codes := newArena(n, 6)
	l := newDuplicates(all, codes)
	holds := map[int32]string{}
	users := map[int32]uint64{}
	draw := rand.New(rand.NewPCG(1, 2))
	for step := range 20_000 {
		i := int32(draw.IntN(n))
		if _, busy := holds[i]; busy {
			l.forget(i)
			delete(holds, i)
			delete(users, i)
			continue
		}
		code, user := fmt.Sprintf("c%d", draw.IntN(90)), uint64(draw.IntN(90))
		if draw.IntN(4) == 0 {
			code += " that is long"
		}
		var code2, user2 bool
		for k, c := range holds {
			code2 = code2 || c == code
			user2 = user2 || users[k] == user
		}
		all[i].length, all[i].user = codes.set(i, code), user
		if string(codes.get(i, all[i].length)) != code {
			t.Fatalf("the arena lost %q", code)
		}
		if c, u := l.noteCodes(i, 0, 1e6); c != code2 || u != user2 {
			t.Fatalf("step %d: %v %v, want %v %v", step, c, u, code2, user2)
		}
		holds[i], users[i] = code, user
	}
}

// A table keeps the numbers of the largest process apart.
func TestLargestNumbers(t *testing.T) {
	table, last := newHashTable(4), int32(profile.MaxDevices-1)
	for _, i := range []int32{0, last, last / 2} {
		table.add(i, 1<<63, func(int32) {})
	}
	var passed []int32
	table.add(1, 1<<63, func(i int32) { passed = append(passed, i) })
	if !slices.Equal(passed, []int32{0, last, last / 2}) {
		t.Errorf("the table holds %v", passed)
	}
}

// A code whose time is over is free for another device.
func TestDuplicatesForgetExpiredCodes(t *testing.T) {
	all := make([]device, 2)
	codes := newArena(2, 4)
	l := newDuplicates(all, codes)
	for i := range all {
		all[i].length = codes.set(int32(i), "code")
	}
	l.noteCodes(0, 0, 10e6)
	if code, user := l.noteCodes(1, 10e6, 20e6); code || user {
		t.Error("an expired code counts as alive")
	}
}
