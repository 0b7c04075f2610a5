package spec

import (
	"bytes"
	"encoding/json"
	"io"
)

// Grant types of the token endpoint (RFC 8628 section 3.4, RFC 6749 section 6).
const (
	GrantDeviceCode   = "urn:ietf:params:oauth:grant-type:device_code"
	GrantRefreshToken = "refresh_token"
)

// Error codes of RFC 6749 section 5.2 and RFC 8628 section 3.5.
const (
	ErrAuthorizationPending = "authorization_pending"
	ErrSlowDown             = "slow_down"
	ErrAccessDenied         = "access_denied"
	ErrExpiredToken         = "expired_token"
	ErrInvalidRequest       = "invalid_request"
	ErrInvalidClient        = "invalid_client"
	ErrInvalidGrant         = "invalid_grant"
	ErrInvalidScope         = "invalid_scope"
	ErrUnauthorizedClient   = "unauthorized_client"
	ErrUnsupportedGrantType = "unsupported_grant_type"
	ErrInvalidTarget        = "invalid_target"
	ErrInvalidDPoPProof     = "invalid_dpop_proof" // RFC 9449 section 5
	ErrUseDPoPNonce         = "use_dpop_nonce"     // RFC 9449 section 8
)

// DefaultInterval is the polling interval in seconds when none is announced,
// and SlowDownStep what each slow_down adds (RFC 8628 sections 3.2 and 3.5).
const (
	DefaultInterval = 5
	SlowDownStep    = 5
)

var byteOrderMark = []byte("\xef\xbb\xbf")

// Object reads a body as one JSON object, leniently: a byte order mark is
// skipped, numbers keep their text (json.Number). It is nil when the body is
// anything else, trailing data included.
func Object(body []byte) map[string]any {
	body = bytes.TrimPrefix(body, byteOrderMark)
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var m map[string]any
	if d.Decode(&m) != nil {
		return nil
	}
	if _, err := d.Token(); err != io.EOF {
		return nil
	}
	return m
}

// ErrorCode finds the OAuth error code of a body, leniently (the media type is
// not looked at): the member "error" itself, or the first string in it when it
// is an array or an object. It is empty when there is none.
func ErrorCode(body []byte) string { return ErrorCodeIn(Object(body)) }

// ErrorCodeIn is ErrorCode of a body that was read.
func ErrorCodeIn(object map[string]any) string { return firstString(object["error"]) }

func firstString(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case []any:
		for _, e := range v {
			if s := firstString(e); s != "" {
				return s
			}
		}
	case map[string]any:
		for _, k := range []string{"code", "type", "error"} {
			if s := firstString(v[k]); s != "" {
				return s
			}
		}
	}
	return ""
}
