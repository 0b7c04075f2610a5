package strict

import "strings"

// Nearest returns the known word that takes the fewest edits (insert, drop,
// replace, swap neighbours; letter case is free) to become word, the first of
// equals. It is empty when nothing is known.
func Nearest(word string, known []string) string {
	best, least := "", -1
	for _, k := range known {
		if n := edits(strings.ToLower(word), strings.ToLower(k)); least < 0 || n < least {
			best, least = k, n
		}
	}
	return best
}

// edits is the optimal string alignment distance.
func edits(a, b string) int {
	before := make([]int, len(b)+1)
	last := make([]int, len(b)+1)
	row := make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
