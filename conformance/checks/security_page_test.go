package checks

import (
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestStrangersKnowNoSecrets: a forged approval has none of the fields that only the
// signed-in person's page or the person can have filled in.
func TestStrangersKnowNoSecrets(t *testing.T) {
	fields := url.Values{"user_code": {"WDJB-MJHT"}, "username": {"alice"}, "decision": {"allow"}, "shipping": {"no"}}
	all := url.Values{"password": {"x"}, "user[passwd]": {"x"}, "login_pwd": {"x"}, "pin": {"1"}, "totp": {"1"},
		"csrf": {"x"}, "req": {"0123456789abcdefghij"}}
	for name, values := range fields {
		all[name] = values
	}
	if d := cmp.Diff(fields, known(all, "wdjbmjht")); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}
