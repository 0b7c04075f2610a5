package wire

import (
	"errors"
	"syscall"
)

// shortages are the errors by which a system says that this machine, not the
// target, has no more of something.
var shortages = []struct {
	errno syscall.Errno
	of    string
}{
	{syscall.EADDRNOTAVAIL, localPorts}, {syscall.EADDRINUSE, localPorts},
	{syscall.EMFILE, openFiles}, {syscall.ENFILE, openFiles},
	{syscall.ENOBUFS, socketMemory}, {syscall.ENOMEM, socketMemory},
}

const (
	localPorts   = "local ports"
	openFiles    = "open files"
	socketMemory = "memory for sockets"
)

// shortage is what this machine lacked, when that is what an error means; else
// it is empty.
func shortage(err error) string {
	for _, s := range shortages {
		if errors.Is(err, s.errno) {
			return s.of
		}
	}
	return ""
}
