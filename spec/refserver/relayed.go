package refserver

import (
	"bytes"
	"encoding/json"
	"math"
	"mime"
	"net/http"
	"time"
)

// relayed is the answer of another server, on its way to a device.
type relayed struct {
	*answer
	came    []byte // the body, as the server sent it
	meaning []byte // the same, as this package would write it; nil for the answer of a fault
}

func newRelayed(a *recorded) *relayed {
	came := append([]byte{}, a.body...) // not nil, which is a body that is to be written yet
	r := &relayed{answer: &answer{status: max(a.status, http.StatusOK), header: a.header, body: came}, came: came}
	d := json.NewDecoder(bytes.NewReader(a.body))
	d.UseNumber()
	if d.Decode(&r.members) == nil && r.members != nil {
		if code, ok := r.members["error"].(string); ok {
			r.code = code
			delete(r.members, "error")
		}
	} else {
		r.members = map[string]any{} // for faults that add to it
	}
	r.meaning = r.render()
	return r
}

// send writes an answer with the server's own header fields and, unless a fault changed
// it, the server's own body.
func (r *relayed) send(w http.ResponseWriter) {
	if r.meaning == nil {
		r.answer.send(w)
		return
	}
	body := r.body
	if body == nil || bytes.Equal(body, r.came) && !bytes.Equal(r.render(), r.meaning) {
		body = r.render()
	}
	h := w.Header()
	for k, v := range r.header {
		h[k] = v
	}
	h.Del("Content-Length") // of another body, perhaps
	w.WriteHeader(r.status)
	w.Write(body) // a client that has gone away is its own business
}

// mediaType is that of a Content-Type, and the boundary of its parts.
func mediaType(label string) (name, boundary string) {
	name, args, err := mime.ParseMediaType(label)
	if err != nil {
		return "", ""
	}
	return name, args["boundary"]
}

// secondsOr is a number of seconds that another server sent, or a default where it sent
// none that means anything.
func secondsOr(v any, otherwise time.Duration) time.Duration {
	n, ok := v.(json.Number)
	if !ok {
		return otherwise
	}
	f, err := n.Float64()
	if err != nil || f <= 0 || f > float64(math.MaxInt32) {
		return otherwise
	}
	return time.Duration(f * float64(time.Second))
}
