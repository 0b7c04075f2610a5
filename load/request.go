package load

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/dfcheck/dfcheck/load/internal/wire"
)

// request is one request on its way: made by the targeter, carried out by the
// transport, settled by the simulation. One goroutine has it at a time.
type request struct {
	wire.Request
	url      string // of its slot: the number is a fragment that never reaches the wire
	device   int32
	intended int64
	seq      uint64 // its number among all requests, by their intended times
	planned  int64  // intended, but never before that of a lower number
	late     int64  // of the lag, what our own machine is to blame for
	doubtful bool   // it refused a code that should live
	response http.Response
}

// operation is the index of the request's figures: 0 for device authorization
// requests, 1 for polls.
func (req *request) operation() int {
	if req.Template.Start {
		return 0
	}
	return 1
}

// slotURL names a slot in what vegeta carries along. Where the request goes is
// the template's business.
func slotURL(n int) string { return "http://slot#" + strconv.Itoa(n) }

// slotOf is the number in a slotURL.
func slotOf(u string) (int, error) { return strconv.Atoi(u[strings.LastIndexByte(u, '#')+1:]) }
