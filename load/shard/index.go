package shard

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/dfcheck/dfcheck/load"
)

// MaxShards bounds the count.
const MaxShards = 10_000

// Parse reads I/N: an index from 0 and a count.
func Parse(text string) (load.Part, error) {
	index, count, ok := strings.Cut(text, "/")
	if !ok {
		return load.Part{}, fmt.Errorf("shard %q is not I/N, such as 0/4 for the first of four", text)
	}
	return parse(index, count, fmt.Sprintf("shard %q", text))
}

// The variables that Kubernetes and a manifest set.
const (
	IndexVariable   = "JOB_COMPLETION_INDEX"
	CountVariable   = "SHARDS"
	AttemptVariable = "POD_UID"
)

// FromEnvironment reads the part from the environment; ok is false when that says
// nothing. An index without a count is an error: every process would carry out the
// whole crowd.
func FromEnvironment(getenv func(string) string) (p load.Part, ok bool, err error) {
	index, count := getenv(IndexVariable), getenv(CountVariable)
	switch {
	case index == "":
		return load.Part{}, false, nil
	case count == "":
		return load.Part{}, false, errors.New(IndexVariable + " is set and " + CountVariable +
			" is not: each process of the job would carry out the whole crowd")
	}
	p, err = parse(index, count, fmt.Sprintf("%s=%s with %s=%s", IndexVariable, index, CountVariable, count))
	return p, err == nil, err
}

func parse(index, count, what string) (load.Part, error) {
	i, ierr := strconv.Atoi(index)
	n, nerr := strconv.Atoi(count)
	switch {
	case ierr != nil || nerr != nil:
		return load.Part{}, fmt.Errorf("%s: index and count must be whole numbers", what)
	case n < 1 || n > MaxShards:
		return load.Part{}, fmt.Errorf("%s: the count must be 1 to %d", what, MaxShards)
	case i < 0 || i >= n:
		return load.Part{}, fmt.Errorf("%s: the index must be 0 to %d, one less than the count", what, n-1)
	}
	return load.Part{Index: i, Count: n}, nil
}
