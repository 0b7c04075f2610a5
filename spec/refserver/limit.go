package refserver

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A Limit holds those who send one kind of request to a number in a time.
type Limit struct {
	Of    string   // one of limitKinds
	By    []string // of limitKeys: who has all of them in common shares the limit
	N     int      // requests in each Per
	Per   time.Duration
	Shape string // of limitShapes: how it counts, and how it recovers
	Burst int    // requests at once, of a bucket; N when 0
	// Silent limits do not say when to come back.
	Silent bool
}

// What a limit can be on.
const (
	LimitAll     = "all"     // requests to both endpoints
	LimitStarts  = "starts"  // device authorization requests
	LimitPolls   = "polls"   // token requests
	LimitUnknown = "unknown" // polls with a device code that nobody was given
	LimitEntries = "entries" // user codes that are typed
)

// What a limit can count by.
const (
	ByAddress = "address"
	ByClient  = "client"
	ByCode    = "code"    // device code
	BySession = "session" // of a browser
	ByAccount = "account" // of a person
)

var (
	limitKinds = []string{LimitAll, LimitStarts, LimitPolls, LimitUnknown, LimitEntries}
	limitKeys  = []string{ByAddress, ByClient, ByCode, BySession, ByAccount}
)

// sender is what a limit can count a request by. What a request does not have is
// empty, and not limited.
type sender map[string]string

// limiter carries out one limit.
type limiter struct {
	Limit
	mu     sync.Mutex
	meters map[string]meter
}

// limiters carry out those of a configuration.
type limiters []*limiter

func newLimiters(list []Limit) (out limiters) {
	for _, l := range list {
		out = append(out, &limiter{Limit: l, meters: map[string]meter{}})
	}
	return out
}

// hold counts a request to one of the two operations, and returns the refusal where it
// is one too many.
func (s *Server) hold(of string, q *request) *answer {
	if len(s.limits) == 0 {
		return nil
	}
	client := q.get("client_id")
	if name, _, basic := q.BasicAuth(); basic {
		client = name
	}
	return s.limits.hold(of, sender{ByAddress: address(q.Request), ByClient: client, ByCode: q.get("device_code")},
		time.Now())
}

// maxKeys bounds the table of a limiter; when it is full it starts again empty.
const maxKeys = 10_000

// hold counts a request, and returns the refusal of the first limit that is exceeded.
func (all limiters) hold(of string, who sender, now time.Time) *answer {
	for _, l := range all {
		if l.Of != of && !(l.Of == LimitAll && (of == LimitStarts || of == LimitPolls)) {
			continue
		}
		if wait := l.take(who, now); wait > 0 {
			if l.Silent {
				wait = 0
			}
			return tooMany(wait)
		}
	}
	return nil
}

// take counts a request. It returns how long its sender must wait, 0 when it may go on.
func (l *limiter) take(who sender, now time.Time) time.Duration {
	var key strings.Builder
	for _, by := range l.By {
		if who[by] == "" {
			return 0
		}
		key.WriteString(who[by] + "\x00")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.meters) >= maxKeys {
		clear(l.meters)
	}
	m := l.meters[key.String()]
	if m == nil {
		m = meters[l.Shape](l.Limit)
		l.meters[key.String()] = m
	}
	return m.take(now)
}

// address is who sends a request, without the port.
func address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// forwarded is the request as it reached the proxy that forwarded it, by the address that
// this has added last.
func forwarded(r *http.Request) *http.Request {
	said := r.Header.Get("X-Forwarded-For")
	if said == "" {
		said = r.Header.Get("Forwarded") // RFC 7239 section 4
	}
	last, _, _ := strings.Cut(said[strings.LastIndex(said, ",")+1:], ";")
	from, err := netip.ParseAddr(strings.Trim(strings.TrimPrefix(strings.TrimSpace(last), "for="), `"[]`))
	if err != nil {
		return r
	}
	out := *r
	out.RemoteAddr = netip.AddrPortFrom(from, 0).String()
	return &out
}

// seconds rounds up, as Retry-After wants whole seconds (RFC 9110 section
// 10.2.3).
func seconds(d time.Duration) string {
	return strconv.Itoa(int((d + time.Second - 1) / time.Second))
}

// kindOfOperation is what limits call an operation.
func kindOfOperation(name string) string {
	if name == "start" {
		return LimitStarts
	}
	return LimitPolls
}

// limitShapes are the names of the meters.
func limitShapes() (names []string) {
	for name := range meters {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
