package approve

import (
	"errors"
	"testing"
)

// TestStay: one session enters several codes and signs in once; what is refused ends nothing.
func TestStay(t *testing.T) {
	r := newReference(t)
	stays, err := r.form.Stay()
	if err != nil {
		t.Fatal(err)
	}
	_, v := r.codes()
	for i, code := range []string{"", "XXXX-XXXX", ""} {
		v.Raw = code
		if err := stays.Enter(t.Context(), v); errors.Is(err, ErrRefused) != (code != "") || err != nil && code == "" {
			t.Errorf("entry %d: %v", i, err)
		}
	}
	signIns := 0
	for _, p := range r.seen {
		if p.Title == "Sign in" {
			signIns++
		}
	}
	if signIns != 1 {
		t.Errorf("signed in %d times: %+v", signIns, r.seen)
	}
}
