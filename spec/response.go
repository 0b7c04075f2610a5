package spec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// MaxBody is the size in bytes up to which a server's body is parsed.
const MaxBody = 1 << 20

// StartResponse is the device authorization response (RFC 8628 section 3.2).
// Times are in seconds.
type StartResponse struct {
	DeviceCode              string
	UserCode                string
	VerificationURI         string
	VerificationURIComplete string
	ExpiresIn               int64
	Interval                int64
	HasInterval             bool
}

// TokenResponse is the successful answer of the token endpoint (RFC 6749
// section 5.1). ExpiresIn is in seconds.
type TokenResponse struct {
	AccessToken  string
	TokenType    string
	RefreshToken string
	IDToken      string
	Scope        string
	ExpiresIn    int64
	HasExpiresIn bool
}

// DecodeStart reads a device authorization response. The result holds whatever
// could be read, numbers sent as strings and 1800.0 included, so that a flow
// can go on after a deviation. The error names the members that RFC 8628
// section 3.2 requires and that are absent or unusable; it quotes no values.
func DecodeStart(body []byte) (StartResponse, error) {
	m, err := readMembers(body)
	r := StartResponse{
		DeviceCode:              m.required("device_code"),
		UserCode:                m.required("user_code"),
		VerificationURI:         m.required("verification_uri"),
		VerificationURIComplete: m.text("verification_uri_complete"),
	}
	if r.VerificationURI == "" {
		r.VerificationURI = m.text("verification_url") // its name before RFC 8628
	}
	r.ExpiresIn, _ = m.seconds("expires_in", true)
	r.Interval, r.HasInterval = m.seconds("interval", false)
	if err != nil {
		return r, err
	}
	return r, errors.Join(m.problems...)
}

// DecodeToken reads a token response as leniently as DecodeStart. A scope sent
// as an array of strings is joined with spaces.
func DecodeToken(body []byte) (TokenResponse, error) {
	m, err := readMembers(body)
	r := TokenResponse{
		AccessToken:  m.required("access_token"),
		TokenType:    m.required("token_type"),
		RefreshToken: m.text("refresh_token"),
		IDToken:      m.text("id_token"),
		Scope:        m.text("scope"),
	}
	var scopes []string
	if r.Scope == "" && json.Unmarshal(m.raw["scope"], &scopes) == nil {
		r.Scope = strings.Join(scopes, " ")
	}
	r.ExpiresIn, r.HasExpiresIn = m.seconds("expires_in", false)
	if err != nil {
		return r, err
	}
	return r, errors.Join(m.problems...)
}

// members are the top-level members of one JSON object, not yet decoded.
type members struct {
	raw      map[string]json.RawMessage
	problems []error
}

var errNotObject = errors.New("the body is not one JSON object")

func readMembers(body []byte) (*members, error) {
	m := &members{}
	if len(body) > MaxBody {
		return m, fmt.Errorf("the body is larger than %d bytes", MaxBody)
	}
	body = bytes.TrimPrefix(body, byteOrderMark)
	if json.Unmarshal(body, &m.raw) != nil || m.raw == nil {
		return &members{}, errNotObject
	}
	return m, nil
}

func (m *members) problem(name, what string) {
	m.problems = append(m.problems, fmt.Errorf("member %q %s", name, what))
}

func (m *members) required(name string) string {
	s := m.text(name)
	if s == "" {
		m.problem(name, m.why(name, "a string that is not empty"))
	}
	return s
}

func (m *members) why(name, want string) string {
	if _, there := m.raw[name]; !there {
		return "is missing"
	}
	return "is not " + want
}

// text returns a string member, "" when it is absent or something else.
func (m *members) text(name string) string {
	var s string
	json.Unmarshal(m.raw[name], &s) // "" is the answer for every failure
	return s
}

// seconds returns an integral member and whether it could be read. An optional
// member that is absent or null is no problem.
func (m *members) seconds(name string, required bool) (int64, bool) {
	raw := m.raw[name]
	absent := len(raw) == 0 || string(raw) == "null"
	number := string(raw)
	if s := m.text(name); s != "" {
		number = s
	}
	n, ok := integral(number)
	if !ok && (required || !absent) {
		m.problem(name, m.why(name, "an integral number"))
	}
	return n, ok
}

// maxDigits bounds the length of number text that is parsed at all.
const maxDigits = 40

// integral reads 1800, 1800.0 and 1.8e3 alike.
func integral(number string) (int64, bool) {
	if number == "" || len(number) > maxDigits {
		return 0, false
	}
	if n, err := strconv.ParseInt(number, 10, 64); err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(number, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, false
	}
	return int64(f), true
}

// NormalUserCode is a user code without what people leave out: separators and case.
func NormalUserCode(s string) string {
	return strings.ToUpper(separators.Replace(s))
}

var separators = strings.NewReplacer("-", "", " ", "", "_", "", ".", "")
