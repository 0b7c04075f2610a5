package main

import (
	"strings"
	"testing"
	"time"
)

// What a number of devices, a time or a share can be written as, and what not.
func TestQuantities(t *testing.T) {
	var n int
	var u uint64
	var d time.Duration
	var f float64
	for text, want := range map[string]int{"1": 1, "500": 500, "10k": 10_000, "5M": 5_000_000, " 7 ": 7} {
		if err := count(&n).Set(text); err != nil || n != want {
			t.Errorf("%q is %d, %v; want %d", text, n, err, want)
		}
		if err := count(&u).Set(text); err != nil || u != uint64(want) {
			t.Errorf("%q is %d, %v; want %d", text, u, err, want)
		}
	}
	if err := duration(&d).Set("90s"); err != nil || d != 90*time.Second {
		t.Errorf("%s, %v", d, err)
	}
	if err := number(&f, "0.1").Set("0.25"); err != nil || f != 0.25 {
		t.Errorf("%g, %v", f, err)
	}
	refused := func(set func(string) error, texts ...string) {
		t.Helper()
		for _, text := range texts {
			if err := set(text); err == nil || !strings.HasPrefix(err.Error(), "it takes a") {
				t.Errorf("%q: %v", text, err)
			}
		}
	}
	refused(count(&n).Set, "0", "-4", "0k", "1e6", "1.5k", "5m", "5G", "k", "", "0x10", "1_000", "many",
		"9223372036854775808", "9223372036854775M", "NaN", "5 000")
	refused(count(&u).Set, "0", "-4", "1e6", "18446744073709551616", "18446744073709551615M")
	refused(duration(&d).Set, "0", "0s", "-5s", "5", "soon", "")
	refused(number(&f, "0.1").Set, "0", "-0.1", "NaN", "Inf", "-Inf", "a tenth", "")
	if err := seed(&u).Set("0"); err != nil || u != 0 {
		t.Errorf("%d, %v", u, err)
	}
	refused(seed(&u).Set, "-1", "one")
	if n != 7 && n != 500 && n != 1 && n != 10_000 && n != 5_000_000 {
		t.Errorf("a refused value was taken: %d", n)
	}
}
