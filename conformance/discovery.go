package conformance

import (
	"context"
	"net/http"
)

var discoveryChecks = []Check{
	{
		ID:    GatePaths,
		Reads: []*Scenario{documentedPaths},
		Judge: func(e *Evidence, j *Judgement) {
			j.Each(e.Of(documentedPaths), DueRefusal, "an answer other than 404, 405, 410 or a redirect",
				failIf(missingPath), openIf(infrastructure), passIf(anyAnswer))
		},
	},
}

func anyAnswer(x *Exchange) bool { return x.Response != nil }

// documentedPaths asks both endpoints something, redirects off.
var documentedPaths = &Scenario{
	Name: "documented paths", Lane: LaneFirst, Cost: fixed(2, 1),
	Run: func(ctx context.Context, s *Scene) {
		s.Start(ctx, Step("device authorization"))
		s.Send(ctx, Call{Op: OpToken, Step: "token", Method: http.MethodPost, URL: s.target.TokenURL,
			Encoding: s.encoding(OpToken), Params: s.target.basePoll(madeUp(40)), Provoked: true})
	},
}
