package load

import "sync"

// arena keeps the device codes of all devices, a cell of equal size for each,
// so that they cost no pointers. Codes of one server are of one length, nearly
// always; longer ones than the first lie elsewhere.
type arena struct {
	size int
	data []byte
	long sync.Map // device number → []byte
}

// maxCell bounds a cell, in bytes.
const maxCell = 1 << 10

// newArena makes room for n codes as long as the one that preflight saw.
func newArena(n, length int) *arena {
	size := min(length, maxCell)
	return &arena{size: size, data: make([]byte, n*size)}
}

// maxCode is the longest device code that can be kept, in bytes.
const maxCode = 1<<16 - 1

// set keeps a device's code, of at most maxCode bytes.
func (a *arena) set(i int32, code string) (length uint16) {
	if len(code) > a.size {
		a.long.Store(i, []byte(code))
	} else {
		copy(a.data[int(i)*a.size:], code)
	}
	return uint16(len(code))
}

func (a *arena) get(i int32, length uint16) []byte {
	if int(length) > a.size {
		if code, ok := a.long.Load(i); ok {
			return code.([]byte)
		}
		return nil
	}
	at := int(i) * a.size
	return a.data[at : at+int(length)]
}
