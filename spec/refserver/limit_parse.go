package refserver

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dfcheck/dfcheck/spec/strict"
)

// LimitForm is how a limit is written.
const LimitForm = "OF:KEY:NUMBER/TIME[:SHAPE][:burst=NUMBER][:silent]"

// ParseLimit reads a limit, as polls:address:10/1s:bucket:burst=20. Keys that count
// together are joined with +. The shape is a bucket where none is named.
func ParseLimit(text string) (Limit, error) {
	parts := strings.Split(text, ":")
	if len(parts) < 3 {
		return Limit{}, fmt.Errorf("limit %q is not %s, such as polls:address:10/1s:bucket:burst=20", text, LimitForm)
	}
	l := Limit{Of: parts[0], By: strings.Split(parts[1], "+"), Shape: "bucket"}
	number, per, _ := strings.Cut(parts[2], "/")
	var errs []error
	var err error
	if l.N, err = strconv.Atoi(number); err != nil {
		errs = append(errs, fmt.Errorf("%q is not NUMBER/TIME, such as 10/1s", parts[2]))
	} else if l.Per, err = time.ParseDuration(per); err != nil {
		errs = append(errs, fmt.Errorf("%q is not NUMBER/TIME, such as 10/1s", parts[2]))
	}
	for _, p := range parts[3:] {
		switch burst, isBurst := strings.CutPrefix(p, "burst="); {
		case isBurst:
			if l.Burst, err = strconv.Atoi(burst); err != nil || l.Burst < 1 {
				errs = append(errs, fmt.Errorf("%q is not burst=NUMBER, of 1 or more", p))
			}
		case p == "silent":
			l.Silent = true
		default:
			l.Shape = p
		}
	}
	if len(errs) == 0 {
		errs = append(errs, l.check())
	}
	if err := errors.Join(errs...); err != nil {
		return l, fmt.Errorf("limit %q: %w", text, err)
	}
	return l, nil
}

// check reports every problem of a limit.
func (l Limit) check() error {
	var errs []error
	known := func(what, word string, words []string) {
		if !slices.Contains(words, word) {
			errs = append(errs, fmt.Errorf("unknown %s %q; the nearest is %q (%s)", what, word,
				strict.Nearest(word, words), strings.Join(words, ", ")))
		}
	}
	known("kind of requests", l.Of, limitKinds)
	for _, by := range l.By {
		known("key", by, limitKeys)
	}
	known("shape", cmp.Or(l.Shape, "bucket"), limitShapes())
	if l.N < 1 || l.Per < time.Millisecond {
		errs = append(errs, fmt.Errorf("%d in %s; it takes 1 or more, in a millisecond or more", l.N, l.Per))
	}
	if l.Burst > 0 && l.Shape != "bucket" {
		errs = append(errs, errors.New("a burst goes with a bucket; the other shapes take all of the number at once"))
	}
	return errors.Join(errs...)
}
