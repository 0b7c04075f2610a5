package wire

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dfcheck/dfcheck/spec"
)

const plainStart = `{"device_code":"GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS","user_code":"WDJB-MJHT",` +
	`"verification_uri":"https://example.com/device",` +
	`"verification_uri_complete":"https://example.com/device?user_code=WDJB-MJHT",` +
	`"expires_in":1800,"interval":5}`

// FuzzDecodeStartFast: where the quick way reads an answer, the thorough one reads
// the same and finds nothing wrong.
func FuzzDecodeStartFast(f *testing.F) {
	for _, body := range []string{plainStart,
		`{ "device_code" : "a" , "user_code":"b", "verification_uri":"c", "expires_in": 60 }`,
		`{"device_code":"a","user_code":"b","verification_uri":"c","expires_in":60,"interval":0,"more":1}`,
		`{"device_code":"a","device_code":"b","user_code":"b","verification_uri":"c","expires_in":60}`,
		`{"device_code":"\u0061","user_code":"b","verification_uri":"c","expires_in":60}`,
		`{"device_code":"a","user_code":"b","verification_uri":"c","expires_in":"60"}`,
		`{"device_code":"a","user_code":"b","verification_uri":"c","expires_in":60.5}`,
		`{"device_code":"a","user_code":"b","verification_uri":"c","expires_in":060}`,
		`{"device_code":"a","user_code":"b","verification_uri":"c","expires_in":60}x`,
		`{"device_code":"a","user_code":"b","verification_uri":"c","expires_in":60,}`,
		`{"device_code":1,"user_code":"b","verification_uri":"c","expires_in":60}`, `{}`, `{"error":"x"}`, ``} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		quick, ok := decodeStartFast(body)
		if !ok {
			return
		}
		want, err := spec.DecodeStart([]byte(body))
		if err != nil || quick != want {
			t.Errorf("%q: %v\n%s", body, err, cmp.Diff(want, quick))
		}
	})
}

func TestDecodeStartFast(t *testing.T) {
	got, ok := decodeStartFast(plainStart)
	want, err := spec.DecodeStart([]byte(plainStart))
	if !ok || err != nil || got != want {
		t.Errorf("%v, %v\n%s", ok, err, cmp.Diff(want, got))
	}
}
