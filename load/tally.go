package load

import (
	"github.com/dfcheck/dfcheck/load/internal/wire"
	"github.com/dfcheck/dfcheck/reports"
)

// tally counts outcomes.
type tally [wire.NumOutcomes]uint64

// report gives the figures their names.
func (t *tally) report() reports.Outcomes {
	return reports.Outcomes{DeviceCode: t[wire.Codes], AuthorizationPending: t[wire.Pending],
		SlowDown: t[wire.SlowDown], Token: t[wire.Token], AccessDenied: t[wire.Denied],
		ExpiredToken: t[wire.Expired], OAuthError: t[wire.OAuthError], Refused: t[wire.Refused],
		HTTP4xx: t[wire.HTTP4xx], HTTP5xx: t[wire.HTTP5xx], Malformed: t[wire.Malformed],
		Timeout: t[wire.TimedOut], Connection: t[wire.ConnectionFailed]}
}

func (t *tally) sum() (n uint64) {
	for _, k := range t {
		n += k
	}
	return n
}
