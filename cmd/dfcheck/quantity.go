package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// quantity is a flag whose value must be above 0. What it cannot mean is said in
// the user's words.
type quantity[T int | uint64 | float64 | time.Duration] struct {
	to   *T
	read func(string) (T, error)
	want string
	zero bool // 0 can be meant
}

// Set reads a value.
func (q quantity[T]) Set(text string) error {
	v, err := q.read(strings.TrimSpace(text))
	if err != nil || !(v > 0 || q.zero && v == 0) || math.IsInf(float64(v), 0) {
		return errors.New("it takes " + q.want)
	}
	*q.to = v
	return nil
}

// takes says what can be meant.
func (q quantity[T]) takes() string { return q.want }

// String is empty for a value that is left open, so that help shows no default.
func (q quantity[T]) String() string {
	var zero T
	if q.to == nil || *q.to == zero && !q.zero {
		return ""
	}
	return fmt.Sprint(*q.to)
}

// Type is what help shows for the value.
func (q quantity[T]) Type() string {
	switch any(q.to).(type) {
	case *time.Duration:
		return "duration"
	case *float64:
		return "number"
	}
	return "count"
}

// count is a whole number; 10k is 10,000 and 2M is 2,000,000.
func count[T int | uint64](to *T) quantity[T] {
	return quantity[T]{to: to, read: readCount[T], want: "a whole number of 1 or more, such as 500, 10k or 2M"}
}

func duration(to *time.Duration) quantity[time.Duration] {
	return quantity[time.Duration]{to: to, read: time.ParseDuration,
		want: "a time above 0 with its unit, such as 250ms, 30s or 5m"}
}

func number(to *float64, example string) quantity[float64] {
	read := func(text string) (float64, error) { return strconv.ParseFloat(text, 64) }
	return quantity[float64]{to: to, read: read, want: "a number above 0, such as " + example}
}

// seed of a crowd; 0 is one as any other.
func seed(to *uint64) quantity[uint64] {
	return quantity[uint64]{to: to, read: readCount[uint64], want: "a whole number of 0 or more", zero: true}
}

// readCount reads digits with an optional suffix: k for thousands, M for millions.
func readCount[T int | uint64](text string) (T, error) {
	digits, times := text, uint64(1)
	switch {
	case strings.HasSuffix(text, "k"):
		digits, times = strings.TrimSuffix(text, "k"), 1_000
	case strings.HasSuffix(text, "M"):
		digits, times = strings.TrimSuffix(text, "M"), 1_000_000
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil || n > math.MaxInt/times {
		return 0, strconv.ErrRange
	}
	return T(n * times), nil
}
