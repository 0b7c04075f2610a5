package load

import (
	"errors"
	"fmt"
	"slices"
	"syscall"

	"github.com/dfcheck/dfcheck/reports"
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

// lacked counts a request that this machine could not send.
func (r *record) lacked(j *job) {
	i := slices.IndexFunc(r.shortages, func(s reports.Shortage) bool { return s.Of == j.reply.problem })
	if i < 0 {
		i = len(r.shortages)
		r.shortages = append(r.shortages, reports.Shortage{Of: j.reply.problem})
	}
	r.shortages[i].NotSent++
}

// unsentShare of the requests is what may not have been sent before a run says
// nothing of the target.
const unsentShare = 0.01

// limits says in what this machine was the limit, or nothing.
func (r *record) limits() (why string) {
	if len(r.shortages) > 0 {
		s := slices.MaxFunc(r.shortages, func(a, b reports.Shortage) int { return int(a.NotSent) - int(b.NotSent) })
		return "this machine ran out of " + s.Of
	}
	if own := r.ownLag.Quantile(0.99); own > lateness {
		return fmt.Sprintf("one request in a hundred left %.0f ms late", own)
	}
	return ""
}
