package shift

import (
	"math"
	"math/rand/v2"
)

// maxShuffles is how many shuffles are tried. Where there are more, that many are drawn.
const maxShuffles = 20_000

// shuffles calls f with the ways to choose some of a number of runs: with all of them,
// or with the one that was observed, which chooses the last, and many others. Two calls
// for the same numbers try the same.
func shuffles(runs, chosen int, f func(in []bool)) {
	if ways(runs, chosen) > maxShuffles {
		in := upTo(runs-chosen, runs)
		r := rand.New(rand.NewPCG(uint64(runs), uint64(chosen)))
		for range maxShuffles {
			f(in)
			r.Shuffle(runs, func(i, j int) { in[i], in[j] = in[j], in[i] })
		}
		return
	}
	in := make([]bool, runs)
	var choose func(from, left int)
	choose = func(from, left int) {
		if left == 0 {
			f(in)
			return
		}
		for i := from; i <= runs-left; i++ {
			in[i] = true
			choose(i+1, left-1)
			in[i] = false
		}
	}
	choose(0, chosen)
}

// upTo chooses all runs but the first ones.
func upTo(first, runs int) []bool {
	in := make([]bool, runs)
	for i := first; i < runs; i++ {
		in[i] = true
	}
	return in
}

// ways is in how many ways some of a number of runs can be chosen.
func ways(runs, chosen int) float64 {
	n := 1.0
	for i := range chosen {
		n = n * float64(runs-i) / float64(i+1)
	}
	return math.Round(n)
}

// leastP is the smallest P that sets of these sizes can have. Where they are equally
// large, old and new can be exchanged.
func leastP(old, new int) float64 {
	least := 1 / min(ways(old+new, new), maxShuffles)
	if old == new {
		least *= 2
	}
	return least
}
