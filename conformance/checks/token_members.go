package checks

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/traits"
	"github.com/dfcheck/dfcheck/reports"
)

func judgeTokenType(e *Evidence, j *Judgement) {
	for _, x := range e.TokenAnswers() {
		v, _ := x.Member("token_type")
		text, ok := v.(string)
		switch {
		case !ok || text == "":
			j.Fail("token_type to be a non-empty string", MemberText(x, "token_type"), x)
		case e.Documented() && text != "Bearer", !strings.EqualFold(text, "bearer"):
			j.Warn("token_type Bearer", fmt.Sprintf("%q", text), x)
		default:
			j.Pass(x)
		}
	}
}

func judgeTokenNoStore(e *Evidence, j *Judgement) {
	for _, x := range e.TokenAnswers() {
		control := strings.Join(x.HeaderTokens("Cache-Control"), ", ")
		switch {
		case !x.NoStore():
			j.Fail("a token response with Cache-Control: no-store", fmt.Sprintf("%q", control), x)
		case fresh(x):
			j.Warn("Cache-Control: no-store without anything that contradicts it", fmt.Sprintf("%q", control), x)
		default:
			j.Pass(x)
		}
	}
}

// fresh reports whether an answer allows caches to keep it for a time.
func fresh(x *Exchange) bool {
	for _, d := range x.HeaderTokens("Cache-Control") {
		name, n, _ := strings.Cut(d, "=")
		if name == "public" || (name == "max-age" || name == "s-maxage") && strings.Trim(n, `0"`) != "" {
			return true
		}
	}
	return false
}

// longToken is the lifetime beyond which a public client's token is no longer
// short-lived (RFC 10027 section 6.1.10).
const longToken = 24 * time.Hour

func judgeTokenLifetime(e *Evidence, j *Judgement) {
	for _, x := range e.TokenAnswers() {
		v, ok := x.Member("expires_in")
		n, isNumber := v.(json.Number)
		life, integral := x.Number("expires_in")
		switch {
		case !ok && e.Contract.Name == "documented-v2":
			j.Fail("expires_in in the token response", "a response without it", x)
		case !ok:
			j.Warn("expires_in in the token response", "a response without it", x)
		case !isNumber || !integral || life <= 0:
			j.Fail("expires_in to be a whole number greater than 0", JSONText(v), x)
		case strings.ContainsAny(n.String(), ".eE"):
			j.Warn("expires_in to be written as an integer", n.String(), x)
		case life > int64(longToken/time.Second) && (e.Client.Auth == "" || e.Client.Auth == "none"):
			j.Warn("an access token that lives at most a day for a public client", n.String()+" s", x)
		default:
			j.Pass(x)
		}
	}
}

func judgeTokenAlphabet(e *Evidence, j *Judgement) {
	for _, x := range e.TokenAnswers() {
		for _, m := range []string{"access_token", "refresh_token"} {
			s, ok := e.Secrets[x.Text(m)]
			switch {
			case !ok:
			case !s.Printable:
				j.Fail(m+" to hold only printable ASCII characters", "other characters in it", x)
			case m == "access_token" && !s.Bearer && strings.EqualFold(x.Text("token_type"), "bearer"):
				j.Warn("access_token to hold only the characters of a bearer token", "other characters in it", x)
			default:
				j.Pass(x)
			}
		}
	}
}

// An opaque token below failBits can be guessed, below warnBits is thin.
const (
	failBits = 64
	warnBits = 128
)

func judgeTokenDistinct(e *Evidence, j *Judgement) {
	xs := e.TokenAnswers()
	flows := map[string]bool{}
	for _, x := range xs {
		flows[x.Flow] = true
	}
	if len(flows) < 2 {
		j.Inconclusive("fewer than two grants were redeemed")
		return
	}
	for _, m := range []string{"access_token", "refresh_token"} {
		first := map[string]*Exchange{}
		for _, x := range xs {
			token := x.Text(m)
			s, ok := e.Secrets[token]
			if !ok {
				continue
			}
			if y := first[token]; y != nil && y.Flow != x.Flow {
				if m == "access_token" && s.JWT != nil {
					j.Warn("a different access token for each grant", "the same JWT for two grants", y, x)
				} else {
					j.Fail("a different "+m+" for each grant", "the same for two grants", y, x)
				}
			}
			first[token] = x
			judgeTokenBits(j, x, s, m)
		}
	}
}

func judgeTokenBits(j *Judgement, x *Exchange, s traits.Secret, member string) {
	switch {
	case s.JWT != nil:
		j.Pass(x)
	case s.Bits < failBits:
		j.Fail(fmt.Sprintf("%s with at least %d bits of randomness", member, failBits),
			fmt.Sprintf("at most %.0f bits", s.Bits), x)
	case s.Bits < warnBits:
		j.Warn(fmt.Sprintf("%s with at least %d bits of randomness", member, warnBits),
			fmt.Sprintf("at most %.0f bits", s.Bits), x)
	default:
		j.Pass(x)
	}
}

