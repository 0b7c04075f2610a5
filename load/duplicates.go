package load

import (
	"bytes"
	"hash/maphash"
	"sync"
	"time"
)

// duplicates detects codes and tokens that two devices have. Codes are not kept a second
// time: its tables hold the numbers of the devices that have them.
type duplicates struct {
	mu     sync.Mutex
	all    []device
	codes  *arena
	ends   []uint32 // of each device's code, milliseconds of the run
	byCode hashTable
	byUser hashTable
	tokens map[uint64]int32 // who has it
}

func newDuplicates(all []device, codes *arena) *duplicates {
	return &duplicates{all: all, codes: codes, ends: make([]uint32, len(all)), byCode: newHashTable(len(all)),
		byUser: newHashTable(len(all)), tokens: map[uint64]int32{}}
}

// noteCodes records the codes of a device and reports which of the two belong to
// another device, too, whose codes have not expired. Times are nanoseconds of the run.
func (dup *duplicates) noteCodes(i int32, now, ends int64) (codeTwice, userTwice bool) {
	dup.mu.Lock()
	defer dup.mu.Unlock()
	d, code, alive := &dup.all[i], dup.code(i), milliseconds(now)
	dup.byCode.add(i, dup.codeHash(i), func(k int32) {
		codeTwice = codeTwice || dup.ends[k] > alive && bytes.Equal(dup.code(k), code)
	})
	dup.byUser.add(i, dup.userHash(i), func(k int32) {
		userTwice = userTwice || dup.ends[k] > alive && dup.all[k].user == d.user
	})
	dup.ends[i] = milliseconds(ends)
	return codeTwice, userTwice
}

// milliseconds of an instant of the run, up to 49 days.
func milliseconds(at int64) uint32 {
	return uint32(min(at/int64(time.Millisecond), 1<<32-1))
}

// forget drops the codes of a device whose flow is over.
func (dup *duplicates) forget(i int32) {
	dup.mu.Lock()
	defer dup.mu.Unlock()
	dup.byCode.remove(i, dup.codeHash)
	dup.byUser.remove(i, dup.userHash)
}

func (dup *duplicates) code(i int32) []byte { return dup.codes.get(i, dup.all[i].length) }

var codeSeed = maphash.MakeSeed()

func (dup *duplicates) codeHash(i int32) uint64 { return maphash.Bytes(codeSeed, dup.code(i)) }

func (dup *duplicates) userHash(i int32) uint64 { return dup.all[i].user }

// noteToken records a token and reports whether another device has it.
func (dup *duplicates) noteToken(token uint64, to int32) (shared bool) {
	dup.mu.Lock()
	defer dup.mu.Unlock()
	who, known := dup.tokens[token]
	if !known && len(dup.tokens) < maxTokens {
		dup.tokens[token] = to
	}
	return known && who != to
}

// maxTokens bounds the memory that looking for shared tokens may take.
const maxTokens = 4_000_000

// hashTable is a hash table of device numbers with open addressing. An entry has, beside
// a number, some bits of its hash, so that records of other devices are not looked
// at in vain: each would have to be fetched from memory. What a number hashes to
// must not change while it is in the table.
type hashTable []uint32 // 0 is an empty entry

// numberBits of an entry are the number + 1, the upper rest those of its hash. They are
// enough for profile.MaxDevices.
const numberBits = 24

func entry(i int32, hash uint64) uint32 {
	return uint32(hash>>(32+numberBits))<<numberBits | uint32(i+1)
}

func numberOf(e uint32) int32 { return int32(e&(1<<numberBits-1)) - 1 }

func newHashTable(devices int) hashTable {
	size := 8
	for size < devices*3/2 {
		size *= 2
	}
	return make(hashTable, size)
}

// add puts a number in, and shows those it passes on the way that may have the
// same hash: all that have it are among them.
func (t hashTable) add(i int32, hash uint64, pass func(int32)) {
	mask := uint64(len(t) - 1)
	at, mine := hash&mask, entry(i, hash)
	for ; t[at] != 0; at = (at + 1) & mask {
		if t[at]>>numberBits == mine>>numberBits {
			pass(numberOf(t[at]))
		}
	}
	t[at] = mine
}

// remove takes a number out, if it is there, and closes the gap.
func (t hashTable) remove(i int32, hash func(int32) uint64) {
	mask := uint64(len(t) - 1)
	home := hash(i)
	at, mine := home&mask, entry(i, home)
	for ; t[at] != mine; at = (at + 1) & mask {
		if t[at] == 0 {
			return
		}
	}
	t[at] = 0
	for next := (at + 1) & mask; t[next] != 0; next = (next + 1) & mask {
		if from := hash(numberOf(t[next])) & mask; (next-from)&mask >= (next-at)&mask { // it may stand at the gap
			t[at], t[next] = t[next], 0
			at = next
		}
	}
}
