// Package shift finds out whether figures differ between two sets of runs, by more than
// runs of one set differ among themselves.
//
// The unit is the run: requests of one run share its machine and its minute, so that
// thousands of them are no thousand measurements. All figures are tested together. One
// in twenty figures of equal runs differs at the level of 5 %, so that a page of sixteen
// would show a difference every other time; what is held here is that all of a page's
// figures are right.
//
// The test shuffles the runs between the sets in all ways that there are (Westfall and
// Young, Resampling-Based Multiple Testing, 1993, the max-T procedure with Welch's t): a
// difference is shown where hardly any shuffle makes any figure differ as much. It
// assumes nothing of how figures are distributed, only that the runs would be alike if
// the servers were. Five runs a set are the fewest that can show a difference.
//
//   - shift.go: figures, and what was found of them;
//   - shuffle.go: the ways in which runs can be put into two sets.
package shift
