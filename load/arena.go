package load

// arena keeps the device codes of all devices, a place of equal size for each,
// so that they cost no pointers.
type arena struct {
	size int
	data []byte
}

// maxCode is the longest device code that fits into a place, in bytes.
const maxCode = 255

// newArena makes room for n codes a little longer than the one that preflight
// saw: codes of one server are of one length, nearly always.
func newArena(n, length int) *arena {
	size := min(length+16, maxCode)
	return &arena{size: size, data: make([]byte, n*size)}
}

// set keeps a device's code; false means that it does not fit.
func (a *arena) set(i int32, code string) (length uint8, ok bool) {
	if len(code) > a.size {
		return 0, false
	}
	copy(a.data[int(i)*a.size:], code)
	return uint8(len(code)), true
}

func (a *arena) get(i int32, length uint8) []byte {
	at := int(i) * a.size
	return a.data[at : at+int(length)]
}
