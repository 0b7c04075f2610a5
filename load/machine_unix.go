//go:build unix

package load

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"
)

// spareFiles are descriptors for everything but the crowd's connections.
const spareFiles = 64

// roomFor holds what this machine allows against a number of connections to one
// server: open files, of which the server takes as many again where it is part of
// this process, and ports to connect from.
func roomFor(connections int, embedded bool) error {
	files, whose := connections+spareFiles, ""
	if embedded {
		files, whose = files+connections, ", and as many of the embedded server,"
	}
	var l syscall.Rlimit
	err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l)
	if err == nil && uint64(files) > uint64(l.Cur) { // signed on FreeBSD
		return &NotReady{
			Problem: fmt.Sprintf("%d connections%s need more open files than the %d that this process may have",
				connections, whose, l.Cur),
			Hint: fmt.Sprintf("ulimit -n %d, or fewer connections in the profile", files),
		}
	}
	var from, to int
	text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range") // on Linux
	if _, unread := fmt.Sscan(string(text), &from, &to); err == nil && unread == nil && connections > to-from+1 {
		return &NotReady{
			Problem: fmt.Sprintf("%d connections to one server need more local ports than the %d that are configured",
				connections, to-from+1),
			Hint: "sysctl net.ipv4.ip_local_port_range='1024 65535' makes it 64,512; " +
				"beyond that: fewer devices, or connections: {mode: pooled}",
		}
	}
	return nil
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
