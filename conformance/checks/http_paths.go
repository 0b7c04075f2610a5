package checks

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/spec"
)

// slashVariant is a URL with the final slash of its path taken away or added;
// ok is false when the path is nothing but a slash.
func slashVariant(text string) (variant string, ok bool) {
	u, err := url.Parse(text)
	if err != nil || strings.Trim(u.Path, "/") == "" {
		return "", false
	}
	if path, had := strings.CutSuffix(u.Path, "/"); had {
		u.Path = path
	} else {
		u.Path += "/"
	}
	u.RawPath = ""
	return u.String(), true
}

// slashVariants sends ordinary requests to the two URLs that clients make of
// the endpoints when they normalise them.
var slashVariants = &Scenario{
	Name: "slash variants", Lane: LaneInstant, Cost: FixedCost(3, 2),
	Run: func(ctx context.Context, s *ScenarioRun) {
		send := func(c Call) {
			var ok bool
			if c.URL, ok = slashVariant(c.URL); !ok {
				return
			}
			c.Op, c.Once, c.Header = OpOther, false, http.Header{"Accept": {string(spec.JSON)}}
			s.Send(ctx, c)
		}
		send(startCall(s, http.MethodPost, string(OpStart)))
		if f := s.Start(ctx); f.OK() {
			send(pollCall(s, http.MethodPost, string(OpToken), f.Codes.DeviceCode))
		}
	},
}

func judgeSlashVariants(e *Evidence, j *Judgement) {
	for _, v := range []struct {
		op  Operation
		url string
	}{{OpStart, e.StartURL}, {OpToken, e.TokenURL}} {
		exact, err := url.Parse(v.url)
		if err != nil {
			continue
		}
		to := func(x *Exchange) *url.URL {
			u, err := exact.Parse(ResponseHeader(x, "Location"))
			if err != nil {
				return &url.URL{}
			}
			return u
		}
		elsewhere := func(x *Exchange) bool { return to(x).Host != exact.Host || to(x).Scheme != exact.Scheme }
		home := func(x *Exchange) bool { return to(x).Path == exact.Path }
		for _, x := range e.Of(slashVariants, string(v.op)) {
			if x.Op != OpOther {
				continue
			}
			j.Each([]*Exchange{x}, ExpectSuccess, "the usual answer, 404, or a 307 or 308 redirect to "+v.url,
				PassIf(StillPending), PassIf(Class(2)), InconclusiveIf(Infrastructure), PassIf(Class(4)),
				FailIf(Redirects, elsewhere), PassIf(StatusIs(307, 308), home), WarnIf(Redirects))
		}
	}
}
