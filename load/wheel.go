package load

import "math/bits"

// wheelSlots is the number of milliseconds the wheel holds apart; what is due
// later shares a slot and is put back when the wheel comes by.
const wheelSlots = 1 << 16

// none ends a list of devices.
const none = -1

// list is a queue of devices, linked through their records.
type list struct{ head, tail int32 }

func (l *list) push(all []device, i int32) {
	all[i].next = none
	if l.head == none {
		l.head, l.tail = i, i
		return
	}
	all[l.tail].next = i
	l.tail = i
}

func (l *list) pop(all []device) int32 {
	i := l.head
	l.head = all[i].next
	return i
}

// wheel keeps devices by the millisecond in which they are due.
type wheel struct {
	all   []device
	slots []list
	used  [wheelSlots / 64]uint64 // a bit per slot that is not empty
	done  int64                   // last tick that was taken
	count int
}

func newWheel(all []device) *wheel {
	w := &wheel{all: all, slots: make([]list, wheelSlots), done: -1}
	for i := range w.slots {
		w.slots[i] = list{none, none}
	}
	return w
}

const tick = int64(1e6) // nanoseconds

// ceilTick is the first tick at or after an instant: nobody is early.
func ceilTick(at int64) int64 { return (at + tick - 1) / tick }

// add puts a device where its due time says, and returns that tick; one that
// is late goes into the next.
func (w *wheel) add(i int32) int64 {
	at := max(ceilTick(w.all[i].due), w.done+1)
	s := at % wheelSlots
	w.slots[s].push(w.all, i)
	w.used[s/64] |= 1 << (s % 64)
	w.count++
	return at
}

// take moves the devices due up to a tick to the end of a list, in order.
func (w *wheel) take(now int64, ready *list) int {
	n := 0
	for now > w.done {
		at, ok := w.next()
		if !ok || at > now {
			break
		}
		w.done = at
		n += w.empty(at, ready)
	}
	w.done = max(w.done, now)
	return n
}

func (w *wheel) empty(at int64, ready *list) int {
	s, n := at%wheelSlots, 0
	l := w.slots[s]
	w.slots[s] = list{none, none}
	w.used[s/64] &^= 1 << (s % 64)
	for l.head != none {
		i := l.pop(w.all)
		w.count--
		if ceilTick(w.all[i].due) > at {
			w.add(i)
			continue
		}
		ready.push(w.all, i)
		n++
	}
	return n
}

// next is the first tick in which the wheel must be looked at again.
func (w *wheel) next() (int64, bool) {
	if w.count == 0 {
		return 0, false
	}
	from := w.done + 1
	first := from % wheelSlots
	for step := int64(0); step <= wheelSlots/64; step++ {
		word := (first/64 + step) % (wheelSlots / 64)
		set := w.used[word]
		if step == 0 {
			set &= ^uint64(0) << (first % 64)
		} else if step == wheelSlots/64 {
			set &= 1<<(first%64) - 1
		}
		if set != 0 {
			slot := word*64 + int64(bits.TrailingZeros64(set))
			return from + (slot-first+wheelSlots)%wheelSlots, true
		}
	}
	return 0, false
}
