//go:build unix

package load

import (
	"fmt"
	"runtime"
	"syscall"
	"time"
)

// spareFiles are descriptors for everything but the crowd's connections.
const spareFiles = 64

// enoughFiles holds the process's limit on open files against the connections.
func enoughFiles(connections int) error {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil || uint64(connections+spareFiles) <= l.Cur {
		return nil
	}
	return &NotReady{fmt.Sprintf("%d connections need more than the %d open files that this process may have", connections, l.Cur),
		fmt.Sprintf("ulimit -n %d, or fewer connections in the profile", connections+spareFiles)}
}

// used is what the process has taken of its machine.
type used struct {
	cpu float64 // seconds
	rss uint64  // bytes, at most
}

func usage() used {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return used{}
	}
	cpu := time.Duration(u.Utime.Nano() + u.Stime.Nano())
	rss := uint64(u.Maxrss)
	if runtime.GOOS == "linux" {
		rss *= 1024
	}
	return used{cpu.Seconds(), rss}
}
