package load

import (
	"bytes"
	"hash/maphash"
	"sync"
	"time"
)

// duplicates knows which codes and tokens are about. Codes are not kept a second
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
	return &duplicates{all: all, codes: codes, ends: make([]uint32, len(all)), byCode: newHashTable(len(all)), byUser: newHashTable(len(all)), tokens: map[uint64]int32{}}
}

// noteCodes records the codes that a device has and says which of the two another
// device holds that may still use it.
func (l *duplicates) noteCodes(i int32, now, ends int64) (codeTwice, userTwice bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	d, code, alive := &l.all[i], l.code(i), milliseconds(now)
	l.byCode.add(i, l.codeHash(i), func(k int32) {
		codeTwice = codeTwice || l.ends[k] > alive && bytes.Equal(l.code(k), code)
	})
	l.byUser.add(i, l.userHash(i), func(k int32) {
		userTwice = userTwice || l.ends[k] > alive && l.all[k].user == d.user
	})
	l.ends[i] = milliseconds(ends)
	return codeTwice, userTwice
}

// milliseconds of an instant of the run, up to 49 days.
func milliseconds(at int64) uint32 {
	return uint32(min(at/int64(time.Millisecond), 1<<32-1))
}

// forget forgets the codes of a device whose flow is over.
func (l *duplicates) forget(i int32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.byCode.remove(i, l.codeHash)
	l.byUser.remove(i, l.userHash)
}

func (l *duplicates) code(i int32) []byte { return l.codes.get(i, l.all[i].length) }

var codeSeed = maphash.MakeSeed()

func (l *duplicates) codeHash(i int32) uint64 { return maphash.Bytes(codeSeed, l.code(i)) }

func (l *duplicates) userHash(i int32) uint64 { return l.all[i].user }

// noteToken records a token and reports whether another device has it.
func (l *duplicates) noteToken(token uint64, to int32) (shared bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	who, known := l.tokens[token]
	if !known && len(l.tokens) < maxTokens {
		l.tokens[token] = to
	}
	return known && who != to
}

// maxTokens bounds the memory that looking for shared tokens may take.
const maxTokens = 4_000_000

// hashTable is a hash table of device numbers with open addressing. A place has, beside
// a number, some bits of its hash, so that records of other devices are not looked
// at in vain: each would have to be fetched from memory. What a number hashes to
// must not change while it is in the table.
type hashTable []uint32 // 0 is an empty place, else an entry

// numberBits of an entry are the number + 1, the upper rest those of its hash.
const numberBits = 23 // more than MaxDevices

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
