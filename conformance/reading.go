package conformance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// A server may send for ever, or a byte now and then. What is read of an answer has a
// bound in bytes and in time, and what a run keeps has one as well (ruling R121).

// Bounds of one answer, in bytes.
const (
	maxAnswer = 2 * MaxBody // of the two endpoints
	maxPage   = 1 << 20     // of anything else
)

// maxKept is how much a run keeps of all answers, in bytes. Ordinary servers send a
// twentieth of it.
const maxKept = 32 << 20

// AnswerTimeout is how long one answer may take to begin, and again to end.
func (t *Target) AnswerTimeout() time.Duration { return cmp.Or(t.Timeout, RequestTimeout) }

// ErrLong says that a body goes on beyond what is read of it.
var ErrLong = errors.New("its body is longer than what is read of one")

// Fetch sends a request and reads the body of its answer, at most limit bytes and for
// no longer than slowest. The error beside a response says why the body is not whole.
func Fetch(client *http.Client, req *http.Request, limit int64, slowest time.Duration) (*http.Response, []byte, error) {
	ctx, cancel := context.WithCancel(req.Context())
	defer cancel()
	resp, err := client.Do(req.WithContext(ctx))
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	late := time.AfterFunc(slowest, cancel)
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	switch inTime := late.Stop(); {
	case err != nil && !inTime:
		err = fmt.Errorf("its body did not end within %s", slowest)
	case int64(len(body)) > limit:
		body, err = body[:limit], ErrLong
	}
	return resp, body, err
}

// limit is how much is read of the answer to a call.
func (o Operation) limit() int64 {
	if o == OpStart || o == OpToken {
		return maxAnswer
	}
	return maxPage
}

// sizeOf is about what a header takes in memory, in bytes.
func sizeOf(h http.Header) (n int) {
	const field = 128 // beside its text
	for name, values := range h {
		n += len(name)
		for _, v := range values {
			n += field + len(v)
		}
	}
	return n
}

// span is a number of seconds that a server announced. What is absurd is as good as
// ten years, with which times can still be reckoned.
func span(seconds int64) time.Duration {
	const most = 10 * 365 * 24 * 3600
	return time.Duration(min(max(seconds, -most), most)) * time.Second
}

// pause is span for an interval, of which a run reckons multiples.
func pause(seconds int64) time.Duration { return min(span(max(seconds, 1)), 24*time.Hour) }
