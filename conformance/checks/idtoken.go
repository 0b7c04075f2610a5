package checks

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/traits"
	"github.com/dfcheck/dfcheck/reports/redact"
)

var idTokenChecks = []Check{
	{
		ID:    "DF-IDTOKEN-001",
		Gate:  GateTokens,
		Needs: []Capability{NeedApprover, NeedOpenID},
		Reads: []*Scenario{idTokens},
		Judge: judgeIDSignature,
	},
	idTokenCheck("DF-IDTOKEN-002", judgeIDIssuer),
	idTokenCheck("DF-IDTOKEN-003", judgeIDAudience),
	idTokenCheck("DF-IDTOKEN-004", judgeIDTimes),
	idTokenCheck("DF-IDTOKEN-005", judgeIDNonce),
	idTokenCheck("DF-IDTOKEN-006", judgeIDSubject),
	idTokenCheck("DF-IDTOKEN-007", judgeAccessHash),
}

// idTokenCheck makes a check of the claims of an ID token.
func idTokenCheck(id string, judge func(e *Evidence, j *Judgement, x *Exchange, t traits.IDToken)) Check {
	return Check{ID: id, Gate: GateTokens, Needs: []Capability{NeedApprover, NeedOpenID},
		Reads: []*Scenario{idTokens, metadata},
		Judge: withIDToken(func(e *Evidence, j *Judgement, x *Exchange, t traits.IDToken) {
			if t.Problem != "" {
				j.Inconclusive("the ID token cannot be read: "+t.Problem, x)
				return
			}
			judge(e, j, x, t)
		})}
}

// idTokens redeems a code and reads its ID token, with the keys and the userinfo of the
// server. The token itself is gone after that.
var idTokens = &Scenario{
	Name: "ID token", Lane: LaneApprove, Needs: []Capability{NeedApprover, NeedOpenID}, Cost: WaitingCost(4, 1, 1),
	Spared: true,
	Words:  Words{"keys": "to jwks_uri", "userinfo": "to the userinfo endpoint"},
	Run: func(ctx context.Context, s *ScenarioRun) {
		f, ok := s.Redeem(ctx)
		if !ok || f.Token.IDToken == "" {
			return
		}
		b := traits.Beside{AccessToken: f.Token.AccessToken, ClientSecret: s.Target().Client.Secret}
		get := func(step, url string, header http.Header) *Exchange {
			return s.Send(ctx, Call{Op: OpOther, Step: step, Method: http.MethodGet, URL: url, Header: header})
		}
		offers := s.Target().Offers
		if x := get("keys", offers.Keys, nil); x != nil && x.Response != nil {
			b.Keys = x.Response.Body
		}
		if offers.UserInfo != "" {
			if x := get("userinfo", offers.UserInfo, http.Header{"Authorization": {"Bearer " + f.Token.AccessToken}}); x != nil {
				b.Subject = x.Text("sub")
			}
		}
		text, err := json.Marshal(traits.OfIDToken(f.Token.IDToken, b))
		if err != nil {
			panic(err) // it is of texts and numbers
		}
		s.Event(EventFact, f.ID, idTokenFact+"="+string(text))
	},
}

const idTokenFact = "id_token_traits"

// withIDToken skips a check where the server gives no ID token, which nothing obliges it to
// in the device flow (ruling R138).
func withIDToken(judge func(e *Evidence, j *Judgement, x *Exchange, t traits.IDToken)) func(*Evidence, *Judgement) {
	return func(e *Evidence, j *Judgement) {
		x := e.Issued(idTokens)
		if x == nil {
			e.Unredeemed(j, idTokens)
			return
		}
		if x.Text(redact.IDToken) == "" {
			j.Skip("the server gives no ID token with the tokens of a device")
			return
		}
		var t traits.IDToken
		fact, ok := e.Fact(idTokens, idTokenFact)
		if !ok || json.Unmarshal([]byte(fact), &t) != nil {
			j.Inconclusive("the ID token was not read")
			return
		}
		judge(e, j, x, t)
	}
}

var judgeIDSignature = withIDToken(func(e *Evidence, j *Judgement, x *Exchange, t traits.IDToken) {
	const expected = "an ID token whose signature verifies with a key of jwks_uri"
	keys := e.One(idTokens, "keys")
	switch {
	case t.Encrypted:
		j.Inconclusive("the ID token is encrypted, and dfcheck has no key for it", x)
	case t.Problem != "":
		j.Fail(expected, t.Problem, x)
	case keys == nil || keys.Infrastructure():
		j.Inconclusive("jwks_uri could not be asked: "+Describe(keys), x)
	case t.Private:
		j.Fail("jwks_uri to publish public keys alone", "a private or symmetric key among them", keys)
	case t.Unknown:
		j.Inconclusive(t.Signature, x)
	case t.Signature != "" && t.Keys == 0 && !strings.HasPrefix(t.Alg, "HS"):
		j.Fail(expected, "no usable key there", keys)
	case t.Signature != "":
		j.Fail(expected, t.Signature, x, keys)
	default:
		j.Pass(x, keys)
	}
})

