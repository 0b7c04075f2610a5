package load

import "github.com/dfcheck/dfcheck/reports"

// tally counts outcomes.
type tally [outcomes]uint64

// report gives the figures their names.
func (t *tally) report() reports.Outcomes {
	return reports.Outcomes{DeviceCode: t[outCodes], AuthorizationPending: t[outPending], SlowDown: t[outSlowDown], Token: t[outToken],
		AccessDenied: t[outDenied], ExpiredToken: t[outExpired], OAuthError: t[outOAuth], HTTP4xx: t[out4xx], HTTP5xx: t[out5xx],
		Malformed: t[outMalformed], Timeout: t[outTimeout], Connection: t[outConnection], Refused: t[outRefused]}
}

func (t *tally) sum() (n uint64) {
	for _, k := range t {
		n += k
	}
	return n
}
