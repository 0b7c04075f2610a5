package load

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/dfcheck/dfcheck/load/internal/wire"
	"github.com/dfcheck/dfcheck/reports/redact"
)

// results writes every request of a run in vegeta's encoding, with the times
// of this package: the timestamp is the intended send and the latency the
// response time, so that lateness is not lost. Bodies stay out: they hold
// tokens.
type results struct {
	began  time.Time
	out    *bufio.Writer
	encode vegeta.Encoder
	safe   func(string) (string, error)
	err    error // the first; nothing is written after it
}

// LostResults says that the results of a run, unlike its figures, could not be
// written whole.
type LostResults struct{ Err error }

func (e *LostResults) Error() string { return "cannot write the results: " + e.Err.Error() }

// Unwrap gives what the writer said.
func (e *LostResults) Unwrap() error { return e.Err }

func newResults(w io.Writer, began time.Time, secrets *redact.Redactor) *results {
	out := bufio.NewWriterSize(w, 1<<16)
	return &results{began: began, out: out, encode: vegeta.NewEncoder(out), safe: safely(secrets)}
}

// safely redacts the few texts that results have, each once, and holds that they
// are free of secrets then.
func safely(secrets *redact.Redactor) func(string) (string, error) {
	known := map[string]string{"": ""}
	return func(text string) (string, error) {
		out, ok := known[text]
		if ok {
			return out, nil
		}
		out = secrets.Text(text)
		if err := secrets.Check("a result", []byte(out)); err != nil {
			return "", err
		}
		if len(known) < maxKnown {
			known[text] = out
		}
		return out, nil
	}
}

// maxKnown bounds how many texts are remembered: errors repeat themselves.
const maxKnown = 1000

// add writes the end of a request. Vegeta's plot wants the timestamps of ascending
// sequence numbers to ascend; its report takes any order.
func (r *results) add(req *request) {
	if r.err != nil {
		return
	}
	v := vegeta.Result{Attack: attackName, Seq: req.seq, Code: uint16(req.Reply.Status),
		Timestamp: r.began.Add(time.Duration(req.planned)), Latency: time.Duration(req.Received - req.intended),
		BytesOut: uint64(req.BytesOut), BytesIn: uint64(len(req.Reply.Body)), Method: http.MethodPost,
		URL: req.Template.URL.String()}
	if o := req.Reply.Outcome; o.IsError() || o == wire.Unsent {
		v.Error = strings.TrimSuffix(o.String()+": "+req.Reply.Problem, ": ")
	}
	var err error
	if v.URL, err = r.safe(v.URL); err == nil {
		v.Error, err = r.safe(v.Error)
	}
	if r.err = err; err == nil {
		r.err = r.encode.Encode(&v)
	}
}

// close writes what is still buffered.
func (r *results) close() error {
	if r.err == nil {
		r.err = r.out.Flush()
	}
	if r.err != nil {
		return &LostResults{r.err}
	}
	return nil
}