// judgeIDIssuer compares with the issuer that the metadata has; whether that is the right
// one is for DF-DISC-003.
func judgeIDIssuer(e *Evidence, j *Judgement, x *Exchange, t traits.IDToken) {
	want := e.Issuer
	if doc := document(e); doc != nil {
		want = cmp.Or(doc.Text("issuer"), want)
	}
	switch {
	case want == "":
		j.SkipFor(Lack{Needs: []Capability{NeedIssuer}})
	case t.Issuer != want:
		j.Fail(fmt.Sprintf("iss to be the issuer of the metadata, %q", want), fmt.Sprintf("%.200q", t.Issuer), x)
	default:
		j.Pass(x)
	}
}

func judgeIDAudience(e *Evidence, j *Judgement, x *Exchange, t traits.IDToken) {
	expected := fmt.Sprintf("aud to hold the client id %q", e.Client.ID)
	got := strings.Join(t.Audience, ", ")
	switch {
	case !slices.Contains(t.Audience, e.Client.ID):
		j.Fail(expected, cmp.Or(Truncate(got, 200), "no audience"), x)
	case len(t.Audience) > 1 && t.Party == "":
		j.Warn("azp to say for which of several audiences the token is", "none beside "+Truncate(got, 200), x)
	case t.Party != "" && t.Party != e.Client.ID:
		j.Warn(fmt.Sprintf("azp to be the client id %q", e.Client.ID), fmt.Sprintf("%.100q", t.Party), x)
	default:
		j.Pass(x)
	}
}

// How far iat may be from the server's own time, in seconds.
const (
	issuedAhead  = 60
	issuedBefore = 600
)

// judgeIDTimes compares with the time that the server itself gives in the same answer, so
// that clocks which differ accuse nobody.
func judgeIDTimes(e *Evidence, j *Judgement, x *Exchange, t traits.IDToken) {
	now := e.ServerTime(x)
	at := func(n int64) string { return time.Unix(n, 0).UTC().Format(time.RFC3339) }
	had := "at " + at(now.Unix())
	switch {
	case t.Expires == 0:
		j.Fail("exp to be a number of seconds", "none", x)
	case t.IssuedAt == 0:
		j.Fail("iat to be a number of seconds", "none", x)
	case t.Expires <= now.Unix():
		j.Fail("an ID token that has not expired", "exp "+at(t.Expires)+" "+had, x)
	case t.IssuedAt > now.Unix()+issuedAhead, t.IssuedAt < now.Unix()-issuedBefore:
		j.Warn("iat to be the time of the answer", "iat "+at(t.IssuedAt)+" "+had, x)
	default:
		j.Pass(x)
	}
}

func judgeIDNonce(_ *Evidence, j *Judgement, x *Exchange, t traits.IDToken) {
	if slices.Contains(t.Claims, "nonce") {
		j.Warn("no nonce: a device sends none", "a nonce", x)
		return
	}
	j.Pass(x)
}

func judgeIDSubject(e *Evidence, j *Judgement, x *Exchange, t traits.IDToken) {
	seen := e.One(idTokens, "userinfo")
	switch {
	case !t.Subject:
		j.Fail("sub to be a text", "none", x)
	case e.Offers.UserInfo == "":
		j.Skip("the metadata names no userinfo_endpoint to compare with")
	case seen == nil || seen.Status() != http.StatusOK:
		j.Inconclusive("userinfo does not say who it is: "+Describe(seen), x)
	case seen.Object() == nil:
		j.Inconclusive("userinfo is no JSON object, but "+cmp.Or(seen.MediaType(), "of no type"), seen)
	case seen.Text("sub") == "":
		j.Fail("sub in the answer of userinfo", "none", seen)
	case !t.SameSubject:
		j.Fail("sub of the ID token to be that of userinfo", "another one", x, seen)
	default:
		j.Pass(x, seen)
	}
}

func judgeAccessHash(_ *Evidence, j *Judgement, x *Exchange, t traits.IDToken) {
	switch {
	case !slices.Contains(t.Claims, "at_hash"):
		j.Skip("the ID token has no at_hash")
	case t.AccessHash != "":
		j.Fail("at_hash to be made of the access token beside it", t.AccessHash, x)
	default:
		j.Pass(x)
	}
}
