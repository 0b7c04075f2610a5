package reports

import "testing"

func TestNumbersAsPeopleReadThem(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 0.34650967199327165: "0.347", 34.650967: "34.7", 1.5: "1.5",
		20: "20", 99.96: "100", 999.6: "1,000",
		1234567.8: "1,234,568", -2500: "-2,500", 0.0004: "0.0004", 0.00000001: "0", 7: "7", 9.996: "10"} {
		if got := figure(v); got != want {
			t.Errorf("%v reads %q, want %q", v, got, want)
		}
	}
	for n, want := range map[uint64]string{0: "0 devices", 1: "1 device", 999: "999 devices",
		5_000_000: "5,000,000 devices"} {
		if got := plural(n, "device"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	for _, tt := range []struct {
		t    Threshold
		want string
	}{
		{Threshold{Value: 0.34650967199327165, Unit: "share", Verdict: Fail}, "34.7 %"},
		{Threshold{Value: 43.2168, Unit: "ms", Verdict: Pass}, "43.2 ms"},
		{Threshold{Value: 1234, Verdict: Pass}, "1,234"},
		{Threshold{Unit: "ms", Verdict: Inconclusive}, "not measured"},
	} {
		if got := tt.t.Measured(); got != tt.want {
			t.Errorf("%+v reads %q, want %q", tt.t, got, tt.want)
		}
	}
	for rate, want := range map[float64]string{50: "50 % fewer", 193: "93 % more", 100: "as many",
		1200: "12 times as many"} {
		if got := change(rate, 100); got != want {
			t.Errorf("%g beside 100 is %q, want %q", rate, got, want)
		}
	}
}
