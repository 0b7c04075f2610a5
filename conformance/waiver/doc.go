// Package waiver reads the file of known failures, turns what it names into waived
// ones, and writes today's failures into one.
//
// A map:
//
//   - waiver.go: the file, and what it does to the verdicts of a run;
//   - record.go: the failures of a run as waivers.
package waiver
