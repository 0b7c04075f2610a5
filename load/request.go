package load

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/dfcheck/dfcheck/load/internal/wire"
)

// request is one request on its way: made by the targeter, carried out by the
// transport, settled by the crowd. One goroutine has it at a time.
type request struct {
	wire.Request
	url      string // its number, as a fragment that never reaches the wire
	device   int32
	intended int64
	seq      uint64 // its place among all requests, by their intended times
	planned  int64  // intended, but never before that of an earlier place
	late     int64  // of the lag, what our own machine is to blame for
	doubtful bool   // it refused a code that should live
	response http.Response
}

// operation is the place of the request's figures: 0 for starts, 1 for polls.
func (req *request) operation() int {
	if req.Template.Start {
		return 0
	}
	return 1
}

// slotURL names a job in what vegeta carries along. Where the request goes is
// the template's business.
func slotURL(n int) string { return "http://slot#" + strconv.Itoa(n) }

func slotOf(u string) (int, error) { return strconv.Atoi(u[strings.LastIndexByte(u, '#')+1:]) }