// judgeTokenShape also looks at 200 answers of approved polls that carry no
// token: that is the start response printed by mistake (ruling R11).
func judgeTokenShape(e *Evidence, j *Judgement) {
	for _, x := range e.Exchanges {
		if x.Op != OpToken || x.Provoked || x.Superseded || x.Class() != 2 || x.ErrorCode() != "" {
			continue
		}
		switch start := x.HasCodes() || x.Text("user_code") != ""; {
		case start && !x.HasTokens():
			j.Fail("a token response", "a device authorization response", x)
		case start:
			j.Warn("a token response without the device and user code", "the codes repeated in it", x)
		case x.HasTokens():
			judgeTokenDocument(e, j, x)
		}
	}
}

// judgeTokenDocument holds what documented-v2 says of the token response.
func judgeTokenDocument(e *Evidence, j *Judgement, x *Exchange) {
	if e.Contract.Name == "documented-v2" {
		for _, m := range []string{"refresh_token", "scope"} {
			v, ok := x.Member(m)
			_, isText := v.(string)
			_, isArray := v.([]any)
			switch {
			case !ok || isText:
			case m == "scope" && isArray:
				judgeScopeArray(e, j, reports.Fail, x)
			default:
				j.Fail(m+" to be a string", JSONText(v), x)
			}
		}
	}
	j.Pass(x)
}

// judgeScopeArray records a scope that is an array (RFC 6749 section 3.3: words
// between spaces), unless that is known.
func judgeScopeArray(e *Evidence, j *Judgement, v reports.Verdict, x *Exchange) {
	const expected, actual = "scope to be a space-separated string", "an array"
	if e.Lenient.ScopeArray {
		j.Waive(LenientScopeArray, expected, actual, x)
		return
	}
	j.Record(v, expected, actual, x)
}

func judgeNarrowedScope(e *Evidence, j *Judgement) {
	redeemed := e.One(narrowedScope, "redeem")
	if start := e.One(narrowedScope, "start"); start != nil && start.ErrorCode() == "invalid_scope" {
		j.Pass(start)
		return
	}
	if redeemed == nil || !redeemed.HasTokens() {
		for _, f := range e.FlowsOf(narrowedScope) {
			WasDecided(e, j, narrowedScope, f)
		}
		j.Inconclusive("no token was issued for the reduced scope: " + Describe(redeemed))
		return
	}
	reported, _, ok := GrantedScope(redeemed)
	real, seen, known := GrantedScope(e.One(narrowedScope, "introspect"))
	if _, isArray := redeemed.Object()["scope"].([]any); isArray {
		judgeScopeArray(e, j, reports.Warning, redeemed)
	}
	switch {
	case ok && slices.Contains(reported, e.Narrow) && known && !slices.Contains(real, e.Narrow):
		j.Fail("the response to name the scope that was granted", "the scope that was requested, with "+e.Narrow, redeemed,
			seen)
	case ok && slices.Contains(reported, e.Narrow) && !known:
		j.Fail("a granted scope without "+e.Narrow, strings.Join(reported, " "), redeemed)
	case ok:
		j.Pass(redeemed)
	case known && !slices.Contains(real, e.Narrow):
		j.Fail("a scope member, because less was granted", "none", redeemed, seen)
	case !known:
		j.Warn("a scope member, because less was granted", "none, and no other way to learn what was granted", redeemed)
	default:
		j.Pass(redeemed) // everything was granted
	}
}

// introspected finds what introspection said of a redeemed token.
func introspected(e *Evidence, s *Scenario, redeemed *Exchange) *Exchange {
	for _, x := range e.Of(s, "introspect") {
		if name, _ := x.Request.Params.Get("token"); name == redeemed.Text("access_token") {
			return x
		}
	}
	return nil
}

// accessTokenClaims are required where a token calls itself at+jwt (RFC 9068
// section 2.2).
var accessTokenClaims = []string{"aud", "client_id", "exp", "iat", "iss", "jti", "sub"}

func judgeTokenJWT(e *Evidence, j *Judgement) {
	for _, x := range e.TokenAnswers() {
		t := e.Secrets[x.Text("access_token")].JWT
		if t == nil {
			continue
		}
		life, has := x.Number("expires_in")
		end := e.ServerTime(x).Unix() + life
		switch {
		case t.Alg == "" || strings.EqualFold(t.Alg, "none"):
			j.Fail("a signed access token", "alg: "+JSONText(t.Alg), x)
		case t.Codes:
			j.Warn("a JWT without the codes in it", "a device code or user code in its payload", x)
		case t.Exp == 0:
			j.Warn("an exp claim in the JWT", "none", x)
		case has && (t.Exp < end-60 || t.Exp > end+60):
			j.Warn("the JWT's exp to agree with expires_in within 60 s", "a difference of more than 60 s", x)
		default:
			j.Pass(x)
		}
		if strings.EqualFold(strings.TrimPrefix(t.Typ, "application/"), "at+jwt") {
			for _, c := range accessTokenClaims {
				switch expected := "the claim " + c + " in a JWT of type at+jwt"; {
				case !slices.Contains(t.Claims, c):
					j.Warn(expected, "none", x)
				case slices.Contains(t.Empty, c):
					j.Warn(expected, "an empty one", x)
				}
			}
		}
	}
	if j.Seen() == 0 {
		j.Skip("the access token is opaque")
	}
}
