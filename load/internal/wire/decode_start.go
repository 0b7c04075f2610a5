package wire

import (
	"strconv"
	"strings"

	"github.com/dfcheck/dfcheck/spec"
)

// decodeStartFast reads the plain case of a device authorization response: one flat
// object of strings without escapes and whole numbers, all members that RFC
// 8628 section 3.2 requires, none twice. Anything else is for spec.DecodeStart,
// which costs ten times as much.
func decodeStartFast(body string) (r spec.StartResponse, ok bool) {
	rest, ok := strings.CutPrefix(body, "{")
	for ok {
		var name, value string
		var number int64
		var isText bool
		if name, rest, ok = quoted(skip(rest)); !ok {
			break
		}
		if rest, ok = strings.CutPrefix(skip(rest), ":"); !ok {
			break
		}
		if value, rest, isText = quoted(skip(rest)); !isText {
			if number, rest, ok = whole(skip(rest)); !ok {
				break
			}
		}
		if !assign(&r, name, value, number, isText) {
			break
		}
		rest = skip(rest)
		if next, more := strings.CutPrefix(rest, ","); more {
			rest = next
			continue
		}
		return r, rest == "}" && r.DeviceCode != "" && r.UserCode != "" && r.VerificationURI != "" && r.ExpiresIn != 0
	}
	return r, false
}

// assign keeps a member; false when it is not plain.
func assign(r *spec.StartResponse, name, value string, number int64, isText bool) bool {
	var text *string
	switch name {
	case "device_code":
		text = &r.DeviceCode
	case "user_code":
		text = &r.UserCode
	case "verification_uri":
		text = &r.VerificationURI
	case "verification_uri_complete":
		text = &r.VerificationURIComplete
	case "expires_in":
		plain := !isText && r.ExpiresIn == 0
		r.ExpiresIn = number
		return plain
	case "interval":
		plain := !isText && !r.HasInterval
		r.Interval, r.HasInterval = number, true
		return plain
	default:
		return true
	}
	plain := isText && *text == ""
	*text = value
	return plain
}

func skip(s string) string {
	if s != "" && s[0] > ' ' { // nearly always
		return s
	}
	return strings.TrimLeft(s, " \t\r\n")
}

// quoted cuts a string of printable ASCII without escapes.
func quoted(s string) (value, rest string, ok bool) {
	if s == "" || s[0] != '"' {
		return "", s, false
	}
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return s[1:i], s[i+1:], true
		case c < 0x20 || c >= 0x7f || c == '\\':
			return "", s, false
		}
	}
	return "", s, false
}

// whole cuts a number of up to nine digits.
func whole(s string) (n int64, rest string, ok bool) {
	end := 0
	for end < len(s) && s[end] >= '0' && s[end] <= '9' {
		end++
	}
	if end == 0 || end > 9 || end > 1 && s[0] == '0' {
		return 0, s, false
	}
	if end < len(s) && strings.IndexByte(",} \t\r\n", s[end]) < 0 {
		return 0, s, false
	}
	n, err := strconv.ParseInt(s[:end], 10, 64)
	return n, s[end:], err == nil
}
