//go:build linux

package main

import (
	"syscall"
	"unsafe"
)

// call reads or writes on a descriptor that does not block, without telling the
// scheduler of it.
func call(trap uintptr, fd int, b []byte) (int, syscall.Errno) {
	n, _, errno := syscall.RawSyscall(trap, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)))
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}
