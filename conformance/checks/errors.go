package checks

import (
	"fmt"
	"regexp"
	"slices"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

// errorChecks look at the refusals of the whole run: this file their status,
// media type and code, errors_texts.go what else is in them, errors_server.go what is
// none of theirs.
var errorChecks = []Check{
	passiveErrors("DF-ERR-001", judgeErrorStatus),
	passiveErrors("DF-ERR-002", judgeErrorMediaType),
	passiveErrors("DF-ERR-003", judgeErrorCodes),
	{ID: "DF-ERR-004", Gate: GateStart, Reads: []*Scenario{quotedInput, encodedFaults}, Wants: erring,
		Shows: "error response", Passive: true, Judge: judgeErrorTexts},
	passiveErrors("DF-ERR-005", judgeErrorCaching),
	{
		ID: "DF-ERR-006", Gate: GateStart, Passive: true, Judge: judgeErrorSecrets, Shows: "refusal",
		Reads: []*Scenario{firstPoll, encodedFaults, quotedSecret},
		Wants: append([]*Scenario{malformedJSON, quotedInput, confidentialStarts, confidentialRedemption}, erring...),
	},
	{
		ID: "DF-ERR-007", Gate: GateStart, Passive: true, Judge: judgeFieldErrors, Shows: "refusal of a malformed request",
		Reads: []*Scenario{firstPoll, encodedFaults}, Wants: mistakes,
	},
	{
		ID: "DF-ERR-008", Gate: GateStart, Passive: true, Judge: judgeServerErrors, Shows: "answer to a device",
		Reads: []*Scenario{minimalStart, firstPoll}, Wants: []*Scenario{approvedFlow, refreshing, askedScopes,
			mistypedEntry, reversedDenial, withdrawnApproval},
	},
}

// erring are the scenarios whose answers are errors on a right server: the
// states of polling, and plain mistakes.
var erring = []*Scenario{servedSlowDown, deniedFlow, replayedCode, missingClient, missingMetadata, unknownClientStart,
	missingCode, missingGrantType}

// judgeErrorStatus holds ruling R8. It alone looks at the status of an error
// (rule C1).
func judgeErrorStatus(e *Evidence, j *Judgement) {
	for _, x := range posted(e) {
		code := x.ErrorCode()
		if code == "" || throttled(e)(x) {
			continue
		}
		v := statusVerdict(x.Status(), code)
		if e.Documented() && x.Status()/100 == 2 && !slices.Contains(PollingStates, code) {
			v = reports.Warning // ruling R23
		}
		if v != reports.Pass && slices.Contains(e.Lenient.Status, x.Status()) {
			v = reports.Waived
		}
		expected := "400 with " + code
		if code == spec.ErrInvalidClient {
			expected = "400 or 401 with " + code
		}
		if v == reports.Waived {
			j.Waive(LenientStatus, expected, fmt.Sprint(x.Status()), x)
		} else {
			j.Record(v, expected, fmt.Sprint(x.Status()), x)
		}
	}
}

func statusVerdict(status int, code string) reports.Verdict {
	switch {
	case status == 400,
		status == 401 && code == spec.ErrInvalidClient,
		status == 429 && code != spec.ErrSlowDown && code != spec.ErrAuthorizationPending, // a limiter's
		status/100 == 5 && (code == "server_error" || code == "temporarily_unavailable"):
		return reports.Pass // what a 5xx means is for the check that provoked it
	case status/100 == 2:
		return reports.Fail
	case status == 429, status == 405, status == 411, status == 413, status == 415:
		return reports.Warning
	case slices.Contains(FlowCodes, code) && status/100 == 4:
		return reports.Fail
	}
	return reports.Warning
}

// mistakes are the scenarios of plain mistakes in requests that can be read.
var mistakes = []*Scenario{missingClient, missingMetadata, unknownClientStart, encodedFaults, missingCode,
	missingGrantType}

// judgeErrorMediaType: a refusal is one JSON object and labelled so.
func judgeErrorMediaType(e *Evidence, j *Judgement) {
	for _, x := range posted(e) {
		media, object := x.MediaType(), x.Object() != nil
		actual := fmt.Sprintf("%d with Content-Type %s", x.Status(), media)
		if media == "" {
			actual = fmt.Sprintf("%d without a Content-Type", x.Status())
		}
		if !object {
			actual += ", which is not one JSON object"
		}
		if s := x.Status(); s != 400 && s != 401 && !x.Excused() && !x.RefusedUnder2xx() {
			continue
		}
		v := reports.Fail
		if media == string(spec.JSON) && object {
			v = reports.Pass
		}
		j.Record(v, "an error response that is one JSON object with Content-Type application/json", actual, x)
	}
}

// privateState matches the names that some servers made up for the states of
// polling.
var privateState = regexp.MustCompile(`(?i)pending|slow|denied|declined|expired`)

func judgeErrorCodes(e *Evidence, j *Judgement) {
	for _, x := range posted(e) {
		v, ok := x.Member("error")
		if s := x.Status(); !ok || s == 405 || s == 411 || s == 413 || s == 415 || s == 429 &&
			x.ErrorCode() != spec.ErrSlowDown {
			continue
		}
		verdict, actual := codeVerdict(v, x.Class())
		j.Record(verdict, "error to be a string that holds a registered error code", actual, x)
	}
}

func codeVerdict(v any, class int) (reports.Verdict, string) {
	code, ok := v.(string)
	switch {
	case !ok:
		return reports.Fail, fmt.Sprintf("a JSON %s", spec.TypeName(v))
	case code == "" || !inAlphabet(code, quotable):
		return reports.Fail, fmt.Sprintf("%q", code)
	case slices.Contains(RegisteredErrors, code),
		class == 5 && (code == "server_error" || code == "temporarily_unavailable"):
		return reports.Pass, code
	case privateState.MatchString(code):
		return reports.Fail, code + ", a name of the server's own for a state that RFC 8628 has a code for"
	}
	return reports.Warning, code + ", which is not registered"
}
