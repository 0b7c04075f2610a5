package wire

import (
	"syscall"
	"unsafe"
)

// rawIO calls read, sendto or recvfrom on a descriptor that does not block.
// The scheduler is not told: its monitor thread would wake up for every call
// from its sleep, and run on for a while.
func rawIO(trap, fd uintptr, b []byte) (int, syscall.Errno) {
	for {
		n, _, errno := systemCall(trap, fd, uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), 0, 0, 0)
		if errno == syscall.EINTR {
			continue
		}
		if errno != 0 {
			return 0, errno
		}
		return int(n), 0
	}
}
