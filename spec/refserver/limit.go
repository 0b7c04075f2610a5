package refserver

import (
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// limiter holds every address to a number of requests per second, with a burst
// of two seconds' worth.
type limiter struct {
	perSecond int // 0: no limit
	mu        sync.Mutex
	addresses map[string]*rate.Limiter
}

func newLimiter(perSecond int) *limiter {
	return &limiter{perSecond: perSecond, addresses: map[string]*rate.Limiter{}}
}

// maxAddresses bounds the table; when it is full it starts again empty.
const maxAddresses = 10_000

// wait is how long an address must wait, 0 when it may go on.
func (l *limiter) wait(host string) time.Duration {
	if l.perSecond == 0 {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.addresses) >= maxAddresses {
		clear(l.addresses)
	}
	a := l.addresses[host]
	if a == nil {
		a = rate.NewLimiter(rate.Limit(l.perSecond), 2*l.perSecond)
		l.addresses[host] = a
	}
	if a.Allow() {
		return 0
	}
	return time.Second
}

// address is who sends a request, without the port.
func address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// seconds rounds up, as Retry-After wants whole seconds (RFC 9110 section
// 10.2.3).
func seconds(d time.Duration) string {
	return strconv.Itoa(int((d + time.Second - 1) / time.Second))
}
